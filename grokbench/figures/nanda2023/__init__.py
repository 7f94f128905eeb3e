"""Figures of Nanda et al. 2023: losses, spectra, clusters, progress measures, ablations, sweeps and readings.

In: cells of the experiments named beside each figure. Out: ``FIGURES``, name → drawing. A figure of single networks is drawn
once from ``mainline`` (until 1.5 T_gen) and once from ``end-state``, so that a claim gets the networks it was decided on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from grokbench.figures import Drawing
from grokbench.figures.nanda2023 import circuit, effects, stated, sweeps, training

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WHEN = {stated.MAIN: "at 1.5 T_gen", stated.WHOLE: "end state"}


def _twice(name: str, title: str, draw: Callable[..., Figure | None]) -> dict[str, Drawing]:
    """``name`` from ``mainline`` and ``name-end-state`` from ``end-state``."""
    return {
        name if experiment == stated.MAIN else f"{name}-{experiment}": Drawing(
            f"{title}, {when}", partial(draw, experiment=experiment), (experiment,)
        )
        for experiment, when in WHEN.items()
    }


FIGURES = {
    "losses": Drawing(
        "train and test loss over seeds (Fig. 2)", training.losses, (stated.MAIN, stated.CONTROL)
    ),
    **_twice("spectra", "Fourier components of W_E and W_L, initial and final (Fig. 3)", circuit.spectra),
    **_twice("neurons", "neurons by frequency and FVE (Section 4.3)", circuit.neurons),
    **_twice("logits", "logits against the formula (Section 4.2)", circuit.logits),
    **_twice("fits", "shares of variance explained (Sections 4.2, 4.3, Appendix C.1)", effects.fits),
    **_twice("ablations", "loss without each frequency (Fig. 6)", effects.ablations),
    **_twice("interventions", "loss under replacements and ablations (Section 4.4)", effects.interventions),
    **_twice("progress", "progress measures and phases of each seed (Fig. 7)", training.progress),
    **_twice("phases", "boundaries of the phases over seeds (Section 5.2)", training.phases),
    "alpha": Drawing("time to generalise against α (Fig. 20)", sweeps.alpha, sweeps.ALPHAS),
    "weight-decay": Drawing(
        "time to generalise against weight decay (Appendix D.1)",
        sweeps.weight_decay,
        (*sweeps.WEIGHT_DECAYS, *sweeps.INSTEAD),
    ),
    "primes": Drawing("time to generalise for other primes (Appendix C.2.2)", sweeps.primes, sweeps.PRIMES),
    "readings": Drawing("time to generalise under each reading", sweeps.readings, tuple(sweeps.READINGS)),
}
