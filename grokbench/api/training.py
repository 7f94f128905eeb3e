"""The calls that train: one run, a paper, a sweep, a comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grokbench.plan.resolve import Paths, Specs, Task, Words, open_library, resolve_trial
from grokbench.specs import values
from grokbench.specs.errors import InputError
from grokbench.specs.types import Recipe
from grokbench.training.record import Record

if TYPE_CHECKING:
    from grokbench.claims.verdict import Verdict
    from grokbench.plan.compared import CompareResult
    from grokbench.plan.executor import Executor, OnEvent
    from grokbench.plan.sweep import SweepResult


def run(
    task: Words | Task,
    baseline: Words | Recipe,
    *,
    alpha: float | None = None,
    rows: int | None = None,
    seed: int = 0,
    steps: int | None = None,
    settings: Mapping[str, Any] | None = None,
    probes: str | Iterable[str] = (),
    engine: str = "auto",
    device: str = "auto",
    save: str | Path | None = None,
    store: str | Path | None = None,
    force: bool = False,
    specs: Specs = (),
) -> Record:
    """Train one trial in this process, on one thread, and return its record.

    task, baseline: an id, a file, or what ``load_task`` and ``load_baseline`` returned, which is taken as it is.
    alpha: the training fraction, 0.5 where it is left out. rows: the number of training rows, in place of it.
    settings: fields of the recipe, or ``task.…``, to replace: {"optimizer.lr": 0.01} or {"optimizer": {"lr": 0.01}}.
    engine: "auto", which takes a hand-written step where there is one, "fast", "plain" or "batched". device: "cpu", or "cuda"
    where torch sees one, which trains in a batch of one; "auto" takes the CPU.
    save: a .safetensors file for the final weights, as ``load_network`` reads it. store: a folder in which the record is
    looked for before it is trained, and then kept; None, other than on the command line, is no store at all. A record
    that such a folder cuts out of a longer run has no weights. force: train even when the store has the record.
    Errors: GrokbenchError, but for a full disk before anything is trained.
    """
    from grokbench.plan import single, worker
    from grokbench.plan.device import resolved
    from grokbench.plan.together import How
    from grokbench.store.folder import Store

    how = How(engine, resolved(device, engine))
    trial = resolve_trial(
        task,
        baseline,
        alpha=alpha,
        rows=rows,
        seed=seed,
        steps=steps,
        settings=settings,
        probes=probes,
        specs=specs,
    )
    place = None if store is None else Store(store)
    target = None if save is None else values.path("save", save)

    def train() -> Record:
        job = worker.Job("", keep_untrained=target is not None, again=force, how=how)
        return worker.make_here(trial, place, job)

    return single.obtain(trial, place, train, force=force, save=target)[0]


def reproduce(
    paper: Words,
    tier: str = "quick",
    *,
    claims: str | Sequence[str] = (),
    workers: int | None = None,
    store: str | Path | None = None,
    out: str | Path | None = None,
    reuse: Paths = (),
    seeds: Sequence[int] = (),
    ladder: bool = False,
    shard: str | None = None,
    executor: Executor = "local",
    scheduler: str | Path | None = None,
    engine: str = "auto",
    device: str = "auto",
    force: bool = False,
    specs: Specs = (),
    on_event: OnEvent | None = None,
    on_note: Callable[[str], None] | None = None,
) -> tuple[Verdict, ...]:
    """Train what the claims of ``paper`` need at ``tier``, decide them, write the report to ``out`` if one is named.

    seeds: those to run in place of the paper's own, [200, 201, …]; the report is ``<paper>.seeds-200-….*`` then. ladder: train
    12, then 20 seeds of every claim that they may still decide. shard: "2/8" trains the second of eight parts of the plan;
    the report is written where the store then has all of it. executor: what runs the trials, a part's name or any
    ``concurrent.futures.Executor``. scheduler: that of Dask workers to train on, "tcp://…" or a scheduler file. engine, device:
    as in ``run``; trials that differ in numbers only train in batches where their steps are small, or a batch is asked for.
    A report that lies in ``out`` already lends its records where neither the store nor ``reuse`` has any. on_note: takes a
    sentence for each folder of ``reuse`` that has no record for the paper. Workers are spawned, as in ``sweep``: a script that
    calls this needs to be a file, with
    ``if __name__ == "__main__":``.
    Errors: UnknownNameError, SpecError, InputError; StoreError, and FullError at the first record for which there is no room;
    LostError where the executor is gone. A trial that fails is an ERROR among the verdicts.
    """
    from grokbench.plan.executor import worker_count
    from grokbench.plan.single import check_folder
    from grokbench.reproduction import Reproduction

    target = None if out is None else values.path("out", out)
    runner = runner_of(executor, scheduler)
    count = worker_count(workers, runner)
    job = Reproduction(
        paper,
        tier,
        claims=claims,
        store=store,
        reuse=reuse,
        seeds=seeds,
        ladder=ladder,
        shard=shard,
        engine=engine,
        device=device,
        specs=open_library(specs),
        force=force,
    )
    if target is not None:
        check_folder(target)
    for text in job.unanswering():
        (on_note or (lambda note: None))(text)
    job.run(count, on_event, runner)
    if target is None or (job.shard and job.missing()):
        return job.verdicts()
    from grokbench import findings, reports

    result = findings.result(job, target)
    reports.write(result, target)
    return result.shown


def runner_of(executor: Executor, scheduler: str | Path | None) -> Executor:
    """What runs trials, by the two arguments. Errors: InputError where both are given."""
    if scheduler is None:
        return executor
    if executor != "local":
        raise InputError("executor and scheduler both say what runs the trials; give one of them")
    from grokbench.plan.cluster import Dask

    return Dask(scheduler)


def sweep(
    task: Words | Task,
    baseline: Words | Recipe,
    *,
    alphas: float | Iterable[float],
    seeds: int | Iterable[int] = 6,
    steps: int | None = None,
    settings: Mapping[str, Any] | None = None,
    workers: int | None = None,
    exhaustive: bool = False,
    executor: Executor = "local",
    scheduler: str | Path | None = None,
    engine: str = "auto",
    device: str = "auto",
    store: str | Path | None = None,
    out: str | Path | None = None,
    force: bool = False,
    specs: Specs = (),
    on_event: OnEvent | None = None,
) -> SweepResult:
    """Which of ``seeds`` generalise within ``steps`` at each of ``alphas``, and α50; page, JSON and plot go to ``out``.

    Adaptive unless ``exhaustive``: ``plan.sweep.Sweep`` says what that assumes. The result's ``threshold`` holds the curve,
    each seed's bracket and α50. Workers are spawned: a script that calls this needs to be a file, with
    ``if __name__ == "__main__":``.
    """
    from grokbench.plan import sweep_words
    from grokbench.plan.executor import worker_count
    from grokbench.plan.single import check_folder

    runner = runner_of(executor, scheduler)
    count = worker_count(workers, runner)
    target = None if out is None else values.path("out", out)
    job = sweep_words.plan(
        task,
        baseline,
        alphas=alphas,
        seeds=seeds,
        steps=steps,
        settings=settings,
        exhaustive=exhaustive,
        engine=engine,
        device=device,
        store=store,
        force=force,
        specs=open_library(specs),
    )
    if target is not None:
        check_folder(target)
    job.run(count, on_event, runner)
    result = job.result()
    if target is not None:
        from grokbench.reports.sweep import write

        write(result, target)
    return result


def compare(
    first: Words | Recipe,
    second: Words | Recipe,
    *,
    task: Words | Task,
    alpha: float,
    seeds: int | Iterable[int] = 6,
    steps: int | None = None,
    settings: Mapping[str, Any] | None = None,
    under_test: str | None = None,
    isolate: bool = False,
    tune: Mapping[str, Any] | None = None,
    trials: int | None = None,
    workers: int | None = None,
    executor: Executor = "local",
    scheduler: str | Path | None = None,
    engine: str = "auto",
    device: str = "auto",
    store: str | Path | None = None,
    out: str | Path | None = None,
    force: bool = False,
    specs: Specs = (),
    on_event: OnEvent | None = None,
) -> CompareResult:
    """Two recipes on the same seeds: the ratio of their times, and every field in which they differ; files go to ``out``.

    under_test: the field that the comparison is about; by itself the only one that differs, or the only part of another kind.
    isolate: also train every mixture of the fields that differ; ``contrasts()`` of the result then change one at a time.
    tune: one field with its values, {"optimizer.lr": [0.01, 0.03]} or {"optimizer.lr": "1e-3:1e-1"}; both arms choose theirs
    by ``trials`` trials each, on seeds from 9000 on that are not compared. The result's ``paired()`` has the ratio of T_gen,
    its interval and the sign test. Workers are spawned: a script that calls this needs to be a file, with
    ``if __name__ == "__main__":``.
    Errors: GrokbenchError for what could not be trained; a trial that fails is among the result's ``failures``.
    """
    from grokbench.plan import compare_words
    from grokbench.plan.executor import worker_count
    from grokbench.plan.single import check_folder

    runner = runner_of(executor, scheduler)
    count = worker_count(workers, runner)
    target = None if out is None else values.path("out", out)
    job = compare_words.plan(
        first,
        second,
        task=task,
        alpha=alpha,
        seeds=seeds,
        steps=steps,
        settings=settings,
        under_test=under_test,
        isolate=isolate,
        tune=tune,
        trials=trials,
        engine=engine,
        device=device,
        store=store,
        force=force,
        specs=open_library(specs),
    )
    if target is not None:
        check_folder(target)
    job.run(count, on_event, runner)
    result = job.result()
    if target is not None:
        from grokbench.reports.compare import write

        write(result, target)
    return result
