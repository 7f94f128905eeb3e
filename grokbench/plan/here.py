"""The executor "here": one job after another in the calling process, for scripts that can spawn no workers."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from grokbench.plan.worker import OnNews, Work


class Here:
    """The calling process, which loads torch."""

    def run(self, jobs: Sequence[Work], workers: int, tell: OnNews) -> None:
        """Run ``jobs`` in their order; ``workers`` says nothing here."""
        for index, job in enumerate(jobs):
            tell(index, job(functools.partial(tell, index)))


HERE = Here()
