"""``grokbench compare``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grokbench.cli import completion, hardware, options
from grokbench.cli.measuring import batched, guessed, measure
from grokbench.specs.errors import FailedError, InputError

if TYPE_CHECKING:
    from grokbench.plan.compare import Compare
    from grokbench.plan.compared import CompareResult
    from grokbench.plan.estimate import Estimate
    from grokbench.plan.executor import Executor


@click.command(
    name="compare",
    epilog=options.examples(
        "grokbench compare gromov2023/gd gromov2023/gd-momentum --task addition --alpha 0.5",
        "grokbench compare gromov2023/gd gromov2023/adamw --task addition --alpha 0.5 --isolate --dry-run",
        "grokbench compare gromov2023/adamw gromov2023/adamw-wd5 --task addition --alpha 0.5 --tune optimizer.lr=3e-3:3e-2 "
        "--trials 3",
    ),
)
@click.argument("first", metavar="A", shell_complete=completion.baselines)
@click.argument("second", metavar="B", shell_complete=completion.baselines)
@options.task
@click.option("--alpha", type=float, required=True, help="Training fraction: share of the task's table.")
@click.option(
    "--seeds", default="6", show_default=True, help="How many seeds, from 0 on; with a comma, the seeds."
)
@click.option("--steps", type=options.INTEGER, help="Budget of a trial in optimizer steps [default: 5000].")
@options.changes
@click.option(
    "--under-test",
    metavar="FIELD",
    help="The field that the comparison is about; every other one that differs is a confound. "
    "[default: the only one that differs, or the only part of another kind].",
)
@click.option(
    "--isolate",
    is_flag=True,
    help="Train every mixture of the fields that differ, so that each is compared alone.",
)
@click.option(
    "--tune",
    "tunes",
    multiple=True,
    metavar="FIELD=RANGE",
    help="Choose a field for each arm first, on other seeds: low:high in equal ratios, or values such as 0.01,0.03.",
)
@click.option(
    "--trials",
    type=options.INTEGER,
    help="Trials of the tuning of each arm; with values, a multiple of their number.",
)
@hardware.workers
@hardware.engine
@hardware.device
@click.option("--dry-run", is_flag=True, help="Print what differs and the plan on stdout, and train nothing.")
@click.option(
    "--out",
    type=options.PATH,
    default=Path("comparisons"),
    show_default=True,
    help="Folder for page, JSON and plot.",
)
@click.option("--force", is_flag=True, help="Train again what the store already has.")
@options.store
@options.specs
@options.plugin
@options.as_json
def command(
    first: str,
    second: str,
    task: str,
    alpha: float,
    seeds: str,
    steps: int | None,
    pairs: Sequence[str],
    under_test: str | None,
    isolate: bool,
    tunes: Sequence[str],
    trials: int | None,
    workers: int | None,
    scheduler: str | None,
    engine: str,
    device: str,
    dry_run: bool,
    out: Path,
    force: bool,
    store: Path | None,
    specs: Sequence[Path],
    as_json: bool,
) -> int:
    """Compare two recipes A and B on the same seeds: which generalises first, and in which fields they differ.

    A seed has one split for both, and one initialisation where their networks are the same. Every field in which the recipes
    differ stands above the ratio of their times. Each run is watched to three times its T_gen, to see whether it stays.
    """
    from grokbench.plan import compare_words, executor, single

    runner = hardware.executor(workers, scheduler)
    count = executor.worker_count(workers, runner)
    job = compare_words.plan(
        first,
        second,
        task=task,
        alpha=alpha,
        seeds=options.seeds(seeds),
        steps=steps,
        settings=options.settings(pairs),
        under_test=under_test,
        isolate=isolate,
        tune=_tune(tunes),
        trials=trials,
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
            options.print_json(_planned(job, estimate))
        return 0
    job.store.check_writable()
    single.check_folder(out)
    _train(job, count, runner)
    return _show(job.result(), out, as_json=as_json)


def _tune(pairs: Sequence[str]) -> dict[str, Any]:
    """``FIELD=RANGE`` as a field and its values, or its range.

    >>> _tune(["optimizer.lr=1e-3:1e-1"]), _tune(["optimizer.lr=0.01, 0.03"])
    ({'optimizer.lr': '1e-3:1e-1'}, {'optimizer.lr': [0.01, 0.03]})
    """
    if len(pairs) > 1:
        raise InputError("--tune takes one field; several would need a budget for each of their combinations")
    found = {}
    for pair in pairs:
        path, equals, text = (part.strip() for part in pair.partition("="))
        if not equals or not path:
            raise InputError(f"--tune {pair}: expected FIELD=RANGE, as in --tune optimizer.lr=1e-3:1e-1")
        if re.fullmatch(r"[^\[\",]*:[^\[\",]*", text):
            found[path] = text
            continue
        try:
            found[path] = tomllib.loads(f"value = {text if text.startswith('[') else f'[{text}]'}")["value"]
        except tomllib.TOMLDecodeError:
            raise InputError(
                f"--tune {pair}: expected low:high, or values that are TOML, as in 0.01,0.03"
            ) from None
    return found


def _plan(job: Compare, estimate: Estimate) -> str:
    """What differs, the arms, and what it will cost."""
    from grokbench.reports import comparing as words

    lines = [words.headline(job.differences, job.under_test)]
    for field, a, b, role in words.field_rows(job.differences, job.under_test):
        lines.append(f"  {field}: A {a}, B {b}" + (f" ({role})" if role else ""))
    if job.tuning is not None:
        tried = ", ".join(map(str, job.tuning.values))
        own = ", ".join(map(str, job.tuning.seeds))
        lines.append(
            f"tuning {job.tuning.field}: {tried} in each arm, on seed(s) {own}, which are not compared"
        )
    lines.append(f"{len(job.arms)} arms, as a factorial of these fields:" if len(job.arms) > 2 else "2 arms:")
    for arm, one in zip(job.arms, estimate.experiments, strict=True):
        lines.append(
            f"  {words.named(arm.name, job.arms.index(arm))}: {one.trials} trial(s), {one.to_train} to train"
        )
    lines.append(
        f"{len(job.seeds)} seed(s), budget {job.budget} steps: {estimate.trials} trials, {estimate.stored} already stored; "
        f"about {estimate.minutes:.1f} min if each goes to the end of its budget, on {estimate.workers} worker(s), "
        f"and at most {estimate.megabytes:.0f} MB in {job.store.root}{guessed(estimate.guessed)}"
        f"{batched(estimate.batches, job.how)}"
    )
    return "\n".join(lines)


def _planned(job: Compare, estimate: Estimate) -> dict[str, Any]:
    from grokbench.plan.compared import confounds

    return {
        "confounded": list(confounds(job.differences, job.under_test)),
        "under_test": job.under_test,
        "arms": [
            {
                "name": arm.name,
                "takes_of_b": sorted(arm.takes),
                "trials": one.trials,
                "to_train": one.to_train,
            }
            for arm, one in zip(job.arms, estimate.experiments, strict=True)
        ],
        **{
            name: getattr(estimate, name)
            for name in ("trials", "stored", "to_train", "minutes", "megabytes", "workers", "guessed")
        },
    }


def _train(job: Compare, workers: int, runner: Executor) -> None:
    from grokbench.cli.bar import train

    if not train(job, workers, executor=runner):
        click.echo("nothing to train: the store has every record", err=True)


def _show(result: CompareResult, out: Path, *, as_json: bool) -> int:
    from grokbench.reports import compare, comparing

    if not result.records:
        why = next((one.sentence for one in result.failures if one.sentence), "the tracebacks say why")
        raise FailedError(f"no trial could be trained, so nothing was written; {why}")
    try:
        page = compare.write(result, out)
    except OSError as error:
        raise InputError(f"the comparison cannot be written to {out} ({error.strerror})") from None
    for text in comparing.warnings(result):
        click.echo(f"note: {text}", err=True)
    if as_json:
        options.print_json(compare.document(result, f"{page.stem}.png"))
    else:
        click.echo(compare.lines(result))
        click.echo(f"\npage, JSON and plot: {page.with_suffix('')}.{{md,json,png,svg}}")
    return int(bool(result.failures))
