"""Figures of the comparison of the four papers: one for each question on which they disagree.

In: cells of the experiments named beside each figure. Out: ``FIGURES``, name → drawing.
"""

from __future__ import annotations

from grokbench.reports.figures import Drawing
from grokbench.reports.figures.cross_paper import decay, networks, peaks, source, sweeps

FIGURES = {
    "peaks": Drawing("when the test loss peaks", peaks.peaks, tuple(source.PEAKS)),
    "fractions": Drawing("delay against α", sweeps.fractions, tuple(source.FRACTIONS)),
    "who-groks": Drawing(
        "whether an MLP groks, and what decides it",
        networks.who_groks,
        (*source.SQUARES, *source.RELU, *source.HU),
    ),
    "decay": Drawing(
        "whether weight decay is needed",
        decay.decay,
        (*(name for pair in source.DECAY.values() for name in pair if name), *source.DECAY_AT_END),
    ),
    "quadratic": Drawing("accuracy on x² + xy + y²", sweeps.quadratic, tuple(source.QUADRATIC)),
}
