"""Tables of docs/ that are made from docstrings, signatures and help texts: claims, measures, figures and exports.

``python -m tests.rewrite`` writes them.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from grokbench import measures, parts
from grokbench.exports import columns
from grokbench.figures.fields import DEFINITIONS, Fields, Panel
from grokbench.parts.measures import MEASURES
from grokbench.specs.claims import KINDS
from grokbench.specs.fields import schema_of

DOCS = Path(__file__).parent.parent / "docs"
HEAD = """# Measures

Written from docstrings by `python -m tests.rewrite`; `grokbench list measures` prints the same with your own.

A rule of a claim and a figure name a measure. It reads the records of one seed and gives a number.
`arm` counts the claim's experiments from 0. A time that the budget cut off lies *above* the budget.
**nan** means that there was nothing to measure, and decides nothing. So does a record without what a measure *needs*.
An argument in braces stands for its value.
[Words](../REPRODUCE.md#words) explains α, a′, b, T_mem, T_gen, R½ and the onset.
"""


def pages() -> dict[Path, str]:
    """Each page with what is generated, as it is to be."""
    claims, figures = DOCS / "claims.md", DOCS / "figures.md"
    drawn = figures.read_text(encoding="utf-8")
    for name, text in _of_figures().items():
        drawn = placed(drawn, name, text)
    kinds = table(
        ("kind", "what it says, and what decides it"), ((f"`{k}`", text) for k, text in KINDS.items())
    )
    exported = DOCS / "export.md"
    tables = exported.read_text(encoding="utf-8")
    for name, text in _of_exports().items():
        tables = placed(tables, name, text)
    return {
        exported: tables,
        claims: placed(claims.read_text(encoding="utf-8"), "kinds", kinds),
        figures: drawn,
        DOCS / "measures.md": "\n".join([HEAD, *_of_measures()]),
    }


def placed(page: str, name: str, text: str) -> str:
    """The page with this text between ``<!-- NAME -->`` and ``<!-- end of NAME -->``."""
    before, begin, rest = page.partition(f"<!-- {name} -->")
    _, end, after = rest.partition(f"<!-- end of {name} -->")
    assert begin, f"there is no place for {name}"
    assert end, f"the place for {name} has no end"
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *([_cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("<", r"\<").replace("``", "`")


def _of_measures() -> Iterator[str]:
    """A heading, the docstring and a table for each module of measures."""
    modules: dict[str, list[str]] = {}
    for name in sorted(MEASURES):
        modules.setdefault(MEASURES[name].partition(":")[0], []).append(name)
    for module, names in sorted(modules.items()):
        about = inspect.getdoc(importlib.import_module(module))
        yield f"## {module.rpartition('.')[2].capitalize()}\n\n{about}\n"
        rows = (
            (f"`{name}`", _code(measures.signature(name)), _meaning(name), measures.needs(name))
            for name in names
        )
        yield table(("measure", "arguments", "meaning", "needs"), rows) + "\n"


def _meaning(name: str) -> str:
    """A measure's docstring, and the words that an argument may be where it does not have them."""
    measure = measures.measure(name)
    text = " ".join((inspect.getdoc(measure) or "").split())
    for argument, hint in get_type_hints(measure).items():
        choices = get_args(hint) if get_origin(hint) is Literal else ()
        if any(f'"{choice}"' not in text for choice in choices):
            text += f" `{argument}`: {', '.join(choices)}."
    return text


def _of_figures() -> dict[str, str]:
    """What ``figures.toml`` may say, by the name of its place."""
    common = [one.name for one in dataclasses.fields(Fields)]
    kinds = [(name, parts.find("figures", name).fields) for name in parts.names("figures")]
    rows = (
        (f"`{name}`", inspect.cleandoc(own.__doc__ or ""), "; ".join(_said(own, common, ": ")))
        for name, own in kinds
    )
    shared = [one.name for one in dataclasses.fields(Panel)]
    return {
        "quantity": _fields(DEFINITIONS["quantity"]),
        "mark": _fields(DEFINITIONS["mark"]),
        "panel": _fields(Panel),
        "figure": _fields(Fields, shared),
        "kinds": table(("kind", "what it draws", "its own fields"), rows),
    }


def _of_exports() -> dict[str, str]:
    """The columns of each exported table, by the name of its place; those of every run apart."""
    places = {"run": columns.IDENTITY, "claim": columns.CLAIM}
    own = {
        "runs": columns.RUNS,
        "curves": columns.CURVES,
        "probes": columns.PROBES,
        "measures": columns.MEASURES,
        "verdicts": columns.VERDICTS,
    }
    return {
        name: table(
            ("column", "type", "unit", "meaning"),
            ((f"`{one.name}`", one.type, one.unit, one.meaning) for one in listed),
        )
        for name, listed in {**places, **own}.items()
    }


def _fields(own: type, leave: Sequence[str] = ()) -> str:
    return table(("field", "meaning"), (line.split("\n") for line in _said(own, leave, "\n")))


def _said(own: type, leave: Sequence[str], between: str) -> Iterator[str]:
    """Each field of a dataclass with its choices, its default where it is a plain value, and its help text."""
    for name, node in schema_of(own)["properties"].items():
        if name in leave or name == "kind":
            continue
        choices = f" (one of {', '.join(map(str, node['enum']))})" if "enum" in node else ""
        yield f"{_code(name + _default(node))}{between}{node.get('description', '')}{choices}"


def _default(node: dict[str, Any]) -> str:
    value = node.get("default")
    return "" if value in (None, [], {}) else f" = {json.dumps(value)}"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
