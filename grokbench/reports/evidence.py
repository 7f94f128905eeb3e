"""What verdicts stand on: the experiments that claims read."""

from __future__ import annotations

from collections.abc import Collection

from grokbench.claims.verdict import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED
from grokbench.specs.types import Paper

JUDGED = (REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE)
"""Verdicts that were reached by looking at records."""


def read_by(paper: Paper, claims: Collection[str]) -> set[str]:
    """The experiments that these claims read, their controls included."""
    chosen = (claim for claim in paper.claims if claim.id in claims)
    return {name for claim in chosen for name in (*claim.experiments, claim.control) if name is not None}
