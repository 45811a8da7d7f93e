"""What a node takes from the machine, and how it is given back.

A network namespace, which the thread that starts the node enters: everything
started by it afterwards is inside, and the kernel drops it with its last
process. Control groups: the only thing that outlives processes, so they carry
the number of the process that made them, and the next start removes those of
processes that are gone.
"""

import contextlib
import ctypes
import os
import pathlib
import shutil
import subprocess

from component import ClusterError, wait_for

CLONE_NEWNET = 0x40000000
CLONE_NEWNS = 0x00020000
HOSTS = pathlib.Path("/sys/fs/cgroup")
GROUP_PREFIX = "tidelock-node-"
ADDRESS = "10.88.0.1"
PLUGINS = pathlib.Path("/usr/lib/cni")
# program -> the Debian package that has it
PROGRAMS = {"nft": "nftables", "ip": "iproute2", "unshare": "util-linux",
            "busybox": "busybox-static", "iptables": "iptables"}

_libc = ctypes.CDLL(None, use_errno=True)


def lacks():
    """Why no node can run here, or "" when one can."""
    if os.geteuid() != 0:
        return "containers need root"
    for program, package in PROGRAMS.items():
        if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin"):
            return f"there is no {program} (deploy/deps.sh node installs {package})"
    if not (PLUGINS / "ptp").exists():
        return "there are no CNI plugins (deploy/deps.sh node installs them)"
    if not shutil.which("go"):
        return "there is no Go, which compiles kubelet and containerd"
    if not hierarchies():
        return "no control group hierarchy is mounted"
    done = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc",
                           "mount", "-t", "tmpfs", "none", "/run"], capture_output=True, text=True)
    if done.returncode != 0:
        return f"no namespaces can be made: {done.stderr.strip()}"
    if "overlay" not in pathlib.Path("/proc/filesystems").read_text(encoding="ascii"):
        return "the kernel has no overlay file system"
    return ""


class Network:
    """A network namespace with one address, entered by the calling thread."""

    def __init__(self):
        self._home = open("/proc/thread-self/ns/net", "rb")
        _checked(_libc.unshare(CLONE_NEWNET), "a network namespace")
        try:
            self._set_up()
        except BaseException:
            self.leave()
            raise

    def _set_up(self):
        for line in ("link set lo up",
                     "link add node0 type veth peer name node1",
                     f"address add {ADDRESS}/24 dev node0",
                     "link set node0 up", "link set node1 up",
                     "route add default via 10.88.0.254 dev node0"):
            done = subprocess.run(["ip", *line.split()], capture_output=True, text=True)
            if done.returncode != 0:
                raise ClusterError(f"ip {line}: {done.stderr.strip()}")
        pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1\n", encoding="ascii")

    def leave(self):
        """Back to where the thread came from."""
        if self._home:
            _checked(_libc.setns(self._home.fileno(), CLONE_NEWNET), "the way back")
            self._home.close()
            self._home = None


def _checked(result, what):
    if result != 0:
        raise ClusterError(f"{what}: {os.strerror(ctypes.get_errno())}")


def hierarchies():
    """Where control groups are made: one place, or one for each controller."""
    if (HOSTS / "cgroup.controllers").exists():
        return [HOSTS]
    return sorted(p for p in HOSTS.glob("*") if (p / "cgroup.procs").exists()
                  and not p.is_symlink())


class Groups:
    """A control group of this process in every hierarchy, for kubelet's to be
    below."""

    def __init__(self):
        sweep_groups()
        self.name = f"{GROUP_PREFIX}{os.getpid()}"
        for hierarchy in hierarchies():
            group = hierarchy / self.name
            group.mkdir(exist_ok=True)
            self._start_value(hierarchy, group)

    @staticmethod
    def _start_value(hierarchy, group):
        """A new group of cpusets has none, and takes no process before."""
        for name in ("cpuset.cpus", "cpuset.mems"):
            if (group / name).exists() and hierarchy.name == "cpuset":
                (group / name).write_text((hierarchy / name).read_text())

    def remove(self):
        """Waits for the last process to be gone."""
        wait_for(lambda: not any(_remove(h / self.name) for h in hierarchies()),
                 "the control groups to be empty")


def sweep_groups():
    """Removes those of processes that were killed before they could."""
    for hierarchy in hierarchies():
        for group in hierarchy.glob(f"{GROUP_PREFIX}*"):
            pid = group.name.removeprefix(GROUP_PREFIX)
            if not pathlib.Path(f"/proc/{pid}").exists():
                _remove(group)


def _remove(group):
    """Removes a group and those below; true when something is left."""
    with contextlib.suppress(OSError):
        for folder, _, _ in os.walk(group, topdown=False):
            os.rmdir(folder)
    return group.exists()
