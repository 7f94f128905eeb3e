"""The calls that train a track of the leaderboard, and tune a submission to it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grokbench.api.training import runner_of
from grokbench.plan.resolve import Paths, Specs, Words, open_library
from grokbench.specs import values

if TYPE_CHECKING:
    from grokbench.plan.executor import Executor, OnEvent
    from grokbench.plan.standings import Standings


def leaderboard(
    track: Words,
    *,
    submissions: str | Iterable[str] = (),
    block: str = "",
    workers: int | None = None,
    executor: Executor = "local",
    scheduler: str | Path | None = None,
    engine: str = "auto",
    device: str = "auto",
    store: str | Path | None = None,
    records: str | Path | None = None,
    reuse: Paths = (),
    out: str | Path | None = None,
    force: bool = False,
    specs: Specs = (),
    on_event: OnEvent | None = None,
) -> Standings:
    """Train every submission to ``track`` on its workloads; which kept its promise is in the result, and on a page in ``out``.

    submissions: names of those to take beside the baseline; all where none is named. block: a word that draws another block
    of seeds, such as "maintainer". records: a folder of committed records; nothing is trained then. reuse: such folders, read
    after the store. Workers are spawned, as in ``sweep``. Errors: GrokbenchError for what could not be trained; a trial that
    fails is among the result's ``failures``.
    """
    from grokbench.plan.executor import worker_count
    from grokbench.plan.leaderboard import Leaderboard
    from grokbench.plan.single import check_folder

    runner = runner_of(executor, scheduler)
    count = worker_count(workers, runner)
    target = None if out is None else values.path("out", out)
    job = Leaderboard(
        track,
        word=block,
        only=values.texts("submissions", submissions),
        store=store,
        records=records,
        reuse=reuse,
        specs=open_library(specs),
        force=force,
        engine=engine,
        device=device,
    )
    if target is not None:
        check_folder(target, "the leaderboard")
    if records is None:
        job.run(count, on_event, runner)
    result = job.result()
    if target is not None:
        from grokbench.reports.standings import write

        write(result, target)
    return result


def tune_submission(
    track: Words,
    submission: str,
    *,
    workers: int | None = None,
    executor: Executor = "local",
    engine: str = "auto",
    device: str = "auto",
    store: str | Path | None = None,
    force: bool = False,
    specs: Specs = (),
    on_event: OnEvent | None = None,
) -> dict[str, dict[str, Any]]:
    """Try the grid of a submission, write what it chooses into its file, and return it: workload → ``t_star`` and ``set``.

    Workers are spawned, as in ``sweep``. Errors: GrokbenchError, also where no setting could be trained on a workload.
    """
    from grokbench.plan.executor import worker_count
    from grokbench.plan.leaderboard import Leaderboard, declared
    from grokbench.plan.single import check_file
    from grokbench.scaffold.submissions import own_text, rewritten

    count = worker_count(workers, executor)
    job = Leaderboard(
        track,
        tune=values.text("submission", submission),
        store=store,
        specs=open_library(specs),
        force=force,
        engine=engine,
        device=device,
    )
    assert job.submitted is not None
    own_text(job.submitted)
    check_file(job.submitted, (".toml",))
    job.run(count, on_event, executor)
    found = declared(job)
    rewritten(job.submitted, found)
    return found
