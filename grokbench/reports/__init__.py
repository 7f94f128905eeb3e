"""Reports: what a reader sees.

In: a ``PaperResult`` (paper, verdicts, records). Out: markdown, JSON, figures and the scoreboard on disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grokbench.reports.overview import scoreboard
    from grokbench.reports.result import PaperResult
    from grokbench.reports.writer import write

__all__ = ["PaperResult", "scoreboard", "write"]

_HOMES = {
    "PaperResult": "grokbench.reports.result",
    "scoreboard": "grokbench.reports.overview",
    "write": "grokbench.reports.writer",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
