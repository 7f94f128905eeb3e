"""When a run fits, when it generalises and when it may stop (REPRODUCE.md, "Words"), as functions of its curves.

Curves are one row per evaluation: ``steps`` (n,) strictly increasing counts of updates, accuracies (n,) in
[0, 1]. Times are in optimizer steps; ``math.inf`` is "not reached", ``math.nan`` is "cannot be measured".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import median
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FIT = 0.99  # accuracy that counts as fitting, and as generalising, where a task names no other
LOW = 0.9  # below which a run that has generalised has lost it; as large a share of another threshold
DELAYED = (
    1.5  # least half-rise ratio of grokking; runs on 80 % of a table that are said not to grok have less
)
STRONG = 10  # least half-rise ratio of strong grokking
LEAST_STAY = 3  # times T_gen that a run is watched for before it is said to stay
WINDOW_EVALUATIONS = 5  # least number of evaluations that confirm a T_gen
# The window is [s, 1.2 s], written 5·step ≤ 6·s so that its end never depends on rounding.
_WINDOW = (6, 5)

Floats = NDArray[np.float64]


class Levels(NamedTuple):
    """The accuracies that a task counts as fitting (T_mem) and as generalising (T_gen)."""

    t_mem: float = FIT
    t_gen: float = FIT


LEVELS = Levels()


def low(level: float) -> float:
    """What 0.9 is to 0.99, to another threshold.

    >>> low(0.99), low(0.77)
    (0.9, 0.7)
    """
    return LOW if level == FIT else round(level * LOW / FIT, 10)


@dataclass
class StopRule:
    """Decides during training, one evaluation at a time, when a run has shown what was asked of it.

    ``budget``: updates within which T_gen must begin. ``horizon``: stop at the first evaluation at or after
    horizon · T_gen, even past the budget; None runs the whole budget. While an evaluation at or above the ``level`` of T_gen
    within the budget waits for its window, training goes on past the budget. A budget of 0 trains nothing.

    >>> rule = StopRule(budget=10, horizon=None)
    >>> [rule.update(step, 0.0) for step in (0, 5, 10)]
    [False, False, True]
    """

    KEPT: ClassVar[tuple[str, ...]] = (
        "t_gen",
        "_steps",
        "_accuracy",
        "_next",
    )  # a larger budget goes on from it

    budget: int
    horizon: float | None = None
    level: float = FIT
    t_gen: float = field(default=math.inf, init=False)  # T_gen, once its window has confirmed it
    _steps: list[int] = field(default_factory=list, init=False, repr=False)
    _accuracy: list[float] = field(default_factory=list, init=False, repr=False)
    _next: int = field(default=0, init=False, repr=False)  # first evaluation not yet refused as T_gen

    def update(self, step: int, test_accuracy: float) -> bool:
        """Take one evaluation; True means: stop now."""
        self._steps.append(int(step))
        self._accuracy.append(float(test_accuracy))
        if self.budget <= 0:
            return True
        if math.isinf(self.t_gen):
            self._search()
        if math.isfinite(self.t_gen):
            return step >= (self.budget if self.horizon is None else self.horizon * self.t_gen)
        return step >= self.budget and not self.pending

    def searched(self, steps: list[int], test_accuracy: list[float]) -> float:
        """T_gen of a whole curve, taken at once."""
        self._steps, self._accuracy = steps, test_accuracy
        self._search()
        return self.t_gen

    @property
    def pending(self) -> bool:
        """Whether an evaluation within the budget may still turn out to be T_gen."""
        return math.isinf(self.t_gen) and any(
            self._steps[i] <= self.budget and self._accuracy[i] >= self.level
            for i in range(self._next, len(self._steps))
        )

    def _search(self) -> None:
        """Confirm or refuse candidates in order, as far as their windows are complete."""
        steps, accuracy = self._steps, self._accuracy
        while self._next < len(steps) and steps[self._next] <= self.budget:
            start = self._next
            if accuracy[start] >= self.level:
                after = _window_end(steps, start)
                if after is None:
                    return
                if median(accuracy[start:after]) >= self.level:
                    self.t_gen = float(steps[start])
                    return
            self._next += 1


def _window_end(steps: list[int], start: int) -> int | None:
    """Index after the window that begins at ``start``; None while the curve is too short to hold it."""
    last = steps[start] * _WINDOW[0]
    after = start + WINDOW_EVALUATIONS
    if after > len(steps) or steps[-1] * _WINDOW[1] < last:
        return None
    while after < len(steps) and steps[after] * _WINDOW[1] <= last:
        after += 1
    return after


def t_gen(steps: ArrayLike, test_accuracy: ArrayLike, budget: float, level: float = FIT) -> float:
    """T_gen: first evaluation s ≤ budget with test accuracy ≥ 0.99, or the task's own level, whose window has such a median.

    The window is every evaluation in [s, 1.2 s], at least 5, and may run past the budget. Infinite when none
    is confirmed, also when the curve ends inside the window.

    >>> t_gen([0, 10, 20, 21, 22, 23, 24], [0, 0.5, 1, 1, 1, 1, 1], budget=20)
    20.0
    """
    rule = StopRule(max(1, int(min(budget, 2**62))), horizon=math.inf, level=level)
    return rule.searched(np.asarray(steps).tolist(), np.asarray(test_accuracy, dtype=np.float64).tolist())


def first_crossing(steps: ArrayLike, accuracy: ArrayLike, q: float, budget: float = math.inf) -> float:
    """F_q: first evaluation, at most ``budget``, whose accuracy is at least q.

    >>> first_crossing([0, 1, 2], [0.1, 0.6, 0.4], 0.5)
    1.0
    """
    at = np.asarray(steps, dtype=np.float64)
    hits = np.flatnonzero((np.asarray(accuracy, dtype=np.float64) >= q) & (at <= budget))
    return float(at[hits[0]]) if hits.size else math.inf


def t_mem(steps: ArrayLike, train_accuracy: ArrayLike, budget: float = math.inf, level: float = FIT) -> float:
    """T_mem: first crossing of 0.99 train accuracy, or the task's own level. Noise and slingshots may undo it later."""
    return first_crossing(steps, train_accuracy, level, budget)


def normalised(accuracy: ArrayLike, baseline: float) -> Floats:
    """a′ = (a − b)/(1 − b), test accuracy above what a memoriser reaches without arithmetic; nan when b = 1.

    >>> normalised([0.5, 1.0], 0.5).tolist()
    [0.0, 1.0]
    """
    values = np.asarray(accuracy, dtype=np.float64)
    if baseline >= 1:
        return np.full(values.shape, math.nan)
    return (values - baseline) / (1 - baseline)


def half_rise(steps: ArrayLike, test_accuracy: ArrayLike, baseline: float) -> float:
    """First evaluation with a′ ≥ 0.5."""
    return first_crossing(steps, normalised(test_accuracy, baseline), 0.5)


def onset(steps: ArrayLike, test_accuracy: ArrayLike, baseline: float) -> float:
    """Last evaluation with a′ ≤ 0.1 before the first a′ ≥ 0.5.

    Infinite when a′ ≥ 0.5 is never reached, nan when a′ was above 0.1 from the start.
    """
    rise = half_rise(steps, test_accuracy, baseline)
    if math.isinf(rise):
        return math.inf
    at = np.asarray(steps, dtype=np.float64)
    low = np.flatnonzero((normalised(test_accuracy, baseline) <= 0.1) & (at < rise))
    return float(at[low[-1]]) if low.size else math.nan


def half_rise_ratio(
    steps: ArrayLike, train_accuracy: ArrayLike, test_accuracy: ArrayLike, baseline: float
) -> float:
    """R½ = (first a′ ≥ 0.5) / (first train accuracy ≥ 0.5); infinite where training is half done before the first step and
    a′ is not, nan where both are, and where training never is.
    """
    train, test = first_crossing(steps, train_accuracy, 0.5), half_rise(steps, test_accuracy, baseline)
    if math.isinf(train) or train == test == 0:
        return math.nan
    return test / train if train else math.inf


def dips(
    steps: ArrayLike, test_accuracy: ArrayLike, generalised_at: float, level: float = FIT
) -> tuple[int, float]:
    """After T_gen: the number of excursions below 0.9 (``low`` of another level), and the share of evaluations below 0.99.

    >>> dips([1, 2, 3, 4, 5], [1.0, 0.8, 0.7, 1.0, 0.95], 1)
    (1, 0.75)
    """
    at = np.asarray(steps, dtype=np.float64)
    after = np.asarray(test_accuracy, dtype=np.float64)[at > generalised_at]
    if not after.size:
        return 0, math.nan
    lost = np.concatenate([[False], after < low(level)])
    return int(np.sum(lost[1:] & ~lost[:-1])), float(np.mean(after < level))


def stays(
    steps: ArrayLike, test_accuracy: ArrayLike, generalised_at: float, until: float, level: float = FIT
) -> float:
    """Whether a run that generalises does not lose it again: 1 or 0, nan where the record ends before ``until``.

    From T_gen up to step ``until`` no test accuracy lies below 0.9, and the median of the last five is at least 0.99; for another
    level of T_gen below its ``low``, and at that level. ``until`` must be 3 T_gen at least, so that a collapse has time to come;
    nan where it is less, and without a T_gen.

    >>> stays([0, 10, 20, 30, 40], [0, 1, 1, 1, 1], 10, 30), stays([0, 10, 20, 30, 40], [0, 1, 0.5, 1, 1], 10, 30)
    (1.0, 0.0)
    """
    if until < LEAST_STAY * generalised_at:
        return math.nan
    return keeps(steps, test_accuracy, generalised_at, until, level)


def keeps(
    steps: ArrayLike, test_accuracy: ArrayLike, generalised_at: float, until: float, level: float = FIT
) -> float:
    """``stays``, up to whatever step; one that lies close to T_gen leaves a collapse no time to come.

    >>> keeps([0, 10, 20], [0, 1, 1], 10, 20), keeps([0, 10, 20], [0, 1, 0.8], 10, 20), keeps([0, 10], [0, 1], 10, 20)
    (1.0, 0.0, nan)
    """
    at = np.asarray(steps, dtype=np.float64)
    if not at.size or not math.isfinite(generalised_at) or not generalised_at <= until <= at[-1]:
        return math.nan
    after = np.asarray(test_accuracy, dtype=np.float64)[(at >= generalised_at) & (at <= until)]
    return float(after.min() >= low(level) and np.median(after[-5:]) >= level)


def outcome_class(
    curves: Any, budget: float, baseline: float, diverged: bool = False, levels: Levels = LEVELS
) -> str:
    """Outcome class (REPRODUCE.md, "Words"), the first that fits; grokking is ``behind`` with R½ ≥ 1.5.

    ``curves``: a mapping with ``step``, ``train_accuracy``, ``test_accuracy``. ``diverged``: the run met a
    non-finite loss; that counts only before T_gen. ``levels``: the task's. Returns "diverged", "grokking", "comprehension",
    "partial", "memorisation" or "underfit".
    """
    steps, train, test = curves["step"], curves["train_accuracy"], curves["test_accuracy"]
    generalised = math.isfinite(t_gen(steps, test, budget, levels.t_gen))
    if not generalised:
        if diverged:
            return "diverged"
        if math.isfinite(half_rise(steps, test, baseline)):
            return "partial"
        return "memorisation" if math.isfinite(t_mem(steps, train, level=levels.t_mem)) else "underfit"
    late = half_rise_ratio(steps, train, test, baseline) >= DELAYED
    return "grokking" if late and behind(train, test, baseline, levels.t_mem) else "comprehension"


def behind(train_accuracy: ArrayLike, test_accuracy: ArrayLike, baseline: float, level: float = FIT) -> bool:
    """Whether a′ is below one half when train accuracy first reaches 0.9; False where it never does.

    level: of T_mem, whose ``low`` stands in place of 0.9.
    """
    fitted = np.flatnonzero(np.asarray(train_accuracy, dtype=np.float64) >= low(level))
    return bool(fitted.size and normalised(test_accuracy, baseline)[fitted[0]] < 0.5)


def strong(curves: Any, outcome: str, baseline: float) -> bool:
    """Whether a run of the outcome class ``outcome`` is strong grokking: R½ ≥ 10. ``curves`` as in ``outcome_class``."""
    ratio = half_rise_ratio(curves["step"], curves["train_accuracy"], curves["test_accuracy"], baseline)
    return outcome == "grokking" and ratio >= STRONG
