"""Curves drawn in the terminal: braille dots over log step, with marked steps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from grokbench.specs.types import Array

if TYPE_CHECKING:
    from rich.text import Text

ROWS = 13
"""Rows between 0 and 1."""

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bits of a braille character's dots, four rows of two."""

LEFT = 5  # columns of the axis
TRAIN, TEST, MARK = "blue", "red", "dim"


def accuracies(curves: Mapping[str, Array], marks: Mapping[str, float | None], width: int) -> Text:
    """Train accuracy (dotted) and test accuracy (solid) against the step, ``width`` columns wide, ``ROWS`` + 5 rows at most.

    curves: ``step``, ``train_accuracy`` and ``test_accuracy``, each (n,). marks: name → the step at which an upright line
    stands; None: there is none. Step 0 has no place on a logarithmic axis and is left out.
    """
    from rich.text import Text

    after = curves["step"] > 0
    steps = curves["step"][after].astype(float)
    if len(steps) < 2:
        return Text("no curve: fewer than two evaluations after the start", style="dim")
    columns = max(20, width - LEFT - 1)
    low, high = math.log(steps[0]), math.log(steps[-1])

    def place(step: float) -> float:
        """Where a step stands, from 0 to 1."""
        return (math.log(step) - low) / (high - low)

    across = np.array([place(step) for step in steps]) * (2 * columns - 1)
    dotted, solid = (
        _dots(across, curves[name][after], columns) for name in ("train_accuracy", "test_accuracy")
    )
    dotted = {dot for dot in dotted if (dot[0] + dot[1]) % 3 == 0}
    known = {name: step for name, step in marks.items() if step}
    uprights = {name: round(place(step) * (columns - 1)) for name, step in known.items()}
    out = Text()
    for label in _labels({name: (f"{name} {known[name]:.0f}", at) for name, at in uprights.items()}, columns):
        out.append(" " * LEFT + label + "\n", style="bold")
    axis = {0: "1.0", ROWS // 2: "0.5", ROWS - 1: "0.0"}
    for row in range(ROWS):
        out.append(f"{axis.get(row, ''):>{LEFT - 2}} ┤" if row in axis else " " * (LEFT - 1) + "│")
        for column in range(columns):
            test, train = _cell(solid, row, column), _cell(dotted, row, column)
            if test or train:
                out.append(chr(0x2800 + (test | train)), style=TEST if test else TRAIN)
            elif column in uprights.values():
                out.append("┊", style=MARK)
            else:
                out.append(" ")
        out.append("\n")
    out.append(" " * (LEFT - 1) + "└" + "─" * columns + "\n")
    powers = [10**n for n in range(8) if steps[0] <= 10**n <= steps[-1]]
    ticks = dict.fromkeys([*powers, *([steps[-1]] if place(powers[-1] if powers else 1) < 0.8 else [])])
    out.append(
        " " * LEFT + _ticks({f"{step:.0f}": round(place(step) * (columns - 1)) for step in ticks}, columns)
    )
    out.append("\n" + " " * LEFT + "step (log)   ")
    return out.append("⠢⠢ train", style=TRAIN).append("   ").append("⠒⠒ test accuracy", style=TEST)


def _dots(across: Array, values: Array, columns: int) -> set[tuple[int, int]]:
    """The dots (x, y), y downwards, of a line through the points."""
    deep = 4 * ROWS - 1
    down = (1 - np.clip(values, 0, 1)) * deep
    out: set[tuple[int, int]] = set()
    for i in range(len(across) - 1):
        n = 2 + int(max(abs(across[i + 1] - across[i]), abs(down[i + 1] - down[i])))
        xs, ys = (
            np.rint(np.linspace(line[i], line[i + 1], n)).astype(int).tolist() for line in (across, down)
        )
        out.update(zip(xs, ys, strict=True))
    return out


def _cell(dots: Iterable[tuple[int, int]], row: int, column: int) -> int:
    """The bits of the dots in a character."""
    return sum(DOTS[y][x] for y in range(4) for x in range(2) if (2 * column + x, 4 * row + y) in dots)


def _labels(labels: Mapping[str, tuple[str, int]], columns: int) -> list[str]:
    """Labels above their columns, an arrow at each; those that would touch stand in rows of their own."""
    lines: list[str] = []
    for text, at in sorted(labels.values(), key=lambda one: one[1]):
        start = at if at + len(text) + 2 <= columns else at - len(text) - 1
        told = f"▾ {text}" if start == at else f"{text} ▾"
        if lines and len(lines[-1]) + 2 <= start:
            lines[-1] = lines[-1].ljust(start) + told
        else:
            lines.append(" " * max(0, start) + told)
    return lines


def _ticks(ticks: Mapping[str, int], columns: int) -> str:
    """Numbers under their columns; one that would touch its neighbour is left out."""
    line = ""
    for text, at in sorted(ticks.items(), key=lambda one: one[1]):
        start = min(max(0, at - len(text) // 2), columns - len(text))
        if not line or start > len(line):
            line = line.ljust(start) + text
    return line
