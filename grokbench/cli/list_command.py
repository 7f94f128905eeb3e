"""``grokbench list``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from grokbench.cli import options

KINDS = {"tasks": "task", "baselines": "baseline", "papers": "paper", "claims": "paper"}
PARTS = (
    "networks",
    "losses",
    "optimizers",
    "wrappers",
    "learners",
    "computations",
    "domains",
    "sources",
    "corruptions",
)
"""Parts with fields."""
OTHERS = ("probes", "analyses", "measures", "executors")
"""Parts without."""


@click.command(
    name="list",
    epilog=options.examples(
        "grokbench list", "grokbench list tasks", "grokbench list networks", "grokbench list claims --json"
    ),
)
@click.argument("what", type=click.Choice([*KINDS, *PARTS, *OTHERS]), default="papers")
@options.specs
@options.plugin
@options.as_json
def command(what: str, specs: Sequence[Path], as_json: bool) -> None:
    """List papers, tasks, baselines or claims; the parts of recipes with their fields; or what looks at trials and runs them."""
    rows = _rows(what, specs) if what in KINDS else _parts(what) if what in PARTS else _others(what)
    if as_json:
        options.print_json(rows)
        return
    from tabulate import tabulate

    lines = [[" ".join(text.split()) for text in row.values()] for row in rows]
    click.echo(tabulate(lines, tablefmt="plain", disable_numparse=True))


def _rows(what: str, specs: Sequence[Path]) -> list[dict[str, str]]:
    """Every spec of a kind that can be read; a note on stderr tells of the others."""
    found = options.open_library(specs).each(KINDS[what])
    if what == "papers":
        return [
            {
                "id": p.id,
                "title": f"{p.title} ({p.authors}{f', {p.year}' if p.year else ''}); {len(p.claims)} claims",
            }
            for p in found
        ]
    if what == "tasks":
        return [{"id": task.id, "title": task.title, "operation": task.operation} for task in found]
    if what == "baselines":
        return [{"id": recipe.id, "title": recipe.title} for recipe in found]
    return [{"id": f"{p.id}.{c.id}", "kind": c.kind, "title": c.title} for p in found for c in p.claims]


def _parts(kind: str) -> list[dict[str, str]]:
    import dataclasses
    import inspect

    from grokbench import parts
    from grokbench.specs.fields import default_of

    rows = []
    for name in parts.names(kind):
        fields = parts.find(kind, name).fields
        own = [(one.name, default_of(one)) for one in dataclasses.fields(fields)]
        listed = [
            f"{key}" if value is dataclasses.MISSING else f"{key}={_short(value)}" for key, value in own
        ]
        line = inspect.cleandoc(fields.__doc__ or "").splitlines()[0]
        origin = parts.part(kind, name).origin
        numbers = getattr(parts.find(kind, name), "numbers", None)
        given = {"numbers": " ".join(numbers)} if numbers else {}
        rows.append({"id": name, "fields": " ".join(listed), **given, "title": line, "origin": origin})
    return rows


def _short(value: object) -> str:
    """A default: its kind where it is a table, and as it is written in TOML otherwise."""
    if isinstance(value, dict):
        return str(value["kind"])
    return json.dumps(value, ensure_ascii=False)


def _others(kind: str) -> list[dict[str, str]]:
    """Name, arguments of a measure, first line of its docstring or summary, and origin."""
    import inspect

    from grokbench import parts
    from grokbench.measures import signature

    rows = []
    for name in parts.names(kind):
        part = parts.part(kind, name)
        own = parts.load(part)
        text = getattr(own, "summary", "") or inspect.getdoc(own) or ""
        row = {"id": name, **({"arguments": signature(name)} if kind == "measures" else {})}
        rows.append({**row, "meaning": text.strip().split("\n")[0], "origin": part.origin})
    return rows
