"""The analyses that a trial names, made of a record's snapshots and last weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from grokbench import parts
from grokbench.networks.registry import drawn
from grokbench.parts import Part
from grokbench.specs.errors import InputError, PartError
from grokbench.specs.types import Array, Trial
from grokbench.tasks.source import shape_of
from grokbench.training import arithmetic
from grokbench.training.analyses.weights import Weights
from grokbench.training.record import Record
from grokbench.training.watching import check_watched


@arithmetic.fixed()
def analysed(record: Record) -> Record:
    """Add to a record the analyses that its trial names and it lacks. It must hold its weights and snapshots.

    Errors as in ``analyse``.
    """
    missing = [name for name in record.trial.analyses if name not in record.analyses]
    if not missing:
        return record
    last = int(record.facts["steps"])
    weights = {**record.snapshots, last: record.weights}
    made = {name: analyse(name, record.trial, weights, last) for name in missing}
    return dataclasses.replace(record, analyses={**record.analyses, **made})


def analyse(
    name: str, trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int
) -> dict[str, Array]:
    """The arrays of one analysis of a trained trial.

    ``weights_by_step`` holds the snapshots' weights and those at ``final_step``. Numbers that the weights do not allow
    (weights that are not finite, no snapshot at step 0) are NaN.

    Raises UnknownNameError for another name; InputError for a trial that the analysis is not for, or no final weights;
    PartError for an analysis from outside that fails or gives no arrays by name.
    """
    check_watched("analyses", [name], trial.task, trial.recipe)
    if final_step not in weights_by_step:
        raise InputError(f"analysis {name!r} needs the weights at step {final_step}, the last one")
    part = parts.part("analyses", name)
    own, outsiders = parts.load(part), parts.outsiders([part])
    weights = dict(weights_by_step)
    if own.first and 0 not in weights and trial.start is not None:
        raise InputError(
            f"analysis {name!r} needs a snapshot at step 0 of a run that begins at the end of another one"
        )
    if own.first and 0 not in weights:
        weights[0] = initial_weights(trial)
    with torch.inference_mode(), parts.blamed(outsiders):
        made = parts.loaded(own.make)(trial, weights, final_step)
    return _checked(part, made) if outsiders else made


def initial_weights(trial: Trial) -> dict[str, Array]:
    """The weights before the first step, drawn again, as a snapshot would have them: float32."""
    network = drawn(trial.recipe, shape_of(trial.task), trial.seed)
    return {name: w.detach().numpy().astype(np.float32) for name, w in network.named_parameters()}


def _checked(part: Part, made: Any) -> dict[str, Array]:
    if not isinstance(made, Mapping) or not all(isinstance(name, str) and "/" not in name for name in made):
        raise PartError(f"{part} gives a {type(made).__name__} where arrays by name are expected")
    found = {name: np.asarray(values) for name, values in made.items()}
    for name, values in found.items():
        if values.dtype.kind not in "biuf":
            raise PartError(f"{part} gives {name!r} of type {values.dtype} where numbers are expected")
    return found
