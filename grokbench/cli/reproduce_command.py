"""``grokbench reproduce``."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grokbench.cli import completion, hardware, looking, options
from grokbench.cli.measuring import batched, guessed, measure
from grokbench.specs.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from grokbench.cli.verdicts import Verdicts
    from grokbench.plan.estimate import Estimate
    from grokbench.plan.executor import Executor
    from grokbench.plan.expand import PlannedTrial
    from grokbench.reproduction import Reproduction
    from grokbench.specs.loader import Library


@click.command(
    name="reproduce",
    epilog=options.examples(
        "grokbench reproduce gromov2023 --dry-run",
        "grokbench reproduce gromov2023 --tier smoke --out elsewhere",
        "grokbench reproduce gromov2023 --claim gd-groks-no-reg-2",
        "grokbench reproduce cross-paper --reuse reports/hu2024/records",
        "grokbench reproduce hu2024 --tier paper --scheduler tcp://10.0.0.1:8786",
        "grokbench reproduce hu2024 --tier paper --shard 3/16",
    ),
)
@options.paper
@click.option("--all", "every", is_flag=True, help="All papers.")
@click.option(
    "--tier",
    default="quick",
    show_default=True,
    shell_complete=completion.words("smoke", "quick", "paper"),
    help="smoke, quick or paper: how much is trained.",
)
@click.option(
    "--claim",
    "claims",
    multiple=True,
    shell_complete=completion.claims,
    help="Only this claim, or paper.claim (repeatable).",
)
@hardware.workers
@hardware.engine
@hardware.device
@click.option("--dry-run", is_flag=True, help="Print the plan on stdout and train nothing.")
@click.option(
    "--out", type=options.PATH, default=Path("reports"), show_default=True, help="Folder for the report."
)
@click.option(
    "--reuse",
    type=options.PATH,
    multiple=True,
    help="A folder of committed records to read beside the store (repeatable).",
)
@click.option(
    "--ladder",
    is_flag=True,
    help="Train 12, then 20 seeds of every claim that they may still decide, and stop where none is left.",
)
@click.option(
    "--seeds",
    "seed_list",
    help="Run the tier on these seeds: 200:205, or 0,3,7. Writes <paper>.seeds-<list>.* and prints the agreement.",
)
@click.option(
    "--shard",
    metavar="I/N",
    help="Train only part I of N of the plan, as a job of an array; the last one writes the report.",
)
@click.option("--force", is_flag=True, help="Train again what the store already has.")
@options.store
@options.specs
@options.plugin
@options.as_json
def command(
    paper: str | None,
    every: bool,
    tier: str,
    claims: Sequence[str],
    workers: int | None,
    scheduler: str | None,
    engine: str,
    device: str,
    dry_run: bool,
    out: Path,
    reuse: Sequence[Path],
    ladder: bool,
    seed_list: str | None,
    shard: str | None,
    force: bool,
    store: Path | None,
    specs: Sequence[Path],
    as_json: bool,
) -> int:
    """Train what the claims of PAPER, an id or a claims.toml, need; decide them, and write the report."""
    from grokbench.plan import executor
    from grokbench.reproduction import Reproduction

    if (paper is None) != every:
        raise InputError("name one paper, or --all")
    runner = hardware.executor(workers, scheduler)
    count = executor.worker_count(workers, runner)  # tells of a wrong one before anything is read
    documents = []
    failed = False
    library = options.open_library(specs)
    jobs = [  # each checks its specs, before one of them trains
        Reproduction(
            name,
            tier,
            claims=own,
            store=store,
            reuse=reuse,
            force=force,
            ladder=ladder,
            engine=engine,
            device=device,
            shard=shard,
            seeds=() if seed_list is None else options.seeds(seed_list),
            specs=library,
            on_damage=options.note,
        )
        for name, own in _chosen(library, paper, claims).items()
    ]
    for job in jobs:
        for text in job.unanswering():
            options.note(text)
        document = _one(job, out, count, runner, dry_run=dry_run, quiet=as_json)
        documents.append(document)
        computed_wrong = any(claim["verdict"] == "ERROR" for claim in document.get("claims", ()))
        failed = failed or bool(job.failures) or computed_wrong
    if as_json:
        options.print_json(documents[0] if paper is not None else documents)
    return int(failed)


def _chosen(library: Library, paper: str | None, claims: Sequence[str]) -> dict[str, Sequence[str]]:
    """Paper → the claims of it to look at, none meaning all. Of all papers, those that have one of the claims named."""
    if paper is not None or not claims:
        return dict.fromkeys(library.paper_ids() if paper is None else (paper,), claims)
    papers = list(library.each("paper"))
    for claim in claims:
        if not any(one.claim_id(claim) for one in papers):
            raise UnknownNameError("claim", claim, [f"{p.id}.{c.id}" for p in papers for c in p.claims])
    having = {one.id: [claim for claim in claims if one.claim_id(claim)] for one in papers}
    return {name: own for name, own in having.items() if own}


def _one(
    job: Reproduction, out: Path, count: int, runner: Executor, *, dry_run: bool, quiet: bool
) -> dict[str, Any]:
    """Plan, train, decide and write one paper; returns its JSON document (of the plan, in a dry run)."""
    from grokbench.cli.bar import Board, train
    from grokbench.cli.verdicts import Verdicts
    from grokbench.plan import single

    if runner == "local":
        measure(job.next_batch(count), count, job.how)
    estimate = job.estimate(count)
    if dry_run and not quiet:
        click.echo(_shares(estimate))
    plan = _plan(job, estimate)
    if not dry_run and sys.stderr.isatty():
        plan = "\n".join(textwrap.wrap(plan, shutil.get_terminal_size().columns, break_on_hyphens=False))
    click.echo(plan, err=quiet or not dry_run)
    if dry_run:
        return {
            "paper": job.paper.id,
            "tier": job.tier,
            **dataclasses.asdict(estimate),
            "batches": estimate.batches._asdict(),
        }
    job.store.check_writable()
    single.check_folder(out)
    board = Board() if job.shard else Verdicts(job, out, quiet=quiet)
    if not train(job, count, lambda batch: _climb(job, batch, count), board, runner):
        click.echo("nothing to train: every record is in the store", err=True)
    if job.shard and (missing := job.missing()):
        return _waiting(job, estimate, missing)
    return _report(job, out, board if isinstance(board, Verdicts) else Verdicts(job, out, quiet=quiet), quiet)


def _waiting(job: Reproduction, estimate: Estimate, missing: int) -> dict[str, Any]:
    """What a shard says while others have not come to their end."""
    failed = f", {len(job.failures)} of which failed" if job.failures else ""
    click.echo(
        f"shard {job.shard}: done with its {estimate.trials} trial(s){failed}. {missing} trial(s) of the plan have no record in "
        f"{job.store.root} yet, so there is no report. Once all shards are done, bring their stores together with "
        "`grokbench store merge`, if they have several, and give the command without --shard; it writes the report.",
        err=True,
    )
    return {
        "paper": job.paper.id,
        "tier": job.tier,
        "shard": str(job.shard),
        "trials": estimate.trials,
        "failed": len(job.failures),
        "missing": missing,
    }


def _report(job: Reproduction, out: Path, board: Verdicts, quiet: bool) -> dict[str, Any]:
    """Decide, write, and say what came out; the report's JSON document."""
    from grokbench import findings, reports
    from grokbench.reports import agreement

    result = findings.result(job, out, board.deciding.verdicts)
    page = reports.write(result, out)
    board.end(result)
    if not quiet:
        if job.seeds:
            click.echo(agreement.told(agreement.rows(out, job.paper.id, result.name)))
        click.echo(f"report: {page}")
        if job.tier != "smoke":
            click.echo(looking.site_told(out, job.paper.id))
    document: dict[str, Any] = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    return document


def _plan(job: Reproduction, estimate: Estimate) -> str:
    from grokbench.claims import phrases
    from grokbench.plan import speed

    part = f", shard {job.shard}" if job.shard else ""
    plan = (
        f"{job.paper.id}, tier {job.tier}{part}: {estimate.trials} trials, {estimate.stored} already stored, "
        f"{estimate.to_train} to train"
    )
    if not estimate.to_train:
        return plan
    return (
        f"{plan}, some {estimate.steps:,} steps; about {phrases.seconds(60 * estimate.minutes)} on "
        f"{estimate.workers} worker(s) of this CPU, {speed.flops_per_second() / 1e9:.0f} GFLOP/s a core (on a GPU: not "
        f"measured), and {estimate.megabytes:.0f} MB in {job.store.root}{guessed(estimate.guessed)}"
        f"{batched(estimate.batches, job.how)}"
    )


def _climb(job: Reproduction, batch: Sequence[PlannedTrial], workers: int) -> None:
    """What the ladder is about to add, before it trains."""
    from grokbench.plan import speed, together

    for name, (verdict, rung) in job.climbing.items():
        yes = sum(said is True for _, _, said in verdict.values)
        click.echo(f"ladder: {name} has {yes} of {verdict.n_seeds}; on to {rung} seeds", err=True)
    if job.climbing:
        minutes = sum(map(speed.seconds, together.works(batch, workers, job.how))) / 60
        click.echo(f"ladder: {len(batch)} trial(s), about {minutes:.0f} min of one core", err=True)


def _shares(estimate: Estimate) -> str:
    """A line for each experiment."""
    from tabulate import tabulate

    heads = ("experiment", "trials", "stored", "to train", "steps", "minutes")
    rows = [
        (one.id, one.trials, one.stored, one.to_train, f"{one.steps:,}", f"{one.minutes:,.1f}")
        for one in estimate.experiments
    ]
    align = ("left", *["right"] * 5)
    lines: str = tabulate(
        rows, heads, tablefmt="simple", disable_numparse=True, colalign=align if rows else None
    )
    return lines
