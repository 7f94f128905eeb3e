"""Reports: what a reader sees.

In: a ``ReportInput`` (paper, verdicts, records). Out: markdown, JSON, figures and the scoreboard on disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grokbench.reports.input import ReportInput
    from grokbench.reports.overview import scoreboard
    from grokbench.reports.writer import write

__all__ = ["ReportInput", "scoreboard", "write"]

_HOMES = {
    "ReportInput": "grokbench.reports.input",
    "scoreboard": "grokbench.reports.overview",
    "write": "grokbench.reports.writer",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
