"""Rule D (REPRODUCE.md, "How to read a verdict"), and the kinds of claim that have one of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from grokbench.analysis import statistics
from grokbench.claims.answers import Answer, least, within
from grokbench.claims.phrases import count
from grokbench.claims.verdict import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED
from grokbench.claims.wording import (
    band,
    condition_text,
    counted_seeds,
    number,
    open_text,
    region,
    seeds_text,
    sentence,
)
from grokbench.measures import Between
from grokbench.measures.cells import SeedView
from grokbench.measures.reading import generalised
from grokbench.specs.types import Claim

LEAST_DRAWS = 100  # a construction's median needs as many
LEAST_AGAINST_EXISTENCE = 20
LEAST_SEEDS_FOR_NEVER = 6
LADDER = {6: (6, 0), 12: (11, 1), 20: (16, 4)}
"""Seeds → least yes that confirm and most that contradict, where fewer seeds could have decided before: the ladder."""
OWN_RULE = ("exact", "construction", "existence", "never")
"""Kinds of claim that rule D does not decide."""
NEVER_FACTOR = 10  # budget of a "never" over the positive control's median T_gen, where the paper gives none

Interval = tuple[float, float]


@dataclass(frozen=True)
class Outcome:
    """A verdict before it is dressed: what was compared with what, and why."""

    verdict: str
    reason: str
    statistic: float | None = None
    interval: Interval | None = None
    accepted: tuple[float | None, float | None] = (None, None)


def rule_d(yes: int, n: int, *, extended: bool = False) -> str:
    """Rule D: does the 95 % Clopper-Pearson interval of yes/n lie above or below one half, or around it?

    extended: the seeds extend a smaller set that could have decided, so the stricter ladder holds; it decides
    at 6, 12 and 20 seeds only.

    >>> rule_d(6, 6), rule_d(5, 6), rule_d(0, 6)
    ('REPRODUCED', 'INCONCLUSIVE', 'NOT REPRODUCED')
    >>> rule_d(10, 12), rule_d(10, 12, extended=True)
    ('REPRODUCED', 'INCONCLUSIVE')
    """
    if n == 0 or (extended and n not in LADDER):
        return INCONCLUSIVE
    if extended:
        enough, few = LADDER[n]
        return REPRODUCED if yes >= enough else NOT_REPRODUCED if yes <= few else INCONCLUSIVE
    low, high = statistics.clopper_pearson(yes, n)
    return REPRODUCED if low > 0.5 else NOT_REPRODUCED if high < 0.5 else INCONCLUSIVE


def what_decides(claim: Claim, n: int, *, extended: bool = False) -> str | None:
    """The numbers of seeds that can decide ``claim``, in words, where ``n`` is none of them; ``extended`` as in rule D."""
    least = {"exact": 1, "existence": 1, "construction": LEAST_DRAWS, "never": LEAST_SEEDS_FOR_NEVER}
    if claim.kind in least:
        return None if n >= least[claim.kind] else f"{least[claim.kind]} or more"
    if extended:
        *most, last = map(str, LADDER)
        return None if n in LADDER else f"{', '.join(most)} or {last}, as the quick tier decides on fewer,"
    needed = min(LADDER) * (2 if claim.pairs else 1)
    return None if n >= needed else f"{needed} or more"


def outcome(
    claim: Claim,
    views: Sequence[SeedView],
    answers: Sequence[Answer],
    control: Sequence[SeedView] = (),
    told: Sequence[Answer] = (),
    *,
    extended: bool = False,
) -> Outcome:
    """What the claim's kind makes of the answers; ``told`` are those of the control, ``extended`` is as in rule D."""
    if not answers:
        return Outcome(INCONCLUSIVE, "No seed has a record of every experiment that the rule compares.")
    if claim.kind == "exact":
        return _exact(claim, answers)
    if claim.kind == "construction":
        return _construction(claim, answers)
    if claim.kind == "existence":
        return _existence(claim, answers)
    if claim.kind == "never":
        return _never(claim, views, answers, control)
    return _by_rule_d(claim, answers, told, extended)


def _by_rule_d(claim: Claim, answers: Sequence[Answer], told: Sequence[Answer], extended: bool) -> Outcome:
    """Rule D on the seeds that say yes, and on the control, which must say no."""
    n, yes = len(answers), sum(a.yes is True for a in answers)
    unknown = sum(a.yes is None for a in answers)
    interval = statistics.clopper_pearson(yes, n)
    # Unmeasured seeds decide nothing: the verdict must be the same whatever they would have said.
    verdict, other = rule_d(yes, n, extended=extended), rule_d(yes + unknown, n, extended=extended)
    side = _side(rule_d(yes, n))
    reason = f"{_tally(claim, yes, n)}. The 95 % interval of the rate is {band(interval)}, {side}."
    if extended:
        reason += f" {_rung(n)}"
    if unknown:
        counts = "that counts" if unknown == 1 else "they count"
        reason += f" {sentence(f'{open_text(answers)}; {counts} as not meeting the rule')}"
    if verdict != other:
        verdict = INCONCLUSIVE
        reason += " Had these met it the verdict would be another one, so nothing is decided."
    if claim.control:
        verdict, said = _with_control(claim, verdict, told, extended)
        reason += said
    return Outcome(verdict, reason, yes / n, interval, (0.5, 1.0))


def _with_control(claim: Claim, verdict: str, said: Sequence[Answer], extended: bool) -> tuple[str, str]:
    """The verdict in the light of the control, and a sentence on it. Only a measured no is a no."""
    n, yes, unknown = len(said), sum(a.yes is True for a in said), sum(a.yes is None for a in said)
    if unknown == n:
        found = open_text(said) or "no seed has a record"
        return (
            INCONCLUSIVE,
            f" On the control {claim.control} {found}, so the control shows nothing and nothing is decided.",
        )
    # As above: the control says no only if it did so whatever the unmeasured seeds would have said.
    says_yes = rule_d(yes, n, extended=extended) == REPRODUCED
    says_no = rule_d(yes + unknown, n, extended=extended) == NOT_REPRODUCED
    text = f" On the control {claim.control} the rule says yes for {yes} of {counted_seeds(n, claim)}"
    if unknown:
        text += f" ({open_text(said)})"
    if says_yes:
        return INCONCLUSIVE, text + ", so it does not tell the two apart and decides nothing."
    if verdict == REPRODUCED and not says_no:
        return INCONCLUSIVE, text + ", which is not enough to say that it says no there."
    return verdict, text + (", as it should." if says_no else ".")


def _exact(claim: Claim, answers: Sequence[Answer]) -> Outcome:
    """Every seed must give the stated value."""
    condition = claim.rule[0]
    numbers = [a.numbers[0] for a in answers]
    interval = (min(numbers), max(numbers))
    wrong = [a for a in answers if a.yes is False]
    if wrong:
        listed = ", ".join(f"{number(a.numbers[0])} (seed {a.seed})" for a in wrong[:3])
        verdict, reason = NOT_REPRODUCED, f"{count(len(wrong), 'seed')} of {len(answers)} gave {listed}"
    elif any(a.yes is None for a in answers):
        verdict, reason = INCONCLUSIVE, sentence(open_text(answers)).removesuffix(".")
    else:
        verdict, reason = REPRODUCED, f"All {count(len(answers), 'seed')} gave {band(interval)}"
    reason += f". Accepted is {region(condition)}."
    return Outcome(verdict, reason, statistics.median(numbers), interval, (condition.min, condition.max))


def _construction(claim: Claim, answers: Sequence[Answer]) -> Outcome:
    """The order-statistic interval of each median must lie inside its region; disjoint contradicts."""
    few = "not defined for so few"
    sides: list[bool | None] = []
    sentences = []
    first: tuple[float | None, Interval | None] = (None, None)
    for i, condition in enumerate(claim.rule):
        values = [a.values[i] for a in answers]
        interval, middle = median_interval(values), statistics.median([v.high for v in values])
        missing = sum(math.isnan(v.high) for v in values)
        # Of brackets (low, high] the lower ends are excluded; of plain numbers the interval holds both its ends.
        lowest = statistics.median_interval([least(v) for v in values])
        if interval is None or lowest is None or missing:
            sides.append(None)
        else:
            sides.append(within(lowest[0], interval[1], condition))
        if i == 0:
            first = (middle, interval)
        sentences.append(
            f"The median of {condition.measure} over {count(len(values), 'draw')} is {number(middle)}, "
            f"its 95 % interval {band(interval) if interval else few}. Accepted is {region(condition)}."
        )
        if missing:
            sentences.append(f"{count(missing, 'draw')} could not be measured.")
    condition = claim.rule[0]
    verdict = NOT_REPRODUCED if False in sides else INCONCLUSIVE if None in sides else REPRODUCED
    if len(answers) < LEAST_DRAWS:
        verdict = INCONCLUSIVE
        sentences.append(f"A construction is judged on at least {LEAST_DRAWS} draws.")
    return Outcome(verdict, " ".join(sentences), *first, (condition.min, condition.max))


def _existence(claim: Claim, answers: Sequence[Answer]) -> Outcome:
    """One seed that says yes confirms; twenty that all say no contradict."""
    n, yes = len(answers), sum(a.yes is True for a in answers)
    known = sum(a.yes is not None for a in answers)
    interval = statistics.clopper_pearson(yes, n)
    reason = _tally(claim, yes, n)
    if yes:
        verdict, reason = REPRODUCED, f"{reason}; one is enough ({seeds_text(answers, True)})."
    elif known >= LEAST_AGAINST_EXISTENCE:
        verdict, reason = NOT_REPRODUCED, f"{reason}; the rate is below {number(interval[1])}."
    else:
        verdict = INCONCLUSIVE
        reason += f"; none in {LEAST_AGAINST_EXISTENCE} would be needed to say that there is none."
    if not yes and known < n:
        reason += f" {sentence(open_text(answers))}"
    return Outcome(verdict, reason, yes / n, interval, (0.0, None))


def _never(
    claim: Claim,
    views: Sequence[SeedView],
    answers: Sequence[Answer],
    control: Sequence[SeedView],
) -> Outcome:
    """One seed against it contradicts; none, all fitted and long enough, leaves the claim standing."""
    n, against = len(answers), sum(a.yes is False for a in answers)
    interval = statistics.clopper_pearson(against, n)
    steps = min(cell.record.trial.budget for view in views for cell in view.cells)
    accepted = (0.0, 0.0)
    if against:
        reason = f"{count(against, 'seed')} of {n} {'contradicts' if against == 1 else 'contradict'} it "
        reason += f"({seeds_text(answers, False)}; the rule: {condition_text(claim)})."
        return Outcome(NOT_REPRODUCED, reason, against / n, interval, accepted)
    doubts = []
    if n < LEAST_SEEDS_FOR_NEVER:
        doubts.append(f"at least {LEAST_SEEDS_FOR_NEVER} seeds are needed and there are {n}")
    if still_open := open_text(answers):
        doubts.append(still_open)
    blown = [view.seed for view in views if any(cell.record.ended == "diverged" for cell in view.cells)]
    if blown:
        doubts.append(f"{count(len(blown), 'seed')} diverged before the budget was used")
    unfitted = [view.seed for view in views if not _fitted(view)]
    if unfitted:
        doubts.append(f"the training set was not fitted with {count(len(unfitted), 'seed')}")
    asked = _asked(control)
    if asked is None:
        doubts.append("the positive control did not generalise, so no budget can be derived from it")
    elif claim.budget is not None:
        if steps < claim.budget:
            doubts.append(f"{steps} steps are fewer than the paper's {claim.budget}")
    elif steps < asked:
        doubts.append(
            f"{steps} steps are fewer than {NEVER_FACTOR} times the control's median T_gen, {asked:.0f}"
        )
    if doubts:
        return Outcome(
            INCONCLUSIVE,
            f"None of {count(n, 'seed')} contradicts it within {steps} steps, but {'; '.join(doubts)}.",
            0.0,
            interval,
            accepted,
        )
    reason = f"Not contradicted: 0 of {n} within {steps} steps, rate below {number(interval[1])}."
    return Outcome(REPRODUCED, reason, 0.0, interval, accepted)


def _fitted(view: SeedView) -> bool:
    return all(math.isfinite(cell.record.fitted()) for cell in view.cells)


def _asked(control: Sequence[SeedView]) -> float | None:
    """Steps that a "never" must last: ten times the control's median T_gen; None when that is censored."""
    middle = statistics.median([generalised(cell.record) for view in control for cell in view.cells])
    return None if middle is None or math.isinf(middle) else NEVER_FACTOR * middle


def median_interval(values: Sequence[Between]) -> Interval | None:
    """Order-statistic interval of the median; from lower to upper ends where values are brackets."""
    lows = statistics.median_interval([v.low for v in values])
    highs = statistics.median_interval([v.high for v in values])
    return None if lows is None or highs is None else (lows[0], highs[1])


def _tally(claim: Claim, yes: int, n: int) -> str:
    return f"{yes} of {counted_seeds(n, claim)} {'meets' if yes == 1 else 'meet'} the rule ({condition_text(claim)})"


def _rung(n: int) -> str:
    """The sentence that says that the ladder decided, and what it asks for."""
    text = "Fewer of these seeds could have decided before, so the ladder of 6, 12 and 20 seeds holds"
    if n not in LADDER:
        return f"{text}, which decides nothing at {n}."
    enough, few = LADDER[n]
    return f"{text}: with {n}, at least {enough} confirm and at most {few} contradict."


def _side(verdict: str) -> str:
    if verdict == REPRODUCED:
        return "wholly above one half"
    return "wholly below one half" if verdict == NOT_REPRODUCED else "around one half"
