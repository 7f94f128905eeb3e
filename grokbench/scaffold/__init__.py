"""``grokbench new``: commented files of a task, a recipe, a paper, a submission or a part, which pass their checks as they stand.

In: a kind, a name, and the id of a spec to begin from. Out: files. Comments come from the help texts of the schemas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from grokbench.scaffold import code, papers, submissions
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.homes import PLACES
from grokbench.specs.loader import Library

Files = Mapping[str, str]
"""Path under the folder that is written to → text."""

SPECS: Mapping[str, Callable[[str, Library, str], Files]] = {
    "task": papers.task,
    "baseline": papers.baseline,
    "paper": papers.paper,
    "submission": submissions.submission,
}
"""Kinds that are specs → (name, library, id to begin from or "") → files."""
KINDS = (*SPECS, *code.KINDS)
PAIRS = {
    "baseline": "paper/name, as gromov2023/gd",
    "submission": "track/name, as small/adamw",
}
"""Kinds with a folder in their name → how it is written."""
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def new(
    kind: str, name: str, *, source: str = "", into: Path = Path(), library: Library | None = None
) -> list[Path]:
    """Write the files of a new ``kind`` called ``name`` under ``into``, and return them; nothing is overwritten.

    source: the id of a spec of that kind to begin from; of a recipe, the one that it extends, or whose parent it extends. Specs
    that lie under ``into`` already are known. Errors: InputError for a name that cannot be one, for the name of a part that
    there is, for a file that is there and for a folder that cannot be written; UnknownNameError for a kind or source that
    there is not.
    """
    if kind not in KINDS:
        raise UnknownNameError("kind of file", kind, KINDS)
    wanted, parts = PAIRS.get(kind, "small letters, digits and hyphens"), name.split("/")
    if len(parts) != (2 if kind in PAIRS else 1) or not all(NAME.fullmatch(part) for part in parts):
        raise InputError(f"{name!r} is no name of a {kind}; it is written as {wanted}")
    if kind in SPECS:
        known = (library or Library()).beside(into / PLACES[kind].format(name))
        files = SPECS[kind](name, known, source)
    elif source:
        raise InputError(f"a {kind} begins from a template; only a spec begins from another", "source")
    else:
        files = code.files(kind, name)
    there = [path for path in files if (into / path).exists()]
    if there:
        raise InputError(f"{into / there[0]} is there already; nothing was written")
    for path, text in files.items():
        place = into / path
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{place} cannot be written ({error.strerror}); name another folder") from None
    return [into / path for path in files]
