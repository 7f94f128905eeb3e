"""``grokbench list``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from grokbench.cli import options


@click.command(
    name="list",
    epilog=options.examples("grokbench list", "grokbench list tasks", "grokbench list claims --json"),
)
@click.argument("what", type=click.Choice(["papers", "tasks", "baselines", "claims"]), default="papers")
@options.specs
@options.as_json
def command(what: str, specs: Sequence[Path], as_json: bool) -> None:
    """List papers, tasks, baselines or claims."""
    from grokbench.specs.loader import Library

    library = Library(specs)
    rows: list[dict[str, str]]
    if what == "papers":
        papers = [library.paper(name) for name in library.paper_ids()]
        rows = [
            {
                "id": p.id,
                "title": f"{p.title} ({p.authors}{f', {p.year}' if p.year else ''}); {len(p.claims)} claims",
            }
            for p in papers
        ]
    elif what == "tasks":
        tasks = [library.task(name) for name in library.task_ids()]
        rows = [{"id": task.id, "title": task.title, "operation": task.operation} for task in tasks]
    elif what == "baselines":
        rows = [{"id": r.id, "title": r.title} for r in map(library.recipe, library.recipe_ids())]
    else:
        papers = [library.paper(name) for name in library.paper_ids()]
        rows = [{"id": f"{p.id}.{c.id}", "kind": c.kind, "title": c.title} for p in papers for c in p.claims]
    if as_json:
        options.print_json(rows)
        return
    from tabulate import tabulate

    click.echo(tabulate([list(row.values()) for row in rows], tablefmt="plain"))
