"""``grokbench bench``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from grokbench.cli import hardware, options
from grokbench.specs.errors import UnknownNameError

if TYPE_CHECKING:
    from grokbench.plan.bench import Line


@click.command(
    name="bench",
    epilog=options.examples("grokbench bench", "grokbench bench --case nanda2023 --json"),
)
@click.option("--case", "names", multiple=True, help="Only this case of the table (repeatable).")
@hardware.device
@options.as_json
def command(names: Sequence[str], device: str, as_json: bool) -> int:
    """Time training steps of every network on this machine, by engine, and batches against single trials.

    On the CPU it is CPU time, and engines take turns. With --device cuda a smoke run comes first; then steps are timed
    against the size of the batch.
    """
    from grokbench.plan import bench, memory, speed
    from grokbench.plan.device import resolved

    where = resolved(device)
    known = {case.id: case for case in bench.cases()}
    for name in names:
        if name not in known:
            raise UnknownNameError("case", name, known)
    chosen = [known[name] for name in names or known]
    rate = memory.keep(speed.RATE, speed.measured())
    found: list[Line] = []
    for case in chosen:
        options.note(f"timing {case.id}")
        found += bench.lines(options.open_library(()), [case], device=where)
    if as_json:
        options.print_json(
            {"device": where, "gflops": rate / 1e9, "lines": [_plain(line._asdict()) for line in found]}
        )
    else:
        click.echo(_table(found, rate / 1e9, where))
    return int(any(line.error for line in found))


def _plain(line: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in line.items()
    }


def _table(found: Sequence[Line], rate: float, device: str) -> str:
    from tabulate import tabulate

    heads = (
        "case",
        "network",
        "loss",
        "engine",
        "trials",
        "ms a step",
        "of the rate",
        "MB",
        "s a trial",
        "ratio",
    )
    single = {line.case: line.seconds for line in found if line.trials == 1}
    rows = [
        (
            *line[:5],
            line.error or f"{line.ms:.3g}",
            _or(line.gflops / rate, "{:.0%}") if device == "cpu" else f"{line.gflops:.0f} GFLOP/s",
            _or(line.megabytes, "{:.0f}"),
            _or(line.seconds, "{:.3g}"),
            _or(single.get(line.case, math.nan) / line.seconds, "{:.1f}") if line.trials > 1 else "",
        )
        for line in found
    ]
    table: str = tabulate(rows, heads, tablefmt="github", disable_numparse=True)
    return f"{table}\n\nA core of this CPU multiplies at {rate:.0f} GFLOP/s while all do."


def _or(value: float, form: str) -> str:
    return "" if math.isnan(value) else form.format(value)
