"""``grokbench list``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from grokbench.cli import options

SPECS = ("papers", "tasks", "baselines", "claims")
PARTS = ("networks", "losses", "optimizers", "wrappers")


@click.command(name="list")
@click.argument("what", type=click.Choice([*SPECS, *PARTS]), default="papers")
@options.specs
@options.plugin
@options.as_json
def command(what: str, specs: Sequence[Path], as_json: bool) -> None:
    """List papers, tasks, baselines or claims; or the parts of recipes, with their fields and where they come from."""
    rows = _parts(what) if what in PARTS else _specs(what, specs)
    if as_json:
        options.print_json(rows)
        return
    from tabulate import tabulate

    click.echo(tabulate([list(row.values()) for row in rows], tablefmt="plain"))


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
        rows.append({"id": name, "fields": " ".join(listed), "title": line, "origin": origin})
    return rows


def _short(value: object) -> str:
    """A default: its kind where it is a table, and as it is written in TOML otherwise."""
    if isinstance(value, dict):
        return str(value["kind"])
    return json.dumps(value, ensure_ascii=False)


def _specs(what: str, folders: Sequence[Path]) -> list[dict[str, str]]:
    from grokbench.specs.loader import Library

    library = Library(folders)
    if what == "papers":
        papers = [library.paper(name) for name in library.paper_ids()]
        return [
            {
                "id": p.id,
                "title": f"{p.title} ({p.authors}{f', {p.year}' if p.year else ''}); {len(p.claims)} claims",
            }
            for p in papers
        ]
    if what == "tasks":
        tasks = [library.task(name) for name in library.task_ids()]
        return [{"id": task.id, "title": task.title, "operation": task.operation} for task in tasks]
    if what == "baselines":
        return [{"id": r.id, "title": r.title} for r in map(library.recipe, library.recipe_ids())]
    papers = [library.paper(name) for name in library.paper_ids()]
    return [{"id": f"{p.id}.{c.id}", "kind": c.kind, "title": c.title} for p in papers for c in p.claims]
