"""The runs that a store or a folder of committed records has, found by what they are of."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from grokbench.claims.wording import NOT_REACHED
from grokbench.exports.naming import Names
from grokbench.plan.expand import expand
from grokbench.specs import values
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.loader import Library
from grokbench.specs.types import TIERS, Trial
from grokbench.store import keys
from grokbench.store.archive import Archive
from grokbench.store.folder import Store
from grokbench.store.kept import Kept
from grokbench.training.record import Record

T = TypeVar("T")
SHORT = 12
"""Digits of a key that name a run in tables."""


@dataclass(frozen=True, eq=False)
class StoredRun:
    """One trained trial, as ``grokbench runs`` lists it; ``read()`` gives its record.

    run: its key. task, baseline: the specs that it is of, and ``changes`` the fields in which it differs from them, as
    ``settings`` of ``grokbench.run`` takes them. own: whether one of the two is no spec of this library. rows: the number of
    training rows where ten digits of ``alpha`` are not all. budget, steps: optimizer steps, allowed and done. t_mem, t_gen: in
    steps, inf where not reached. outcome: its class. written: when, in UTC; None in committed records, which keep no time.
    size: bytes on disk. place: its folder, or the archive that has it.
    """

    run: str
    task: str
    baseline: str
    changes: Mapping[str, Any]
    own: bool
    alpha: float
    rows: int | None
    seed: int
    budget: int
    steps: int
    t_mem: float
    t_gen: float
    outcome: str
    written: datetime.datetime | None
    size: int
    place: Path
    _whole: Callable[[], Record] = field(repr=False)

    def read(self) -> Record:
        """Its record, with weights and snapshots where a store keeps them. Errors: StoreError, InputError if damaged."""
        return self._whole()

    def entry(self) -> dict[str, Any]:
        """The run as plain values for JSON: null for a time that was not reached, and under ``why`` a word for it."""
        times = {"t_mem": self.t_mem, "t_gen": self.t_gen}
        why = {name: NOT_REACHED for name, value in times.items() if math.isinf(value)}
        if self.written is None:
            why["written"] = "committed records keep no time"
        return {
            **{name: getattr(self, name) for name in ("run", "task", "baseline")},
            "changes": dict(self.changes),
            **{name: getattr(self, name) for name in ("own", "alpha", "rows", "seed", "budget", "steps")},
            **{name: None if math.isinf(value) else int(value) for name, value in times.items()},
            "outcome": self.outcome,
            "written": None if self.written is None else self.written.isoformat(timespec="seconds"),
            "size": self.size,
            "place": str(self.place),
            "why": why,
        }


@dataclass(frozen=True)
class Selection:
    """Which runs are meant: those of any of the named, of each kind that names any. run: beginnings of keys."""

    task: tuple[str, ...] = ()
    baseline: tuple[str, ...] = ()
    alpha: tuple[float, ...] = ()
    seed: tuple[int, ...] = ()
    run: tuple[str, ...] = ()
    paper: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is named, which means all runs."""
        return self == Selection()

    def has(self, one: StoredRun) -> bool:
        """Whether a run is meant, as far as its own fields tell. α is compared in the six digits that are printed."""
        return (
            (not self.task or one.task in self.task)
            and (not self.baseline or one.baseline in self.baseline)
            and (not self.alpha or any(f"{one.alpha:.6g}" == f"{alpha:.6g}" for alpha in self.alpha))
            and (not self.seed or one.seed in self.seed)
            and (not self.run or one.run.startswith(self.run))
        )


def selection(
    task: object = (),
    baseline: object = (),
    alpha: object = (),
    seed: object = (),
    run: object = (),
    paper: object = None,
) -> Selection:
    """What a caller names, checked; one name or number is a list of one."""
    return Selection(
        values.texts("task", task),
        values.texts("baseline", baseline),
        values.fractions("alpha", alpha, "[0.3, 0.5]"),
        values.seeds("seed", seed, "[0, 3, 7]"),
        values.texts("run", run),
        None if paper is None else values.name("paper", paper),
    )


def place_of(
    store: str | Path | None, records: str | Path | None, on_damage: Callable[[str], None] | None = None
) -> Store | Archive:
    """Where records are looked for: the folder ``records`` of committed ones, else the store. Errors: InputError."""
    if records is not None and store is not None:
        raise InputError("records and store are two places to look in; name one of them", "records", "store")
    return Store(store, on_damage) if records is None else Archive(records)


def where(place: Store | Archive) -> str:
    """The place in words."""
    return f"the store {place.root}" if isinstance(place, Store) else str(place.folder)


def find(place: Store | Archive, chosen: Selection, library: Library) -> tuple[StoredRun, ...]:
    """The runs that are meant, by task, recipe, α, seed and budget. Errors: as ``matches``."""
    return tuple(one for one, _ in matches(place, chosen, library, lambda kept: None))


def matches(
    place: Store | Archive, chosen: Selection, library: Library, take: Callable[[Kept], T]
) -> list[tuple[StoredRun, T]]:
    """``find``, each run with what ``take`` makes of its record, which is not held otherwise.

    Errors: UnknownNameError for a task or a recipe that neither a spec nor a run is called.
    """
    names = Names(library)
    of_paper = None if chosen.paper is None else _places(library, chosen.paper)
    tasks, recipes = {*library.task_ids()}, {*library.recipe_ids()}
    found: list[tuple[StoredRun, T]] = []
    for kept in place.each():
        one = _run(kept, names)
        tasks.add(one.task)
        recipes.add(one.baseline)
        if chosen.has(one) and (of_paper is None or _place(kept.record.trial) in of_paper):
            found.append((one, take(kept)))
    for kind, asked, known in (("task", chosen.task, tasks), ("baseline", chosen.baseline, recipes)):
        for name in asked:
            if name not in known:
                raise UnknownNameError(kind, name, known)
    return sorted(found, key=lambda pair: _order(pair[0]))


def _order(one: StoredRun) -> tuple[Any, ...]:
    return one.task, one.baseline, str(one.changes), one.alpha, one.seed, one.budget, one.run


def _run(kept: Kept, names: Names) -> StoredRun:
    record, trial = kept.record, kept.record.trial
    named = names.of(trial)
    return StoredRun(
        run=kept.key,
        task=named.task,
        baseline=named.baseline,
        changes=named.changes,
        own=named.own,
        alpha=trial.alpha,
        rows=trial.rows,
        seed=trial.seed,
        budget=trial.budget,
        steps=int(record.facts["steps"]),
        t_mem=record.t_mem,
        t_gen=record.t_gen,
        outcome=record.outcome,
        written=None if kept.written is None else datetime.datetime.fromtimestamp(kept.written, datetime.UTC),
        size=kept.size,
        place=kept.place,
        _whole=kept.whole,
    )


def _places(library: Library, paper: str) -> set[str]:
    """The trainings of a paper's experiments at any tier, whatever their seed."""
    own = library.beside(library.file("paper", paper).path)
    return {
        _place(planned.trial)
        for experiment in library.paper(paper).experiments
        for tier in TIERS
        if tier in experiment.tiers
        for planned in expand(own, experiment, tier, experiment.tiers[tier].seeds[:1])
    }


def _place(trial: Trial) -> str:
    """What names a training, whatever its seed."""
    return keys.digest({name: value for name, value in keys.family_fields(trial).items() if name != "seed"})
