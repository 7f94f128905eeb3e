"""``grokbench site``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from grokbench.cli import looking, options


@click.command(
    name="site",
    epilog=options.examples("grokbench site", "grokbench site --reports elsewhere --out pages --open"),
)
@click.option(
    "--out", type=options.PATH, default=looking.SITE, show_default=True, help="Folder for the pages."
)
@click.option(
    "--reports",
    type=options.PATH,
    default=Path("reports"),
    show_default=True,
    help="Folder of the reports that are shown.",
)
@click.option("--open", "opened", is_flag=True, help="Open the first page in your browser.")
@options.specs
@options.plugin
@options.as_json
def command(out: Path, reports: Path, opened: bool, specs: Sequence[Path], as_json: bool) -> None:
    """Write the scoreboard, pages of papers, claims and leaderboards, and a comparison of recipes. They need no server.

    Verdicts and numbers are those of the reports. It needs the extra: pip install 'grokbench[site]'.
    """
    from grokbench import api

    page = api.site(out=out, reports=reports, specs=options.open_library(specs), on_note=options.note)
    if as_json:
        options.print_json({"site": str(page)})
    else:
        click.echo(f"site: {page}")
    if opened:
        looking.show(page)
