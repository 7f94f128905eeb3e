"""How numbers, regions and verdicts are put in words; shared by the pages."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from grokbench.analysis.thresholds import Bracket
from grokbench.claims.verdict import NOT_RUN, Verdict

DASH = "—"


def number(value: float | None) -> str:
    """Four significant digits; whole numbers in full; an unmeasured number as a dash.

    >>> number(0.12345), number(12000.0), number(math.inf), number(None)
    ('0.1235', '12000', '∞', '—')
    """
    if value is None or math.isnan(value):
        return DASH
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if float(value).is_integer() and abs(value) < 1e7:
        return str(int(value))
    if abs(value) >= 1000 and abs(value) < 1e7:
        return f"{value:.0f}"
    return f"{value:.4g}"


def interval(pair: tuple[float, float] | None) -> str:
    """
    >>> interval((0.5, math.inf)), interval(None)
    ('[0.5, ∞)', '')
    """
    if pair is None:
        return ""
    low, high = pair
    left = "(" if math.isinf(low) else "["
    right = ")" if math.isinf(high) else "]"
    return f"{left}{number(low)}, {number(high)}{right}"


def half_open(one: Bracket) -> str:
    """
    >>> half_open(Bracket(0.3, 0.4)), half_open(Bracket(0.0, 0.3)), half_open(Bracket(0.6, math.inf))
    ('(0.3, 0.4]', '≤ 0.3', '> 0.6')
    """
    if math.isinf(one.high):
        return f"> {number(one.low)}" if one.low else "anywhere"
    return f"({number(one.low)}, {number(one.high)}]" if one.low else f"≤ {number(one.high)}"


def region(accepted: Mapping[str, float | None]) -> str:
    """
    >>> region({"min": 0.5, "max": None}), region({"min": 1.0, "max": 2.0}), region({"min": 1.0, "max": 1.0})
    ('≥ 0.5', '1 … 2', '= 1')
    """
    low, high = accepted.get("min"), accepted.get("max")
    if low is None and high is None:
        return DASH
    if low is None:
        return f"≤ {number(high)}"
    if high is None:
        return f"≥ {number(low)}"
    return f"= {number(low)}" if low == high else f"{number(low)} … {number(high)}"


def value(thing: Any) -> str:
    """A recipe's value as it reads in TOML, near enough; None: the field is absent."""
    if thing is None:
        return "(absent)"
    if isinstance(thing, bool):
        return "true" if thing else "false"
    if isinstance(thing, list | tuple):
        return "[" + ", ".join(value(v) for v in thing) + "]"
    if isinstance(thing, float):
        return f"{thing:.10g}"
    return str(thing)


def seconds(amount: float) -> str:
    """
    >>> seconds(12.3), seconds(600), seconds(9000)
    ('12.3 s', '10.0 min', '2.5 h')
    """
    if amount < 120:
        return f"{amount:.1f} s"
    return f"{amount / 60:.1f} min" if amount < 7200 else f"{amount / 3600:.1f} h"


def steps(n: int) -> str:
    """
    >>> steps(1), steps(300)
    ('1 step', '300 steps')
    """
    return f"{n} step" if n == 1 else f"{n} steps"


def ranges(numbers: Iterable[int]) -> str:
    """
    >>> ranges([0, 1, 2, 3, 7])
    '0–3, 7'
    """
    runs: list[list[int]] = []
    for n in sorted(set(numbers)):
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs) or "none"


def spans(numbers: Iterable[int]) -> str:
    """
    >>> spans([200, 201, 202]), spans([0, 3, 4])
    ('200-202', '0+3-4')
    """
    return ranges(numbers).replace("–", "-").replace(", ", "+")


def anchor(heading: str) -> str:
    """The link target that a markdown renderer gives a heading.

    >>> anchor("gromov2023.gd-groks")
    'gromov2023gd-groks'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def sentence(text: str) -> str:
    """The text on one line, with a full stop; one before a closing bracket or quote will do.

    >>> sentence("as  said (see Fig. 2)"), sentence("It does. (See there.)")
    ('as said (see Fig. 2).', 'It does. (See there.)')
    """
    text = " ".join(text.split())
    return text if not text or text.rstrip(CLOSING).endswith((".", "!", "?", ":")) else text + "."


CLOSING = ")]}\"'”’»"
"""Brackets and quotes that may follow a sentence's stop."""


def count(n: int, noun: str) -> str:
    """
    >>> count(1, "seed"), count(12, "seed")
    ('1 seed', '12 seeds')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


MOST_NAMED = 3


def few(names: Sequence[str]) -> str:
    """The first three names, and how many more there are.

    >>> few(["a", "b"]), few(["a", "b", "c", "d"])
    ('`a`, `b`', '`a`, `b`, `c` and 1 more')
    """
    more = len(names) - MOST_NAMED
    return ", ".join(f"`{name}`" for name in names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def tier(verdict: Verdict, kept: Collection[str]) -> str:
    """The tier of a verdict, and whether it is among those ``kept`` from an earlier report."""
    return f"{verdict.tier}, kept" if verdict.id in kept else verdict.tier


def place(verdict: Verdict) -> str:
    """The anchor at which the page speaks of a verdict's claim: its own section, or the table of those not run."""
    return anchor("Not run" if verdict.verdict == NOT_RUN else verdict.id)
