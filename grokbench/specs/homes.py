"""Where the file of a spec lies, and where one's own must lie, in words."""

from __future__ import annotations

import re
from pathlib import Path

from grokbench.specs import files
from grokbench.specs.files import CLAIMS_FILE, FIGURES_FILE, TRACKS

PLACES = {
    "task": "tasks/{}.toml",
    "baseline": "baselines/{}.toml",
    "paper": f"baselines/{{}}/{CLAIMS_FILE}",
    "track": f"tasks/{TRACKS}/{{}}.toml",
    "submission": f"tasks/{TRACKS}/{{}}.toml",
    "figures": f"baselines/{{}}/{FIGURES_FILE}",
}
"""Kind of spec → where its file lies in a folder of specs."""


def shown(path: Path, root: Path) -> Path:
    """``root``, the folder of specs of ``path``, as ``path`` is written: relative where that is."""
    levels = len(files.absolute(path).relative_to(root).parts)
    parents = list(path.parents)
    short = parents[levels - 1] if levels <= len(parents) and ".." not in path.parts else root
    return short if files.absolute(short) == root else root


def remedy(kind: str, name: str) -> str:
    """Where the file of one's own spec must lie."""
    folder = Path(name)
    if kind == "paper" and (folder / CLAIMS_FILE).is_file():
        return f"its file is named as {folder / CLAIMS_FILE}"
    if not re.fullmatch(
        r"[a-z0-9-]+/[a-z0-9-]+" if kind in ("baseline", "submission") else r"[a-z0-9-]+", name
    ):
        return ""
    return f"one of your own needs specs=DIR, and lies in DIR/{PLACES[kind].format(name)}"
