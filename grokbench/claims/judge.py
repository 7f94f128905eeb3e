"""From evidence to verdicts: the highest tier whose records are complete decides, and the verdict names it.

A trial of the asked tier that failed comes first: older records of it, or a lower tier's, must not hide it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from grokbench.analysis.threads import one_thread
from grokbench.claims import computed
from grokbench.claims.decide import decide
from grokbench.claims.evidence import Evidence, Needs
from grokbench.claims.rules import LADDER, OWN_RULE
from grokbench.claims.verdict import ERROR, INCONCLUSIVE, NOT_RUN, Verdict, error, not_run
from grokbench.measures.cells import Cell, SeedView
from grokbench.plan import expand as planning
from grokbench.plan.costs import CORE
from grokbench.plan.expand import PlannedTrial
from grokbench.specs.types import TIERS, Claim, Experiment, Paper


def judge_all(
    paper: Paper,
    evidence: Evidence,
    claims: Collection[str] = (),
    known: Mapping[str, Verdict] | None = None,
) -> tuple[Verdict, ...]:
    """A verdict for each claim of the paper, or for those with these ids, in the paper's order.

    known: claim → its verdict, where the same evidence has decided it before.
    """
    chosen = (claim for claim in paper.claims if not claims or claim.id in claims)
    said = known or {}
    return tuple(said.get(claim.id) or judge(paper, claim, evidence) for claim in chosen)


def judge(paper: Paper, claim: Claim, evidence: Evidence) -> Verdict:
    """The verdict of one claim. Its numbers are those of one thread, whatever cores there are."""
    with one_thread():
        return _judged(paper, claim, evidence)


def _judged(paper: Paper, claim: Claim, evidence: Evidence) -> Verdict:
    if claim.computation:
        return computed.judged(claim, evidence.asked)
    experiments = planning.experiments_of(paper, claim)
    origins = [evidence.origins[one.id] for one in experiments if one.id in claim.experiments]
    broken = evidence.failed(planning.seeds_needed(paper, claim, evidence.asked))
    if broken:
        why = f" ({broken[0].sentence})" if broken[0].sentence else ""
        said = f"{len(broken)} of its trials failed{why}; the first traceback is in {broken[0].path}"
        return error(claim, evidence.asked, said, origins)
    for tier in evidence.tiers:
        seeds = planning.seeds_needed(paper, claim, tier)
        if not seeds or not _adds(paper, claim, tier):
            continue  # what is as it was at the tier below is decided there
        verdict = _decided(paper, claim, evidence, tier, seeds, extended=extends(paper, claim, tier))
        while verdict is not None:
            rung = next_rung(claim, verdict)
            more = rung and planning.seeds_on_rung(paper, claim, tier, rung)
            further = _decided(paper, claim, evidence, tier, more, extended=True) if more else None
            if further is None:
                return verdict
            verdict = further
    tiers = (tier for tier in TIERS if tier in evidence.tiers)
    home = next((tier for tier in tiers if planning.seeds_needed(paper, claim, tier)), None)
    if home is None:
        return not_run(
            claim, evidence.asked, f"the tier {evidence.asked} has nothing for this claim", origins
        )
    minutes = evidence.minutes_missing(planning.seeds_needed(paper, claim, home), home)
    return not_run(claim, home, f"needs tier {home}: {core_minutes(minutes)} are missing", origins)


def _adds(paper: Paper, claim: Claim, tier: str) -> bool:
    """Whether a tier gives a claim trials that the tier below does not: seeds that all its arms have, or other plans."""
    experiments = planning.experiments_of(paper, claim)
    if not any(tier in one.tiers for one in experiments):
        return False
    needs = planning.seeds_needed
    if tier != "paper" or needs(paper, claim, "quick") != needs(paper, claim, tier):
        return True
    for one in experiments:
        below, here = (planning.tier_plan(one, name) for name in ("quick", tier))
        if below and here and replace(here, seeds=below.seeds, expected_steps=below.expected_steps) != below:
            return True
    return False


def _decided(
    paper: Paper, claim: Claim, evidence: Evidence, tier: str, seeds: Needs, *, extended: bool
) -> Verdict | None:
    """The verdict on the records of these seeds at a tier; None while one is missing."""
    found = {name: evidence.cells(name, tier, own) for name, own in seeds.items()}
    complete = {name: cells for name, cells in found.items() if cells is not None}
    if len(complete) < len(found):
        return None
    seen = paired if claim.pairs else tuple
    arms = (one for one in planning.experiments_of(paper, claim) if one.id in claim.experiments)
    return decide(
        claim,
        seen(views(complete, claim.experiments)),
        seen(views(complete, [claim.control])) if claim.control else (),
        tier,
        budgets=[_budget(one) for one in arms] * (2 if claim.pairs else 1),
        extended=extended,
    )


def next_rung(claim: Claim, verdict: Verdict) -> int | None:
    """The number of seeds on which the ladder may still decide a claim that is undecided; None where it cannot.

    It cannot where the seeds have decided and the control was at fault, and where no answers of the seeds to come would do.
    """
    n, yes = verdict.n_seeds, verdict.yes
    unknown = sum(said is None for _, _, said in verdict.values)
    if verdict.verdict != INCONCLUSIVE or claim.pairs or claim.kind in OWN_RULE or n not in LADDER:
        return None
    enough, few = LADDER[n]
    if yes >= enough or yes + unknown <= few:
        return None
    for rung in (rung for rung in LADDER if rung > n):
        enough, few = LADDER[rung]
        if yes + rung - n >= enough or yes + unknown <= few:
            return rung
    return None


def core_minutes(minutes: float) -> str:
    """Estimated minutes in words, and at which speed of a core they hold."""
    return f"about {max(minutes, 1):.0f} min of one CPU core at {CORE / 1e9:.0f} GFLOP/s"


def extends(paper: Paper, claim: Claim, tier: str) -> bool:
    """Whether the quick tier could have decided on fewer of the same seeds, so that the ladder holds."""
    if claim.pairs:  # three pairs could not have decided
        return False
    if tier != "paper" or any("quick" not in e.tiers for e in planning.experiments_of(paper, claim)):
        return False
    quick, whole = (planning.seeds_needed(paper, claim, name) for name in ("quick", "paper"))
    return any(len(quick[name]) < len(seeds) for name, seeds in whole.items())


def _budget(experiment: Experiment) -> int:
    """The steps that a claim on ``experiment`` asks for: those of its highest tier."""
    return next(experiment.tiers[tier].steps for tier in reversed(TIERS) if tier in experiment.tiers)


def trials_read(paper: Paper, evidence: Evidence, verdict: Verdict) -> list[PlannedTrial]:
    """The trials that a verdict was reached on; none of one that looked at no record."""
    if verdict.verdict in (NOT_RUN, ERROR):
        return []
    claim = next(claim for claim in paper.claims if claim.id == verdict.id)
    needs = planning.seeds_needed(paper, claim, verdict.tier)
    if (
        claim.experiments
        and not claim.pairs
        and verdict.n_seeds > max(len(needs[arm]) for arm in claim.experiments)
    ):
        needs = planning.seeds_on_rung(paper, claim, verdict.tier, verdict.n_seeds)
    return [
        planned for name, seeds in needs.items() for planned in evidence.trials(name, verdict.tier, seeds)
    ]


def read_of(
    paper: Paper, evidence: Evidence, verdicts: Iterable[Verdict]
) -> dict[str, tuple[PlannedTrial, ...]]:
    """Experiment id → the trials that any of the verdicts was reached on, each once."""
    out: dict[str, dict[str, PlannedTrial]] = {}
    for verdict in verdicts:
        for planned in trials_read(paper, evidence, verdict):
            out.setdefault(planned.experiment, {})[planned.request] = planned
    return {name: tuple(found.values()) for name, found in out.items()}


def views(cells: Mapping[str, Sequence[Cell]], arms: Sequence[str]) -> tuple[SeedView, ...]:
    """Per seed, the cells of each arm; seeds of all arms, ascending."""
    seeds = sorted({cell.seed for arm in arms for cell in cells[arm]})
    return tuple(
        SeedView(seed, tuple(tuple(cell for cell in cells[arm] if cell.seed == seed) for arm in arms))
        for seed in seeds
    )


def paired(seeds: Sequence[SeedView]) -> tuple[SeedView, ...]:
    """Seeds two by two, each in one pair so that pairs are independent: the second one's arms follow the first one's.

    A last seed without a partner is left out.
    """
    return tuple(
        SeedView(one.seed, one.arms + other.arms) for one, other in zip(seeds[::2], seeds[1::2], strict=False)
    )
