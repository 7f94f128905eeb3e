"""``grokbench bench``."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grokbench.cli import hardware, options
from grokbench.specs.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from grokbench.plan.bench import Line


@click.command(
    name="bench",
    epilog=options.examples(
        "grokbench bench",
        "grokbench bench --case nanda2023 --json",
        "grokbench bench --case nanda2023 --profile",
        "grokbench bench --growth --out growth",
    ),
)
@click.option("--case", "names", multiple=True, help="Only this case of the table (repeatable).")
@click.option(
    "--growth",
    is_flag=True,
    help="Time steps at several p, widths, fractions and sizes of a batch instead.",
)
@click.option(
    "--profile", is_flag=True, help="Show in which of torch's operators a step spends its time instead."
)
@click.option("--out", type=options.PATH, help="With --growth: draw it, as OUT.png and OUT.svg.")
@hardware.device
@options.as_json
def command(
    names: Sequence[str], growth: bool, profile: bool, out: Path | None, device: str, as_json: bool
) -> int:
    """Time training steps of every network on this machine, by engine, and batches against single trials.

    On the CPU it is CPU time, and engines take turns. With --device cuda a smoke run comes first; then steps are timed
    against the size of the batch.
    """
    if growth and profile:
        raise InputError("--growth and --profile are two tables; ask for one of them")
    if out is not None and not growth:
        raise InputError("--out is where --growth is drawn; give both")
    if (growth or profile) and device == "cuda":
        raise InputError("--growth and --profile are of the CPU; leave out --device cuda")
    if growth:
        return _growth(names, out, as_json)
    if profile:
        return _profile(names, as_json)
    return _steps(names, device, as_json)


def _growth(names: Sequence[str], out: Path | None, as_json: bool) -> int:
    from tabulate import tabulate

    from grokbench.plan import growth

    known = growth.growths()
    chosen = [one for one in known if one.case in _chosen(names, [one.case for one in known])]
    found = []
    for one in growth.points(options.open_library(()), chosen):
        options.note(f"{one.case}, {one.axis} {one.value:g}: {one.error or f'{one.ms:.3g} ms a step'}")
        found.append(one)
    if out is not None:
        from grokbench import figures

        out.parent.mkdir(parents=True, exist_ok=True)
        figures.draw_growth(found, out)
    if as_json:
        options.print_json({"points": [_plain(one._asdict()) for one in found]})
    else:
        rows = [
            (
                one.axis,
                one.case,
                f"{one.value:g}",
                one.engine,
                one.error or f"{one.ms:.3g}",
                _or(one.operations, "{:.3g}"),
            )
            for one in found
        ]
        heads = ("growth", "case", "value", "engine", "ms a step of one trial", "million operations")
        click.echo(tabulate(rows, heads, tablefmt="github", disable_numparse=True))
    return int(any(one.error for one in found))


def _profile(names: Sequence[str], as_json: bool) -> int:
    from tabulate import tabulate

    from grokbench.plan import bench, profile

    cases = {case.id: case for case in bench.cases()}
    found: dict[str, dict[str, Any]] = {}
    for name in _chosen(names, cases):
        options.note(f"profiling {name}")
        found[name] = profile.profiled(options.open_library(()), cases[name])
    if as_json:
        options.print_json({"profiles": found})
        return int(any("error" in own for own in found.values()))
    for name, own in found.items():
        shares = own.get("shares", {})
        products = sum(share for operator, share in shares.items() if operator in profile.PRODUCTS)
        rows = [(operator, f"{share:.0%}") for operator, share in shares.items()]
        table = tabulate(rows, ("operator", "share"), tablefmt="github", disable_numparse=True)
        click.echo(f"{name}: {own.get('error') or f'{products:.0%} of the time are products'}\n\n{table}\n")
    return int(any("error" in own for own in found.values()))


def _chosen(names: Sequence[str], known: Collection[str]) -> list[str]:
    """The cases that were named, else all. Errors: UnknownNameError."""
    for name in names:
        if name not in known:
            raise UnknownNameError("case", name, known)
    return list(names) or list(dict.fromkeys(known))


def _steps(names: Sequence[str], device: str, as_json: bool) -> int:
    from grokbench.plan import bench, memory, speed
    from grokbench.plan.device import resolved

    where = resolved(device)
    known = {case.id: case for case in bench.cases()}
    chosen = [known[name] for name in _chosen(names, known)]
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
