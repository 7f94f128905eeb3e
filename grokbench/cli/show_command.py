"""``grokbench show``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from grokbench.cli import completion, options
from grokbench.specs.errors import UnknownNameError
from grokbench.specs.files import kind_of_file, text_of
from grokbench.specs.loader import Library

SHOWN_ROWS = 8


@click.command(
    name="show",
    epilog=options.examples(
        "grokbench show addition --resolved",
        "grokbench show gromov2023/gd --resolved",
        "grokbench show gromov2023.gd-groks-no-reg-2",
    ),
)
@click.argument("name", metavar="ID", shell_complete=completion.anything)
@click.option(
    "--resolved", is_flag=True, help="Every field filled in; for a task, also rows from all over its table."
)
@options.specs
@options.plugin
@options.as_json
def command(name: str, resolved: bool, specs: Sequence[Path], as_json: bool) -> None:
    """Show a task, baseline, paper, track or submission by its id or file, or a claim (paper.claim)."""
    library = options.open_library(specs)
    kind = _kind(library, name)
    if not resolved and not as_json and kind != "claim":
        path = library.file(kind, name).path
        click.echo(f"# {path}\n{text_of(path).rstrip()}")
        return
    document = _document(library, name, kind)
    if as_json:
        options.print_json(document)
        return
    for line in _lines(document):
        click.echo(line)


def _kind(library: Library, name: str) -> str:
    """What ``name`` is the name of. Specs that it does not name are read only to say what may have been meant."""
    if name.endswith(".toml"):
        path = Path(name)
        return (
            kind_of_file(path) if path.is_file() else "task"
        )  # of which the library then says that it is not there
    kinds = ("task", "baseline", "paper", "track", "submission")
    for kind in kinds:
        if name in library.ids(kind):
            return kind
    paper, dot, claim = name.partition(".")
    if dot and paper in library.paper_ids() and library.paper(paper).claim_id(claim):
        return "claim"
    claims = [f"{paper.id}.{claim.id}" for paper in library.each("paper") for claim in paper.claims]
    raise UnknownNameError("id", name, [*(one for kind in kinds for one in library.ids(kind)), *claims])


def _document(library: Library, name: str, kind: str) -> dict[str, Any]:
    if kind == "task":
        from grokbench.tasks.source import rows_of, source

        task = library.task(name)
        table, elements = rows_of(task, seed=0), "elements" if source(task).gives == "pairs" else "classes"
        last, count = len(table.rows) - 1, min(SHOWN_ROWS, len(table.rows))
        places = [i * last // max(count - 1, 1) for i in range(count)]
        return {
            **library.task_document(name),
            elements: table.n_elements,
            "rows": len(table.rows),
            "some_rows": table.rows[places].tolist(),
        }
    if kind == "baseline":
        return library.recipe_document(name)
    if kind == "paper":
        return dataclasses.asdict(library.paper(name))
    if kind == "track":
        return dataclasses.asdict(library.track(name))
    if kind == "submission":
        return dataclasses.asdict(library.submission(name))
    paper, claim = name.split(".", 1)
    from grokbench.measures import needs

    found = next(one for one in library.paper(paper).claims if one.id == claim)
    document = dataclasses.asdict(found)
    if found.experiments:
        for condition in document["rule"]:
            condition["needs"] = needs(condition["measure"], condition["args"])
    return document


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
