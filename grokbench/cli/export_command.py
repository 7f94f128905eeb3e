"""``grokbench export``."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from grokbench.cli import completion, options


@click.command(
    name="export",
    epilog=options.examples(
        "grokbench export gromov2023 --records reports/gromov2023/records --out numbers",
        "grokbench export gromov2023.gd-groks-no-reg-2 --format parquet --only measures",
        "grokbench export --task addition --baseline gromov2023/adamw --format tensorboard",
    ),
)
@click.argument("what", required=False, shell_complete=completion.wholes)
@click.option(
    "--format",
    type=click.Choice(["csv", "parquet", "tensorboard"]),
    default="csv",
    show_default=True,
    help="Kind of file. The last two need: pip install 'grokbench[export]'.",
)
@click.option(
    "--out", type=options.PATH, help="Folder for the files [default: exports/ and what is exported]."
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(["runs", "curves", "probes", "measures", "verdicts"]),
    help="Write this table alone (repeatable).",
)
@options.runs
@options.places
@options.specs
@options.plugin
@options.as_json
def command(
    what: str | None,
    format: str,
    out: Path | None,
    only: Sequence[str],
    task: Sequence[str],
    baseline: Sequence[str],
    paper: str | None,
    alpha: Sequence[float],
    seed: Sequence[int],
    run: Sequence[str],
    store: Path | None,
    records: Path | None,
    specs: Sequence[Path],
    as_json: bool,
) -> None:
    """Write the numbers of WHAT as files for other programs, without training.

    WHAT is a paper, or a claim as paper.claim. Without it the options choose runs, as in `grokbench runs`.
    """
    from grokbench import api

    files = api.export(
        what,
        format=format,
        out=out,
        only=only,
        task=task,
        baseline=baseline,
        paper=paper,
        alpha=alpha,
        seed=seed,
        run=run,
        store=store,
        records=records,
        specs=options.open_library(specs),
        on_damage=options.note,
    )
    if as_json:
        options.print_json([str(path) for path in files])
    elif format == "tensorboard":
        folder = out or files[0].parent.parent
        shown = shlex.join(["tensorboard", "--logdir", str(folder)])
        click.echo(f"{len(files)} files of events in {folder}: {shown}")
    else:
        for path in files:
            click.echo(path)
