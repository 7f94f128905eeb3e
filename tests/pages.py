"""Pages of docs/ that are made from docstrings and signatures: the kinds of claim, and the measures.

``python -m tests.rewrite`` writes them.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

from grokbench import measures
from grokbench.parts.measures import MEASURES
from grokbench.specs.claims import KINDS

DOCS = Path(__file__).parent.parent / "docs"
BEGIN, END = "<!-- kinds, written by python -m tests.rewrite -->", "<!-- end of kinds -->"

HEAD = """# Measures

Written from docstrings by `python -m tests.rewrite`; `grokbench list measures` prints the same with your own.

A rule of a claim and a figure name a measure. It reads the records of one seed and gives a number.
`arm` counts the claim's experiments from 0. A time that the budget cut off lies *above* the budget.
**nan** means that there was nothing to measure, and decides nothing.
[Words](../REPRODUCE.md#words) explains α, a′, b, T_mem, T_gen, R½ and the onset.
"""


def claims(page: str) -> str:
    """docs/claims.md with its table of kinds as the code has them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin, "docs/claims.md has no place for the kinds"
    assert end, "docs/claims.md has no end of the kinds"
    rows = "\n".join(f"| `{kind}` | {text} |" for kind, text in KINDS.items())
    return f"{before}{BEGIN}\n\n| kind | what it says, and what decides it |\n| --- | --- |\n{rows}\n\n{END}{after}"


def by_module() -> dict[str, list[str]]:
    """Module → the names of its measures, both in the order of the alphabet."""
    found: dict[str, list[str]] = {}
    for name in sorted(MEASURES):
        found.setdefault(MEASURES[name].partition(":")[0], []).append(name)
    return dict(sorted(found.items()))


def measured() -> str:
    """docs/measures.md: a table for each module."""
    return "\n".join([HEAD, *_tables()])


def _tables() -> Iterator[str]:
    for module, names in by_module().items():
        about = inspect.getdoc(importlib.import_module(module)) or ""
        yield f"## {module.rpartition('.')[2].capitalize()}\n\n{about}\n"
        yield "| measure | arguments | meaning |\n| --- | --- | --- |"
        for name in names:
            given = measures.signature(name)
            text = _meaning(measures.measure(name))
            yield f"| `{name}` | {f'`{given}`' if given else ''} | {text} |"
        yield ""


def _meaning(measure: measures.Measure) -> str:
    """The docstring in a cell of a table, and the words that an argument may be where it does not have them."""
    text = " ".join((inspect.getdoc(measure) or "").split()).replace("``", "`").replace("|", r"\|")
    for name, hint in get_type_hints(measure).items():
        choices = get_args(hint) if get_origin(hint) is Literal else ()
        if any(f'"{choice}"' not in text for choice in choices):
            text += f" `{name}`: {', '.join(choices)}."
    return text


def pages() -> dict[Path, str]:
    """Each generated page, as it is to be."""
    page = DOCS / "claims.md"
    return {page: claims(page.read_text(encoding="utf-8")), DOCS / "measures.md": measured()}
