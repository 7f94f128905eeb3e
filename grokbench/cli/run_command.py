"""``grokbench run``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grokbench.cli import options
from grokbench.specs.errors import InputError

if TYPE_CHECKING:
    from grokbench.specs.types import Record


AFTER = ("dips", "below_99")
"""What there is to tell only once a run has generalised."""


@click.command(name="run")
@click.option("--task", required=True, help="Task id or file.")
@click.option("--baseline", required=True, help="Baseline id or file.")
@click.option("--alpha", type=float, help="Training fraction [default: 0.5].")
@click.option("--rows", type=int, help="Number of training rows, in place of --alpha.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--steps", type=int, help="Budget in optimizer steps [default: 5000; 0 for an untrained model]."
)
@click.option(
    "--set",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="Replace a field of the recipe, or task.… (repeatable).",
)
@click.option(
    "--probe",
    "probes",
    multiple=True,
    type=click.Choice(["trace", "ipr", "phases", "spectrum"]),
    help="Record this too.",
)
@click.option("--device", type=click.Choice(["cpu", "cuda", "auto"]), default="auto", show_default=True)
@click.option("--save", type=options.PATH, help="Write the final weights to this .safetensors file.")
@click.option(
    "--plot",
    type=options.PATH,
    help="Write the curves to this PNG [default: beside the record in the store].",
)
@click.option("--force", is_flag=True, help="Train even when the store has the record.")
@options.store
@options.specs
@options.plugin
@options.as_json
def command(
    task: str,
    baseline: str,
    alpha: float | None,
    rows: int | None,
    seed: int,
    steps: int | None,
    pairs: Sequence[str],
    probes: Sequence[str],
    device: str,
    save: Path | None,
    plot: Path | None,
    force: bool,
    store: Path | None,
    specs: Sequence[Path],
    as_json: bool,
) -> int:
    """Train one trial; print when it fitted and when it generalised, and draw its curves."""
    from grokbench import api
    from grokbench.cli.progress import Progress
    from grokbench.runs import executor, single
    from grokbench.runs.store import Store

    single.check_device(device)
    if plot is not None:
        single.check_file(plot)
    if alpha is not None and rows is not None:
        raise InputError("--alpha and --rows say the same thing; give one of them")
    trial = api.resolve_trial(
        task,
        baseline,
        alpha=0.5 if alpha is None else alpha,
        rows=rows,
        seed=seed,
        steps=steps,
        settings=options.settings(pairs),
        probes=probes,
        specs=specs,
    )
    place = Store(store, on_damage=lambda text: click.echo(f"note: {text}", err=True))

    def train() -> Record:
        with Progress(1, {}, 1) as progress:
            failures = executor.execute(
                [trial], place, 1, progress, keep_untrained=save is not None, again=force
            )
        if failures and failures[0].sentence:
            raise InputError(failures[0].sentence)
        if failures:
            click.echo(f"the trial failed; its traceback is in {failures[0].path}", err=True)
            raise click.exceptions.Exit(1)
        record = place.trained(trial) or place.find(trial)
        assert record is not None
        return record

    record, found = single.obtain(trial, place, train, force=force, save=save)
    if found:
        click.echo("nothing to train: the record is in the store", err=True)
    document = _summary(record)
    if as_json:
        options.print_json(document)
        return 0
    for name, value in document.items():
        click.echo(f"{name:>20}  {_word(value, '—' if name in AFTER else 'not reached')}")
    target = plot or place.folder(trial).parent / f"{place.folder(trial).name}.png"
    _draw(record, target)
    click.echo(f"{'plot':>20}  {target}")
    return 0


def _summary(record: Record) -> dict[str, Any]:
    """What ``--json`` prints (words: REPRODUCE.md); null for what was not reached, and for dips where there is no T_gen.

    ``dips``: excursions of the test accuracy below 0.9 after T_gen. ``below_99``: share of the evaluations after it that lie
    below 0.99.
    """
    from grokbench.measures import timing

    curves, budget, baseline = record.curves, record.trial.budget, record.facts["memoriser_baseline"]
    steps, train, test = curves["step"], curves["train_accuracy"], curves["test_accuracy"]
    times = {
        "t_mem": timing.t_mem(steps, train, budget),
        "t_gen": timing.t_gen(steps, test, budget),
        "f_99": timing.first_crossing(steps, test, 0.99, budget),
        "f_95": timing.first_crossing(steps, test, 0.95, budget),
    }
    ratio = timing.half_rise_ratio(steps, train, test, baseline)
    outcome = timing.outcome_class(curves, budget, baseline, diverged=record.outcome == "diverged")
    dips, below = timing.dips(steps, test, times["t_gen"])
    return {
        **{name: int(value) if value < float("inf") else None for name, value in times.items()},
        "half_rise_ratio": ratio if math.isfinite(ratio) else None,
        "outcome": outcome,
        "strong": timing.strong(curves, outcome, baseline),
        "dips": dips if times["t_gen"] < float("inf") else None,
        "below_99": below if math.isfinite(below) else None,
        "ended": record.outcome,
        "final_train_accuracy": float(curves["train_accuracy"][-1]),
        "final_test_accuracy": float(curves["test_accuracy"][-1]),
        "steps": int(record.facts["steps"]),
        "memoriser_baseline": float(baseline),
        "seconds": round(float(record.cost["seconds"]), 2),
        "content": record.content,
    }


def _word(value: Any, missing: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return missing if value is None else str(value)


def _draw(record: Record, target: Path) -> None:
    from grokbench.reports.figures import draw_curves

    try:
        draw_curves(record, target)
    except OSError as error:
        raise InputError(f"the plot cannot be written to {target} ({error.strerror})") from None
