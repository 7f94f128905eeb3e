"""From which training fraction on a recipe solves a task (REPRODUCE.md, "Words").

A seed's *row* says for every fraction of an ascending grid whether its run was solved (T_gen ≤ budget): True,
False (censored at the budget, or diverged) or None (not known: not trained, or failed). Its a_i is the least
fraction of the grid from which every larger one is solved, known to lie in a bracket (low, high]: low is 0 below
the grid, high is inf above it. α50 is the median of the a_i.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from grokbench.analysis.statistics import CONFIDENCE, clopper_pearson, median, median_ranks

Row = Sequence[bool | None]
Outcomes = Mapping[int, Row]  # seed → row
SOLVED, UNSOLVED, UNDECIDED = "solved", "unsolved", "undecided"


class Bracket(NamedTuple):
    """A fraction known to lie in (low, high]."""

    low: float
    high: float


@dataclass(frozen=True)
class Level:
    """The outcomes at one fraction: numbers of seeds, and the exact interval of the rate of solving.

    Where outcomes are unknown the interval covers every way in which they may turn out.
    """

    alpha: float
    solved: int
    unsolved: int
    unknown: int
    interval: tuple[float, float]
    status: str  # "solved": the interval lies above 0.5; "unsolved": below it; else "undecided"


@dataclass(frozen=True)
class Threshold:
    """A solved-α curve and its α50.

    ``alpha50``: the median of the a_i; inf when it lies above the grid, None while outcomes that would move it are unknown.
    ``bracket``: the medians of the brackets' ends. ``interval``: exact, from the lower end of one bracket to the upper end of
    another, at ``confidence``; with fewer seeds than such an interval needs (6) ``confidence`` is None and the
    interval is only the span of all brackets. ``reversals``: (seed, fraction solved, larger fraction not solved).
    """

    levels: tuple[Level, ...]
    brackets: Mapping[int, Bracket]
    alpha50: float | None
    bracket: Bracket
    interval: Bracket
    confidence: float | None
    reversals: tuple[tuple[int, float, float], ...]


def status(solved: int, unsolved: int, unknown: int = 0) -> str:
    """Whether a fraction is solved, unsolved or undecided; unknown outcomes may fall either way.

    >>> status(6, 0), status(0, 6), status(5, 0, 1), status(5, 0)
    ('solved', 'unsolved', 'undecided', 'undecided')
    """
    low, high = _rate(solved, unsolved, unknown)
    return SOLVED if low > 0.5 else UNSOLVED if high < 0.5 else UNDECIDED


def _rate(solved: int, unsolved: int, unknown: int) -> tuple[float, float]:
    n = solved + unsolved + unknown
    return clopper_pearson(solved, n)[0], clopper_pearson(solved + unknown, n)[1]


def span(row: Row) -> tuple[int, int]:
    """The least and the greatest place in the grid that a_i can have; ``len(row)`` stands for "above the grid".

    >>> span([False, None, True, True]), span([True, False, True]), span([None, False])
    ((1, 2), (2, 2), (2, 2))
    """
    last = len(row)
    while last and row[last - 1] is True:
        last -= 1
    first = next((i + 1 for i in range(len(row) - 1, -1, -1) if row[i] is False), 0)
    return first, last


def bracket(row: Row, alphas: Sequence[float]) -> Bracket:
    """The bracket of a_i that follows from the known outcomes alone.

    >>> bracket([False, None, True], [0.2, 0.3, 0.4])
    Bracket(low=0.2, high=0.4)
    """
    first, last = span(row)
    return Bracket(alphas[first - 1] if first else 0.0, alphas[last] if last < len(row) else math.inf)


def implied(row: Row) -> tuple[bool | None, ...]:
    """``row`` with what follows if more training data never hurts: solved stays solved above, unsolved below.

    Known outcomes are never changed; a seed that breaks the assumption implies nothing between the places where it does.

    >>> implied([None, False, None, True, None])
    (False, False, None, True, True)
    >>> implied([None, True, None, False, None, True])
    (False, True, None, False, None, True)
    """
    failed = max((i for i, value in enumerate(row) if value is False), default=-1)
    solved = next((i for i, value in enumerate(row) if value is True), len(row))
    above = next((i for i in range(failed + 1, len(row)) if row[i] is True), len(row))
    out: list[bool | None] = []
    for i, value in enumerate(row):
        if value is None and i > above:
            value = True
        elif value is None and i < min(failed, solved):
            value = False
        out.append(value)
    return tuple(out)


def reversals(row: Row, alphas: Sequence[float]) -> list[tuple[float, float]]:
    """Where the assumption of :func:`implied` is seen to fail: known neighbours, (solved, the larger one unsolved)."""
    known = [(alpha, value) for alpha, value in zip(alphas, row, strict=True) if value is not None]
    return [(a, b) for (a, first), (b, second) in itertools.pairwise(known) if first and not second]


def threshold(alphas: Sequence[float], rows: Outcomes, *, monotone: bool) -> Threshold:
    """Curve, brackets and α50 of one row per seed over the ascending grid ``alphas``.

    monotone: fill unknown outcomes in by :func:`implied` first. Raises ValueError without a seed or a fraction, for a
    grid that does not ascend, and for a row of another length.
    """
    _check(alphas, rows)
    full = {seed: implied(row) if monotone else tuple(row) for seed, row in rows.items()}
    brackets = {seed: bracket(row, alphas) for seed, row in full.items()}
    lows, highs = (sorted(one[end] for one in brackets.values()) for end in (0, 1))
    ranks = median_ranks(len(rows))
    low, high = ranks or (0, len(rows) - 1)
    middle = Bracket(*(_median(values) for values in (lows, highs)))
    firsts, lasts = _ordered_spans(full)
    settled = all(firsts[rank] == lasts[rank] for rank in _middle_ranks(len(rows)))
    return Threshold(
        levels=tuple(_level(alpha, [row[i] for row in full.values()]) for i, alpha in enumerate(alphas)),
        brackets=brackets,
        alpha50=middle.high if settled else None,
        bracket=middle,
        interval=Bracket(lows[low], highs[high]),
        confidence=CONFIDENCE if ranks else None,
        reversals=tuple((seed, *pair) for seed, row in rows.items() for pair in reversals(row, alphas)),
    )


def _check(alphas: Sequence[float], rows: Outcomes) -> None:
    if not alphas or not rows:
        raise ValueError("a threshold needs at least one fraction and one seed")
    if any(a >= b for a, b in itertools.pairwise(alphas)):
        raise ValueError(f"the fractions of a grid must ascend; got {list(alphas)}")
    if any(len(row) != len(alphas) for row in rows.values()):
        raise ValueError("every seed needs one outcome a fraction")


def _median(values: Sequence[float]) -> float:
    found = median(values)
    assert found is not None
    return found


def _level(alpha: float, outcomes: Sequence[bool | None]) -> Level:
    counts = [sum(value is wanted for value in outcomes) for wanted in (True, False, None)]
    solved, unsolved, unknown = counts
    return Level(alpha, solved, unsolved, unknown, _rate(*counts), status(solved, unsolved, unknown))


def _middle_ranks(n: int) -> set[int]:
    return {(n - 1) // 2, n // 2}


def _ordered_spans(rows: Outcomes) -> tuple[list[int], list[int]]:
    """The least and the greatest places of the a_i, each in ascending order."""
    spans = [span(row) for row in rows.values()]
    return sorted(first for first, _ in spans), sorted(last for _, last in spans)


def next_cells(
    rows: Outcomes, count: int = 1, blocked: Collection[tuple[int, int]] = ()
) -> tuple[tuple[int, int], ...]:
    """Up to ``count`` outcomes to look at next, as (seed, place in the grid); none when nothing is left to learn.

    Assumes :func:`implied`. Three order statistics of the a_i are wanted: the median and the two that bound its
    interval (the least and the greatest a_i when there are too few seeds for one). The same two decide the status of
    every fraction, since the exact interval of the rate and that of the median are one sign test. While one of them may
    still lie at several places, an outcome between these places is worth a trial, the widest gap first and in its
    middle; all other outcomes, also of seeds whose bracket is wide, can change nothing. A seed is given a second
    trial of one batch only when no other seed is left. ``blocked``: outcomes that cannot be had.
    """
    full = {seed: implied(row) for seed, row in rows.items()}
    firsts, lasts = _ordered_spans(full)
    ranks = median_ranks(len(rows)) or (0, len(rows) - 1)
    gaps = {(firsts[rank], lasts[rank]) for rank in {*ranks, *_middle_ranks(len(rows))}}
    chosen: list[tuple[int, int]] = []
    while len(chosen) < count:
        offers = []
        for (first, last), (order, (seed, row)) in itertools.product(gaps, enumerate(full.items())):
            taken = [i for other, i in chosen if other == seed]
            own_first, own_last = span(row)
            places = range(max(first, own_first), min(last, own_last))
            run = _longest_run([i for i in places if row[i] is None and (seed, i) not in blocked], taken)
            if run:
                urgency = (len(taken), first - last, -len(run), order)
                offers.append((urgency, (seed, run[len(run) // 2])))
        if not offers:
            break
        chosen.append(min(offers)[1])
    return tuple(chosen)


def _longest_run(places: Sequence[int], taken: Collection[int]) -> list[int]:
    """The most of ``places`` that lie between two neighbouring ``taken`` ones."""
    cuts = [-1, *sorted(taken), math.inf]
    runs = ([i for i in places if a < i < b] for a, b in itertools.pairwise(cuts))
    return max(runs, key=len)


def firth_logistic(x: ArrayLike, y: ArrayLike) -> tuple[float, float] | None:
    """Midpoint and slope of a logistic curve fitted with Firth's penalty (Firth 1993), finite also for separated data.

    P(y = 1) = 1/(1 + exp(−slope·(x − midpoint))). None with fewer than two different x, or where the fit is flat: a
    curve to look at, nothing to decide on.
    """
    at, hit = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if np.unique(at).size < 2:
        return None
    centre, scale = float(at.mean()), float(at.std())
    design = np.column_stack([np.ones_like(at), (at - centre) / scale])
    beta = np.zeros(2)
    for _ in range(200):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        weight = p * (1 - p)
        inverse = np.linalg.inv(design.T @ (weight[:, None] * design) + 1e-12 * np.eye(2))
        leverage = weight * np.einsum("ij,jk,ik->i", design, inverse, design)
        step = inverse @ (design.T @ (hit - p + leverage * (0.5 - p)))
        beta = beta + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:
            break
    if abs(beta[1]) < 1e-6:
        return None
    return centre - scale * float(beta[0] / beta[1]), float(beta[1] / scale)
