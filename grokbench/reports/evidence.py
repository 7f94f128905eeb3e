"""What verdicts stand on: the experiments that claims read, the figures that they ask for."""

from __future__ import annotations

from collections.abc import Collection

from grokbench.claims.verdict import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED
from grokbench.reports.figures import name_for
from grokbench.specs.types import Paper

JUDGED = (REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE)
"""Verdicts that were reached by looking at records."""


def read_by(paper: Paper, claims: Collection[str]) -> set[str]:
    """The experiments that these claims read, their controls included."""
    chosen = (claim for claim in paper.claims if claim.id in claims)
    return {name for claim in chosen for name in (*claim.experiments, claim.control) if name is not None}


def figures_of(paper: Paper, claims: Collection[str]) -> set[str]:
    """The figures that these claims ask for."""
    names = (name_for(paper, claim) for claim in paper.claims if claim.id in claims)
    return {name for name in names if name is not None}
