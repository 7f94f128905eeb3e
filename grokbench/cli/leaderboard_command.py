"""``grokbench leaderboard``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grokbench.cli import completion, hardware, options
from grokbench.cli.measuring import batched, guessed, measure
from grokbench.specs.errors import InputError

if TYPE_CHECKING:
    from grokbench.plan.estimate import Estimate
    from grokbench.plan.executor import Executor
    from grokbench.plan.leaderboard import Leaderboard
    from grokbench.plan.standings import Standings


@click.command(
    name="leaderboard",
    epilog=options.examples(
        "grokbench leaderboard small --dry-run",
        "grokbench leaderboard small --submission lion --out elsewhere",
        "grokbench leaderboard small --block maintainer",
        "grokbench leaderboard small --records reports/leaderboard-small/records",
    ),
)
@click.argument("track", shell_complete=completion.tracks)
@click.option(
    "--submission",
    "only",
    multiple=True,
    metavar="NAME",
    help="Only this submission and the baseline (repeatable).",
)
@click.option(
    "--block",
    default="",
    metavar="WORD",
    help="Run another block of seeds, drawn from the commit and this word. Writes leaderboard-TRACK.WORD.*.",
)
@click.option(
    "--tune",
    metavar="NAME",
    help="Try the grid of this submission on the seeds that tune, write what it chooses into its file, and stop.",
)
@hardware.workers
@hardware.engine
@hardware.device
@click.option("--dry-run", is_flag=True, help="Print the plan on stdout and train nothing.")
@click.option(
    "--out", type=options.PATH, default=Path("reports"), show_default=True, help="Folder for the page."
)
@click.option(
    "--reuse",
    type=options.PATH,
    multiple=True,
    help="A folder of committed records to read beside the store (repeatable).",
)
@click.option(
    "--records",
    type=options.PATH,
    help="Train nothing: write the page from this folder of committed records.",
)
@click.option("--force", is_flag=True, help="Train again what the store already has.")
@options.store
@options.specs
@options.plugin
@options.as_json
def command(
    track: str,
    only: Sequence[str],
    block: str,
    tune: str | None,
    workers: int | None,
    scheduler: str | None,
    engine: str,
    device: str,
    dry_run: bool,
    out: Path,
    reuse: Sequence[Path],
    records: Path | None,
    force: bool,
    store: Path | None,
    specs: Sequence[Path],
    as_json: bool,
) -> int:
    """Train every submission to TRACK on its workloads, say which kept its promise, and write the page.

    A submission is an optimizer with a step T* for each workload. The seeds that certify it come from the commit that added its
    file. RULES.md says what is allowed.
    """
    from grokbench.plan import executor, single
    from grokbench.plan.leaderboard import Leaderboard
    from grokbench.scaffold import submissions

    runner = hardware.executor(workers, scheduler)
    count = executor.worker_count(workers, runner)
    if tune and (only or block or records):
        raise InputError("--tune trains one submission on the seeds that tune; give no other choice with it")
    job = Leaderboard(
        track,
        word=block,
        only=only,
        tune=tune or "",
        store=store,
        records=records,
        reuse=reuse,
        specs=options.open_library(specs),
        force=force,
        engine=engine,
        device=device,
        on_damage=options.note,
    )
    if job.submitted is not None:
        submissions.own_text(job.submitted)  # before anything is trained
    if records is None:
        if runner == "local":
            measure(job.untrained(), count, job.how)
        estimate = job.estimate(count)
        click.echo(_plan(job, estimate), err=as_json or not dry_run)
        if dry_run:
            if as_json:
                options.print_json(_planned(job, estimate))
            return 0
        job.store.check_writable()
        if job.submitted is not None:
            single.check_file(job.submitted, (".toml",))
        else:
            single.check_folder(out, "the leaderboard")
        _train(job, count, runner)
    elif dry_run:
        raise InputError("--records trains nothing, so there is no plan; leave --dry-run out")
    return _tuned(job, as_json=as_json) if tune else _show(job.result(), out, as_json=as_json)


def _plan(job: Leaderboard, estimate: Estimate) -> str:
    """What each entry trains, on which seeds, and what it will cost."""
    from tabulate import tabulate

    heads = ("entry", "trials", "stored", "to train", "minutes")
    body = [
        (one.id, one.trials, one.stored, one.to_train, f"{one.minutes:,.1f}") for one in estimate.experiments
    ]
    grid = tabulate(body, heads, tablefmt="simple", disable_numparse=True, colalign=("left", *["right"] * 4))
    provisional = [
        f"{own.submission.id} is provisional: {own.block.why}"
        for own in job.entries
        if not own.block.certifies and job.tuned is None
    ]
    return "\n".join(
        [
            str(grid),
            *provisional,
            f"{job.track.id}: {estimate.trials} trials, {estimate.stored} already stored, {estimate.to_train} to train; "
            f"about {estimate.minutes:.1f} min on {estimate.workers} worker(s), and at most {estimate.megabytes:.0f} MB in "
            f"{job.store.root}{guessed(estimate.guessed)}{batched(estimate.batches, job.how)}",
        ]
    )


def _planned(job: Leaderboard, estimate: Estimate) -> dict[str, Any]:
    return {
        "track": job.track.id,
        "block": job.word,
        "entries": [
            {"name": own.name, "commit": own.block.commit or None, "seeds": list(job.seeds(own))}
            for own in job.entries
        ],
        **{
            name: getattr(estimate, name)
            for name in ("trials", "stored", "to_train", "minutes", "megabytes", "workers", "guessed")
        },
        "experiments": [dataclasses.asdict(one) for one in estimate.experiments],
    }


def _train(job: Leaderboard, workers: int, runner: Executor) -> None:
    from grokbench.cli.bar import train

    if not train(job, workers, executor=runner):
        click.echo("nothing to train: every record is there", err=True)


def _tuned(job: Leaderboard, *, as_json: bool) -> int:
    from tabulate import tabulate

    from grokbench.plan.leaderboard import declared
    from grokbench.reports import standings_runs as rows
    from grokbench.scaffold.submissions import rewritten

    assert job.tuned is not None
    assert job.submitted is not None
    found = declared(job)
    path = rewritten(job.submitted, found)
    if as_json:
        options.print_json({"submission": job.tuned.submission.id, "workload": found, "file": str(path)})
    else:
        body = [
            (workload.id, *rows.tried_cells(one, workload.steps))
            for workload in job.track.workloads
            for one in job.tried_of(job.tuned, workload)
        ]
        click.echo(tabulate(body, rows.TUNING_HEAD[1:-1], tablefmt="simple", disable_numparse=True))
        for name, own in found.items():
            click.echo(f"{name}: T* {own['t_star']}, {rows.setting_text(own['set'])}")
        click.echo(f"written to {path}; commit it, and the commit draws the seeds that certify it")
    return int(bool(job.failures))


def _show(result: Standings, out: Path, *, as_json: bool) -> int:
    from grokbench.reports import standings
    from grokbench.reports.standings_document import notes

    if not result.records:
        why = next(
            (one.sentence for one in result.failures if one.sentence), "no record answers a trial of it"
        )
        raise InputError(f"no run of {result.track.id} is there, so nothing was written; {why}")
    page = standings.write(result, out)
    if as_json:
        import json

        options.print_json(json.loads(page.with_suffix(".json").read_text(encoding="utf-8")))
        return int(bool(result.failures))
    click.echo(standings.lines(result))
    click.echo("")
    for text in notes(result):
        options.note(text)
    click.echo(f"page: {page}")
    return int(bool(result.failures))
