#!/usr/bin/python3
"""In a network of its own: tidelock, a scripted API server, and what only root may
do to a network. Run by tests under `unshare`; the last line it prints says what
happened, as JSON.

usage: namespace.py forgotten|names FOLDER

  forgotten   a firewall forgets the connections (unshare -rn)
  names       the name server is slow, fails, changes its mind (unshare -rnm)
"""

import contextlib
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request

import conftest     # noqa: F401  where the helpers are
from fakeapi import FakeApi, Kind
from harness import Tidelock, wait_for
from mirror import agree, mirror, run_mirror
from wire import Wire

TABLE = """\
table inet forgotten {
    chain input {
        type filter hook input priority 0
        tcp sport { %(ports)s } drop
        tcp dport { %(ports)s } drop
    }
}
"""


def clients_of(port):
    """Ports of the connections to that port of this network."""
    found = set()
    for line in pathlib.Path("/proc/self/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        local, remote = (int(a.split(":")[1], 16) for a in fields[1:3])
        if remote == port and fields[3] == "01":        # established
            found.add(local)
    return found


def forget(ports):
    """Packets of these connections vanish; nobody is told. New ones live."""
    ports = ", ".join(map(str, sorted(ports)))
    subprocess.run(["nft", "-f", "-"], input=TABLE % {"ports": ports}, text=True,
                   check=True)


def forgotten_connections(folder):
    with FakeApi(folder, [Kind("Mirror")]) as fake:
        fake.put("Mirror", "one", {"value": "one"})
        with run_mirror(fake, folder):
            agree(fake)
            mark = fake.mark()
            forget(clients_of(fake.port))
            began = time.monotonic()
            fake.put("Mirror", "two", {"value": "lost"})    # nobody hears of it
            watch = wait_for(lambda: fake.asked("watch", "Mirror", mark),
                             "the watch to begin again", 300)[0]
            noticed = watch.at - began
            agree(fake)
            return {"noticed": noticed, "lists": len(fake.asked("stream", "Mirror", mark)
                                                     + fake.asked("list", "Mirror", mark))}


# ---- names ----

NAME = "api.cluster.example"
RESOLV_CONF = "nameserver 127.0.0.1\noptions timeout:20 attempts:1\n"


class NameServer:
    """Says what it was told to say about every name; None: nothing."""

    def __init__(self):
        self.address = "127.0.0.1"
        self.asked = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            query, peer = self._socket.recvfrom(512)
            self.asked += 1
            if self.address is not None:
                self._socket.sendto(self._answer(query), peer)

    def _answer(self, query):
        """A records only; "" is SERVFAIL."""
        end = query.index(b"\0", 12) + 5
        question = query[12:end]
        kind, = struct.unpack("!H", question[-4:-2])
        records = self.address and kind == 1
        head = query[:2] + struct.pack("!HHHHH", 0x8180 if self.address else 0x8182, 1,
                                       1 if records else 0, 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + \
            socket.inet_aton(self.address) if records else b""
        return head + question + record


class Health:
    """Asks for /healthz all the time; the slowest answer is the longest pause of
    the loop, and a little more."""

    def __init__(self, port):
        self.port, self.answers, self.slowest = port, 0, 0
        threading.Thread(target=self._ask, daemon=True).start()

    def _ask(self):
        while True:
            began = time.monotonic()
            with contextlib.suppress(OSError), urllib.request.urlopen(
                    f"http://127.0.0.1:{self.port}/healthz", timeout=60) as answer:
                answer.read()
                self.answers += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
            time.sleep(0.002)


def use_name_server(folder):
    path = folder / "resolv.conf"
    path.write_text(RESOLV_CONF)
    subprocess.run(["mount", "--bind", path, "/etc/resolv.conf"], check=True)


def names_that_fail(folder):
    use_name_server(folder)
    dns = NameServer()
    with FakeApi(folder, [Kind("Mirror")]) as fake, Wire(fake.port) as here, \
            Wire(fake.port, ("127.0.0.2", here.port)) as there:
        fake.put("Mirror", "one", {"value": "one"})
        text = pathlib.Path(fake.kubeconfig).read_text()
        path = folder / "named.kubeconfig"
        path.write_text(text.replace(f"127.0.0.1:{fake.port}", f"{NAME}:{here.port}"))
        with Tidelock("run", mirror(folder), "--listen", "9999", kubeconfig=path,
                      folder=folder) as process:
            agree(fake)
            health = Health(9999)
            wait_for(lambda: health.answers > 10, "the endpoint")
            return {**fail_and_move(dns, fake, here, there, health, process),
                    "stall_ms": health.slowest * 1000}


def fail_and_move(dns, fake, here, there, health, process):
    """The first address goes away while nobody can say the second."""
    dns.address = None
    asked = dns.asked
    here.refuse()
    wait_for(lambda: dns.asked > asked, "the name to be asked for")
    answers = health.answers
    wait_for(lambda: health.answers > answers + 100, "health while the name is asked for",
             10)
    dns.address = ""
    wait_for(lambda: NAME in process.log or dns.asked > asked + 4, "it to fail")
    dns.address = "127.0.0.2"
    fake.put("Mirror", "two", {"value": "moved"})
    agree(fake)
    return {"moved": len(there.connections) > 0, "asked": dns.asked}


SCENES = {"forgotten": forgotten_connections, "names": names_that_fail}


def main():
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    scene, folder = sys.argv[1:]
    print(json.dumps(SCENES[scene](pathlib.Path(folder))))


if __name__ == "__main__":
    main()
