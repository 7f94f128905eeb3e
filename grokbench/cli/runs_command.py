"""``grokbench runs``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grokbench.cli import options

if TYPE_CHECKING:
    from grokbench.exports.stored import StoredRun

HEAD = ("run", "task", "baseline", "α", "seed", "steps", "T_mem", "T_gen", "outcome", "written", "size")


@click.command(
    name="runs",
    epilog=options.examples(
        "grokbench runs",
        "grokbench runs --task addition --baseline gromov2023/adamw --alpha 0.5",
        "grokbench runs --records reports/gromov2023/records --seed 100 --json",
    ),
)
@options.runs
@options.places
@options.specs
@options.plugin
@options.as_json
def command(
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
    """List the runs that a store has: what each is of, and when it fitted and generalised.

    An option that is given again adds to what is listed.
    """
    from grokbench import api
    from grokbench.exports.stored import place_of, where

    found = api.records(
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
        options.print_json([one.entry() for one in found])
        return
    if found:
        from tabulate import tabulate

        click.echo(tabulate(map(cells, found), HEAD, tablefmt="plain", disable_numparse=True))
    place = where(place_of(store, records))
    count = f"{len(found)} run{'' if len(found) == 1 else 's'}"
    click.echo(f"{count} in {place}, {options.size(sum(one.size for one in found))}", err=True)


def cells(one: StoredRun) -> tuple[str, ...]:
    """A run under ``HEAD``."""
    from grokbench.claims.wording import NOT_REACHED
    from grokbench.exports.stored import SHORT
    from grokbench.exports.tables import settings

    recipe = " ".join(word for word in (one.baseline, settings(one.changes)) if word)
    times = (NOT_REACHED if math.isinf(time) else f"{time:.0f}" for time in (one.t_mem, one.t_gen))
    return (
        one.run[:SHORT],
        one.task,
        f"{recipe} (own)" if one.own else recipe,
        f"{one.alpha:.6g}",
        str(one.seed),
        str(one.steps),
        *times,
        one.outcome,
        "—" if one.written is None else f"{one.written.astimezone():%Y-%m-%d %H:%M}",
        options.size(one.size),
    )
