"""The analysis "subnetwork": which neurons of a parity network decide, and how they grow (Merrill et al., arXiv 2303.11873).

The active part is the smallest set of neurons of largest incoming norm that answers every row as the whole network does. The
paper takes these rows from a support set. Its code takes the training rows and asks for the same accuracy only. All are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from grokbench.analysis import subnetworks
from grokbench.analysis.subnetworks import ReluNetwork
from grokbench.specs.types import Array, Recipe, TaskSpec, Trial
from grokbench.tasks.trained import TrialRows, trial_rows
from grokbench.training.analyses.weights import Weights, finite
from grokbench.training.watching import Analysis, fits

NETWORK = fits("analysis 'subnetwork'", networks=("vector-mlp",))
LARGEST = 8  # neurons whose share of the squared norms is stated; the paper's active parts have 6 to 8


def faults(task: TaskSpec, recipe: Recipe) -> Iterator[str]:
    """It is for one output whose sign decides."""
    yield from NETWORK(task, recipe)
    if recipe.model.get("head") == "classes":
        yield "analysis 'subnetwork' is for one output whose sign decides, not for model.head 'classes'"


ANALYSIS = Analysis(
    "subnetwork",
    version=1,
    make="grokbench.training.analyses.subnetwork:subnetwork_of",
    faults=faults,
    first=True,
    passes=lambda snapshots: 3.0 * snapshots,
    summary="the fewest neurons that answer as the whole network does, norms, faithfulness of parts, and distance moved",
)


def subnetwork_of(trial: Trial, weights_by_step: Mapping[int, Weights], final_step: int) -> dict[str, Array]:
    """One row a snapshot, ascending, the first before the first step. Weights that are not finite give nan.

    ``size_train``, ``size_test``: neurons of the active part by training rows and by test rows. ``size_accuracy``: by equal
    training accuracy. ``active_train`` …: faithfulness on either rows of the final active part (by training rows) and of
    the ``rest``. ``norm_active``, ``norm_rest``: mean ‖w_j‖ of both; ``norm_rest_most``: the largest of the rest.
    ``largest_share``: of the 8 largest in Σ‖w_j‖². ``moved``: largest |θ − θ_end| of all weights; ``from_start``: largest
    |W − W_0| of the first layer.
    """
    steps, rows = sorted(weights_by_step), trial_rows(trial)
    networks = {step: of(own) for step, own in weights_by_step.items() if finite(own)}
    last = networks.get(final_step)
    final = None
    if last is not None:
        order = subnetworks.by_norm(last)
        final = order[: subnetworks.agreement(last, rows.train, order).smallest]
    found = [_row(networks.get(step), networks[min(networks)], last, final, rows) for step in steps]
    names = list(dict.fromkeys(name for row in found for name in row))
    return {
        "step": np.array(steps, dtype=np.int64),
        **{name: np.array([row.get(name, np.nan) for row in found]) for name in names},
    }


def of(weights: Weights) -> ReluNetwork:
    """The network with these weights."""
    W, b, u = (np.asarray(weights[name], dtype=np.float64) for name in ("W1", "b1", "W2"))
    return ReluNetwork(W, b, u[0])


def _row(
    network: ReluNetwork | None,
    first: ReluNetwork,
    last: ReluNetwork | None,
    final: Array | None,
    rows: TrialRows,
) -> dict[str, float]:
    if network is None:
        return {}
    order, norms = subnetworks.by_norm(network), network.norms
    on_train, on_test = (subnetworks.agreement(network, own, order) for own in (rows.train, rows.test))
    row = {
        "size_train": float(on_train.smallest),
        "size_test": float(on_test.smallest),
        "size_accuracy": float(on_train.smallest_as_right),
        "largest_share": subnetworks.largest_share(norms, LARGEST),
        "from_start": float(np.abs(network.W - first.W).max()),
    }
    if last is None or final is None:
        return row
    rest = np.delete(norms, final)
    row |= {
        "moved": max(float(np.abs(a - b).max()) for a, b in zip(network, last, strict=True)),
        "norm_active": float(norms[final].mean()),
        "norm_rest": float(rest.mean()) if rest.size else np.nan,
        "norm_rest_most": float(rest.max()) if rest.size else np.nan,
    }
    for side, own in (("train", rows.train), ("test", rows.test)):
        row[f"active_{side}"], row[f"rest_{side}"] = subnetworks.faithfulness(network, own, final)
    return row
