"""A rule's conditions on one seed: measured numbers, and yes, no or unknown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from grokbench.measures import Between, lacking, measured
from grokbench.measures.cells import SeedView
from grokbench.measures.reading import ends, generalised
from grokbench.specs.types import Condition


@dataclass(frozen=True)
class Answer:
    """What one seed says. ``yes`` is None when a number could not be measured (``measured``), or was and settles nothing.

    It settles nothing where it lies in a bracket across a bound, or where the run's budget was smaller than the claim's.
    lacks: what the records lack of what the measures need, one phrase per condition; "" where they lack nothing.
    """

    seed: int
    values: tuple[Between, ...]  # one per condition
    yes: bool | None
    lacks: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[float, ...]:
        """One number per condition: the upper end of an interval (inf: censored), nan when not measured."""
        return tuple(value.high for value in self.values)

    @property
    def measured(self) -> bool:
        """Whether every condition has a number; infinity, for what was not reached, is one."""
        return not any(math.isnan(value.low) or math.isnan(value.high) for value in self.values)


def inside(value: Between, condition: Condition) -> bool | None:
    """Whether a number lies in a condition's region, bounds included; None: unknown, or across a bound.

    A bracket is (low, high]: one that begins at the region's upper bound lies outside.
    """
    return within(least(value), value.high, condition)


def least(value: Between) -> float:
    """The smallest number that ``value`` may be: of a bracket, the next one above its excluded lower end."""
    return math.nextafter(value.low, math.inf) if value.low < value.high else value.low


def within(lowest: float, highest: float, condition: Condition) -> bool | None:
    """``inside`` for a number in [lowest, highest], both ends included."""
    if math.isnan(lowest) or math.isnan(highest):
        return None
    low = -math.inf if condition.min is None else condition.min
    high = math.inf if condition.max is None else condition.max
    if low <= lowest and highest <= high:
        return True
    if highest < low or lowest > high:
        return False
    return None


def meets(values: Sequence[Between], rule: Sequence[Condition]) -> bool | None:
    """Whether one number per condition meets them all; None where an unknown one decides."""
    said = [inside(value, condition) for value, condition in zip(values, rule, strict=True)]
    return False if False in said else None if None in said else True


def answer(
    rule: Sequence[Condition],
    view: SeedView,
    budgets: Sequence[int] = (),
    settled: bool | None = None,
) -> Answer:
    """Apply a rule to one seed.

    ``budgets``: per arm, the number of steps that the claim asks for. A seed with a censored run whose own
    budget is smaller answers nothing, unless it gave the answer ``settled``, which more steps cannot undo.
    Errors: PartError for a measure from outside that fails, and for one that returns no number.
    """
    values = tuple(ends(measured(c.measure, view, c.args)) for c in rule)
    lacks = tuple(
        lacking(c.measure, view, c.args) if math.isnan(value.low) or math.isnan(value.high) else ""
        for c, value in zip(rule, values, strict=True)
    )
    yes = meets(values, rule)
    return Answer(view.seed, values, yes if yes is settled or not cut_short(view, budgets) else None, lacks)


def cut_short(view: SeedView, budgets: Sequence[int]) -> bool:
    """Whether a run without T_gen had a smaller budget than the claim asks for."""
    for arm, budget in zip(view.arms, budgets, strict=False):
        for cell in arm:
            record = cell.record
            short = record.trial.budget < budget and record.ended != "diverged"
            if short and math.isinf(generalised(record)):
                return True
    return False
