"""Figures of Gromov 2023: dynamics, preactivation spectra, phases, α, width and IPR.

In: cells of the experiments named beside each figure. Out: ``FIGURES``, name → drawing.
"""

from __future__ import annotations

from grokbench.reports.figures import Drawing
from grokbench.reports.figures.gromov2023 import networks, sweeps, training

FIGURES = {
    "training": Drawing(
        "loss, norms, accuracy and gradient norms under GD (Fig. 1)", training.training, ("gd",)
    ),
    "spectra": Drawing("preactivation spectra (Fig. 2)", networks.spectra, ("gd", "analytic")),
    "phases": Drawing("distribution of the neurons' phases (Fig. 3)", networks.phases, ("gd", "adamw")),
    "alpha": Drawing("grokking time against α (Fig. 4a)", sweeps.alpha, ("alpha-gd", "alpha-adamw")),
    "width": Drawing("accuracy against width (Fig. 4b)", sweeps.width, ("analytic-widths", "adamw-widths")),
    "ipr": Drawing("inverse participation ratio (Fig. 5)", training.ipr, ("adamw",)),
}
