"""``grokbench new``."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from grokbench.cli import completion, options
from grokbench.scaffold import KINDS, SPECS


@click.command(
    name="new",
    epilog=options.examples(
        "grokbench new task my-task",
        "grokbench new baseline mylab/slower --from gromov2023/gd",
        "grokbench new paper mylab2026",
        "grokbench new optimizer my-rule",
    ),
)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name")
@click.option(
    "--from",
    "source",
    default="",
    metavar="ID",
    shell_complete=completion.anything,
    help="Begin from this task or paper; a recipe extends this one.",
)
@click.option("--into", type=options.PATH, default=Path(), show_default="here", help="Folder to write to.")
@options.specs
@options.as_json
def command(kind: str, name: str, source: str, into: Path, specs: Sequence[Path], as_json: bool) -> None:
    """Write the commented file of a new task, recipe, paper or part, which works as it stands.

    Specs go to tasks/ and baselines/ in that folder, a part to one Python file. Nothing is overwritten.
    """
    from grokbench import scaffold

    library = options.open_library(specs)
    written = scaffold.new(kind, name, source=source, into=into, library=library)
    if as_json:
        options.print_json({"files": [str(path) for path in written]})
        return
    for path in written:
        click.echo(f"wrote {path}")
    check = ["grokbench", "validate"] if kind in SPECS else ["pytest", "--grokbench-contract"]
    click.echo(f"check it:  {shlex.join([*check, str(written[0])])}")
