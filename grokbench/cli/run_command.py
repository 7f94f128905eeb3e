"""``grokbench run``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from grokbench.cli import options
from grokbench.specs.errors import InputError


@click.command(name="run")
@click.option("--task", required=True, help="Task id or file.")
@click.option("--baseline", required=True, help="Baseline id or file.")
@click.option("--alpha", type=float, default=0.5, show_default=True, help="Training fraction.")
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
@options.as_json
def command(
    task: str,
    baseline: str,
    alpha: float,
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
    from grokbench.runs import executor
    from grokbench.runs.store import Store

    if device == "cuda":
        raise InputError("no engine here trains this model on CUDA yet; use --device cpu or auto")
    for path in (save, plot):
        if path is not None and not path.parent.is_dir():
            raise InputError(f"{path.parent}: no such folder")
        if path is not None and path.is_dir():
            raise InputError(f"{path} is a folder; name a file")
    settings = options.settings(pairs)
    trial = api.resolve_trial(
        task, baseline, alpha=alpha, seed=seed, steps=steps, settings=settings, probes=probes, specs=specs
    )
    place = Store(store, on_damage=lambda text: click.echo(f"note: {text}", err=True))
    place.check_writable()
    record = None if force else place.find(trial)
    needs_weights = save is not None
    if record is None or (needs_weights and not place.has_weights(trial)):
        with Progress(1, {}, 1) as progress:
            failures = executor.execute([trial], place, 1, progress, keep_untrained=needs_weights)
        if failures:
            click.echo(f"the trial failed; its traceback is in {failures[0].path}", err=True)
            return 1
        record = place.find(trial)
        assert record is not None
    else:
        click.echo("nothing to train: the record is in the store", err=True)
    if save is not None:
        place.export_weights(trial, save)
    document = _summary(record)
    if as_json:
        options.print_json(document)
        return 0
    for name, value in document.items():
        click.echo(f"{name:>20}  {'not reached' if value is None else value}")
    target = plot or place.folder(trial).parent / f"{place.folder(trial).name}.png"
    _draw(record, target)
    click.echo(f"{'plot':>20}  {target}")
    return 0


def _summary(record: Any) -> dict[str, Any]:
    """What ``--json`` prints; times that were not reached are null."""
    from grokbench.measures import timing

    curves, budget = record.curves, record.trial.budget
    times = {
        "t_mem": timing.t_mem(curves["step"], curves["train_accuracy"], budget),
        "t_gen": timing.t_gen(curves["step"], curves["test_accuracy"], budget),
    }
    return {
        **{name: int(value) if value < float("inf") else None for name, value in times.items()},
        "outcome": timing.outcome_class(
            curves, budget, record.facts["memoriser_baseline"], diverged=record.outcome == "diverged"
        ),
        "ended": record.outcome,
        "final_train_accuracy": float(curves["train_accuracy"][-1]),
        "final_test_accuracy": float(curves["test_accuracy"][-1]),
        "steps": int(record.facts["steps"]),
        "memoriser_baseline": float(record.facts["memoriser_baseline"]),
        "seconds": round(float(record.cost["seconds"]), 2),
        "content": record.content,
    }


def _draw(record: Any, target: Path) -> None:
    from grokbench.reports.figures import draw_curves

    try:
        draw_curves(record, target)
    except OSError as error:
        raise InputError(f"the plot cannot be written to {target} ({error.strerror})") from None
