"""``grokbench report``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from grokbench.cli import in_flags, looking, options
from grokbench.specs.errors import InputError, NoRecordsError


@click.command(
    name="report",
    epilog=options.examples(
        "grokbench report gromov2023 --records reports/gromov2023/records",
        "grokbench report --all --out elsewhere",
    ),
)
@options.paper
@click.option("--all", "every", is_flag=True, help="All papers.")
@click.option("--records", type=options.PATH, help="A folder of committed records, in place of the store.")
@click.option(
    "--out", type=options.PATH, default=Path("reports"), show_default=True, help="Folder for the report."
)
@click.option(
    "--open", "opened", is_flag=True, help="Make the site, too, and open the paper's page in your browser."
)
@options.store
@options.specs
@options.plugin
@options.as_json
@click.pass_context
def command(
    context: click.Context,
    paper: str | None,
    every: bool,
    records: Path | None,
    out: Path,
    opened: bool,
    store: Path | None,
    specs: Sequence[Path],
    as_json: bool,
) -> None:
    """Write the report of PAPER from stored records, without training."""
    from grokbench import api

    if (paper is None) != every:
        raise InputError("name one paper, or --all")
    if every and records is not None:
        raise InputError("--records belongs to one paper; name it")
    library = options.open_library(specs)
    names = library.paper_ids() if paper is None else (paper,)
    computed = {name for name in names if every and not library.paper(name).experiments}  # need no records
    pages: dict[str, Path] = {}
    for name in sorted(names, key=lambda name: name in computed):
        if name in computed and not pages:
            continue
        try:
            pages[name] = api.report(
                name, records=records, store=store, out=out, specs=library, on_note=options.note
            )
        except NoRecordsError as error:
            if not every:
                raise
            options.note(in_flags(error, context.command))
    if not pages:
        raise InputError("no paper has a record here, so nothing was written")
    if as_json:
        options.print_json({name: str(page) for name, page in pages.items()})
    else:
        for page in pages.values():
            click.echo(f"report: {page}")
            if not opened:
                click.echo(looking.site_told(out, page.stem))
    if opened:
        first = api.site(out=looking.SITE, reports=out, specs=library, on_note=options.note)
        looking.show(looking.paper_page(next(iter(pages.values())).stem) if len(pages) == 1 else first)
