"""Run docs/first-grok.ipynb and write it again with what it prints: ``python -m tests.notebook`` (extra ``notebook``)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).parent.parent / "docs" / "first-grok.ipynb"
LONGEST_CELL = 600  # seconds; the whole takes about a minute


def executed(path: Path = NOTEBOOK) -> Any:
    """The notebook, every cell run from its own folder in a new kernel, without the time of day and the version of Python."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=LONGEST_CELL,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


if __name__ == "__main__":
    import nbformat

    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"GROKBENCH_STORE": f"{folder}/store", "GROKBENCH_CACHE": f"{folder}/cache"}
        made = executed()
    nbformat.write(made, NOTEBOOK)
