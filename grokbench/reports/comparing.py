"""A comparison in words: what differs, what the pairs say, and how both arms were tuned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from grokbench.analysis.paired import EFFECT, LEAST_SPREAD, MOST_SEEDS, POWER, Interaction, Paired
from grokbench.claims import phrases as w
from grokbench.plan.compared import NAMES, TIMES, CompareResult, confounds
from grokbench.specs.differences import Difference, short

CALLED: Mapping[str, str] = {"t_gen": "T_gen", "f_99": "F_0.99", "f_95": "F_0.95"}
FIELDS_HEAD = ("field", *NAMES, "")
UNDER_TEST, CONFOUND = "under test", "confound"


def headline(differences: Sequence[Difference], under_test: str | None) -> str:
    """What the ratio below it can be put down to."""
    found = confounds(differences, under_test)
    if found:
        return f"confounded: {', '.join(found)}"
    if not differences:
        return "A and B differ in the tuned field alone"
    return f"A and B differ in {differences[0].field} alone"


def why_confounded(differences: Sequence[Difference], under_test: str | None) -> str:
    """A sentence on what is confounded with what; "" where nothing is."""
    found = confounds(differences, under_test)
    if not found:
        return ""
    if under_test is None:
        return "Each of these fields may be the cause of what is seen below, or several together."
    names = [one.field for one in differences]
    others = "another field differs" if len(found) == 1 else "other fields differ"
    return f"What is seen below need not come from {short(under_test, names)}, since {others} too."


def field_rows(differences: Sequence[Difference], under_test: str | None) -> list[tuple[str, ...]]:
    """A row for each field that differs, the one under test first, under ``FIELDS_HEAD``."""
    ordered = sorted(differences, key=lambda one: one.field != under_test)
    several = len(ordered) > 1
    role = {True: UNDER_TEST, False: CONFOUND} if under_test else {True: "", False: "differs"}
    return [
        (one.field, _value(one, 0), _value(one, 1), role[one.field == under_test] if several else UNDER_TEST)
        for one in ordered
    ]


def _value(one: Difference, arm: int) -> str:
    more = ", ".join(f"{name} {w.value(value)}" for name, value in one.more(arm).items())
    return w.value(one.value(arm)) + (f" ({more})" if more else "")


def named(name: str, arm: int) -> str:
    """An arm's name, A or B before it.

    >>> named("gromov2023/gd", 0), named("B: gromov2023/gd", 1), named("A with lr of B", 2)
    ('A: gromov2023/gd', 'B: gromov2023/gd', 'A with lr of B')
    """
    return name if arm >= len(NAMES) or name.startswith(f"{NAMES[arm]}: ") else f"{NAMES[arm]}: {name}"


def paired_on(result: CompareResult) -> str:
    """What the arms of one seed have in common."""
    if not result.shares_split:
        return "The arms of one seed are not trained on the same rows: a field of data differs."
    if not result.shares_initialisation:
        return "The arms of one seed share the split. Their networks differ, so the initial weights may differ too."
    return "The arms of one seed share the split and the initial weights."


def ratio(ends: tuple[float, float] | None) -> str:
    """A ratio, or what is known of it.

    >>> ratio((2.0, 2.0)), ratio((2.0, math.inf)), ratio((0.0, 0.5)), ratio((0.0, math.inf)), ratio(None)
    ('2', '> 2', '< 0.5', 'not known', '—')
    """
    if ends is None:
        return w.DASH
    low, high = (float(f"{end:.3g}") for end in ends)
    if low == high:
        return w.number(low)
    if not low:
        return f"< {w.number(high)}" if math.isfinite(high) else "not known"
    return f"> {w.number(low)}" if math.isinf(high) else f"{w.number(low)} to {w.number(high)}"


def interval(found: Paired) -> str:
    """The exact interval of the median ratio; a dash below six pairs."""
    return w.interval(tuple(float(f"{end:.3g}") for end in found.interval)) if found.interval else w.DASH  # type: ignore[arg-type]


def log_ratio(ends: tuple[float, float] | None) -> str:
    """The logarithm of a ratio, or what is known of it.

    >>> log_ratio((0.5, 0.5)), log_ratio((-1.0, math.inf)), log_ratio((-math.inf, 0.25)), log_ratio((-math.inf, math.inf))
    ('0.5', '> -1', '< 0.25', 'not known')
    """
    if ends is None:
        return w.DASH
    low, high = (float(f"{end:.3g}") for end in ends)
    if low == high:
        return w.number(low)
    if math.isinf(low):
        return "not known" if math.isinf(high) else f"< {w.number(high)}"
    return f"> {w.number(low)}" if math.isinf(high) else f"{w.number(low)} to {w.number(high)}"


def logs(ends: tuple[float, float] | None) -> str:
    """The exact interval of a median logarithm; a dash below six seeds."""
    return w.interval((float(f"{ends[0]:.3g}"), float(f"{ends[1]:.3g}"))) if ends else w.DASH


def p_value(found: Paired | Interaction) -> str:
    """
    >>> from grokbench.analysis.paired import paired
    >>> p_value(paired([2.0] * 6, [1.0] * 6, 10))
    'p = 0.031'
    """
    return f"p = {found.p:.2g}"


def sentences(result: CompareResult) -> list[str]:
    """What the pairs say of T_gen: the ratio, who is faster, and how many seeds a small difference would have needed."""
    found = result.paired()
    if not found.n:
        return ["No pair of seeds has both runs, so there is no ratio."]
    pairs = w.count(found.n, "pair")
    within = f", 95 % interval {interval(found)}" if found.interval else ""
    out = [
        f"T_gen of A / T_gen of B: median {ratio(found.ratio)}{within}, from {pairs} of seeds (above 1: B is faster)."
    ]
    if not within:
        out.append("Fewer than 6 pairs give no 95 % interval.")
    out += [_unfinished(result), _faster(found)]
    if found.ties:
        out.append(
            f"{w.count(found.ties, 'pair')} tied: equal times, or neither run generalised. A tie counts against both arms."
        )
    return [*out, *_inverted(result, found), *_needed(found)]


def _unfinished(result: CompareResult) -> str:
    """How many runs of each arm have no T_gen."""
    counts = []
    for arm, name in enumerate(NAMES):
        times = [time for time in result.times(arm) if not math.isnan(time)]
        counts.append(f"{name} in {sum(map(math.isinf, times))} of {len(times)}")
    return f"Not generalised within the budget: {', '.join(counts)} runs."


def _inverted(result: CompareResult, found: Paired) -> list[str]:
    """Which first crossings rank the arms the other way than T_gen does."""
    lead, out = found.second_faster - found.first_faster, []
    for name in TIMES:
        other = result.paired(name)
        ahead = other.second_faster - other.first_faster
        if lead * ahead < 0:
            first, k = (NAMES[1], other.second_faster) if ahead > 0 else (NAMES[0], other.first_faster)
            out.append(
                f"{CALLED[name]} ranks the arms the other way: {first} is first there in {k} of {w.count(other.n, 'pair')}."
            )
    return out


def _faster(found: Paired) -> str:
    arm, k = (
        (1, found.second_faster) if found.second_faster >= found.first_faster else (0, found.first_faster)
    )
    test = f"exact sign test, {p_value(found)}"
    if found.first_faster == found.second_faster:
        return f"Each arm is faster in {k} of {w.count(found.n, 'pair')} ({test}): undecided."
    said = f"{NAMES[arm]} is faster in {k} of {w.count(found.n, 'pair')} ({test})"
    return f"{said}: it is faster in more than half of all seeds." if found.decided else f"{said}: undecided."


def _needed(found: Paired) -> list[str]:
    """How many seeds would have found a difference of ``EFFECT``, and how that is reckoned."""
    percent = f"{100 * (EFFECT - 1):.0f} %"
    if found.spread is None:
        return [
            f"How many seeds a difference of {percent} would have needed is not known: "
            f"fewer than {LEAST_SPREAD} pairs have both times."
        ]
    least = "at least " if found.censored else ""
    count = f"more than {MOST_SEEDS}" if found.needed is None else f"{least}{found.needed}"
    return [
        f"A difference of {percent} would have needed {count} seeds.",
        f"That is for the exact sign test to find it {10 * POWER:.0f} times in 10, with the spread that these pairs have "
        f"(log-ratios normal, standard deviation {found.spread:.2g}).",
    ]


def tuning_sentences(result: CompareResult) -> list[str]:
    """How both arms were tuned, and what to beware of."""
    if result.tuning is None:
        return []
    own = result.tuning
    seeds = f"seed{'s' if len(own.seeds) > 1 else ''} {w.ranges(own.seeds)}"
    out = [
        f"Both arms were tuned in {own.field}: {w.count(own.trials, 'trial')} each, on {seeds}, "
        "which no comparison below uses."
    ]
    for name, one in zip(NAMES, result.tuned, strict=True):
        why = (
            ""
            if one.reached
            else ": with no value did most trials generalise, so the best test accuracy decided"
        )
        edge = ", at the edge of what was tried; a better value may lie beyond" if one.at_the_edge else ""
        out.append(f"{name} has {w.value(one.chosen)}{why}{edge}.")
    return out


def warnings(result: CompareResult) -> list[str]:
    """What a reader should know beside the numbers."""
    if not result.failures:
        return []
    return [f"{w.count(len(result.failures), 'trial')} failed; a pair that lacks a run is left out."]
