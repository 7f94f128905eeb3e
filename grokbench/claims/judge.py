"""From records to a verdict: the highest tier whose records are complete decides, and the verdict names it.

A trial of the asked tier that failed comes first: older records of it, or a lower tier's, must not hide it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from grokbench.claims import computed
from grokbench.claims.decide import decide
from grokbench.claims.verdict import Verdict, error, not_run
from grokbench.measures.cells import Cell, SeedView
from grokbench.plan import expand as planning
from grokbench.plan.executor import Failure
from grokbench.plan.flops import FLOPS_PER_SECOND
from grokbench.specs.loader import Library
from grokbench.specs.types import TIERS, Claim, Experiment, Paper

CellsOf = Callable[[Experiment, str, Collection[int]], tuple[Cell, ...] | None]
Cost = Callable[[Mapping[str, Collection[int]], str], float]


def judge(
    library: Library,
    paper: Paper,
    claim: Claim,
    tiers: Sequence[str],
    asked: str,
    cells: CellsOf,
    failures: Sequence[Failure],
    minutes: Cost,
) -> Verdict:
    """The verdict of one claim.

    tiers: those that may decide, highest first. asked: the tier of the command. cells: the records of an experiment at
    a tier with these seeds, or None while one is missing. minutes: estimated minutes of one CPU core for what is missing
    of experiments, by id, with these seeds at a tier.
    """
    if claim.computation:
        return computed.judged(claim, asked)
    experiments = planning.experiments_of(paper, claim)
    origins = [library.recipe(e.baseline).origin for e in experiments if e.id in claim.experiments]
    asked_seeds = planning.seeds_needed(paper, claim, asked)
    broken = [failure for failure in failures if _belongs(library, failure, experiments, asked, asked_seeds)]
    if broken:
        why = f" ({broken[0].sentence})" if broken[0].sentence else ""
        return error(
            claim,
            asked,
            f"{len(broken)} of its trials failed{why}; the first traceback is in {broken[0].path}",
            origins,
        )
    for tier in tiers:
        seeds = planning.seeds_needed(paper, claim, tier)
        if not seeds or not any(tier in e.tiers for e in experiments):
            continue  # a tier that adds nothing of its own leaves the decision to the one below
        found = {experiment.id: cells(experiment, tier, seeds[experiment.id]) for experiment in experiments}
        if all(found.values()):
            complete = {name: entries for name, entries in found.items() if entries is not None}
            seen = paired if claim.pairs else tuple
            return decide(
                claim,
                seen(views(complete, claim.experiments)),
                seen(views(complete, [claim.control])) if claim.control else (),
                tier,
                budgets=[
                    _budget(experiment) for experiment in experiments if experiment.id in claim.experiments
                ]
                * (2 if claim.pairs else 1),
                extended=extends(paper, claim, tier),
            )
    home = next((tier for tier in TIERS if tier in tiers and planning.seeds_needed(paper, claim, tier)), None)
    if home is None:
        return not_run(claim, asked, f"the tier {asked} has nothing for this claim", origins)
    cost = minutes(planning.seeds_needed(paper, claim, home), home)
    return not_run(claim, home, f"needs tier {home}: {_said(cost)} are missing", origins)


def _said(minutes: float) -> str:
    return f"about {max(minutes, 1):.0f} min of one CPU core at {FLOPS_PER_SECOND / 1e9:.0f} GFLOP/s"


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


def _belongs(
    library: Library,
    failure: Failure,
    experiments: Sequence[Experiment],
    tier: str,
    seeds: Mapping[str, Collection[int]],
) -> bool:
    return any(
        planned.trial == failure.trial
        for experiment in experiments
        for planned in planning.expand(library, experiment, tier, seeds.get(experiment.id, ()))
    )


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
