"""A claim as a row of a table, on a paper's page and on the scoreboard: paper says, here, seeds, verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence

from grokbench.analysis import statistics
from grokbench.claims import phrases as w
from grokbench.claims.verdict import (
    ERROR,
    INCONCLUSIVE,
    NOT_REPRODUCED,
    NOT_RUN,
    REPRODUCED,
    Verdict,
)

HEAD = ("claim", "paper says", "here: median [interval]", "seeds k/n", "verdict")
DRAWN = "construction"  # kind of claim that is decided on draws of weights, by their median
SIGNS = {REPRODUCED: "✓", NOT_REPRODUCED: "✗", INCONCLUSIVE: "?", NOT_RUN: "·", ERROR: "!"}
"""Verdict → the sign beside its name."""


def row(
    verdict: Verdict,
    link: str,
    title: str,
    kind: str,
    says: str | float | None,
    tier: str = "",
    rises: Sequence[float] = (),
) -> tuple[str, ...]:
    """The cells under ``HEAD``.

    link: to the claim's section. says: the paper's number. tier: written after the verdict. rises: R½ of the first arm's runs.
    """
    verdict_cell = verdict.called + (f" ({tier})" if tier and verdict.verdict != NOT_RUN else "")
    return (
        f"[{title or verdict.id}]({link})",
        stated(says),
        here(verdict, kind, rises),
        k_of_n(verdict, kind),
        verdict_cell,
    )


def stated(says: str | float | None) -> str:
    """The paper's number or words; a dash where it gives none."""
    return says if isinstance(says, str) else w.number(says)


def here(verdict: Verdict, kind: str, rises: Sequence[float] = ()) -> str:
    """Our median with its interval; a dash where each seed gives no number but a yes or a no.

    An event shows the median of ``rises``, its runs' R½, where that is a number; it is infinite for a machine that has fitted
    before its first step. An exact check has one number, and its
    interval is that of the seeds.

    >>> said = tuple((seed, (1.0,), True) for seed in range(6))
    >>> one = Verdict("x", "REPRODUCED", "quick", 6, 1.0, None, {}, "", "", "A", False, said, median=1.0)
    >>> here(one, "event", (5.0, 7.0, 6.0, 6.5, 6.1, 9.0)), here(one, "event"), here(one, "never", (5.0,))
    ('R½ 6.3 [5, 9]', '—', '—')
    >>> here(one, "event", (math.inf,) * 6)
    '—'
    """
    first = {measured[0] for _, measured, _ in verdict.values if measured}
    if verdict.median is None or (kind != "exact" and first <= {0.0, 1.0}):
        middle = statistics.median(rises)
        if kind != "event" or middle is None or not math.isfinite(middle):
            return w.DASH
        return f"R½ {w.number(middle)} {w.interval(statistics.median_interval(rises))}".rstrip()
    exact = kind == "exact" and len(first) == 1
    return f"{w.number(verdict.median)} {'' if exact else w.interval(verdict.median_interval)}".rstrip()


def k_of_n(verdict: Verdict, kind: str) -> str:
    """How many seeds meet the rule, of how many; the number of draws where their median decides.

    >>> from grokbench.claims.verdict import INCONCLUSIVE
    >>> said = ((0, (1.0,), True), (1, (0.0,), False))
    >>> one = Verdict("x", INCONCLUSIVE, "quick", 2, 0.5, None, {}, "", "", "A", False, said)
    >>> k_of_n(one, "event"), k_of_n(one, "construction")
    ('1/2', '2 draws')
    """
    if not verdict.n_seeds:
        return w.DASH
    return w.count(verdict.n_seeds, "draw") if kind == DRAWN else f"{verdict.yes}/{verdict.n_seeds}"
