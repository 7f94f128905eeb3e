"""One look for every figure: the Okabe–Ito palette, which colour-blind readers can tell apart; quiet axes."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, BLACK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
    "#000000",
)
WIDTH = 9.6  # inches of a page
SMALL = 8


@dataclass(frozen=True)
class Look:
    """How one series is drawn: colour, marker and line differ together, so that a copy in grey can be read."""

    color: str
    marker: str
    line: str | tuple[int, tuple[float, ...]]


LOOKS = (
    Look(BLUE, "s", (0, (5, 1.5))),
    Look(VERMILION, "o", "-"),
    Look(GREEN, "D", (0, (3, 1, 1, 1))),
    Look(ORANGE, "v", (0, (1.5, 1.2))),
    Look(PURPLE, "P", (0, (8, 2))),
    Look(SKY, "X", (0, (5, 1, 1, 1, 1, 1))),
    Look(BLACK, "*", (0, (1, 2))),
)
SPLITS = {"train": LOOKS[0], "test": LOOKS[1]}
LINES: tuple[Any, ...] = ("--", ":", "-", "-.", (0, (6, 1, 1, 1)), (0, (1, 1)), (0, (9, 3)))  # of marks
BANDS = ("0.87", "#D9ECF7", "#FBEBC8", "#D9F0E6")

CENSORED = "not within the budget (k/n seeds)"

_SEEDS: weakref.WeakKeyDictionary[Artist, tuple[int, ...]] = weakref.WeakKeyDictionary()


def credit(artist: Artist, seeds: Iterable[int]) -> None:
    """Note whose runs an artist shows: one seed of all of it, or the seed of each of its points."""
    _SEEDS[artist] = tuple(seeds)


def seeds_of(artist: Artist) -> tuple[int, ...]:
    """What ``credit`` noted; () where it is of no single seed, as a median is."""
    return _SEEDS.get(artist, ())


def look(i: int, name: str = "") -> Look:
    """The look of the i-th series; train and test always have their own, but not rows of them that are looked at apart."""
    split, _, what = name.partition("_")
    return SPLITS.get(split if "_" not in what else "", LOOKS[i % len(LOOKS)])


@contextmanager
def own_look() -> Iterator[None]:
    """Draw and save as matplotlib does of itself, whatever the caller's backend, rc file or style is; both stay theirs.

    ``import matplotlib`` fails where MPLBACKEND names a backend that is not installed, so it is imported without one.
    """
    named, first = os.environ.pop("MPLBACKEND", None), "matplotlib" not in sys.modules
    try:
        import matplotlib
        from matplotlib import style
    finally:
        if named is not None:
            os.environ["MPLBACKEND"] = named
    if first and named:  # what the import itself would have done
        with suppress(ValueError):  # there is none of that name: the caller learns so when they draw
            matplotlib.rcParams["backend"] = named
    with style.context("default"), matplotlib.rc_context({"svg.hashsalt": "grokbench"}):
        yield


def canvas(
    rows: int, columns: int, width: float | None = None, height: float = 3.0
) -> tuple[Figure, list[Axes]]:
    """A grid of quiet axes, row by row, at most as wide as a page; inches of one panel."""
    from matplotlib.figure import Figure

    wide = (width or WIDTH / max(columns, 1.6)) * columns
    figure = Figure(figsize=(min(wide, WIDTH), height * rows), layout="constrained")
    axes = [figure.add_subplot(rows, columns, i + 1) for i in range(rows * columns)]
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.25, linewidth=0.6)
        ax.tick_params(which="both", labelsize=SMALL)
    return figure, axes


def one_legend(figure: Figure, axes: Sequence[Axes]) -> None:
    """One legend below all panels, each label once."""
    seen: dict[str, Any] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            seen.setdefault(label, handle)
    if seen:
        # A column takes its longest label (about 0.075 inch a character) and 0.6 inch of line and gap.
        fit = int(figure.get_figwidth() / (0.6 + 0.075 * max(map(len, seen))))
        columns = max(1, min(len(seen), fit, 4))
        figure.legend(
            list(seen.values()),
            list(seen),
            loc="outside lower center",
            ncols=columns,
            frameon=False,
            fontsize=9,
        )


def named(ax: Axes, label: str, *style: Any, **more: Any) -> None:
    """An entry of the legend that stands for more than one thing drawn."""
    ax.plot([], [], *style, label=label, **more)


def beside(at: float, n: int, spread: float) -> list[float]:
    """n places around ``at``, within ``spread`` of each other."""
    return [at + spread * ((i + 0.5) / n - 0.5) for i in range(n)]


def scaled(
    ax: Axes, scale: str, limits: tuple[float, float] | None, least: float = 0.0, axis: str = "y"
) -> None:
    """Set an axis to "log", to "linear", or by the numbers drawn ("auto"); a log one shows nothing below ``least``."""
    found = [
        np.asarray(getattr(line, f"get_{axis}data")(), dtype=float)
        for line in ax.lines
        if line.get_gid() != "mark"
    ]
    values = np.concatenate(found) if found else np.empty(0)
    values = values[np.isfinite(values) & (values > least)]
    wide = values.size and (scale == "log" or values.max() > 3 * values.min())
    if scale != "linear" and wide and not (limits and limits[0] <= 0):
        getattr(ax, f"set_{axis}scale")("log")
        low, high = getattr(ax, f"get_{axis}lim")()
        getattr(ax, f"set_{axis}lim")(max(low, least, values.min() / 2), high)
    if limits:
        getattr(ax, f"set_{axis}lim")(*limits)
