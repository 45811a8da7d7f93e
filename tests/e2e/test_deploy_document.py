"""The commands of deploy/README.md, run in its order, line for line, on a real
API server. Blocks marked `pods` want a node: tests/node has those."""

import os
import re
import subprocess

import pytest

from controlplane import ControlPlane
from harness import ROOT, program

FENCE = re.compile(r"^```sh([^\n]*)\n(.*?)^```$", re.M | re.S)
DOCUMENT = (ROOT / "deploy/README.md").read_text()


def blocks(kind):
    return [text for mark, text in FENCE.findall(DOCUMENT) if mark.strip() == kind]


def test_every_command_does_what_it_says(tmp_path):
    """Nothing fails, and the folders that it makes are the test's."""
    with ControlPlane() as plane:
        binaries = tmp_path / "bin"
        binaries.mkdir()
        (binaries / "tidelock").symlink_to(program())
        (binaries / "kubectl").symlink_to(plane.folder / "bin/kubectl")
        (tmp_path / "operators").symlink_to(ROOT / "operators")
        environment = dict(os.environ, **plane.environment(), PLUGINS=str(binaries),
                           PATH=f"{binaries}:{os.environ['PATH']}")
        count = 0
        for line in "".join(blocks("")).splitlines():
            done = subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=tmp_path,
                                  env=environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=120)
            changes = re.match(r"(kubectl )?tidelock plan", line)
            assert done.returncode in ((0, 2) if changes else (0,)), \
                f"{line}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
            count += 1
        assert count > 20
        # in the end nothing of it is left
        left = plane.kubectl("get", "websites.example.com", "-A", "-o", "yaml").stdout
        assert "tidelock.dev/" not in left
        assert "tidelock-website" not in plane.kubectl("get", "namespaces").stdout


def test_what_wants_pods_is_little():
    lines = [line for text in blocks("pods") for line in text.splitlines()]
    assert len(lines) == 4 and all(re.match(r"deploy/image.sh|tidelock bundle|kubectl .* rollout", line)
                                   for line in lines)


@pytest.mark.parametrize("name", ["Upgrade and rollback", "High availability", "Without internet",
                                  "Uninstalling", "What each permission is for"])
def test_every_chapter_is_there(name):
    assert f"\n## {name}\n" in DOCUMENT
