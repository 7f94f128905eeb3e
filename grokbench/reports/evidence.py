"""What verdicts stand on: the experiments that claims read."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from grokbench.claims import phrases as w
from grokbench.claims.verdict import INCONCLUSIVE, NOT_REPRODUCED, NOT_RUN, REPRODUCED, Verdict
from grokbench.specs.types import Paper

JUDGED = (REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE)
"""Verdicts that were reached by looking at records."""


def read_by(paper: Paper, claims: Collection[str]) -> set[str]:
    """The experiments that these claims read, their controls included."""
    chosen = (claim for claim in paper.claims if claim.id in claims)
    return {name for claim in chosen for name in (*claim.experiments, claim.control) if name is not None}


def counted(paper: Paper, verdicts: Iterable[Verdict]) -> tuple[list[int], list[int]]:
    """The seeds of trained networks that verdicts were reached on, and those of draws without training; of exact checks none.

    A claim that compares the two counts with the trained ones.
    """
    trained = {one.id for one in paper.experiments if any(plan.steps for plan in one.tiers.values())}
    by_id = {claim.id: claim for claim in paper.claims}
    seeds: set[int] = set()
    draws: set[int] = set()
    for verdict in verdicts:
        claim = by_id.get(verdict.id)
        if claim is not None and claim.kind != "exact" and verdict.verdict in JUDGED:
            own = seeds if trained.intersection(claim.experiments) else draws
            own.update(seed for seed, _, _ in verdict.values)
    return sorted(seeds), sorted(draws)


def lacking(paper: Paper, verdicts: Iterable[Verdict], shown: Collection[str]) -> str:
    """How many claims were not run for want of records, and the experiments that have none; empty where there is none."""
    left = {verdict.id for verdict in verdicts if verdict.verdict == NOT_RUN}
    if not left:
        return ""
    read = read_by(paper, left)
    bare = [one.id for one in paper.experiments if one.id in read and one.id not in shown]
    of = f" (none of {w.few(bare)})" if bare else ""
    return f"{len(left)} of {w.count(len(paper.claims), 'claim')} of {paper.id} lack records{of}"
