"""The analysis "representations": which irreps a network that multiplies in a group uses (Chughtai et al. 2023, §5, App. C).

A pass over the whole table at every snapshot, in float64. Key irreps are those of the last weights: not the trivial one, and
with a trace similarity above 0.005.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from grokbench.analysis import group_circuit as circuit
from grokbench.analysis.progress import cross_entropy
from grokbench.analysis.representations import irreps
from grokbench.analysis.spectra import Array, sum_squared_weights
from grokbench.specs.types import Recipe, TaskSpec, Trial
from grokbench.tasks.domain import make_domain
from grokbench.tasks.groups import Group
from grokbench.tasks.trained import trial_rows
from grokbench.training.analyses.weights import Weights, finite
from grokbench.training.watching import Analysis, fits

WHAT = "analysis 'representations'"
_fits = fits(WHAT, networks=("factored-mlp",), operation="x * y", true_labels=True)


def faults(task: TaskSpec, recipe: Recipe) -> Iterator[str]:
    """It is for products in a group by the network whose parts it reads."""
    yield from _fits(task, recipe)
    if not isinstance(make_domain(task.domain), Group):
        yield f"{WHAT} is for groups, not for {task.domain['kind']!r}"


ANALYSIS = Analysis(
    "representations",
    version=1,
    make="grokbench.training.analyses.representations:representations_of",
    faults=faults,
    passes=lambda snapshots: 3.0 * snapshots,
    summary="shares of embeddings, hidden layer and logits in each irrep of the group, restricted and excluded loss",
)
ROWS = (
    "train_loss",
    "test_loss",
    "restricted",
    "excluded",
    "sum_squares",
    "logit_share",
    "product_share",
    "embedding_share",
    "readout_share",
)


def representations_of(
    trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int
) -> dict[str, Array]:
    """One row a snapshot, ascending, the last weights' row last; r irreps by dimension, the trivial one first.

    ``step``; ``similarity`` (s, r); ``key`` (r,), 1 for key irreps; ``rank`` (r,) of their parts of n dimensions. By row:
    losses over training and test pairs; ``restricted``, over all pairs, of the key irreps' ρ(ab) in the hidden layer alone, and
    ``excluded``, over training pairs, without it; Σw²; and what the key irreps hold: of the logits along characters, of the
    hidden layer by ρ(ab), of the embeddings times what reads them (the lesser of x and y), and of the readout less its trivial
    part. NaN where the weights are not finite.
    """
    products = make_domain(trial.task.domain).products
    found = irreps(products)
    parts = circuit.projectors(found, products)
    train = np.zeros(products.shape, dtype=np.bool_)
    rows = trial_rows(trial).train
    train[rows[:, 0], rows[:, 1]] = True

    steps = sorted(weights_by_step)
    similarity = np.stack([_similarity(weights_by_step[step], products, parts) for step in steps])
    key = np.nan_to_num(similarity[steps.index(final_step)]) > circuit.KEY
    key[0] = False
    made = [_row(weights_by_step[step], products, parts, key, train) for step in steps]
    return {
        "step": np.array(steps, dtype=np.int64),
        "similarity": similarity,
        "key": key.astype(np.int64),
        "rank": np.array([irrep.rank for irrep in found], dtype=np.int64),
        **{name: np.array([row.get(name, np.nan) for row in made]) for name in ROWS},
    }


def acting(weights: Weights) -> tuple[Array, Array, Array]:
    """What x and y add to the hidden layer, (n, m) each, and the readout (m, n), in float64."""
    w_x, w_y, w, readout = (
        np.asarray(weights[name], dtype=np.float64) for name in ("W_x", "W_y", "W", "W_U")
    )
    d = w_x.shape[1]
    return w_x @ w[:d], w_y @ w[d:], readout


def _hidden(of_x: Array, of_y: Array) -> Array:
    return np.asarray(np.maximum(of_x[:, None] + of_y, 0))


def _similarity(weights: Weights, products: Array, parts: Array) -> Array:
    if not finite(weights):
        return np.full(len(parts), np.nan)
    of_x, of_y, readout = acting(weights)
    return circuit.trace_similarities(_hidden(of_x, of_y) @ readout, products, parts)


def _row(weights: Weights, products: Array, parts: Array, key: Array, train: Array) -> dict[str, float]:
    if not finite(weights):
        return {}
    of_x, of_y, readout = acting(weights)
    hidden = _hidden(of_x, of_y)
    logits = hidden @ readout
    losses = cross_entropy(logits, products)
    kept = parts[key]
    by_product = circuit.product_logits(hidden, readout, products, kept)
    similar = circuit.trace_similarities(logits, products, kept)
    rows = readout.T - parts[0] @ readout.T
    return {
        "train_loss": float(losses[train].mean()),
        "test_loss": float(losses[~train].mean()),
        "restricted": circuit.restricted_loss(by_product),
        "excluded": circuit.excluded_loss(logits, by_product, products, train),
        "sum_squares": sum_squared_weights(weights),
        "logit_share": float((similar**2).sum()),
        "product_share": float(circuit.hidden_shares(hidden, products, kept)[2].sum()),
        "embedding_share": min(float(circuit.row_shares(own, kept).sum()) for own in (of_x, of_y)),
        "readout_share": float(circuit.row_shares(rows, kept).sum()),
    }
