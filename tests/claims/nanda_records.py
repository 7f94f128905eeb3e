"""Records of a one-layer transformer made by hand: the authors' published curves, and runs without what they show."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from grokbench.specs.types import Array
from grokbench.training.record import Record
from tests.claims.claim_records import record

P, HALF, NEURONS = 113, 56, 512
KEYS = (14, 35, 41, 42, 52)

# Epoch: test loss, restricted loss, excluded loss, sum of squared weights; read off the authors' figures.
AUTHORS = {
    0: (4.8, 4.8, 4.8, 1783), 500: (18, 4.0, 0.66, 3599), 1000: (23, 3.3, 0.34, 3648),
    1300: (25.8, 3.05, 0.31, 3450), 1400: (25.7, 3.0, 0.32, 3385), 2000: (25, 2.6, 0.39, 2999),
    4000: (22.5, 1.7, 0.95, 2691), 6000: (19, 0.99, 2.6, 2514), 8000: (12, 0.29, 6.9, 2298),
    9000: (6.7, 0.049, 10, 2112), 9400: (4.1, 6.4e-3, 12, 2001), 10000: (0.57, 4.5e-5, 13, 1747),
    11000: (2e-3, 3.6e-7, 11, 1325), 12000: (1.7e-4, 2.4e-8, 9.0, 1145), 14000: (7.4e-7, 4.2e-8, 6.2, 995),
    20000: (3.1e-7, 5.1e-8, 5.9, 964), 40000: (3.0e-7, 5.6e-8, 6.0, 955),
}  # fmt: skip
SNAPSHOTS = [
    *range(0, 2001, 100),
    *range(2250, 10001, 250),
    *range(10500, 20001, 500),
    *range(22000, 40001, 2000),
]


def authors(steps: Any, column: int) -> Array:
    """A column of the authors' curves at ``steps``, log-linear between the points read."""
    values = np.log([row[column] for row in AUTHORS.values()])
    return np.exp(np.interp(steps, list(AUTHORS), values))


def grokking(last: int = 40_000, **changed: Any) -> Record:
    """The authors' run up to step ``last``: T_mem 150, onset 9100, T_gen 10 000. ``changed``: columns of "progress"."""
    steps = np.arange(0, last + 1, 50)
    rows = np.array([step for step in SNAPSHOTS if step <= last])
    sparse = np.interp(rows, [0, 1300, 9400, 14_000, 40_000], [0.04, 0.05, 0.15, 0.7, 0.75])
    progress = {
        "step": rows,
        "test_loss": authors(rows, 0),
        "restricted_all": authors(rows, 1),
        "restricted_test": authors(rows, 1),
        "excluded_train": authors(rows, 2),
        "sum_squares": authors(rows, 3),
        "gini_embedding": sparse,
        "gini_logit_map": sparse,
        **changed,
    }
    run = record(
        steps.tolist(),
        np.minimum(1, steps / 140).tolist(),
        np.clip((steps - 9000) / 1000, 0, 1).tolist(),
        test_loss=authors(steps, 0).tolist(),
        budget=40_000,
        n_elements=P,
    )
    each = each_frequency(rows, progress["excluded_train"])
    return replace(
        run,
        analyses={"progress": progress, "circuit": circuit(), "anatomy": anatomy(), "each-frequency": each},
    )


def immediate() -> Record:
    """80 % of the table: T_mem 200, T_gen 300, R½ 1.3; the test loss never doubles, nothing happens beforehand."""
    steps = np.arange(0, 451, 5)
    rows = np.arange(0, 451, 25)
    fall = [0, 100, 200, 300, 450]
    progress = {
        "step": rows,
        "test_loss": np.interp(rows, fall, [4.8, 6.0, 4.0, 0.1, 1e-3]),
        "restricted_all": np.interp(rows, fall, [4.8, 4.7, 3.0, 0.5, 1e-3]),
        "restricted_test": np.interp(rows, fall, [4.8, 4.7, 3.0, 0.5, 1e-3]),
        "excluded_train": np.interp(rows, fall, [4.8, 4.0, 4.5, 8.0, 12.0]),
        "sum_squares": np.interp(rows, fall, [1783, 2800, 3500, 3400, 3300]),
        "gini_embedding": np.interp(rows, fall, [0.04, 0.11, 0.3, 0.36, 0.4]),
        "gini_logit_map": np.interp(rows, fall, [0.04, 0.11, 0.3, 0.36, 0.4]),
    }
    run = record(
        steps.tolist(),
        np.clip((steps - 100) / 100, 0, 1).tolist(),
        np.interp(steps, [145, 195, 300], [0, 0.5, 1]).tolist(),
        test_loss=np.interp(steps, rows, progress["test_loss"]).tolist(),
        budget=5000,
        n_elements=P,
    )
    each = each_frequency(rows, np.interp(rows, fall, [4.8, 2.0, 0.1, 1e-3, 1e-5]))
    return replace(run, analyses={"progress": progress, "each-frequency": each})


def circuit(**changed: Any) -> dict[str, Array]:
    """What the paper says of its main network's embedding, neurons and heads; sections 4.1 and 4.3, appendix C.1."""
    spectrum = np.full(HALF, 0.05)
    spectrum[[*(np.array(KEYS) - 1), 3]] = 1.0
    arrays = {
        "embedding_spectrum": spectrum,
        "gini_embedding": 0.8,
        "neuron_fve": [0.95] * 433 + [0.3] * 79,
        "neuron_fve_initial": [0.1] * NEURONS,
        "cluster_energy_share": 0.98,
        "attention_fve": [0.9903, 0.9849, 0.9907, 0.9791],
        **changed,
    }
    return _as_arrays(arrays)


def anatomy(**changed: Any) -> dict[str, Array]:
    """The paper's numbers of its main network's circuit; its Table 1, section 4 and appendix A."""
    losses = np.full(HALF, 2.41e-7)
    losses[np.array(KEYS) - 1] = [2.0e-4, 4.6e-4, 1.9e-3, 5.2e-3, 2.4e-2]
    arrays = {
        "key": KEYS,
        "gap": 20.0,
        "initial_rank": 0.5,
        "ring_initial": 0.5,
        "ring_final": 0.98,
        "logit_map_singular": [20.0] * 10 + [0.01] * (P - 10),
        "logit_map_residual": 0.0055,
        "readout_fve": np.full((len(KEYS), 2), 0.965),
        "logit_fve": 0.95,
        "attention_to_equals": [0.001, 0.002, 0.003, 0.004],
        "loss_all": 2.41e-7,
        "loss_attention_mean": 19.1,
        "loss_formula": 4.7e-8,
        "loss_heads_zero": 24.3,
        "loss_key_components": 7.24e-8,
        "loss_logit_directions": 1.19e-7,
        "loss_nullspace": 5.27,
        "loss_polynomial": 2.48e-7,
        "loss_restricted": 5.6e-8,
        "loss_skip_attention_zero": 19.1,
        "loss_skip_mlp_mean": 7.25e-7,
        "loss_sum_only": 5.54e-8,
        "loss_without_frequency": losses,
        **changed,
    }
    return _as_arrays(arrays)


def each_frequency(rows: Any, excluded: Any, **changed: Any) -> dict[str, Array]:
    """Excluded loss one key frequency at a time, and losses of rows: of one mode while they are memorised, at step 100."""
    shares = np.linspace(0, 1, 21)
    fit = np.interp(rows, [0, 100, 200], [0.0, 0.5, 1.0])
    train = (1 - fit)[:, None] * 5 + 2 * shares * (fit == 0.5)[:, None]  # spread at half of the fit
    table = np.where(shares < 0.3, shares, 10 + 10 * shares)[None] * np.ones((len(rows), 1))
    arrays = {
        "step": rows,
        "key": KEYS,
        "excluded": np.asarray(excluded)[:, None] * np.linspace(0.05, 0.5, len(KEYS)),
        "train_accuracy": fit,
        "train_quantiles": train,
        "table_quantiles": table,
        **changed,
    }
    return {name: np.asarray(value) for name, value in arrays.items()}


def _as_arrays(arrays: dict[str, Any]) -> dict[str, Array]:
    return {name: np.atleast_1d(np.asarray(value)) for name, value in arrays.items()}


def _taken_apart(circuit: dict[str, Array], anatomy: dict[str, Array]) -> Record:
    return replace(record([0], n_elements=P), analyses={"circuit": circuit, "anatomy": anatomy})


def untrained() -> Record:
    """Before the first step: every frequency alike, no neuron of one frequency, and every loss that of guessing."""
    losses = {name: 4.8 for name in anatomy() if name.startswith("loss_")}
    return _taken_apart(
        circuit(
            embedding_spectrum=np.ones(HALF),
            gini_embedding=0.04,
            neuron_fve=[0.1] * NEURONS,
            cluster_energy_share=math.nan,
            attention_fve=[0.1] * 4,
        ),
        anatomy(
            **losses
            | {
                "key": [5],
                "gap": 1.04,
                "ring_initial": 0.25,
                "ring_final": 0.25,
                "logit_map_singular": np.linspace(2, 0.1, P),
                "logit_map_residual": 0.99,
                "readout_fve": np.full((1, 2), 1e-5),
                "logit_fve": 0.01,
                "attention_to_equals": [0.33] * 4,
                "loss_without_frequency": np.full(HALF, 4.8),
            }
        ),
    )


def memorised() -> Record:
    """After 1400 steps: ablations help a network that is wrong on the test set, and break nothing that works."""
    losses = {name: 17.0 for name in anatomy() if name.startswith("loss_")}
    return _taken_apart(
        circuit(
            embedding_spectrum=np.linspace(1, 0.3, HALF),
            gini_embedding=0.1,
            neuron_fve=[0.95] * 40 + [0.4] * 472,
            cluster_energy_share=0.5,
            attention_fve=[0.9, 0.5, 0.4, 0.3],
        ),
        anatomy(
            **losses
            | {
                "loss_all": 18.0,
                "loss_formula": 4.0,
                "loss_key_components": 4.0,
                "loss_sum_only": 9.0,
                "loss_restricted": 3.3,
                "loss_heads_zero": 20.0,
                "key": [42, 44],
                "gap": 1.26,
                "logit_map_singular": np.linspace(17, 0.1, P),
                "logit_map_residual": 0.9,
                "readout_fve": np.full((2, 2), 0.25),
                "logit_fve": 0.04,
                "loss_without_frequency": np.full(HALF, 18.5),
            }
        ),
    )
