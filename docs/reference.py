"""The reference of the API as HTML, from docstrings: ``python docs/reference.py FOLDER``. It needs pdoc (extra ``docs``)."""

from __future__ import annotations

import importlib
import sys
import warnings
from pathlib import Path

MODULES = (
    "grokbench",
    "grokbench.analysis",
    "grokbench.measures",
    "grokbench.measures.cells",
    "grokbench.measures.reading",
    "grokbench.figures.data",
    "grokbench.figures.layout",
    "grokbench.figures.style",
    "grokbench.contract",
)
"""What a script or a package of parts may import."""


def write(folder: Path) -> None:
    """Write a page for each of the modules, and an index."""
    import pdoc

    for name in MODULES:  # names that are imported when they are first used
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", ()):
            vars(module)[public] = getattr(module, public)
    warnings.filterwarnings("ignore", "Error parsing type annotation")  # of named tuples, on older Pythons
    pdoc.render.configure(docformat="restructuredtext")
    pdoc.pdoc(*MODULES, output_directory=folder)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python docs/reference.py FOLDER")
    write(Path(sys.argv[1]))
