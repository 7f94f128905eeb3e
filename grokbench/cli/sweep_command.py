"""``grokbench sweep``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grokbench.cli import hardware, options
from grokbench.cli.measuring import batched, guessed, measure
from grokbench.specs.errors import FailedError, InputError

if TYPE_CHECKING:
    from grokbench.plan.executor import Executor
    from grokbench.plan.expand import PlannedTrial
    from grokbench.plan.sweep import Sweep, SweepEstimate, SweepResult


@click.command(
    name="sweep",
    epilog=options.examples(
        "grokbench sweep --task addition --baseline gromov2023/adamw --alphas 0.2:0.5:0.05",
        "grokbench sweep --task division --baseline power2022/answer --alphas 0.3,0.5 --seeds 0,3,7 --dry-run",
    ),
)
@options.task
@options.baseline
@click.option("--alphas", required=True, help="Training fractions: 0.2:0.8:0.05 (with its end), or 0.3,0.5.")
@click.option(
    "--seeds", default="6", show_default=True, help="How many seeds, from 0 on; with a comma, the seeds."
)
@click.option("--steps", type=options.INTEGER, help="Budget of a trial in optimizer steps [default: 5000].")
@options.changes
@hardware.workers
@hardware.engine
@hardware.device
@click.option(
    "--exhaustive",
    is_flag=True,
    help="Train every seed at every fraction, not only where the answer needs it.",
)
@click.option("--dry-run", is_flag=True, help="Print the plan on stdout and train nothing.")
@click.option(
    "--out",
    type=options.PATH,
    default=Path("sweeps"),
    show_default=True,
    help="Folder for page, JSON and plot.",
)
@click.option("--force", is_flag=True, help="Train again what the store already has.")
@options.store
@options.specs
@options.plugin
@options.as_json
def command(
    task: str,
    baseline: str,
    alphas: str,
    seeds: str,
    steps: int | None,
    pairs: Sequence[str],
    workers: int | None,
    scheduler: str | None,
    engine: str,
    device: str,
    exhaustive: bool,
    dry_run: bool,
    out: Path,
    force: bool,
    store: Path | None,
    specs: Sequence[Path],
    as_json: bool,
) -> int:
    """Find from which training fraction on a task is solved: the solved-α curve and α50.

    Adaptive: each seed's threshold is bisected, and trials go where α50 and its interval are least known. That
    assumes that a seed which is solved at some fraction is solved at every larger one; --exhaustive assumes nothing.
    """
    from grokbench.plan import executor, single, sweep_words

    runner = hardware.executor(workers, scheduler)
    count = executor.worker_count(workers, runner)
    job = sweep_words.plan(
        task,
        baseline,
        alphas=options.fractions(alphas),
        seeds=options.seeds(seeds),
        steps=steps,
        settings=options.settings(pairs),
        exhaustive=exhaustive,
        engine=engine,
        device=device,
        store=store,
        force=force,
        specs=options.open_library(specs),
        on_damage=options.note,
    )
    if runner == "local":
        measure(job.untrained(), count, job.how)
    estimate = job.estimate(count)
    click.echo(_plan(job, estimate), err=as_json or not dry_run)
    if dry_run:
        if as_json:
            options.print_json({"task": task, "baseline": baseline, **vars(estimate)})
        return 0
    job.store.check_writable()
    single.check_folder(out)
    _train(job, count, runner)
    result = job.result()
    return _show(result, out, as_json=as_json)


def _plan(job: Sweep, estimate: SweepEstimate) -> str:
    grid = f"{len(job.seeds)} seed(s) × {len(job.alphas)} fraction(s), budget {job.budget} steps"
    how = "all" if job.exhaustive else f"adaptive, likely {estimate.likely}, at most"
    return (
        f"{grid}: {estimate.cells} trials, {estimate.stored} already stored; to train: {how} {estimate.most}; "
        f"about {estimate.minutes:.1f} min for the likely ones if each goes to the end of its budget, "
        f"on {estimate.workers} worker(s), "
        f"and at most {estimate.megabytes:.0f} MB in {job.store.root}{guessed(estimate.guessed)}"
    )


def _train(job: Sweep, workers: int, runner: Executor) -> None:
    from grokbench.claims.phrases import half_open
    from grokbench.cli.bar import train
    from grokbench.plan import together

    turns = itertools.count(1)

    def tell(batch: Sequence[PlannedTrial]) -> None:
        where = half_open(job.result().threshold.bracket)
        how = batched(together.batches([one.trial for one in batch], workers, job.how), job.how)
        click.echo(f"round {next(turns)}: α50 {where}, {len(batch)} trial(s) to train{how}", err=True)

    if not train(job, workers, tell, executor=runner):
        click.echo("nothing to train: the store has every record that the answer needs", err=True)


def _show(result: SweepResult, out: Path, *, as_json: bool) -> int:
    from tabulate import tabulate

    from grokbench.reports import sweep

    if not result.records:
        why = next((one.sentence for one in result.failures if one.sentence), "the tracebacks say why")
        raise FailedError(f"no trial could be trained, so nothing was written; {why}")
    try:
        page = sweep.write(result, out)
    except OSError as error:
        raise InputError(f"the sweep cannot be written to {out} ({error.strerror})") from None
    for text in sweep.warnings(result):
        click.echo(f"note: {text}", err=True)
    if as_json:
        options.print_json(sweep.document(result, f"{page.stem}.png"))
    else:
        click.echo(tabulate(sweep.table_rows(result), sweep.HEAD, tablefmt="simple", disable_numparse=True))
        click.echo(sweep.sentence(result))
        click.echo(f"page, JSON and plot: {page.with_suffix('')}.{{md,json,png}}")
    return int(bool(result.failures))
