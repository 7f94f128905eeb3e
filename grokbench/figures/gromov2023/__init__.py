"""Figures of Gromov 2023: dynamics, preactivation spectra, phases, α, width and IPR.

In: cells of the experiments named beside each figure. Out: ``FIGURES``, name → drawing.
"""

from __future__ import annotations

from grokbench.figures import Drawing
from grokbench.figures.gromov2023 import networks, sweeps, training

FIGURES = {
    "training": Drawing(
        "loss, weight norms, accuracy and gradient norms under GD (Fig. 1)",
        training.training,
        ("gd-addition",),
    ),
    "spectrum": Drawing(
        "preactivation spectra: initial, trained, analytic (Fig. 2)",
        networks.spectrum,
        ("gd-addition", "analytic-addition"),
    ),
    "phases": Drawing(
        "distribution of the neurons' phases (Fig. 3)", networks.phases, ("gd-addition", "adamw-addition")
    ),
    "alpha-curves": Drawing("time to generalise against α (Fig. 4a)", sweeps.alpha, ("adamw-alphas",)),
    "momentum": Drawing(
        "time to generalise at α = 0.5, with and without momentum",
        sweeps.momentum,
        tuple(sweeps.HALVES),
    ),
    "alpha-primes": Drawing(
        "time to generalise against α for three primes",
        sweeps.primes,
        sweeps.PRIMES,
    ),
    "analytic-widths": Drawing(
        "accuracy against width (Fig. 4b)", sweeps.width, ("analytic-widths", "adamw-widths")
    ),
    "ipr": Drawing("inverse participation ratio (Fig. 5)", training.ipr, ("adamw-addition",)),
}
