"""The analysis "characters": along which characters of a group the logits lie, of any network that composes pairs of elements.

Chughtai, Chan and Nanda 2023 (arXiv 2302.03025, §5): logits are a weighted sum of characters χ(a b c⁻¹). A pass over the whole
table at every snapshot. Key irreps are those of the last weights: not the trivial one, with a trace similarity above 0.005.
"""

from __future__ import annotations

from collections.abc import Iterator

from grokbench.specs.types import Recipe, TaskSpec
from grokbench.tasks.domain import make_domain
from grokbench.tasks.groups import Group
from grokbench.training.watching import Analysis, fits

WHAT = "analysis 'characters'"
_fits = fits(WHAT, operation="x * y", true_labels=True)


def faults(task: TaskSpec, recipe: Recipe) -> Iterator[str]:
    """It is for products in a group, and for networks with a logit for each element."""
    if recipe.learner:
        yield f"{WHAT} is for networks, not for the learner {recipe.learner.get('kind')!r}"
    yield from _fits(task, recipe)
    if not isinstance(make_domain(task.domain), Group):
        yield f"{WHAT} is for groups, not for {task.domain['kind']!r}"


ANALYSIS = Analysis(
    "characters",
    version=1,
    make="grokbench.training.analyses.characters:characters_of",
    faults=faults,
    passes=float,
    summary="shares of any network's logits along the characters of the group's irreps",
)

# ---- from here on with torch

from collections.abc import Mapping

import numpy as np
import torch

from grokbench.analysis import group_circuit as circuit
from grokbench.analysis.representations import irreps
from grokbench.networks.registry import restored
from grokbench.specs.types import Array, Trial
from grokbench.tasks.trained import trial_rows
from grokbench.training.analyses.weights import Weights, finite

ROWS = 1024  # of the table that go through the network at once


@torch.inference_mode()
def characters_of(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """One row a snapshot, ascending, the last weights' row last; r irreps by dimension, the trivial one first.

    ``step``; ``similarity`` (s, r); ``key`` (r,), 1 for key irreps; ``rank`` (r,) of their parts of n dimensions;
    ``logit_share`` (s,): of the logits, centred over the elements, along the characters of the key irreps. NaN where the
    weights are not finite.
    """
    products = make_domain(trial.task.domain).products
    found = irreps(products)
    parts = circuit.projectors(found, products)
    steps = sorted(weights_by_step)
    similarity = np.full((len(steps), len(found)), np.nan)
    for row, step in enumerate(steps):
        if finite(weights_by_step[step]):
            similarity[row] = circuit.trace_similarities(
                table_logits(trial, weights_by_step[step]), products, parts
            )
    key = np.nan_to_num(similarity[-1]) > circuit.KEY
    key[0] = False
    return {
        "step": np.array(steps, dtype=np.int64),
        "similarity": similarity,
        "key": key.astype(np.int64),
        "rank": np.array([irrep.rank for irrep in found], dtype=np.int64),
        "logit_share": (similarity[:, key] ** 2).sum(axis=1),
    }


def table_logits(trial: Trial, weights: Weights) -> Array:
    """Logits of every pair a, b for every element c, (n, n, n), in float64.

    Of a network that scores several tokens, those of the last one count.
    """
    table = trial_rows(trial).table
    tensors = {name: torch.from_numpy(np.array(w)) for name, w in weights.items()}
    network = restored(trial.recipe.model, tensors).double().eval()
    n = table.n_elements
    targets = network.targets(table.rows, trial.task)
    columns = np.empty(n, dtype=np.int64)  # of the elements, among the classes
    columns[table.rows[:, -1]] = targets if targets.dim() == 1 else targets[:, -1]
    found = np.empty((n, n, n))
    for first in range(0, len(table.rows), ROWS):
        rows = table.rows[first : first + ROWS]
        inputs = network.inputs(rows, trial.task)
        outputs = network(inputs.double() if inputs.is_floating_point() else inputs)
        outputs = outputs if outputs.dim() == 2 else outputs[:, -1]
        found[rows[:, 0], rows[:, 1]] = outputs.numpy()[:, columns]
    return found
