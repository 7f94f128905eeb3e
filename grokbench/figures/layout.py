"""What surrounds the panels: title, caption, seeds, arms that were not run, steps on axes, whole numbers."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from grokbench.figures import style
from grokbench.figures.fields import Fields
from grokbench.measures.cells import Cell, Cells

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3  # of small panels
STEP = "step (optimizer updates)"
CHARACTER = 0.065  # inches of an average one in the names of places


def framed(figure: Figure, axes: Sequence[Axes], own: Fields, cells: Cells, shown: Iterable[Cell]) -> Figure:
    """Put title, caption and legend around the panels; the caption names the seeds and what was not run."""
    lacking = [one for one in own.experiments if not cells.get(one)]
    absent = f" Not run: {', '.join(lacking)}." if lacking else ""
    width = figure.get_figwidth()
    title = textwrap.wrap(own.title, int(width / 0.093))
    caption = textwrap.wrap(
        f"{own.caption} {seeds_said(shown)}{absent}".strip(), int(width / 0.072), break_on_hyphens=False
    )
    high = figure.get_figheight()
    head = 0.19 * len(title) + 0.165 * len(caption) + 0.1
    style.one_legend(figure, axes)
    legend = sum(0.22 * -(-len(one.get_texts()) // max(1, one._ncols)) for one in figure.legends)  # type: ignore[attr-defined]
    figure.set_figheight(high + head + legend)
    whole = high + head + legend
    figure.set_layout_engine("constrained", rect=(0, 0, 1, 1 - head / whole))
    figure.text(0.01, 1 - 0.06 / whole, "\n".join(title), fontsize=10.5, weight="bold", va="top", ha="left")
    below = 1 - (0.1 + 0.19 * len(title)) / whole
    figure.text(0.01, below, "\n".join(caption), fontsize=8.5, color="0.25", va="top", ha="left")
    return figure


def seeds_said(cells: Iterable[Cell]) -> str:
    """What a caption says of the seeds it shows."""
    seeds = sorted({cell.seed for cell in cells})
    blocks: list[list[int]] = []  # of seeds that follow each other
    for seed in seeds:
        if blocks and seed == blocks[-1][-1] + 1:
            blocks[-1].append(seed)
        else:
            blocks.append([seed])
    least = 2 if len(blocks) == 1 else 3  # seeds of a block that is named by its ends
    said = [
        f"{block[0]} to {block[-1]}" if len(block) >= least else ", ".join(map(str, block))
        for block in blocks
    ]
    return f"Seed{'s' if len(seeds) > 1 else ''} {', '.join(said)}."


def multiples(n: int, columns: int = COLUMNS, height: float = 2.0) -> tuple[Figure, list[Axes]]:
    """A small panel for each of n, at most ``columns`` a row, at page width."""
    columns = min(columns, n)
    rows = -(-n // columns)
    figure, axes = style.canvas(rows, columns, height=height if rows > 1 else max(height, 2.6))
    for ax in axes[n:]:
        ax.remove()
    return figure, axes[:n]


def label(ax: Axes, i: int, n: int, x: str, y: str, columns: int = COLUMNS) -> None:
    """The x axis named below the last panel of each column, the y axis beside the first of each row."""
    columns = min(columns, n)
    ax.set_xlabel(x if i + columns >= n else "", fontsize=9)
    ax.set_ylabel(y if i % columns == 0 else "", fontsize=9)


def wrapped(ax: Axes, text: str, share: float) -> str:
    """The name of a place that has this share of an x axis, in as many lines as it needs there."""
    columns = ax.get_gridspec().ncols  # type: ignore[union-attr]
    width = 0.9 * ax.get_figure().get_figwidth() / columns * share  # type: ignore[union-attr]
    most = max(1, int(width / CHARACTER))
    lines = (
        textwrap.wrap(line, most, break_long_words=False, break_on_hyphens=False) for line in text.split("\n")
    )
    return "\n".join(itertools.chain.from_iterable(lines))


def same_limits(axes: Sequence[Axes], axis: str = "y") -> None:
    """The same ends for all panels of one scale."""
    limits = [getattr(ax, f"get_{axis}lim")() for ax in axes]
    for ax in axes if limits else ():
        getattr(ax, f"set_{axis}lim")(min(low for low, _ in limits), max(high for _, high in limits))


def step_axis(ax: Axes, last: float, linear: bool = False) -> None:
    """Steps up to ``last``: on a logarithmic axis that keeps step 0, where the run is long enough for one."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if last > 200 and not linear:
        ax.set_xscale("symlog", linthresh=10, linscale=0.4)
        ax.set_xticks([0.0] + [10.0**k for k in range(1, 9) if 10**k <= last * 1.05])
    else:
        narrow = ax.get_gridspec().ncols > COLUMNS  # type: ignore[union-attr]
        ax.xaxis.set_major_locator(MaxNLocator(3 if narrow else 5, integer=True))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: thousands(x)))
    ax.set_xlim(0, max(1.0, last) * (1 if linear else 1.1))
    ax.set_xlabel(STEP, fontsize=9)


def whole_numbers(ax: Axes, axis: str = "y") -> None:
    """A logarithmic axis in whole numbers; at 1, 2 and 4 of each decade where it spans less than two."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    own = getattr(ax, f"{axis}axis")
    if own.get_scale() != "log":
        return
    low, high = getattr(ax, f"get_{axis}lim")()
    if high >= 100 * low or (high <= 10 and low <= 0.01):
        return
    for places in ((1, 2, 4), range(1, 10)):
        locator = LogLocator(subs=places)
        if sum(low <= tick <= high for tick in locator.tick_values(low, high)) >= 2:
            own.set_major_locator(locator)
            own.set_major_formatter(FuncFormatter(lambda t, _: thousands(t) if t >= 1 else f"{t:g}"))
            own.set_minor_formatter(NullFormatter())
            return


def thousands(step: float) -> str:
    """A count of steps with a space between thousands: 40 000."""
    return f"{step:,.0f}".replace(",", " ")
