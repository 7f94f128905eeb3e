"""Where the site lies, what a command says of it, and opening it."""

from __future__ import annotations

import shlex
from pathlib import Path

from grokbench.cli.options import note

SITE = Path("site")
"""Folder of the site, where none is named."""


def paper_page(paper: str) -> Path:
    """Where the site has a paper's page."""
    return SITE / "papers" / paper / "index.html"


def site_told(reports: Path, paper: str) -> str:
    """A line on the page that shows a paper's report: how to make it, or to make it again."""
    made = paper_page(paper)
    named = [] if reports == Path("reports") else ["--reports", str(reports)]
    command = shlex.join(["grokbench", "site", *named])
    if made.is_file():
        return f"page: {made} shows an earlier report; `{command}` makes it again"
    return f"page: `{command} --open` makes one to look at"


def show(page: Path) -> None:
    """Open a page in the reader's browser; a note where there is none."""
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        note(f"no browser could be opened; open {page} in yours")
