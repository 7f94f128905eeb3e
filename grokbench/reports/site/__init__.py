"""The site: a scoreboard, a page a paper and a claim, and a comparison of recipes, as files that need no server.

In: what reports say of papers (``Reported``), and the documents of leaderboards (``boards.Board``).
Out: a folder of HTML, JSON and one copy of plotly's JavaScript.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grokbench.reports.site.content import Reported
    from grokbench.reports.site.writer import require, write

__all__ = ["Reported", "require", "write"]

_HOMES = {
    "Reported": "grokbench.reports.site.content",
    **dict.fromkeys(("require", "write"), "grokbench.reports.site.writer"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
