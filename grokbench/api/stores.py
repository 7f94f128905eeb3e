"""The calls that look after stores of records: what lies in one, what is damaged, what can go, and how two become one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from grokbench.specs import values

if TYPE_CHECKING:
    from grokbench.store.merging import Merged
    from grokbench.store.survey import Lying

OnDamage = Callable[[str], None]


def survey_store(store: str | Path | None = None, *, weights: bool = True) -> tuple[Lying, ...]:
    """Everything that lies in a store, each with its ``state``, "sound" for a record that answers requests.

    weights: check those of every record and its snapshots against their checksums, which reads all of the store.
    Errors: StoreError for a store that is not there.
    """
    from grokbench.store import survey
    from grokbench.store.folder import Store

    return tuple(survey.survey(Store(store), weights=weights))


def prune_store(store: str | Path | None = None, *, dry_run: bool = False) -> tuple[Lying, ...]:
    """Remove what answers no request: damaged records, other versions', half-written ones, tracebacks and lost locks.

    Returns what was removed; with ``dry_run`` what would be. Errors: StoreError where the store is not there, or not writable.
    """
    from grokbench.store import survey

    found = [one for one in survey_store(store, weights=False) if one.state in survey.USELESS]
    return tuple(found if dry_run else survey.prune(found))


def merge_stores(
    *sources: str | Path, store: str | Path | None = None, on_damage: OnDamage | None = None
) -> tuple[Merged, ...]:
    """Bring the records of other stores, or of folders of committed records, into a store; what became of each.

    Of a trial of which both have a record with other numbers, the store's own stays: ``what`` is then "a conflict". Committed
    records that do not say in which arithmetic they were made are "left out": a store answers with no such record. on_damage:
    takes sentences on records that cannot be used. Errors: InputError for a source that is neither; StoreError where the store
    cannot be written.
    """
    from grokbench.store import merging
    from grokbench.store.folder import Store

    into = Store(store, on_damage)
    places = [merging.place(path, on_damage) for path in values.paths("sources", sources)]
    return tuple(one for source in places for one in merging.merge(into, source))
