"""Completions and the man page: written from the rows of --help, and read by
the shells and man programs that they are for."""

import os
import pty
import re
import select
import subprocess
import time

import pytest

from harness import DEADLINE, program, tidelock

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture(scope="module", params=SHELLS)
def script(request, tmp_path_factory):
    """(shell, file) of each completion."""
    shell = request.param
    file = tmp_path_factory.mktemp("completion") / "_tidelock"
    done = tidelock("completion", shell)
    assert done.returncode == 0, done.stderr
    file.write_text(done.stdout)
    return shell, file


def commands():
    """Names in the list of commands."""
    return re.findall(r"^  (\w+) +\S", tidelock("help").stdout, re.M)


def flags(command):
    """Every flag that --help of a command has."""
    return re.findall(r"^  (?:-\w, |    )(--[\w-]+)",
                      tidelock(command, "--help").stdout, re.M)


def test_a_shell_reads_it(script):
    shell, file = script
    done = subprocess.run([shell, "-n", file], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_has_each_command_and_flag(script):
    shell, file = script
    text = file.read_text()
    assert len(commands()) > 5
    for command in commands():
        assert re.search(rf"\b{command}\b", text), command
        for flag in flags(command):
            word = f"-l {flag[2:]} " if shell == "fish" else flag
            assert word in text, f"{command} {flag}"


@pytest.mark.parametrize("line, wanted", [
    ("tidelock ve", ["version"]),
    ("tidelock plan --out", ["--output"]),
    ("tidelock plan -o ", ["text", "json", "yaml"]),
    ("tidelock plan -o j", ["json"]),
    ("tidelock run --log-format=j", ["json"]),
    ("tidelock run --log-format=", ["text", "json"]),
    ("tidelock completion z", ["zsh"]),
    ("tidelock help com", ["completion"]),
    ("tidelock plan -f operators/web", ["operators/website"]),
    ("tidelock plan operators/web", ["operators/website"]),
    ("tidelock plan -n ", []),
])
def test_bash_completes(tmp_path, line, wanted):
    file = tmp_path / "completion"
    file.write_text(tidelock("completion", "bash").stdout)
    # as readline takes the line apart, with = among COMP_WORDBREAKS
    words = [w for w in re.findall(r"=|[^ =]+", line)]
    if line[-1] in " =":
        words += [""] if line[-1] == " " else []
    done = subprocess.run(
        ["bash", "-c", 'source "$1"; shift; COMP_WORDS=("$@"); '
         'COMP_CWORD=$(($# - 1)); _tidelock; printf "%s\\n" "${COMPREPLY[@]}"',
         "bash", file, *words], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.split() == wanted


def test_an_interactive_bash_completes(tmp_path):
    file = tmp_path / "completion"
    file.write_text(tidelock("completion", "bash").stdout)
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"],
                   dict(os.environ, TERM="dumb", PS1="$ ",
                        PATH=f"{os.path.dirname(program())}:{os.environ['PATH']}"))
    seen = b""
    try:
        os.write(terminal, f"source {file}; echo rea''dy\n".encode())
        for wanted, write in ((b"ready\r\n", b"echo tidelock; tidelock versi\t\n"),
                              (b"SQLite", b"exit\n")):
            end = time.monotonic() + DEADLINE
            while wanted not in seen:
                assert time.monotonic() < end, seen
                if select.select([terminal], [], [], 0.2)[0]:
                    seen += os.read(terminal, 4096)
            os.write(terminal, write)
    finally:
        os.close(terminal)
        os.waitpid(process, 0)
    assert b"tidelock version" in seen


@pytest.mark.parametrize("line, wanted", [
    ("tidelock ve", ["version"]),
    ("tidelock plan --outp", ["--output"]),
    ("tidelock plan -o ", ["json", "text", "yaml"]),
    ("tidelock completion ", ["bash", "fish", "zsh"]),
])
def test_fish_completes(tmp_path, line, wanted):
    file = tmp_path / "completion.fish"
    file.write_text(tidelock("completion", "fish").stdout)
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source {file}; complete -C '{line}'"],
        capture_output=True, text=True,
        env=dict(os.environ, HOME=str(tmp_path)))
    assert done.stderr == ""
    assert sorted(l.split("\t")[0] for l in done.stdout.splitlines()) == wanted


def test_zsh_registers_it(tmp_path):
    file = tmp_path / "_tidelock"
    file.write_text(tidelock("completion", "zsh").stdout)
    done = subprocess.run(
        ["zsh", "-fc", f"autoload -U compinit; compinit -D; source {file}; "
         "print $_comps[tidelock]"], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("_tidelock\n", "")


@pytest.mark.parametrize("words, message", [
    ([], "completion takes the name of one shell"),
    (["csh"], "there is no completion for 'csh'"),
    (["bash", "zsh"], "completion takes the name of one shell"),
])
def test_another_shell_is_wrong_usage(words, message):
    done = tidelock("completion", *words)
    assert done.returncode == 3
    assert message in done.stderr and "tidelock completion bash" in done.stderr


# ---- the man page ----

@pytest.fixture(scope="module")
def page(tmp_path_factory):
    file = tmp_path_factory.mktemp("man") / "tidelock.1"
    done = tidelock("help", "--man")
    assert done.returncode == 0, done.stderr
    file.write_text(done.stdout)
    return file


def test_the_man_page_is_clean(page):
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page],
                          capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = subprocess.run(["man", "--warnings", "-l", page],
                          capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_man_page_has_what_help_has(page):
    done = subprocess.run(["mandoc", "-Tutf8", "-Owidth=200", page],
                          capture_output=True, text=True)
    text = re.sub(r".\x08", "", done.stdout)
    text = " ".join(text.replace("\u2010", "-").split())
    for command in commands():
        help_text = tidelock(command, "--help").stdout
        usage = re.search(r"^Usage: (.*)$", help_text, re.M).group(1)
        assert usage in text
        for example in re.findall(r"^  (tidelock .*|source .*)$", help_text, re.M):
            assert " ".join(example.split()) in text
        for flag in flags(command):
            assert flag in text
