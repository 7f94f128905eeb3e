"""Figures of the comparison of the four papers: one for each question on which they disagree.

In: cells of the experiments named beside each figure. Out: ``FIGURES``, name → drawing.
"""

from __future__ import annotations

from grokbench.reports.figures import Drawing
from grokbench.reports.figures.cross_paper import decay, networks, peaks, source, sweeps


def _curves(*experiments: str) -> tuple[str, ...]:
    """The names under which claims on those experiments ask for a figure."""
    return tuple(f"curves-{name}" for name in experiments)


# A claim is found by its first experiment. Of those that two questions share, `gd` is listed with the peaks and `adamw` with the
# networks, where most of its claims belong.
FIGURES = {
    "peaks": Drawing("when the test loss peaks", peaks.peaks, tuple(source.PEAKS), _curves("gd", "gd-30")),
    "fractions": Drawing(
        "delay against α", sweeps.fractions, tuple(source.FRACTIONS), _curves(*source.FRACTIONS)
    ),
    "who-groks": Drawing(
        "whether an MLP groks, and what decides it",
        networks.who_groks,
        (*source.SQUARES, *source.RELU, *source.HU),
        _curves("adamw", "relu", "mlp-decay-half", "mlp-decay-30"),
    ),
    "decay": Drawing(
        "whether weight decay is needed",
        decay.decay,
        (*(name for pair in source.DECAY.values() for name in pair if name), *source.DECAY_AT_END),
        _curves("adamw-wd5", "b-adamw-half", "transformer", "division-no-decay"),
    ),
    "quadratic": Drawing(
        "accuracy on x² + xy + y²",
        sweeps.quadratic,
        tuple(source.QUADRATIC),
        _curves("quadratic-decay", "decoder-quadratic", "gd-quadratic"),
    ),
}
