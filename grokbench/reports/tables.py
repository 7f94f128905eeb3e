"""Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A markdown table of texts, its columns not padded: one long cell would widen every row.

    >>> print(table(["a", "b"], [["1 | 2", "3"]]))
    | a | b |
    | :-- | :-- |
    | 1 \\| 2 | 3 |
    """
    lines = [
        [cell(text) for text in head],
        [":--"] * len(head),
        *([cell(text) for text in row] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    """The text as it may stand in a table's cell."""
    return " ".join(text.replace("|", "\\|").split())
