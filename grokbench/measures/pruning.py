"""Neurons that memorise and neurons that generalise (analysis "pruning"; Doshi et al. 2023, Figs 4, 5 and 6).

Neurons are put in the order of their inverse participation ratio (IPR), the mean over their three blocks of weights. It is
about 0.04 for noise at p = 97, 1 for a single frequency. Those at one end are taken out without retraining.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np

from grokbench.analysis import pruning
from grokbench.analysis.statistics import spearman
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import analysis
from grokbench.measures.reading import Floats, one
from grokbench.measures.requiring import Arguments, each, requires
from grokbench.training.record import Record

End = Literal["low", "high", "random"]
Rows = Literal["test", "train", "clean", "corrupted", "corrected"]
At = Literal["start", "end"]
TWENTIETHS = each(
    "a fraction of the neurons in twentieths",
    lambda cell, chosen: _twentieths(chosen) and "pruning" in cell.record.analyses,
    lambda cell: _without(cell),
)
SCALES = each(
    "scales γ that differ",
    lambda cell, _: bool(np.ptp(_array(cell.record, "scale")) > 0) if _scaled(cell) else False,
    lambda cell: _without(cell),
)


def _twentieths(chosen: Arguments) -> bool:
    return bool(np.isclose(pruning.fractions(), float(chosen["fraction"])).any())


def _scaled(cell: Cell) -> bool:
    return "scale" in cell.record.analyses.get("pruning", {})


def _without(cell: Cell) -> Cell:
    kept = {name: own for name, own in cell.record.analyses.items() if name != "pruning"}
    return cell._replace(record=dataclasses.replace(cell.record, analyses=kept))


def _array(record: Record, name: str) -> Floats:
    return np.asarray(record.analyses["pruning"][name], dtype=np.float64)


def _pruned(record: Record, end: str, fraction: float, rows: str) -> float:
    return float(_array(record, f"{end}_{rows}")[round(fraction * pruning.PARTS)])


@requires(analysis("pruning", "{end}_{rows}"), TWENTIETHS)
def pruned_accuracy(view: SeedView, end: End, fraction: float, rows: Rows, arm: int = 0) -> float:
    """Accuracy on these rows once this fraction of the neurons is out: of "low" IPR, of "high" IPR, or drawn at "random"."""
    return _pruned(one(view, arm), end, fraction, rows)


@requires(analysis("pruning", "{end}_{rows}"), TWENTIETHS)
def pruned_accuracy_change(view: SeedView, end: End, fraction: float, rows: Rows, arm: int = 0) -> float:
    """Accuracy on these rows once this fraction of the neurons is out, less that of the whole network."""
    record = one(view, arm)
    return _pruned(record, end, fraction, rows) - _pruned(record, end, 0, rows)


@requires(analysis("pruning", "{end}_{rows}", "random_{rows}"), TWENTIETHS)
def pruned_accuracy_over_random(view: SeedView, end: End, fraction: float, rows: Rows, arm: int = 0) -> float:
    """Accuracy on these rows once this fraction of the neurons is out by their IPR, less that with as many drawn ones out."""
    record = one(view, arm)
    return _pruned(record, end, fraction, rows) - _pruned(record, "random", fraction, rows)


@requires(analysis("pruning", "{end}_{rows}"))
def prunable_share_steps(
    view: SeedView, end: End = "low", accuracy: float = 0.9, rows: Rows = "test"
) -> float:
    """The smallest rise, from one arm to the next, of the share of neurons that is not missed.

    It is the largest fraction up to which the accuracy on these rows stays at ``accuracy`` or more; 0 where it never is. Arms
    stand in the order of the claim's experiments.
    """
    spared = []  # twentieths: a rise of one is exactly 0.05, which a difference of two fractions is not
    for arm in range(len(view.arms)):
        missed = np.flatnonzero(_array(one(view, arm), f"{end}_{rows}") < accuracy)
        spared.append(max(int(missed[0]) - 1, 0) if missed.size else pruning.PARTS)
    return int(np.min(np.diff(spared))) / pruning.PARTS


@requires(analysis("pruning", "ipr", "size"))
def ipr_share(view: SeedView, least: float = 0, below: float = 2, live: bool = False, arm: int = 0) -> float:
    """Share of the neurons of the last network with ``least`` ≤ IPR < ``below``; 0 where none counts.

    ``live``: of those whose weights have a tenth or more of the largest neuron's norm.
    """
    return _share(one(view, arm), least, below, live)


def _share(record: Record, least: float, below: float, live: bool) -> float:
    ipr, counts = _array(record, "ipr"), _array(record, "size") >= (0.1 if live else 0)
    return float(((ipr >= least) & (ipr < below))[counts].mean()) if counts.any() else 0.0


@requires(analysis("pruning", "ipr", "size"))
def ipr_smaller_heap(view: SeedView, low: float = 0.2, high: float = 0.6, arm: int = 0) -> float:
    """The smaller of two shares of the neurons: of those with an IPR below ``low``, and of those from ``high`` on."""
    record = one(view, arm)
    return min(_share(record, 0, low, False), _share(record, high, 2, False))


@requires(analysis("pruning", "ipr", "size"))
def low_ipr_steps(view: SeedView, below: float = 0.3) -> float:
    """The smallest fall, from one arm to the next, of the share of live neurons with an IPR below ``below``.

    Arms stand in the order of the claim's experiments. Live: a tenth or more of the norm of the largest neuron.
    """
    shares = [_share(one(view, arm), 0, below, True) for arm in range(len(view.arms))]
    return float(np.min(-np.diff(shares)))


@requires(analysis("pruning", "ipr"), SCALES)
def scale_ipr_correlation(view: SeedView, arm: int = 0) -> float:
    """Spearman's correlation over the neurons of |γ| of batch normalisation with the IPR."""
    record = one(view, arm)
    return spearman(_array(record, "scale"), _array(record, "ipr"))
