"""What a paper says of a recipe that it leaves open: each sentence against each reading, and which readings fit."""

from __future__ import annotations

from collections.abc import Mapping

from grokbench.claims import phrases as w
from grokbench.claims.verdict import NOT_REPRODUCED, REPRODUCED, Verdict
from grokbench.reports import tables
from grokbench.reports.result import PaperResult

DECIDED = (REPRODUCED, NOT_REPRODUCED)

Grid = Mapping[tuple[str, str], Verdict]
"""(sentence, reading) → verdict."""


def table(report: PaperResult) -> str:
    """A table for each heading of the claims that have a place in one (``Claim.grid``); "" where none has.

    Rows are sentences and columns readings, in the order of the claims. Below each table stands which readings fit.
    """
    grids: dict[str, dict[tuple[str, str], Verdict]] = {}
    for verdict in report.verdicts:
        claim = report.claim(verdict.id)
        if claim is not None and claim.grid is not None:
            grids.setdefault(claim.grid.heading, {})[claim.grid.row, claim.grid.column] = verdict
    if not grids:
        return ""
    intro = (
        "The paper leaves open what exactly was run. Each of its sentences is asked of every reading, as a claim of its own. "
        "A reading fits a sentence where that claim is REPRODUCED."
    )
    parts = ["## Readings", intro]
    for heading, grid in grids.items():
        parts += [f"**{w.sentence(heading)}**", _table(grid), _fits(grid)]
    return "\n\n".join(parts)


def _table(grid: Grid) -> str:
    rows, columns = _distinct(grid, 0), _distinct(grid, 1)
    lines = [[row, *(_cell(grid.get((row, column))) for column in columns)] for row in rows]
    return tables.table(["sentence", *columns], lines)


def _cell(verdict: Verdict | None) -> str:
    """The verdict with a link to its section, and the seeds that met the rule of those it was decided on."""
    if verdict is None:
        return w.DASH
    text = f"[{verdict.verdict}](#{w.place(verdict)})"
    if verdict.values:
        yes = sum(said is True for _, _, said in verdict.values)
        text += f" {yes} of {len(verdict.values)}"
    return text


def _fits(grid: Grid) -> str:
    """Which readings fit every sentence that was decided on them, else how many each of them fits."""
    counts = {column: _counted(grid, column) for column in _distinct(grid, 1)}
    decided = {column: found for column, found in counts.items() if found[1]}
    if not decided:
        return "No sentence is decided yet."
    text = "; ".join(
        f"{column}: {yes} of {n}" + (f", {w.count(left, 'sentence')} undecided" if left else "")
        for column, (yes, n, left) in counts.items()
    )
    whole = [column for column, (yes, n, _) in decided.items() if yes == n]
    if whole:
        said = f"Every sentence that was decided fits {' and '.join(whole)}."
    else:
        said = "No reading fits every sentence that was decided on it."
    return f"{said} Sentences that fit, of those decided: {text}."


def _counted(grid: Grid, column: str) -> tuple[int, int, int]:
    """Of a reading, how many sentences fit, how many are decided, and how many are not."""
    said = [verdict.verdict for (_, own), verdict in grid.items() if own == column]
    decided = [verdict for verdict in said if verdict in DECIDED]
    return decided.count(REPRODUCED), len(decided), len(said) - len(decided)


def _distinct(grid: Grid, axis: int) -> list[str]:
    return list(dict.fromkeys(key[axis] for key in grid))
