"""What the command line does, as Python calls.

In: words, paths and values as a user writes them. Out: records, verdicts, results and the paths of what was written.
"""

from __future__ import annotations

from grokbench.api.leaderboards import leaderboard, tune_submission
from grokbench.api.reading import export, records, report, site, validate
from grokbench.api.stores import merge_stores, prune_store, survey_store
from grokbench.api.training import compare, reproduce, run, sweep
from grokbench.plan.resolve import resolve_trial

__all__ = [
    "compare",
    "export",
    "leaderboard",
    "merge_stores",
    "prune_store",
    "records",
    "report",
    "reproduce",
    "resolve_trial",
    "run",
    "site",
    "survey_store",
    "sweep",
    "tune_submission",
    "validate",
]
