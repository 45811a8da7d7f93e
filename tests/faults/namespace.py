#!/usr/bin/python3
"""In a network of its own: tidelock, a scripted API server, and a firewall that
forgets a connection. Run by test_silence.py under `unshare -rn`; the last line it
prints says what happened, as JSON.

usage: namespace.py FOLDER
"""

import json
import os
import pathlib
import subprocess
import sys
import time

import conftest     # noqa: F401  where the helpers are
from fakeapi import FakeApi, Kind
from harness import wait_for
from mirror import agree, run_mirror

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


def main():
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    print(json.dumps(forgotten_connections(pathlib.Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
