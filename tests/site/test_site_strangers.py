"""A report and specs of a stranger are text on the pages: nothing in them becomes a tag, a script or a link of its own."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from grokbench.reports.site import write
from grokbench.specs import schema
from grokbench.specs.loader import Library

EVIL = "</script></td>\"'><script>alert(1)</script><img src=x onerror=alert(2)>`<svg onload=alert(3)>` "


class Tags(HTMLParser):
    """What of a page could run: scripts in it, handlers of events, and links that are no addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.running: list[str] = []
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        self._script = tag == "script"
        self.running += [f"{tag} {name}" for name in own if name.startswith("on")]
        if tag in ("img", "svg", "iframe", "object", "embed", "base"):
            self.running.append(tag)
        link = (own.get("href") or own.get("src") or "").strip().lower()
        if link.startswith(("javascript:", "vbscript:", "data:text")):
            self.running.append(link)

    def handle_data(self, data: str) -> None:
        if self._script and "alert" in data:
            self.running.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._script = False


def strange(value: Any) -> Any:
    """Every text of more than one word, and every title, with what would run before it."""
    if isinstance(value, dict):
        return {name: strange(own) for name, own in value.items()}
    if isinstance(value, list):
        return [strange(own) for own in value]
    return EVIL + value if isinstance(value, str) and " " in value and value.upper() != value else value


def test_nothing_in_a_strangers_report_runs_on_its_pages(read: Any, tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("plotly")
    mine = []
    for one in read[0]:
        paper = dataclasses.replace(
            one.report.paper,
            title=EVIL,
            authors=EVIL,
            experiments=tuple(dataclasses.replace(own, title=EVIL) for own in one.report.paper.experiments),
        )
        report = dataclasses.replace(one.report, paper=paper)
        mine.append(dataclasses.replace(one, document=strange(one.document), report=report))
    site = write(mine, tmp_path / "site").parent
    pages = {path.name: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    assert {name: Tags(text).running for name, text in pages.items() if Tags(text).running} == {}
    shown = [text for text in pages.values() if "&lt;script&gt;alert(1)" in text]
    assert len(shown) > len(pages) / 2
    data = [path.read_text(encoding="utf-8") for path in (site / "data").rglob("*.js")]
    assert data
    assert not any("alert" in text for text in data)  # deflated, in base85


def test_the_address_of_a_paper_is_one_of_the_web() -> None:
    document = Library()._read(Library().file("paper", "gromov2023").path)
    for address in (
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        'https://x"onclick="y',
        "https://a b",
    ):
        strange_ = {**document, "paper": {**document["paper"], "url": address}}
        assert [one.path for one in schema.mistakes("paper", strange_, "claims.toml")] == ["paper.url"]
    assert schema.mistakes("paper", document, "claims.toml") == []
