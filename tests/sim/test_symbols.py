"""The engine of sim is linked with the rest of the program: see
tests/lint/symbols."""

import subprocess

import pytest

from conftest import ROOT


def symbols(*arguments):
    return subprocess.run([ROOT / "tests/lint/symbols", *arguments], capture_output=True, text=True)


def test_no_name_is_defined_twice():
    done = symbols()
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("second", ["base", "kube"])
def test_a_name_defined_twice_is_found(tmp_path, second):
    """In one library or in two; what is static is nobody else's."""
    for layer, name in (("base", "one"), (second, "two")):
        text = "int planted(void) { return 1; }\nstatic int quiet(void) { return 2; }\n" \
               f"int {name}(void) {{ return quiet(); }}\n"
        (tmp_path / f"{name}.c").write_text(text)
        subprocess.run(["cc", "-c", f"{name}.c"], cwd=tmp_path, check=True)
        subprocess.run(["ar", "qc", f"libtidelock_{layer}.a", f"{name}.o"], cwd=tmp_path, check=True)
    done = symbols(tmp_path)
    assert done.returncode == 1
    assert done.stdout == f"planted is defined in base/one.o and {second}/two.o\n"
