"""``grokbench store list|verify|prune|merge``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grokbench.cli import options

if TYPE_CHECKING:
    from grokbench.store.survey import Lying


@click.group(
    name="store",
    epilog=options.examples(
        "grokbench store list",
        "grokbench store verify --store /data/grokking",
        "grokbench store prune --dry-run",
        "grokbench store merge ../colleague/store reports/gromov2023/records",
    ),
)
def command() -> None:
    """List, check, clean up or merge stores of records.

    `grokbench runs` lists single runs.
    """


@command.command(name="list")
@options.store
@options.as_json
def show(store: Path | None, as_json: bool) -> None:
    """Count the records of each recipe and task, and what else lies in the store."""
    from grokbench import api

    place = _root(store)
    found = api.survey_store(store, weights=False)
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for one in found:
        if one.record is not None:
            own = sums[one.record.trial.recipe.id, one.record.trial.task.id]
            own[0], own[1] = own[0] + 1, own[1] + one.size
    rest = Counter(one.state for one in found if one.record is None)
    if as_json:
        rows = [
            {"baseline": baseline, "task": task, "records": count, "bytes": size}
            for (baseline, task), (count, size) in sorted(sums.items())
        ]
        options.print_json({"store": str(place), "records": rows, "else": dict(rest)})
        return
    if sums:
        from tabulate import tabulate

        lines = [(*names, count, options.size(size)) for names, (count, size) in sorted(sums.items())]
        click.echo(tabulate(lines, ("baseline", "task", "records", "size"), tablefmt="plain"))
    total = sum(one.size for one in found)
    records = sum(count for count, _ in sums.values())
    click.echo(f"{records} record(s) in {place}, {options.size(total)} with all else", err=True)
    for state, count in sorted(rest.items()):
        click.echo(f"{count} {state}", err=True)


@command.command()
@options.store
@options.as_json
def verify(store: Path | None, as_json: bool) -> int:
    """Check every file of every record against its checksum, weights and snapshots too. Exit status 1 where one fails.

    What else lies there is counted.
    """
    from grokbench import api
    from grokbench.store.survey import DAMAGED, OTHER_VERSION, UNREADABLE, UNSTATED

    place = _root(store)
    found = api.survey_store(store)
    bad = [one for one in found if one.state in (DAMAGED, UNREADABLE)]
    sound = sum(one.record is not None for one in found)
    rest = Counter(one.state for one in found if one.record is None and one not in bad)
    if as_json:
        options.print_json({"store": str(place), "sound": sound, "bad": _entries(bad), "else": dict(rest)})
        return int(bool(bad))
    for one in bad:
        click.echo(f"{one.state}: {one.path} ({one.why})")
    click.echo(f"{sound} sound record(s), {len(bad)} that cannot be used, in {place}")
    for state, count in sorted(rest.items()):
        told = "; their trials will be trained again, and `grokbench store prune` removes them"
        click.echo(f"{count} {state}{told if state in (OTHER_VERSION, UNSTATED) else ''}")
    return int(bool(bad))


@command.command()
@options.store
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@options.as_json
def prune(store: Path | None, dry_run: bool, as_json: bool) -> None:
    """Remove what answers no request: damaged records, other versions', half-written ones, tracebacks, lost locks.

    Of ends that longer runs go on from, only the longest run's stays.
    Sound records stay, and so does what cannot be read. A record that was written to within ten minutes is left.
    """
    from grokbench import api

    place = _root(store)
    removed = api.prune_store(store, dry_run=dry_run)
    if as_json:
        options.print_json({"store": str(place), "dry_run": dry_run, "removed": _entries(removed)})
        return
    for one in removed:
        click.echo(f"{one.state}: {one.path}")
    would = "would free" if dry_run else "freed"
    click.echo(f"{len(removed)} removed, {options.size(sum(one.size for one in removed))} {would}", err=True)


@command.command()
@click.argument("sources", metavar="FROM…", nargs=-1, required=True, type=options.PATH)
@options.store
@options.as_json
def merge(sources: Sequence[Path], store: Path | None, as_json: bool) -> int:
    """Bring the records of other stores, or of folders of committed records, into the store.

    Where both have a record of one trial with other numbers, the store's own stays, and the conflict is told; the exit
    status is then 1. Records that lack weights or analyses get them from an equal one. Committed records that do not say in
    which arithmetic they were made are left out: a store answers with no such record.
    """
    from grokbench import api
    from grokbench.store.merging import CONFLICT, LEFT_OUT

    into = _root(store)
    found = api.merge_stores(*sources, store=store, on_damage=options.note)
    counts = Counter(one.what for one in found)
    conflicts = [one for one in found if one.what == CONFLICT]
    if as_json:
        told = [{"run": one.key, "baseline": one.record.trial.recipe.id, "why": one.why} for one in conflicts]
        options.print_json({"store": str(into), "counts": dict(counts), "conflicts": told})
        return int(bool(conflicts))
    for one in conflicts:
        trial = one.record.trial
        click.echo(
            f"conflict: {one.key[:12]}, {trial.recipe.id} on {trial.task.id}, α = {trial.alpha:.6g}, seed {trial.seed}: {one.why}"
        )
    said = ", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "no records"
    click.echo(f"{said}; the store is {into}")
    if counts[LEFT_OUT]:
        options.note(
            f"{counts[LEFT_OUT]} committed record(s) do not say in which arithmetic they were made, and a store answers with "
            "no such record; name their folder with `reproduce --reuse`, or `--records` of other commands, to read them"
        )
    return int(bool(conflicts))


def _root(store: Path | None) -> Path:
    from grokbench.store.folder import Store

    return Store(store).root


def _entries(found: Iterable[Lying]) -> list[dict[str, Any]]:
    return [{"path": str(one.path), "state": one.state, "why": one.why, "bytes": one.size} for one in found]
