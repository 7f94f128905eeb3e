"""grokbench: a reproducibility benchmark suite for grokking.

    import grokbench
    grokbench.load_task("division").table()          # int64 (9312, 3): x, y, x∘y
    grokbench.run("addition", "gromov2023/adamw", alpha=0.5, seed=0, steps=500)
    grokbench.reproduce("gromov2023", tier="quick")  # verdicts
    grokbench.sweep("addition", "gromov2023/adamw", alphas=(0.3, 0.4, 0.5), seeds=6).threshold.alpha50
    grokbench.records(task="addition", seed=0)       # what the store has
    grokbench.export("gromov2023", format="parquet", records="reports/gromov2023/records")

Names are imported when they are first used, so that ``import grokbench`` loads neither torch, scipy nor matplotlib.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokbench import parts as parts  # schemas ask it about parts from outside

__version__ = "0.1.0"
__all__ = [
    "Analysis",
    "Architecture",
    "Between",
    "CompareResult",
    "Computation",
    "Corruption",
    "Decoding",
    "Domain",
    "FigureFields",
    "FigureKind",
    "GrokbenchError",
    "Group",
    "Learner",
    "Loss",
    "Network",
    "Optimizer",
    "Probe",
    "Record",
    "Size",
    "Source",
    "SpecWarning",
    "Standings",
    "StoredRun",
    "SweepResult",
    "Task",
    "Verdict",
    "Wrapper",
    "__version__",
    "compare",
    "export",
    "field",
    "leaderboard",
    "load_baseline",
    "load_network",
    "load_task",
    "merge_stores",
    "prune_store",
    "records",
    "register",
    "report",
    "reproduce",
    "run",
    "site",
    "stream",
    "survey_store",
    "sweep",
    "tune_submission",
    "validate",
]

if TYPE_CHECKING:
    from grokbench.api import (
        compare,
        export,
        leaderboard,
        merge_stores,
        prune_store,
        records,
        report,
        reproduce,
        run,
        site,
        survey_store,
        sweep,
        tune_submission,
        validate,
    )
    from grokbench.claims.verdict import Verdict
    from grokbench.exports.stored import StoredRun
    from grokbench.figures.fields import Fields as FigureFields
    from grokbench.figures.kind import Kind as FigureKind
    from grokbench.measures.computation import Computation
    from grokbench.measures.reading import Between
    from grokbench.networks.architecture import Architecture, Size
    from grokbench.networks.base import Network
    from grokbench.networks.saved import load_network
    from grokbench.parts import register
    from grokbench.plan.compared import CompareResult
    from grokbench.plan.resolve import SpecWarning, Task, load_baseline, load_task
    from grokbench.plan.standings import Standings
    from grokbench.plan.sweep import SweepResult
    from grokbench.specs.errors import GrokbenchError
    from grokbench.specs.fields import field
    from grokbench.tasks.decoding import Decoding
    from grokbench.tasks.domain import Domain
    from grokbench.tasks.groups import Group
    from grokbench.tasks.source import Source
    from grokbench.tasks.streams import stream
    from grokbench.tasks.trained import Corruption
    from grokbench.training.kinds import Learner, Loss, Optimizer, Wrapper
    from grokbench.training.record import Record
    from grokbench.training.watching import Analysis, Probe

_HOMES = {
    "CompareResult": "grokbench.plan.compared",
    "Standings": "grokbench.plan.standings",
    "Computation": "grokbench.measures.computation",
    "GrokbenchError": "grokbench.specs.errors",
    "Record": "grokbench.training.record",
    "StoredRun": "grokbench.exports.stored",
    "SweepResult": "grokbench.plan.sweep",
    "Verdict": "grokbench.claims.verdict",
    **dict.fromkeys(("SpecWarning", "Task", "load_baseline", "load_task"), "grokbench.plan.resolve"),
    "load_network": "grokbench.networks.saved",
    "register": "grokbench.parts",
    "field": "grokbench.specs.fields",
    "Architecture": "grokbench.networks.architecture",
    "Size": "grokbench.networks.architecture",
    "Network": "grokbench.networks.base",
    "Learner": "grokbench.training.kinds",
    "Decoding": "grokbench.tasks.decoding",
    "Domain": "grokbench.tasks.domain",
    "Group": "grokbench.tasks.groups",
    "Source": "grokbench.tasks.source",
    "Corruption": "grokbench.tasks.trained",
    "Between": "grokbench.measures.reading",
    "Analysis": "grokbench.training.watching",
    "Probe": "grokbench.training.watching",
    "FigureFields": "grokbench.figures.fields:Fields",
    "FigureKind": "grokbench.figures.kind:Kind",
    "stream": "grokbench.tasks.streams",
    "Loss": "grokbench.training.kinds",
    "Optimizer": "grokbench.training.kinds",
    "Wrapper": "grokbench.training.kinds",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    module, _, own = _HOMES.get(name, "grokbench.api").partition(":")
    return getattr(importlib.import_module(module), own or name)


def __dir__() -> list[str]:
    return sorted(__all__)
