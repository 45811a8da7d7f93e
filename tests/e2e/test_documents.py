"""What the documents show is what happens: every console block is run and its
output compared, every Lua block of an operator is loaded."""

import os
import pathlib
import re
import subprocess

import pytest

from harness import ROOT, program, tidelock, write_operator

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
DOCUMENTS = sorted(
    p for p in ROOT.rglob("*.md")
    if not {"build", ".git", "node_modules"} & set(p.relative_to(ROOT).parts))


def blocks(language):
    for path in DOCUMENTS:
        for kind, text in FENCE.findall(path.read_text()):
            if kind == language:
                yield pytest.param(text, id=str(path.relative_to(ROOT)))


def commands(text):
    """[(command, expected output)] of a console block."""
    found = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
    return [(command, "\n".join(lines).strip()) for command, lines in found]


@pytest.mark.parametrize("text", blocks("console"))
def test_a_console_block_is_what_happens(text, tmp_path):
    link = tmp_path / "tidelock"
    link.symlink_to(program())
    environment = dict(os.environ, PATH=f"{tmp_path}:{os.environ['PATH']}",
                       KUBECONFIG="", HOME=str(tmp_path))
    for command, expected in commands(text):
        done = subprocess.run(command, shell=True, cwd=ROOT, env=environment,
                              capture_output=True, text=True)
        assert (done.stdout + done.stderr).strip() == expected


@pytest.mark.parametrize("text", [b for b in blocks("lua")
                                  if "tidelock.operator" in b.values[0]
                                  and 'require "tidelock"' in b.values[0]])
def test_an_operator_in_a_document_loads(text, tmp_path):
    folder = write_operator(tmp_path / "operator", text)
    (tmp_path / "nothing.yaml").write_text(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n")
    done = tidelock("plan", folder, "--offline", "-f", tmp_path / "nothing.yaml")
    # it loads; the kind of its root is not known without its CRD
    assert "operator.lua" not in done.stderr, done.stderr


def test_every_link_of_a_document_leads_somewhere():
    broken = []
    for path in DOCUMENTS:
        text = FENCE.sub("", path.read_text())
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if "://" not in target and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert not broken


def test_the_demo_shows_what_it_promises():
    done = subprocess.run([ROOT / "deploy/demo"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, cwd=ROOT)
    text = done.stdout
    assert done.returncode == 0, text[-4000:] + done.stderr[-4000:]
    for word in ("export KUBECONFIG=", "Plan: 3 to create", "readyReplicas: 2",
                 "it is back", "No changes.", "reconciled"):
        assert word in text, f"no {word!r} in:\n{text}"
    assert "\033[" not in text


def test_version_names_the_commit_and_every_library():
    text = tidelock("version").stdout
    assert re.match(r"tidelock \d+\.\d+\.\d+ \(commit ([0-9a-f]{12}|unknown)\)\n", text)
    for library in ("Lua", "libcurl", "nghttp2", "libuv", "OpenSSL", "libmicrohttpd", "PCRE2",
                    "SQLite", "libyaml", "cJSON", "nettle", "zstd"):
        assert re.search(rf"^  {library} +\d", text, re.M), library
