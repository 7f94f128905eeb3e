"""Whether weight decay is needed: time to generalise with and without it, and the accuracy of a pair cut short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokbench.figures import layout, strips, style
from grokbench.figures.cross_paper import stated
from grokbench.measures.cells import Cell
from grokbench.measures.reading import baseline, generalised, last_accuracy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOKS = (
    ("with weight decay, a mark a seed", style.BLUE, "s"),
    ("without, a mark a seed", style.VERMILION, "o"),
)
Pair = tuple[tuple[Cell, ...], tuple[Cell, ...]]  # with weight decay, without


def decay(cells: style.Cells) -> Figure | None:
    """T_gen of each seed with and without weight decay, and the test accuracy at the end of the pair that ends by its budget."""
    pairs = [(label, _pair(cells, *names)) for label, names in stated.DECAY.items()]
    timed = [(label, pair) for label, pair in pairs if any(pair)]
    ended = _pair(cells, *stated.DECAY_AT_END)
    if not timed and not any(ended):
        return None
    panels = [1.45 * len(timed)] if timed else []
    panels += [2.6] if any(ended) else []
    figure, axes = style.canvas(1, len(panels))
    figure.set_size_inches(min(9.6, max(6.4, sum(panels) + 1.2)), 5.0)
    grid = axes[0].get_gridspec()
    assert grid is not None
    grid.set_width_ratios(panels)
    if timed:
        _times(axes[0], timed)
    if any(ended):
        _accuracies(axes[-1], ended)
    every = [cell for pair in (*(p for _, p in timed), ended) for group in pair for cell in group]
    text = (
        "With and without weight decay λ: time to generalise (above a pair: median over seeds of T_gen without over T_gen with)"
        + (", and test accuracy at the end of runs of a fixed length" if any(ended) else "")
        + f". {layout.seeds_said(every)}"
    )
    layout.caption(figure, text)
    style.one_legend(figure, axes)
    return figure


def _pair(cells: style.Cells, decayed: str | None, plain: str) -> Pair:
    return (layout.runs(cells, decayed) if decayed else (), layout.runs(cells, plain))


def _times(ax: Axes, pairs: list[tuple[str, Pair]]) -> None:
    for label, color, marker in LOOKS:
        ax.plot([], [], marker, color=color, markersize=5.5, label=label)  # with decay first, as in the panel
    for at, (_, pair) in enumerate(pairs):
        with_, without = (
            strips.timed(*look, group, generalised) for look, group in zip(LOOKS, pair, strict=True)
        )
        strips.columns(ax, at, (with_, without))
        both = [seed for seed in with_.found if seed in without.found]
        strips.above(
            ax, at, strips.delay((with_.found[s][0] for s in both), (without.found[s][0] for s in both))
        )
    strips.places(ax, [f"{label}\n{_said(pair)}" for label, pair in pairs])
    strips.step_axis(ax)
    ax.set_ylabel("T_gen (optimizer updates)")
    ax.tick_params(axis="x", labelsize=8)


def _accuracies(ax: Axes, pair: Pair) -> None:
    found = []
    for (label, color, marker), group in zip(LOOKS, pair, strict=True):
        ends = {seed: (last_accuracy(record), record.trial.budget) for seed, _, record in group}
        found.append(strips.Series(label, color, marker, ends))
    strips.columns(ax, 0, (found[0], found[1]))
    strips.places(ax, [f"Hu's Transformer\n{_said(pair)}"])
    records = [record for group in pair for _, _, record in group]
    height = style.median(baseline(record) for record in records)
    ax.axhline(
        height,
        color=style.BLACK,
        linewidth=1.0,
        linestyle="--",
        label="b, a memoriser that copies the mirror's answer",
    )
    ends_at = sorted({record.trial.budget for record in records})
    ax.set_ylim(-0.03, 1.03)
    ax.set_ylabel(f"test accuracy after {' or '.join(map(layout.thousands, ends_at))} updates")
    ax.tick_params(axis="x", labelsize=8)


def _said(pair: Pair) -> str:
    """λ of both arms, the first the one with decay; and the fraction of the table."""
    groups = [group for group in pair if group]
    values = " and ".join(f"{stated.decay_of(group[0][2].trial.recipe):g}" for group in groups)
    return f"λ = {values}, {strips.at_fractions(c for group in groups for c in group)}"
