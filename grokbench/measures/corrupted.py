"""Corrupted labels: what becomes of the rows that got one, by the accuracies of each kind of row (Doshi et al. 2023).

Rows are the "clean" training rows, which kept their label, and the "corrupted" ones by the label that they were given. The
"corrected" ones are these by their true label. No measure here rests on T_mem, which a network need not have.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

import numpy as np

from grokbench.analysis import inversion
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import WHOLE, analysis, fact
from grokbench.measures.reading import last_accuracy, one, within_budget
from grokbench.measures.requiring import Arguments, each, requires
from grokbench.training.record import Record

Kept = Literal["clean", "corrupted", "corrected"]
Phase = Literal[
    "forgetting", "confusion", "memorisation", "coexistence", "partial-inversion", "full-inversion"
]


def _has_rows(cell: Cell, chosen: Arguments) -> bool:
    return f"train_accuracy_{chosen['rows']}" in cell.record.curves


def _true_labels(cell: Cell) -> Cell:
    """The same run with no training row apart."""
    curves = {k: v for k, v in cell.record.curves.items() if not k.startswith("train_accuracy_")}
    return cell._replace(record=dataclasses.replace(cell.record, curves=curves))


def _reaches(cell: Cell, chosen: Arguments) -> bool:
    return _rise(cell.record, float(chosen["level"])) < math.inf


def _flat(cell: Cell) -> Cell:
    test = np.zeros(len(cell.record.curves["step"]))
    return cell._replace(
        record=dataclasses.replace(cell.record, curves={**cell.record.curves, "test_accuracy": test})
    )


APART = each("the accuracy of {rows} rows", _has_rows, _true_labels)
REACHED = each("a test accuracy of {level} after the first evaluation", _reaches, _flat)


def _rise(record: Record, level: float) -> float:
    """The first evaluation after step 0 with a test accuracy of ``level`` or more; inf without one."""
    steps, test = (within_budget(record, name) for name in ("step", "test_accuracy"))
    found = np.flatnonzero((test >= level) & (steps > 0))
    return float(steps[found[0]]) if found.size else math.inf


@requires(APART)
def final_part_accuracy(view: SeedView, rows: Kept, arm: int = 0) -> float:
    """Accuracy at the end on some of the training rows; 0 for a run that diverged."""
    return last_accuracy(one(view, arm), "train", rows)


@requires(APART)
def part_accuracy_steps(view: SeedView, rows: Kept) -> float:
    """The smallest fall, from one arm to the next, of the accuracy at the end on some of the training rows.

    Arms stand in the order of the claim's experiments.
    """
    ends = [final_part_accuracy(view, rows, arm) for arm in range(len(view.arms))]
    return float(np.min(-np.diff(ends)))


@requires(fact("n_wrong"))
def inversion_gap(view: SeedView, arm: int = 0) -> float:
    """How far the train accuracy at the end lies from the share of training rows whose label is true.

    A network that answers every training row by its true label has that share: 1 − ξ + ξ/p of Doshi et al., counted.
    """
    record = one(view, arm)
    true = 1 - float(record.facts["n_wrong"]) / float(record.facts["n_train"])
    return abs(last_accuracy(record, "train") - true)


@requires(REACHED)
def train_before_rise(view: SeedView, level: float = 0.5, arm: int = 0) -> float:
    """The largest train accuracy of any evaluation before the first test accuracy ≥ ``level``."""
    record = one(view, arm)
    before = within_budget(record, "step") < _rise(record, level)
    return float(within_budget(record, "train_accuracy")[before].max())


def _phase(record: Record) -> str:
    noise = float(record.facts.get("n_corrupted", 0)) / float(record.facts["n_train"])
    best = float(within_budget(record, "test_accuracy").max())
    return inversion.phase(last_accuracy(record, "train"), last_accuracy(record), best, noise)


@requires(WHOLE)
def noise_phase_is(view: SeedView, phase: Phase, arm: int = 0) -> float:
    """1 when the run ends in this phase of Doshi et al. (Table 2), else 0; ξ is the share of training rows that were drawn.

    Test ≥ 0.9: "coexistence" with train ≥ 0.9, "partial-inversion" with train ≥ 1.05 − ξ, else "full-inversion". Test < 0.9:
    "memorisation" with train ≥ 0.9, "forgetting" where a test accuracy was ≥ 0.9 before, else "confusion".
    """
    return float(_phase(one(view, arm)) == phase)


@requires(WHOLE)
def noise_phase(view: SeedView, arm: int = 0) -> float:
    """The phase in which the run ends, as a number for a map; ``noise-phase-is`` says how it is found.

    0 forgetting, 1 confusion, 2 memorisation, 3 coexistence, 4 partial inversion, 5 full inversion.
    """
    return float(inversion.PHASES.index(_phase(one(view, arm))))


@requires(analysis("label-peaks", "{which}"))
def label_peaks(view: SeedView, which: Literal["both", "label", "truth"] = "both", arm: int = 0) -> float:
    """Share of the wrongly labelled training rows with that label and the true one at their two largest outputs, in the end.

    ``which``: "both" of them, the "label" that was given, or the "truth", are among the two.
    """
    return float(one(view, arm).analyses["label-peaks"][which][0])
