"""``grokbench report``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from grokbench.cli import options
from grokbench.specs.errors import InputError


@click.command(name="report")
@click.argument("paper", required=False)
@click.option("--all", "every", is_flag=True, help="All papers.")
@click.option("--records", type=options.PATH, help="A folder of committed records, in place of the store.")
@click.option(
    "--out", type=options.PATH, default=Path("reports"), show_default=True, help="Folder for the report."
)
@options.store
@options.specs
@options.plugin
@options.as_json
def command(
    paper: str | None,
    every: bool,
    records: Path | None,
    out: Path,
    store: Path | None,
    specs: Sequence[Path],
    as_json: bool,
) -> None:
    """Write the report of PAPER from stored records, without training."""
    from grokbench import api
    from grokbench.specs.loader import Library

    if (paper is None) != every:
        raise InputError("name one paper, or --all")
    if every and records is not None:
        raise InputError("--records belongs to one paper; name it")
    names = Library(specs).paper_ids() if paper is None else (paper,)
    pages = [api.report(name, records=records, store=store, out=out, specs=specs) for name in names]
    if as_json:
        options.print_json({name: str(page) for name, page in zip(names, pages, strict=True)})
    else:
        for page in pages:
            click.echo(f"report: {page}")
