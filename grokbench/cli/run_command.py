"""``grokbench run``."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grokbench.cli import InterruptionError, hardware, options
from grokbench.specs.errors import InputError

if TYPE_CHECKING:
    from grokbench.specs.types import Array
    from grokbench.training.record import Record


@click.command(
    name="run",
    epilog=options.examples(
        "grokbench run --task addition --baseline gromov2023/gd --alpha 0.49",
        "grokbench run --task division --baseline gromov2023/adamw --set optimizer.lr=5e-3 --json",
        "grokbench run --task addition --baseline gromov2023/adamw --plot curves.pdf --save w.safetensors",
    ),
)
@options.task
@options.baseline
@click.option("--alpha", type=float, help="Training fraction [default: 0.5].")
@click.option("--rows", type=options.INTEGER, help="Number of training rows, in place of --alpha.")
@click.option(
    "--seed",
    type=options.INTEGER,
    default=0,
    show_default=True,
    help="Number that fixes initial weights, split, batches and noise.",
)
@click.option(
    "--steps",
    type=options.INTEGER,
    help="Budget in optimizer steps [default: 5000; 0 for an untrained model].",
)
@options.changes
@click.option(
    "--probe",
    "probes",
    multiple=True,
    help="Record this series too, and print it (repeatable; see grokbench list probes).",
)
@hardware.engine
@hardware.device
@click.option("--save", type=options.PATH, help="Write the final weights to this .safetensors file.")
@click.option(
    "--plot",
    type=options.PATH,
    help="Draw the curves in this .png, .svg or .pdf [default: a .png beside the record; none with --json].",
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
    engine: str,
    device: str,
    save: Path | None,
    plot: Path | None,
    force: bool,
    store: Path | None,
    specs: Sequence[Path],
    as_json: bool,
) -> int:
    """Train one trial; print when it fitted and when it generalised, and draw its curves."""
    from grokbench.cli.bar import TrainingBar
    from grokbench.figures import FORMATS
    from grokbench.plan import costs, executor, resolve, single, speed
    from grokbench.plan.device import resolved
    from grokbench.plan.pace import Expected
    from grokbench.plan.together import How
    from grokbench.store.folder import Store

    how = How(engine, resolved(device, engine))
    if plot is not None:
        single.check_file(plot, FORMATS)
    if alpha is not None and rows is not None:
        raise InputError("--alpha and --rows say the same thing; give one of them")
    trial = resolve.resolve_trial(
        task,
        baseline,
        alpha=alpha,
        rows=rows,
        seed=seed,
        steps=steps,
        settings=options.settings(pairs),
        probes=probes,
        specs=options.open_library(specs),
    )
    place = Store(store, on_damage=options.note)

    def train() -> Record:
        begun = 0 if force else place.begun([trial], [how.batches])[0]
        seconds = speed.seconds(costs.work(trial, trial.budget))
        work = {id(trial): Expected(seconds, trial.budget, begun=begun)}
        try:
            with TrainingBar(1, work, 1) as progress:
                failures = executor.execute(
                    [trial], place, 1, progress, keep_untrained=save is not None, again=force, how=how
                )
        except KeyboardInterrupt:
            raise InterruptionError("What was trained is kept, and the same command goes on.") from None
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
        document |= {"probes": _columns(record), "plot": None if plot is None else str(plot)}
        if plot is None:
            document["why"]["plot"] = "not asked for"
        else:
            _draw(record, plot)
        options.print_json(document)
        return 0
    why = document.pop("why")
    for name, value in document.items():
        click.echo(f"{name:>20}  {_word(value, why.get(name, ''))}")
    for name, columns in record.probes.items():
        click.echo(f"{'probe ' + name:>20}  {_last_row(columns)}")
    target = plot or place.folder(trial).parent / f"{place.folder(trial).name}.png"
    try:
        _draw(record, target)
    except InputError as error:
        if plot is not None:
            raise
        click.echo(f"note: {error}; name a file with --plot", err=True)
    else:
        click.echo(f"{'plot':>20}  {target}")
    if sys.stdout.isatty():
        _show(record, document)
    return 0


def _show(record: Record, document: Mapping[str, Any]) -> None:
    """The curves, in the terminal."""
    from rich.console import Console

    from grokbench.cli import plot

    console = Console()
    marks = {"T_mem": document["t_mem"], "T_gen": document["t_gen"]}
    console.print(plot.accuracies(record.curves, marks, console.width), highlight=False)


def _summary(record: Record) -> dict[str, Any]:
    """What ``--json`` prints (words: REPRODUCE.md); null for what has no number, and under ``why`` a word for why.

    ``dips``: excursions of the test accuracy below 0.9 after T_gen. ``below_99``: share of the evaluations after it that lie
    below 0.99.
    """
    from grokbench.analysis import timing
    from grokbench.claims.wording import why as why_missing

    curves, budget, baseline = record.curves, record.trial.budget, record.facts["memoriser_baseline"]
    steps, train, test = curves["step"], curves["train_accuracy"], curves["test_accuracy"]
    times = {
        "t_mem": record.t_mem,
        "t_gen": record.t_gen,
        "f_99": record.crossing(timing.FIT),
        "f_95": record.crossing(0.95),
    }
    ratio = timing.half_rise_ratio(steps, train, test, baseline)
    outcome = record.outcome
    dips, below = record.dips()
    reached = math.isfinite(times["t_gen"])
    why = {
        name: f"not reached within {budget} step{'' if budget == 1 else 's'}"
        for name, value in times.items()
        if math.isinf(value)
    }
    stopped = f"stopped at step {int(steps[-1])}, before it was reached"
    why |= {name: stopped for name, value in times.items() if math.isnan(value)}
    if word := why_missing(ratio):
        why["half_rise_ratio"] = word
    if not reached:
        why["dips"] = "no t_gen"
    if not math.isfinite(below):
        why["below_99"] = "no evaluation after t_gen" if reached else "no t_gen"
    return {
        **{name: int(value) if math.isfinite(value) else None for name, value in times.items()},
        "half_rise_ratio": ratio if math.isfinite(ratio) else None,
        "outcome": outcome,
        "strong": timing.strong(curves, outcome, baseline),
        "dips": dips if reached else None,
        "below_99": below if math.isfinite(below) else None,
        "ended": record.ended,
        "final_train_accuracy": float(curves["train_accuracy"][-1]),
        "final_test_accuracy": float(curves["test_accuracy"][-1]),
        "steps": int(record.facts["steps"]),
        "memoriser_baseline": float(baseline),
        "seconds": round(float(record.cost["seconds"]), 2),
        "engine": record.environment.get("engine"),
        "device": record.environment.get("device"),
        "content": record.content,
        "why": why,
    }


def _columns(record: Record) -> dict[str, Any]:
    """Probe → its columns as lists; null for what is not a finite number."""
    from grokbench.reports.document import plain

    return {
        probe: {name: plain(values.tolist()) for name, values in columns.items()}
        for probe, columns in record.probes.items()
    }


def _last_row(columns: Mapping[str, Array]) -> str:
    """A probe's number of rows and its last one; a column that has several numbers a row is only named."""
    rows = len(columns["step"])
    if not rows:
        return "no rows"
    words = [
        f"{name} {_word(values[-1].item(), '')}"
        if values.ndim == 1
        else f"{name} ({values.shape[1]} numbers)"
        for name, values in columns.items()
    ]
    return f"{rows} row{'s' if rows > 1 else ''}, the last: {', '.join(words)}"


def _word(value: Any, missing: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return missing if value is None else str(value)


def _draw(record: Record, target: Path) -> None:
    from grokbench.figures import draw_curves

    try:
        draw_curves(record, target)
    except OSError as error:
        raise InputError(f"the plot cannot be written to {target} ({error.strerror})") from None
