"""A real Kubernetes with one node that runs pods.

    from node import Node

    with Node() as node:
        node.load(archive)                  # an image, as a docker archive
        node.kubectl("apply", "-f", "-", input=manifest)

A Node is a ControlPlane (tests/cluster) and has all that one has. The thread
that starts it is in the node's network from then on: addresses of pods and
Services can be reached from the test like from a host of the cluster.
README.md beside this file has the rest.
"""

import json
import pathlib
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cluster"))

import images                                                   # noqa: E402
import machine                                                  # noqa: E402
from component import Component                                 # noqa: E402
from controlplane import ApiError, ClusterError, ControlPlane, wait_for     # noqa: E402

__all__ = ["ApiError", "ClusterError", "Node", "wait_for"]

NAME = "node"
PODS = "10.244.0.0/16"
SERVICES = "10.0.0.0/16"
PAUSE = "docker.io/tests/pause:1"
BUSYBOX = "docker.io/library/busybox:1.37"
PROGRAMS = ("kubelet", "kube-proxy", "kube-scheduler")

CONTAINERD = """\
version = 3
root = "{folder}/containerd"
state = "{folder}/containerd-state"

[grpc]
  address = "{folder}/containerd.sock"

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "{pause}"

[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true         # without CAP_SYS_RESOURCE runc fails

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["{plugins}"]
  conf_dir = "{folder}/cni"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  runtime_path = "{folder}/bin/containerd-shim-runc-v2"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = "{folder}/bin/runc"
"""


def binaries():
    """(executable of kubelet and others, folder of containerd and runc), built
    when they are not there."""
    done = subprocess.run([HERE / "build"], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise ClusterError("cannot build the programs of a node")
    return done.stdout.splitlines()[-2:]


class Node(ControlPlane):
    """A ControlPlane with kube-scheduler, kube-proxy, containerd and kubelet.

    Takes the arguments of a ControlPlane. Has the images PAUSE and BUSYBOX.
    """

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self._network = self._groups = None

    def start(self):
        """Returns when the node takes pods."""
        try:
            self._network = machine.Network()
            self._groups = machine.Groups()
            super().start()
            self._start_node()
        except BaseException as error:
            if isinstance(error, Exception):
                self.print_logs()
            self.stop()
            raise
        return self

    def stop(self):
        """Nothing is left: processes, mounts, namespaces, control groups."""
        try:
            if "node" in self.components:
                self.components["node"].stop(signal.SIGKILL)
            if self._groups:
                self._groups.remove()
        finally:
            super().stop()
            if self._network:
                self._network.leave()
            self._network = self._groups = None

    def print_logs(self, lines=20, file=None):
        super().print_logs(lines, file)
        for name in ("containerd", "kubelet"):
            log = Component(name, None, self.folder / "logs" / f"{name}.log")
            print(f"--- {name}: {log.log}\n{log.tail(lines)}", file=file or sys.stderr)

    # Pods.

    def load(self, archive):
        """Imports a docker archive into containerd."""
        done = subprocess.run(
            [self.folder / "bin/ctr", "--address", self.folder / "containerd.sock",
             "--namespace", "k8s.io", "images", "import", archive],
            capture_output=True, text=True)
        if done.returncode != 0:
            raise ClusterError(f"ctr images import {archive}: {done.stderr.strip()}")

    def pods(self, namespace, selector="", running=True):
        """The pods that are not going; only those that are ready when `running`."""
        items = self.client().get(f"/api/v1/namespaces/{namespace}/pods",
                                  labelSelector=selector)["items"]
        return [pod for pod in items if "deletionTimestamp" not in pod["metadata"]
                and (is_ready(pod) or not running)]

    # How it is put together.

    def _prepare_folder(self):
        programs, containers = binaries()
        super()._prepare_folder()
        links = {name: programs for name in PROGRAMS}
        links.update({p.name: p for p in pathlib.Path(containers).iterdir()})
        for name, target in links.items():
            (self.folder / "bin" / name).symlink_to(target)

    def _apiserver_arguments(self, port, etcd_port, audit):
        certificate, key = self._authority.client("to-kubelet", "to-kubelet", ["system:masters"])
        return [*super()._apiserver_arguments(port, etcd_port, audit),
                # Pods come by the node's address, which the Service named
                # kubernetes leads to.
                "--bind-address=0.0.0.0", f"--advertise-address={machine.ADDRESS}",
                "--endpoint-reconciler-type=lease",
                f"--kubelet-client-certificate={certificate}", f"--kubelet-client-key={key}",
                "--kubelet-preferred-address-types=InternalIP"]

    def _start_node(self):
        self._component("kube-scheduler").start([
            f"--kubeconfig={self.user('system:kube-scheduler')}",
            "--leader-elect=false", "--secure-port=0"])
        self._component("kube-proxy").start([
            f"--kubeconfig={self.user('system:kube-proxy')}", "--proxy-mode=nftables",
            f"--cluster-cidr={PODS}", f"--hostname-override={NAME}",
            "--conntrack-max-per-core=0", "--healthz-bind-address=", "--metrics-bind-address="])
        self._write_configuration()
        kubeconfig = self.user(f"system:node:{NAME}", ["system:nodes"])
        self.components["node"] = Component("node", "unshare", self.folder / "logs/node.log")
        self.components["node"].start([
            "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
            str(HERE / "inside"), str(self.folder),
            f"--config={self.folder / 'kubelet.json'}", f"--kubeconfig={kubeconfig}",
            f"--root-dir={self.folder / 'kubelet'}", f"--node-ip={machine.ADDRESS}",
            f"--hostname-override={NAME}"])
        self.components["node"].wait_until(
            lambda: (self.folder / "containerd.sock").exists(), "containerd to be ready")
        self._load_images()
        self.components["node"].wait_until(self._is_ready, "the node to take pods", 120)

    def _load_images(self):
        for make, name in ((images.pause, PAUSE), (images.busybox, BUSYBOX)):
            path = self.folder / "image.tar"
            wait_for(lambda: self.load(make(path, name)) is None, f"containerd to take {name}")
            path.unlink()

    def _is_ready(self):
        node = self.client().get(f"/api/v1/nodes/{NAME}")
        return is_ready(node) and not node["spec"].get("taints")

    def _write_configuration(self):
        folder = self.folder
        (folder / "containerd.toml").write_text(CONTAINERD.format(
            folder=folder, pause=PAUSE, plugins=machine.PLUGINS), encoding="utf-8")
        (folder / "cni").mkdir()
        _write_json(folder / "cni/10-node.conflist", {
            "cniVersion": "1.0.0", "name": "node", "plugins": [
                {"type": "ptp", "ipMasq": False, "ipam": {
                    "type": "host-local", "dataDir": str(folder / "cni-addresses"),
                    "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}]}},
                {"type": "portmap", "capabilities": {"portMappings": True}}]})
        _write_json(folder / "kubelet.json", {
            "kind": "KubeletConfiguration", "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "containerRuntimeEndpoint": f"unix://{folder}/containerd.sock",
            "authentication": {"x509": {"clientCAFile": str(self.authority)},
                               "webhook": {"enabled": True}, "anonymous": {"enabled": False}},
            "authorization": {"mode": "Webhook"},
            "failCgroupV1": False, "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self._groups.name}",
            "failSwapOn": False, "evictionHard": {}, "localStorageCapacityIsolation": False,
            "podLogsDir": str(folder / "pod-logs"), "clusterDomain": "cluster.local",
            "volumePluginDir": str(folder / "volume-plugins"),
            # A changed ConfigMap is in the pod after this and its cache's time.
            "syncFrequency": "10s",
            "imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99,
            "healthzPort": 0, "maxPods": 110})


def is_ready(thing):
    """Whether the condition Ready of a pod or node is True."""
    return any(c["type"] == "Ready" and c["status"] == "True"
               for c in thing.get("status", {}).get("conditions", []))


def _write_json(path, value):
    path.write_text(json.dumps(value, indent=2), encoding="utf-8")
