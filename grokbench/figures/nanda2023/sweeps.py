"""How the time to generalise hangs on α, weight decay and p (the paper's Section 5.3, Appendices C.2.2 and D)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from grokbench.figures import style, times
from grokbench.figures.nanda2023 import stated, training
from grokbench.training.record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ALPHAS = ("alphas", "small-fractions", "alpha-50", "alpha-60", stated.CONTROL, stated.MAIN)
WEIGHT_DECAYS = (
    "weight-decay-0",
    "weight-decay-01",
    "weight-decay-03",
    "weight-decay-3",
    stated.MAIN,
    stated.FIRST,
)
INSTEAD = ("dropout-02", "dropout-02-high-alpha", "dropout-05", "dropout-05-high-alpha", "l1")
PRIMES = ("p53", "p53-weight-decay-5", "p109", "p109-high-alpha", "p401", stated.MAIN)

AT = "Published: for p = 113, α = 0.3 and λ = 1."

READINGS = {  # experiment → the one thing in which it differs from the main recipe
    stated.FIRST: "main recipe\n(the code)",
    "float32": "loss in\nfloat32",
    "frozen-biases": "MLP biases\nfrozen at 0",
    "elements": "no output\nfor “=”",
    "no-warmup": "no\nwarm-up",
    "demo-init": "the demo’s\ninitialisation",
    "demo": "demo: the\nfour before it",
}


def alpha(cells: style.Cells) -> Figure | None:
    """T_gen and T_mem against the training fraction."""
    levels = times.levels(cells, ALPHAS, lambda record: float(record.trial.alpha))
    if len(levels) < 2:
        return None
    figure, axes = style.canvas(1, 1, width=6.8, height=4.4)
    ax = axes[0]
    training.published(ax, upright=False)
    at = sorted(levels)
    times.series(ax, at, [levels[a] for a in at])
    ax.set_xlabel("α, training fraction (share of the table)")
    text = (
        "Time to generalise and to fit against the training fraction (the paper's Appendix C.2.2, Fig. 20). "
        + AT
    )
    return times.finish(figure, ax, text)


def weight_decay(cells: style.Cells) -> Figure | None:
    """T_gen and T_mem against the weight decay λ, and the arms with dropout or an ℓ1 term instead."""
    levels = times.levels(
        cells, WEIGHT_DECAYS, lambda record: float(record.trial.recipe.optimizer["weight_decay"])
    )
    if len(levels) < 2:
        return None
    order: list[tuple[str, list[Record]]] = [(f"{w:g}", levels[w]) for w in sorted(levels)]
    for record in _records(cells, INSTEAD):
        name = _instead(record)
        group = next((found for label, found in order if label == name), None)
        if group is None:
            order.append((name, [record]))
        else:
            group.append(record)
    figure, axes = style.canvas(1, 1, width=max(7.2, 0.8 * len(order)), height=4.4)
    ax = axes[0]
    training.published(ax, upright=False)
    joined = len(levels)
    times.series(ax, list(range(joined)), [found for _, found in order[:joined]])
    times.series(ax, list(range(joined, len(order))), [found for _, found in order[joined:]], joined=False)
    ax.set_xticks(range(len(order)), [label for label, _ in order])
    ax.set_xlabel("weight decay λ" + (", or what takes its place" if len(order) > joined else ""))
    return times.finish(
        figure, ax, "Time to generalise and to fit against weight decay (the paper's Appendix D.1). " + AT
    )


def primes(cells: style.Cells) -> Figure | None:
    """T_gen and T_mem against p, with the weight decay of each arm."""
    levels = times.levels(
        cells,
        PRIMES,
        lambda record: (
            int(record.trial.task.domain["p"]),
            float(record.trial.recipe.optimizer["weight_decay"]),
            float(record.trial.alpha),
        ),
    )
    if len({p for p, _, _ in levels}) < 2:
        return None
    figure, axes = style.canvas(1, 1, width=6.8, height=4.4)
    ax = axes[0]
    training.published(ax, upright=False)
    order = sorted(levels)
    times.series(ax, list(range(len(order))), [levels[key] for key in order], joined=False)
    ax.set_xticks(range(len(order)), ["\n".join((f"p = {p}", f"λ = {w:g}", *_other(a))) for p, w, a in order])
    ax.set_xlabel("prime p and weight decay λ")
    return times.finish(
        figure, ax, "Time to generalise and to fit for other primes (the paper's Appendix C.2.2). " + AT
    )


def readings(cells: style.Cells) -> Figure | None:
    """T_gen under each reading of the recipe: a dot a seed, and the median ratio to the main recipe."""
    arms = [(label, style.usable(cells, experiment)) for experiment, label in READINGS.items()]
    arms = [(label, group) for label, group in arms if group]
    main = {seed: record.t_gen for seed, _, record in style.usable(cells, stated.FIRST)}
    if len(arms) < 2 or not main:
        return None
    figure, axes = style.canvas(1, 1, width=max(6.8, 1.35 * len(arms)), height=4.6)
    ax = axes[0]
    training.published(ax, upright=False)
    by_seed: dict[int, list[tuple[float, float]]] = {}
    for i, (_, group) in enumerate(arms):
        found = [(record.t_gen, record.trial.budget) for _, _, record in group]
        color = style.BLUE if i else style.VERMILION
        style.dots(ax, float(i), found, color, "o", size=6, opacity=0.8)
        middle = style.median(t for t, _ in found)
        if math.isfinite(middle):
            ax.plot(
                [i - 0.22, i + 0.22], [middle, middle], "-", color=style.BLACK, linewidth=2, label="median"
            )
        for (seed, _, _), (when, _) in zip(group, found, strict=True):
            by_seed.setdefault(seed, []).append((i, when if math.isfinite(when) else math.nan))
        pairs = [(t, main[seed]) for (seed, _, _), (t, _) in zip(group, found, strict=True) if seed in main]
        ax.annotate(
            _explains(pairs) if i else _seeds(list(main.values())),
            (i, 1.0),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            fontsize=9,
        )
    for line in by_seed.values():
        ax.plot(*zip(*line, strict=True), "-", color="0.6", linewidth=0.7, zorder=1, label="same seed")
    ax.set_xticks(range(len(arms)), [label for label, _ in arms], fontsize=9)
    ax.set_xlim(-0.5, len(arms) - 0.5)
    ax.set_xlabel("reading of the recipe")
    low, high = training.PUBLISHED
    text = (
        "Time to generalise under each reading of the recipe; ×: the median over seeds of its ratio to the main recipe. "
        f"Share of the spread: ln of that ratio over ln {high / low:.2f}, the ratio of the latest published time to the earliest."
    )
    return times.finish(figure, ax, text)


def _seeds(when: list[float]) -> str:
    """How far the seeds of the main recipe alone lie apart."""
    return f"seeds alone:\n× {max(when) / min(when):.2f}" if all(map(math.isfinite, when)) else ""


def _explains(pairs: Iterable[tuple[float, float]]) -> str:
    """The median of T_gen over the main recipe's, and how much of the published spread that is on a logarithmic scale.

    Censored arms count as infinite, censored pairs of both not at all.
    """
    ratios = [a / b if math.isfinite(b) else 0.0 for a, b in pairs if math.isfinite(a) or math.isfinite(b)]
    if not ratios:
        return ""
    middle = style.median(ratios)
    if not 0 < middle < math.inf:
        return "× ∞" if middle else "× 0"
    low, high = training.PUBLISHED
    share = abs(math.log(middle)) / math.log(high / low)
    return f"× {middle:.2f}\n{share:.0%} of the spread"


def _instead(record: Record) -> str:
    recipe = record.trial.recipe
    decay, dropout = float(recipe.optimizer["weight_decay"]), float(recipe.model["dropout"])
    parts = [f"dropout\n{dropout:g}"] if dropout else []
    l1 = float(recipe.optimizer["l1"])
    if l1:
        parts.append(f"ℓ1\n{l1:g}".replace("e-0", "e-"))
    if decay:
        parts.append(f"λ = {decay:g}")
    return "\n".join((*parts, *_other(record.trial.alpha))) or "nothing"


def _other(alpha: float) -> tuple[str, ...]:
    """A line that names the training fraction where it is not the main recipe's."""
    return () if math.isclose(alpha, stated.ALPHA) else (f"α = {alpha:g}",)


def _records(cells: style.Cells, experiments: Iterable[str]) -> list[Record]:
    return [record for name in experiments for _, _, record in style.usable(cells, name)]
