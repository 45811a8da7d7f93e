"""The engine of sim is linked with the rest of the program: see
tests/lint/symbols."""

import subprocess

from conftest import ROOT


def test_no_function_has_the_name_of_another_layers():
    done = subprocess.run([ROOT / "tests/lint/symbols"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
