"""What a comparison of two recipes found: arms, records, and what the pairs of seeds say. ``plan.compare`` trains them.

An arm is a recipe. The first two are those that are compared; where fields are to be separated, further arms follow: the first
recipe with some of the fields that the second one has. Arms of one seed share the split, and the initial weights where
their networks are the same.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from grokbench.analysis import timing
from grokbench.analysis.paired import Interaction, Paired, interaction, paired
from grokbench.plan.executor import Failure
from grokbench.specs.differences import Difference, between, short
from grokbench.specs.files import SpecFile
from grokbench.specs.types import Recipe, Trial
from grokbench.training.record import Record

NAMES = ("A", "B")

TIMES: Mapping[str, Callable[[Record], float]] = {
    "t_gen": lambda record: record.t_gen,
    "f_99": lambda record: record.crossing(timing.FIT),
    "f_95": lambda record: record.crossing(0.95),
}
"""Name of a time → the time of a record, within its budget: T_gen, and the first crossings F_0.99 and F_0.95."""


@dataclass(frozen=True)
class Arm:
    """A recipe under comparison. ``takes``: of the fields that differ, those that are as in the second recipe."""

    name: str
    recipe: Recipe
    takes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Tuning:
    """A field that both arms try the same values of, on seeds that are not compared."""

    field: str
    values: tuple[Any, ...]
    seeds: tuple[int, ...]

    @property
    def trials(self) -> int:
        """Trials of each arm."""
        return len(self.values) * len(self.seeds)


@dataclass(frozen=True)
class Tuned:
    """What became of the tuning of one arm: (value, median T_gen) of each value tried, and the one that was chosen."""

    tried: tuple[tuple[Any, float], ...]
    chosen: Any
    reached: bool  # whether most trials of some value generalised; else the best test accuracy decided

    @property
    def at_the_edge(self) -> bool:
        """Whether the chosen value is the first or the last of several: a better one may lie beyond."""
        return len(self.tried) > 1 and self.chosen in (self.tried[0][0], self.tried[-1][0])


@dataclass(frozen=True)
class Contrast:
    """Two arms that differ in one field alone. ``held``: the other fields, and whose value they have, "A" or "B"."""

    field: str
    held: Mapping[str, str]
    arms: tuple[int, int]


@dataclass(frozen=True)
class Square:
    """Four arms in which two fields are changed or not. ``held``: the other fields, and whose value they have, "A" or "B".

    ``arms``: with A's values of both, with B's of the first field, with B's of the second, with B's of both.
    """

    fields: tuple[str, str]
    held: Mapping[str, str]
    arms: tuple[int, int, int, int]


@dataclass(frozen=True)
class CompareResult:
    """What a comparison found. ``records``: by arm and seed; a trial that failed has none."""

    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    trial: Trial  # any: its task, α and budget are everyone's
    under_test: str | None
    records: Mapping[tuple[int, int], Record]
    tuning: Tuning | None = None
    tuned: tuple[Tuned, ...] = ()
    failures: tuple[Failure, ...] = ()
    command: str = ""  # makes this comparison again
    settings: tuple[tuple[str, str], ...] = ()  # fields that were changed in both, and to what
    spec_hashes: Mapping[str, str] = field(default_factory=dict)
    shadowed: tuple[SpecFile, ...] = ()

    @property
    def budget(self) -> int:
        """Steps within which T_gen must lie."""
        return self.trial.budget

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """The fields in which the two recipes differ, less one that both were tuned in by the same budget."""
        return apart(self.arms[0].recipe, self.arms[1].recipe, self.tuning)

    @cached_property
    def _unlike(self) -> tuple[Difference, ...]:
        return between(self.arms[0].recipe, self.arms[1].recipe)

    @property
    def confounds(self) -> tuple[str, ...]:
        """The fields that differ beside the one under test, by their short names; all where none is known to be tested."""
        return confounds(self.differences, self.under_test)

    @property
    def shares_split(self) -> bool:
        """Whether the arms of one seed are trained on the same rows with the same labels."""
        return not any(one.field.startswith("data.") for one in self._unlike)

    @property
    def shares_initialisation(self) -> bool:
        """Whether the networks are the same, so that the arms of one seed begin with the same weights."""
        return not any(one.field.startswith(("model.", "learner.")) for one in self._unlike)

    def times(self, arm: int, name: str = "t_gen") -> tuple[float, ...]:
        """One of ``TIMES`` of an arm, by seed; inf where it was censored, nan where the trial failed or ended before."""
        found = (self.records.get((arm, seed)) for seed in self.seeds)
        return tuple(math.nan if record is None else TIMES[name](record) for record in found)

    def paired(self, name: str = "t_gen", arms: tuple[int, int] = (0, 1)) -> Paired:
        """What the pairs say of one of ``TIMES``; the ratio is that of the first of ``arms`` over the second."""
        return paired(self.times(arms[0], name), self.times(arms[1], name), self.budget)

    def contrasts(self) -> tuple[Contrast, ...]:
        """Every pair of arms that differ in one field alone; none where the fields were not separated."""
        if len(self.arms) == len(NAMES):
            return ()
        at = {arm.takes: i for i, arm in enumerate(self.arms)}
        names = [one.field for one in self.differences]
        return tuple(
            Contrast(
                own,
                {name: NAMES[name in takes] for name in names if name != own},
                (at[takes], at[takes | {own}]),
            )
            for own in names
            for takes in at
            if own not in takes
        )

    def squares(self) -> tuple[Square, ...]:
        """Every four arms in which two fields are changed or not; none where the fields were not separated."""
        if len(self.arms) == len(NAMES):
            return ()
        at = {arm.takes: i for i, arm in enumerate(self.arms)}
        names = [one.field for one in self.differences]
        return tuple(
            Square(
                (one, other),
                {name: NAMES[name in takes] for name in names if name not in (one, other)},
                (at[takes], at[takes | {one}], at[takes | {other}], at[takes | {one, other}]),
            )
            for one, other in itertools.combinations(names, 2)
            for takes in at
            if not takes & {one, other}
        )

    def interaction(self, square: Square, name: str = "t_gen") -> Interaction:
        """What two fields do together beyond what each does alone, in one of ``TIMES``."""
        neither, first, second, both = (self.times(arm, name) for arm in square.arms)
        return interaction(neither, first, second, both, self.budget)


def apart(first: Recipe, second: Recipe, tuning: Tuning | None = None) -> tuple[Difference, ...]:
    """The fields in which two recipes differ, less one that both are tuned in."""
    tuned = tuning.field if tuning else None
    return tuple(one for one in between(first, second) if one.field != tuned)


def confounds(differences: Sequence[Difference], under_test: str | None) -> tuple[str, ...]:
    """See ``CompareResult.confounds``; none where a single field differs."""
    names = [one.field for one in differences]
    rest = [name for name in names if name != under_test]
    return () if len(names) < 2 else tuple(short(name, names) for name in rest)
