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


def lacking(paper: Paper, verdicts: Iterable[Verdict], shown: Collection[str]) -> str:
    """How many claims were not run for want of records, and the experiments that have none; empty where there is none."""
    left = {verdict.id for verdict in verdicts if verdict.verdict == NOT_RUN}
    if not left:
        return ""
    read = read_by(paper, left)
    bare = [one.id for one in paper.experiments if one.id in read and one.id not in shown]
    of = f" (none of {w.few(bare)})" if bare else ""
    return f"{len(left)} of {w.count(len(paper.claims), 'claim')} of {paper.id} lack records{of}"
