"""Numbers, regions and seeds as they stand in a verdict's reason."""

from __future__ import annotations

import math
from collections.abc import Sequence

from grokbench.claims.answers import Answer
from grokbench.claims.phrases import count
from grokbench.specs.types import Claim, Condition

ARMS = ("arm", "first", "second", "numerator", "denominator")  # arguments that count the claim's experiments


NOT_REACHED, NOT_MEASURED, NOT_SETTLED = "not reached", "not measured", "not settled"
"""Why there is no finite number: the event did not come, or there is nothing to measure. And why a number decides nothing."""


def why(value: float | None) -> str | None:
    """Why there is no finite number; None where there is one.

    >>> why(3.0), why(float("inf")), why(float("nan"))
    (None, 'not reached', 'not measured')
    """
    if value is None or math.isnan(value):
        return NOT_MEASURED
    return NOT_REACHED if math.isinf(value) else None


def number(value: float | None) -> str:
    """Four significant figures, two from ten million on; words for what is not a number.

    >>> number(0.123456), number(123456), number(1.4074e16), number(float("inf"))
    ('0.1235', '123456', '1.4e16', 'not reached')
    """
    missing = why(value)
    if value is None or missing is not None:
        return missing or NOT_MEASURED
    if abs(value) >= 1e7:
        return f"{value:.2g}".replace("e+", "e")
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def band(interval: tuple[float, float]) -> str:
    """An interval in brackets."""
    return f"[{number(interval[0])}, {number(interval[1])}]"


def region(condition: Condition) -> str:
    """The accepted region in words."""
    low, high = condition.min, condition.max
    if low is None and high is None:
        return "anything"
    if low is None:
        return f"at most {number(high)}"
    if high is None:
        return f"at least {number(low)}"
    return f"exactly {number(low)}" if low == high else f"{number(low)} to {number(high)}"


def condition_text(claim: Claim) -> str:
    """The rule's conditions in words."""
    return " and ".join(
        f"{name} {region(c)}" for name, c in zip(condition_names(claim), claim.rule, strict=True)
    )


def condition_names(claim: Claim) -> list[str]:
    """The conditions' measures; one that is asked more than once comes with its arguments, an arm as its experiment."""
    measures = [c.measure for c in claim.rule]
    return [
        f"{c.measure} ({_arguments(claim, c)})" if measures.count(c.measure) > 1 and c.args else c.measure
        for c in claim.rule
    ]


def _arguments(claim: Claim, condition: Condition) -> str:
    """An arm's argument by its experiment's id; the others as name and value."""
    words = []
    for name, value in condition.args.items():
        arm = name in ARMS and isinstance(value, int) and value < len(claim.experiments) and not claim.pairs
        words.append(claim.experiments[value] if arm else f"{name} {value}")
    return ", ".join(words)


def counted_seeds(n: int, claim: Claim) -> str:
    """How many seeds, or pairs of them where the claim's rule compares two."""
    return count(n, "pair") + " of seeds" if claim.pairs else count(n, "seed")


def seeds_text(answers: Sequence[Answer], said: bool | None) -> str:
    """The seeds that gave this answer, at most six of them; empty when there is none."""
    return _listed([a.seed for a in answers if a.yes is said])


def open_text(answers: Sequence[Answer]) -> str:
    """Which seeds say neither yes nor no, those without a number apart from those whose number settles nothing; or empty.

    >>> from grokbench.measures import Between
    >>> known, unknown = Between(16.0, float("inf")), Between(float("nan"), float("nan"))
    >>> open_text([Answer(0, (known,), None), Answer(1, (unknown,), None), Answer(2, (known,), True)])
    'seed 1 could not be measured and seed 0 is measured but not settled'
    """
    missing = [a.seed for a in answers if a.yes is None and not a.measured]
    between = [a.seed for a in answers if a.yes is None and a.measured]
    lacks = dict.fromkeys(text for a in answers if a.seed in missing for text in a.lacks if text)
    why = f" (without {' and without '.join(lacks)})" if lacks else ""
    parts = [f"{_listed(missing)} could not be measured{why}"] if missing else []
    if between:
        parts.append(f"{_listed(between)} {'is' if len(between) == 1 else 'are'} measured but {NOT_SETTLED}")
    return " and ".join(parts)


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."


def _listed(seeds: Sequence[int]) -> str:
    if not seeds:
        return ""
    more = f" and {len(seeds) - 6} more" if len(seeds) > 6 else ""
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds[:6]))}{more}"
