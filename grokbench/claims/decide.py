"""From a claim and the records of its experiments to a verdict (REPRODUCE.md, "How to read a verdict")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from grokbench.analysis import statistics
from grokbench.claims.answers import Answer, answer
from grokbench.claims.phrases import count
from grokbench.claims.rules import Outcome, median_interval, outcome
from grokbench.claims.verdict import (
    INCONCLUSIVE,
    NOT_REPRODUCED,
    Value,
    Verdict,
    error,
    is_our_reading,
)
from grokbench.measures.cells import SeedView
from grokbench.specs.errors import PartError
from grokbench.specs.types import Claim


def decide(
    claim: Claim,
    views: Sequence[SeedView],
    control: Sequence[SeedView] = (),
    tier: str = "quick",
    *,
    origins: Sequence[str] | None = None,
    budgets: Sequence[int] = (),
    extended: bool = False,
) -> Verdict:
    """The verdict of ``claim`` on ``views``.

    views: one per seed; seeds that lack an arm are left out. control: views of the claim's control experiment
    as their only arm (for a "never": the positive control). origins: of the arms' recipes, read from the
    records when not given. budgets: per arm, the steps that the claim asks for; see ``answers.answer``.
    extended: fewer of these seeds could have decided before, so that rule D follows the ladder.
    """
    failed = [
        (view.seed, cell)
        for view in (*views, *control)
        for cell in view.cells
        if cell.record.ended == "failed"
    ]
    if failed:
        seed, cell = failed[0]
        return error(
            claim,
            tier,
            f"{count(len(failed), 'trial')} of its experiments failed, the first with seed {seed} and "
            f"settings {dict(cell.settings)}: {cell.record.error or 'no traceback was kept'}",
        )
    complete = [view for view in views if view.complete]
    settled = {"existence": True, "never": False}.get(claim.kind)
    controls = [view for view in control if view.complete]
    try:
        answers = [answer(claim.rule, view, budgets, settled) for view in complete]
        told = [answer(claim.rule, view) for view in controls]
        found = outcome(claim, complete, answers, controls, told, extended=extended)
    except PartError as failure:
        return error(claim, tier, str(failure), _origins(complete) if origins is None else origins)
    if tier == "smoke" and claim.kind != "exact":
        found = _smoke(found)
    origins = _origins(complete) if origins is None else origins
    return replace(_dressed(claim, tier, answers, found, origins), control=_values(told))


def decide_answers(claim: Claim, answers: Sequence[Answer], tier: str) -> Verdict:
    """The verdict of a claim whose kind looks at nothing but the answers of its seeds."""
    found = outcome(claim, (), answers)
    if tier == "smoke" and claim.kind != "exact":
        found = _smoke(found)
    return _dressed(claim, tier, answers, found, ())


def _smoke(found: Outcome) -> Outcome:
    reason = f"The smoke tier proves the wiring and decides no statistics. {found.reason}"
    return replace(found, verdict=INCONCLUSIVE, reason=reason)


def _values(answers: Iterable[Answer]) -> tuple[Value, ...]:
    return tuple((a.seed, a.numbers, a.yes) for a in answers)


def _origins(views: Sequence[SeedView]) -> list[str]:
    return [cell.record.trial.recipe.origin for view in views for cell in view.cells]


def _dressed(
    claim: Claim, tier: str, answers: Sequence[Answer], found: Outcome, origins: Sequence[str]
) -> Verdict:
    ours = is_our_reading(claim, origins)
    reason = found.reason
    if ours and found.verdict == NOT_REPRODUCED:
        reason += (
            " Not reproduced under our reading: the paper's own words or recipe do not fix what was run."
        )
    values = [a.values[0] for a in answers]
    return Verdict(
        id=claim.id,
        verdict=found.verdict,
        tier=tier,
        n_seeds=len(answers),
        statistic=found.statistic,
        interval=found.interval,
        accepted={"min": found.accepted[0], "max": found.accepted[1]},
        reason=reason,
        source=claim.source,
        grade=claim.grade,
        under_our_reading=ours,
        values=_values(answers),
        median=statistics.median([value.high for value in values]),
        median_interval=median_interval(values),
    )
