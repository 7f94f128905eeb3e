"""``grokbench show``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from grokbench.cli import options
from grokbench.specs.errors import UnknownNameError
from grokbench.specs.loader import Library, kind_of_file

FIRST_ROWS = 8


@click.command(name="show")
@click.argument("name", metavar="ID")
@click.option(
    "--resolved", is_flag=True, help="Every field filled in; for a task, also the first rows of its table."
)
@options.specs
@options.plugin
@options.as_json
def command(name: str, resolved: bool, specs: Sequence[Path], as_json: bool) -> None:
    """Show a task, baseline, paper or claim (paper.claim)."""
    library = Library(specs)
    kind = _kind(library, name)
    if not resolved and not as_json and kind != "claim":
        path = Path(name) if name.endswith(".toml") else library.path_of(name)
        assert path is not None
        click.echo(f"# {path}\n{path.read_text(encoding='utf-8').rstrip()}")
        return
    document = _document(library, name, kind)
    if as_json:
        options.print_json(document)
        return
    for line in _lines(document):
        click.echo(line)


def _kind(library: Library, name: str) -> str:
    claims = [f"{paper}.{claim.id}" for paper in library.paper_ids() for claim in library.paper(paper).claims]
    groups = {
        "task": library.task_ids(),
        "baseline": library.recipe_ids(),
        "paper": library.paper_ids(),
        "claim": claims,
    }
    if name.endswith(".toml"):
        return kind_of_file(Path(name))
    for kind, ids in groups.items():
        if name in ids:
            return kind
    raise UnknownNameError("id", name, [one for ids in groups.values() for one in ids])


def _document(library: Library, name: str, kind: str) -> dict[str, Any]:
    if kind == "task":
        from grokbench.tasks.table import build_table

        table = build_table(library.task(name))
        rows = table.rows[:FIRST_ROWS].tolist()
        return {
            **library.task_document(name),
            "elements": table.n_elements,
            "rows": len(table.rows),
            "first_rows": rows,
        }
    if kind == "baseline":
        return library.recipe_document(name)
    if kind == "paper":
        return dataclasses.asdict(library.paper(name))
    paper, claim = name.split(".", 1)
    return next(dataclasses.asdict(one) for one in library.paper(paper).claims if one.id == claim)


def _lines(value: Any, prefix: str = "") -> list[str]:
    """Dotted path = value, one a line."""
    if isinstance(value, dict) and value:
        return [
            line
            for key, item in value.items()
            for line in _lines(item, f"{prefix}.{key}" if prefix else str(key))
        ]
    if isinstance(value, list | tuple) and any(isinstance(item, dict) for item in value):
        return [line for index, item in enumerate(value) for line in _lines(item, f"{prefix}[{index}]")]
    return [f"{prefix} = {value!r}"]
