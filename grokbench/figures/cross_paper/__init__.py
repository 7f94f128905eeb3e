"""Figures of the comparison of the four papers: one for each question on which they disagree.

In: cells of the experiments named beside each figure. Out: ``FIGURES``, name → drawing.
"""

from __future__ import annotations

from grokbench.figures import Drawing
from grokbench.figures.cross_paper import decay, networks, peaks, stated, sweeps

FIGURES = {
    "peaks": Drawing("when the test loss peaks", peaks.peaks, tuple(stated.PEAKS)),
    "fractions": Drawing("delay against α", sweeps.fractions, tuple(stated.FRACTIONS)),
    "who-groks": Drawing(
        "whether an MLP groks, and what decides it",
        networks.who_groks,
        (*stated.SQUARES, *stated.RELU, *stated.HU),
    ),
    "decay": Drawing(
        "whether weight decay is needed",
        decay.decay,
        (*(name for pair in stated.DECAY.values() for name in pair if name), *stated.DECAY_AT_END),
    ),
    "quadratic": Drawing("accuracy on x² + xy + y²", sweeps.quadratic, tuple(stated.QUADRATIC)),
}
