"""Figures that a row of tests/faults/README.md asks for: printed, never judged.

    figure("D29", "detection s", 31.2)

prints it and, when TIDELOCK_FIGURES names a folder, adds a line to a file
there. `tests/faults/table --figures FOLDER` takes them into the table.
"""

import os
import pathlib


def figure(row, what, value):
    """`value` is a number or a short text; `what` says its unit."""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    line = "\t".join((row, what, text))
    assert "\n" not in line and line.count("\t") == 2, f"no figure: {line!r}"
    print(line)
    folder = os.environ.get("TIDELOCK_FIGURES")
    if folder:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        with open(pathlib.Path(folder) / f"{os.getpid()}.tsv", "a") as file:
            file.write(line + "\n")
