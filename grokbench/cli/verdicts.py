"""The verdicts of ``reproduce``: on a terminal a table that grows above the bar, elsewhere a line each."""

from __future__ import annotations

import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grokbench.claims import phrases
from grokbench.claims.verdict import (
    ERROR,
    INCONCLUSIVE,
    NOT_REPRODUCED,
    NOT_RUN,
    OUR_FAILURE,
    REPRODUCED,
    Verdict,
)
from grokbench.cli.bar import Board
from grokbench.findings import Deciding
from grokbench.reports import front, rows, runs
from grokbench.specs.types import Claim, Paper

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from grokbench.plan.executor import Event
    from grokbench.plan.expand import PlannedTrial
    from grokbench.reports.result import PaperResult
    from grokbench.reproduction import Reproduction

STYLES = {
    REPRODUCED: "green",
    NOT_REPRODUCED: "red",
    INCONCLUSIVE: "yellow",
    NOT_RUN: "dim",
    ERROR: "magenta",
}
SIGNS = {verdict: (rows.SIGNS[verdict], style) for verdict, style in STYLES.items()}
"""Verdict → a sign and a colour; either of them is enough to tell it."""

WIDE, FULL = 110, 150
"""Columns from which on a row has the interval of its median, and says in words that a verdict speaks of our reading."""

OURS = "* under our reading of the paper"
PLAIN_WIDTH = 100  # of reasons where they do not go to a terminal


class Verdicts(Board):
    """The verdicts of a job as they come. quiet: stdout is another's.

    On a terminal stderr has a row for each above the bar, and stdout the whole table at the end. Where stdout is no terminal
    it has a line for each verdict as soon as it comes.
    """

    def __init__(self, job: Reproduction, out: Path, *, quiet: bool) -> None:
        self.deciding = Deciding(job, out)
        self._job, self._quiet = job, quiet
        self._told: list[Verdict] = []
        self._console: Console | None = None
        self._rows = 0  # of the table above the bar
        terminal = sys.stderr.isatty() if quiet else sys.stdout.isatty()
        self._lines = not terminal

    def begin(self, batch: Sequence[PlannedTrial]) -> None:
        """Take the trials to come."""
        self._add(self.deciding.begin(batch))

    def event(self, event: Event) -> None:
        """Take what became of a trial."""
        if event.kind == "done":
            self._add(self.deciding.ended(event.trial))

    def settle(self) -> None:
        """Take the end of a batch."""
        self._add(self.deciding.settle())

    def attach(self, console: Console | None) -> None:
        """Print the rows that came before there was a bar."""
        self._console = console
        self._print()

    def words(self) -> str:
        """How many claims are decided, and how."""
        told = f"{len(self._told)} of {phrases.count(self.deciding.asked, 'claim')} decided"
        return f"{told}: {_counted(self._told)}" if self._told else told

    def end(self, result: PaperResult) -> None:
        """Print what is known at the end: the table, or the lines still missing; why claims failed; the count."""
        known = {verdict.id for verdict in self._told}
        decided = [one for one in result.shown if one.verdict != NOT_RUN]
        self._add(one for one in decided if one.id not in known)
        width = PLAIN_WIDTH
        if not self._lines and not self._quiet:
            from rich.console import Console

            console = Console()
            width = console.width
            first = {verdict.id for verdict in front.headline(result)}
            shown = sorted(result.shown if self._job.claims else decided, key=lambda one: one.id not in first)
            split = sum(one.id in first for one in shown)
            sheet = Sheet(self._job.paper, [one.id for one in shown], width)
            claims = {claim.id: claim for claim in self._job.paper.claims}
            found = {
                one.id: runs.rises(self._job.paper, result.evidence, claims[one.id], one)
                for one in shown
                if one.values
            }
            lines = [sheet.head, sheet.rule, *(sheet.row(one, found.get(one.id, ())) for one in shown)]
            if split < len(shown):
                lines.insert(2 + split, sheet.rule)
            for line in lines if shown else ():
                console.print(line)
            if not sheet.full and any(one.under_our_reading for one in shown):
                console.print(OURS, style="dim")
        for text in reasons(result.shown, width):
            self._say(text)
        self._say(count(result.shown))

    def _add(self, verdicts: Iterable[Verdict]) -> None:
        for verdict in verdicts:
            self._told.append(verdict)
            if self._lines:
                self._say(plain(self._job.paper, verdict, self._rises(verdict)))
        self._print()

    def _print(self) -> None:
        """The rows that are not above the bar yet."""
        if self._console is None or self._rows == len(self._told):
            return
        sheet = Sheet(self._job.paper, [claim.id for claim in self._job.chosen], self._console.width)
        for line in () if self._rows else (sheet.head, sheet.rule):
            self._console.print(line)
        for verdict in self._told[self._rows :]:
            self._console.print(sheet.row(verdict, self._rises(verdict)))
        self._rows = len(self._told)

    def _rises(self, verdict: Verdict) -> Sequence[float]:
        """R½ of an event's runs, where they are at hand."""
        return self.deciding.rises.get(verdict.id, ())

    def _say(self, text: str) -> None:
        click.echo(text, err=self._quiet)


HEAD = ("claim", "paper says", "here", "k/n", "verdict")


class Sheet:
    """Rows of one width, each a line: claim, what the paper says, our median, k of n, verdict, as on the paper's page.

    claims: those that may get a row. Columns have the same places whatever the verdicts will be. Where two titles would be
    cut to the same text, they are cut in the middle.
    """

    def __init__(self, paper: Paper, claims: Iterable[str], width: int) -> None:
        from rich.text import Text

        chosen = set(claims)
        self._paper, self._claims = paper, [one for one in paper.claims if one.id in chosen]
        self._wide, self.full = width >= WIDE, width >= FULL
        says = max((len(_says(one)) for one in self._claims), default=0)
        drawn = any(one.kind == rows.DRAWN for one in self._claims)
        rest = (
            min(20 if self._wide else 10, max(len(HEAD[1]), says)),
            (26 if self.full else 24) if self._wide else 8,
            9 if drawn else 5,
            2 + len(OUR_FAILURE if self.full else f"{NOT_REPRODUCED}*"),
        )
        self._widths = (max(8, width - sum(rest) - 2 * len(rest)), *rest)
        cut = Counter(_fit(_title(one), self._widths[0]) for one in self._claims)
        self._alike = {text for text, many in cut.items() if many > 1}
        self.head, self.rule = self._line(HEAD, ["bold"] * len(HEAD)), Text("─" * width, style="dim")

    def row(self, verdict: Verdict, rises: Sequence[float] = ()) -> Text:
        """The line of a verdict. rises: R½ of an event's runs."""
        title, says, here, seeds, name = cells(self._paper, verdict, rises)
        if _fit(title, self._widths[0]) in self._alike:
            title = _narrowed(title, self._widths[0])
        sign, style = SIGNS[verdict.verdict]
        if not self._wide:
            here = " ".join(here.split()[: 2 if here.startswith("R½") else 1])
        if not self.full:
            name = verdict.verdict + ("*" if name != verdict.verdict else "")
        dim = "dim" if verdict.verdict == NOT_RUN else ""
        texts = (title, says, here, seeds, f"{sign} {name}")
        return self._line(texts, [dim, dim, dim, dim, style])

    def _line(self, texts: Sequence[str], styles: Sequence[str]) -> Text:
        from rich.text import Text

        parts = [
            Text(_fit(text, width), style=style)
            for text, width, style in zip(texts, self._widths, styles, strict=True)
        ]
        line = Text("  ").join(parts)
        line.no_wrap = True
        return line


def _fit(text: str, width: int) -> str:
    """The text in so many columns, cut where it is longer."""
    from rich.cells import cell_len, set_cell_size

    return set_cell_size(text, width) if cell_len(text) <= width else f"{set_cell_size(text, width - 1)}…"


def _narrowed(text: str, width: int) -> str:
    """A text that is too long, without its middle.

    >>> _narrowed("learned without momentum", 11)
    'learn…entum'
    """
    head = (width - 1) // 2
    return f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"


def _title(claim: Claim) -> str:
    return claim.title or claim.id


def _says(claim: Claim) -> str:
    return rows.stated(claim.reported.value if claim.reported else None)


def cells(paper: Paper, verdict: Verdict, rises: Sequence[float] = ()) -> tuple[str, str, str, str, str]:
    """Title, what the paper says, our median, k of n, and what the verdict is called: as the page has them."""
    claim = next(one for one in paper.claims if one.id == verdict.id)
    return (
        _title(claim),
        _says(claim),
        rows.here(verdict, claim.kind, rises),
        rows.k_of_n(verdict, claim.kind),
        verdict.called,
    )


def plain(paper: Paper, verdict: Verdict, rises: Sequence[float] = ()) -> str:
    """A verdict as one line. rises: R½ of an event's runs."""
    _, says, here, seeds, name = cells(paper, verdict, rises)
    told = [f"{paper.id}.{verdict.id}"]
    told += [seeds] if seeds != phrases.DASH else []
    told += [f"here {here}"] if here != phrases.DASH else []
    told += [f"paper says {says}"] if says != phrases.DASH else []
    return f"{name + ' ':<15} {'; '.join(told)}"


def reasons(verdicts: Iterable[Verdict], width: int) -> list[str]:
    """Why each claim that is not reproduced is not, or why its trials failed, in two lines at most."""
    out = []
    for verdict in verdicts:
        if verdict.verdict in (NOT_REPRODUCED, ERROR):
            sign, _ = SIGNS[verdict.verdict]
            out += textwrap.wrap(
                f"{sign} {verdict.id}: {verdict.reason}",
                width,
                subsequent_indent="  ",
                max_lines=2,
                break_on_hyphens=False,
                placeholder=" …",
            )
    return out


def count(verdicts: Sequence[Verdict]) -> str:
    """How many claims there are of each verdict.

    >>> count([])
    '0 claims'
    """
    decided = [verdict for verdict in verdicts if verdict.verdict != NOT_RUN]
    waiting = len(verdicts) - len(decided)
    told = _counted(decided)
    return (
        phrases.count(len(decided), "claim")
        + (f": {told}" if told else "")
        + (f"; {waiting} not run" if waiting else "")
    )


def _counted(verdicts: Iterable[Verdict]) -> str:
    many = Counter(verdict.verdict for verdict in verdicts)
    return ", ".join(f"{many[name]} {name.lower()}" for name in SIGNS if many[name])
