"""The newcomer's path: lua/README.md from its first line to its last, in an
empty folder. Commands are run, edits are made, outputs are compared.

    python3 tests/e2e/test_tutorial.py --update

writes the outputs of today into the document; read what changed before you
commit it.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

from harness import ROOT, program

DOCUMENT = ROOT / "lua" / "README.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
MOST_COMMANDS = 15

# What differs from run to run.
MASKS = [(re.compile(r"in \d+ ms"), "in 40 ms")]


def masked(text):
    for pattern, word in MASKS:
        text = pattern.sub(word, text)
    return text


def commands(block):
    return [line[2:] for line in block.splitlines() if line.startswith("$ ")]


class Walk:
    """One way through the document."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.ran = []
        (self.folder / "bin").mkdir()
        (self.folder / "bin/tidelock").symlink_to(program())
        (self.folder / "work").mkdir()
        self.environment = dict(
            os.environ, PATH=f"{self.folder}/bin:{os.environ['PATH']}",
            HOME=str(self.folder), KUBECONFIG="", CI="true", LC_ALL="C")

    def run(self, command, stdin=None):
        done = subprocess.run(
            command, shell=True, cwd=self.folder / "work", input=stdin,
            env=self.environment, text=True, timeout=300,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def shell(self, block):
        """The block with what its commands print now."""
        out = []
        for command in commands(block):
            status, printed = self.run(command)
            self.ran.append((command, status))
            out.append(f"$ {command}\n{masked(printed)}")
        return "".join(out)

    def edit(self, block):
        status, printed = self.run("patch -p1 --no-backup-if-mismatch", block)
        assert status == 0, printed

    def block(self, match):
        if match.group(1) == "diff":
            self.edit(match.group(2))
        if match.group(1) != "shell":
            return match.group(0)
        return f"```shell\n{self.shell(match.group(2))}```"

    def document(self, text):
        return FENCE.sub(self.block, text)


def test_the_tutorial_is_what_happens(tmp_path):
    walk = Walk(tmp_path)
    text = DOCUMENT.read_text()

    assert walk.document(text) == text
    assert 0 < len(walk.ran) < MOST_COMMANDS
    statuses = dict(walk.ran)  # the last of each command
    for command in ("check", "test", "sim", "rbac", "runbook"):
        ran = [status for line, status in walk.ran
               if line.startswith(f"tidelock {command} ")]
        assert ran and ran[-1] == 0, command
    assert [s for line, s in statuses.items() if " plan " in line] == [2]


def test_a_wrong_output_would_be_seen(tmp_path):
    text = "```shell\n$ tidelock new x | head -1\nx: an operator for Y (example.com/v1)\n```"

    assert Walk(tmp_path).document(text) != text


if __name__ == "__main__" and sys.argv[1:] == ["--update"]:
    with tempfile.TemporaryDirectory() as scratch:
        DOCUMENT.write_text(Walk(scratch).document(DOCUMENT.read_text()))
