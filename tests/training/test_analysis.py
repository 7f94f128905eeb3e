"""Analyses of one-layer transformers: the pass over the table is the plain one, and networks built by hand have known answers."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from grokbench import parts
from grokbench.analysis.progress import table_loss
from grokbench.networks.one_layer_transformer import OneLayerTransformer
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import Recipe, TaskSpec, Trial
from grokbench.tasks.splits import split_table
from grokbench.tasks.table import build_table
from grokbench.training.analyses.circuit import CIRCUIT
from grokbench.training.analyses.making import analyse, analysed
from grokbench.training.analyses.progress import PROGRESS
from grokbench.training.analyses.table_network import TableNetwork
from grokbench.training.record import Record
from tests.networks.drawn import initial_transformer

P = 23
OURS = ("circuit", "progress")
MODEL = {"kind": "one-layer-transformer", "d_model": 16, "heads": 3, "d_head": 4, "d_mlp": 24}
SCALARS = {
    *CIRCUIT,
    *(f"gini_{of}{when}" for of in ("embedding", "logit_map") for when in ("", "_initial")),
}


def trial(
    p: int = P, operation: str = "x + y", model: dict | None = None, domain: dict | None = None, **fields
) -> Trial:
    recipe = Recipe(
        "test/r", "", "inferred", "", model or MODEL, {}, {}, {"rounding": "floor", "split": "seed"}, {}, {}
    )
    task = TaskSpec("addition", "", operation, domain or {"kind": "integers-mod", "p": p})
    return Trial(task, recipe, **{"alpha": 0.3, "seed": 9000, "budget": 10, **fields})


def random_weights(seed: int, outputs: str = "vocabulary") -> dict[str, np.ndarray]:
    network = initial_transformer({**MODEL, "outputs": outputs}, P, 9000 + seed)
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for bias in (network.b_in, network.b_out):
            bias += 0.3 * torch.from_numpy(rng.standard_normal(bias.shape))
        network.W_E *= 2
    return {name: w.detach().numpy() for name, w in network.named_parameters()}


def plain_logits(weights: dict[str, np.ndarray]) -> np.ndarray:
    network = OneLayerTransformer({name: torch.from_numpy(w.copy()) for name, w in weights.items()})
    x, y = np.divmod(np.arange(P * P), P)
    with torch.no_grad():
        return network(network.tokens(np.column_stack([x, y])))[:, :P].numpy().reshape(P, P, P)


def trig_weights(keys: tuple[int, ...], scale: float = 20.0, phases: int = 16) -> dict[str, np.ndarray]:
    """Uniform attention adds cos and sin of w_k x and of w_k y; the neurons of phase φ read 2φ after ReLU; no way around them.

    Σ_φ ReLU(cos(w x + φ) + cos(w y + φ)) cos(w c + 2φ) ∝ |cos(w(x − y)/2)| cos(w(x + y − c)).
    """
    k, d, n = len(keys), 4 * len(keys), phases * len(keys)
    w = {name: np.zeros(shape) for name, shape in {
        "W_E": (P + 1, d), "W_pos": (3, d), "W_Q": (1, 2, d), "W_K": (1, 2, d), "W_V": (1, d, d), "W_O": (1, d, d),
        "W_in": (n, d), "b_in": (n,), "W_out": (d, n), "b_out": (d,), "W_U": (P + 1, d),
    }.items()}  # fmt: skip
    w["W_V"][0], w["W_O"][0] = np.eye(d), 3 * np.eye(d)
    numbers, phi = np.arange(P), 2 * np.pi * np.arange(phases) / phases
    for i, key in enumerate(keys):
        angle = 2 * np.pi * key * numbers / P
        read, write = slice(2 * i, 2 * i + 2), slice(2 * (k + i), 2 * (k + i) + 2)
        own = slice(phases * i, phases * (i + 1))
        w["W_E"][:P, read] = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        w["W_in"][own, read] = np.stack([np.cos(phi), -np.sin(phi)], axis=1)
        w["W_out"][write, own] = np.stack([np.cos(2 * phi), -np.sin(2 * phi)])
        w["W_U"][:P, write] = scale * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return w


@pytest.mark.parametrize("outputs", ["vocabulary", "elements"])
def test_logits_over_the_table_are_the_plain_modules_at_the_answer_position(outputs):
    weights = random_weights(1, outputs)
    found = TableNetwork.of(weights, P).logits().numpy()
    np.testing.assert_allclose(found, plain_logits(weights), atol=1e-10)


def test_a_bias_that_is_left_out_is_zero():
    weights = random_weights(1)
    weights["b_in"], weights["b_out"] = 0 * weights["b_in"], 0 * weights["b_out"]
    without = {name: w for name, w in weights.items() if not name.startswith("b_")}
    assert torch.equal(TableNetwork.of(without, P).logits(), TableNetwork.of(weights, P).logits())


def test_attention_is_a_softmax_over_the_three_tokens():
    weights = random_weights(1)
    found = TableNetwork.of(weights, P).attention().numpy()
    stream = np.stack(
        [weights["W_E"][token] + at for token, at in zip((5, 9, P), weights["W_pos"], strict=True)]
    )
    for head in range(3):
        scores = stream @ weights["W_K"][head].T @ (weights["W_Q"][head] @ stream[2]) / 4**0.5
        np.testing.assert_allclose(found[5, 9, head], np.exp(scores) / np.exp(scores).sum(), atol=1e-12)


def test_progress_has_a_row_a_snapshot_with_the_losses_of_the_trials_own_rows():
    weights = {0: random_weights(1), 20: random_weights(2), 7: random_weights(3)}
    found = analyse("progress", trial(), weights, 20)
    assert list(found) == ["step", *PROGRESS]
    assert found["step"].tolist() == [0, 7, 20]
    assert all(column.shape == (3,) and np.isfinite(column).all() for column in found.values())
    table = build_table(trial().task)
    split = split_table(table, trial().task, 0.3, {"rounding": "floor", "split": "seed"}, 9000)
    for row, step in enumerate((0, 7, 20)):
        logits = plain_logits(weights[step])
        assert found["train_loss"][row] == pytest.approx(table_loss(logits, table.rows[split.train]))
        assert found["test_loss"][row] == pytest.approx(table_loss(logits, table.rows[split.test]))
        assert found["sum_squares"][row] == pytest.approx(sum(np.sum(w**2) for w in weights[step].values()))


def test_a_network_that_is_the_formula_is_found_out():
    weights = {0: random_weights(1), 9: trig_weights((4,), scale=40.0)}
    weights[0] = {name: np.resize(w, weights[9][name].shape) for name, w in weights[0].items()}
    found = analyse("progress", trial(), weights, 9)
    assert found["restricted_all"][1] < 0.05 * math.log(P)
    assert found["excluded_train"][1] > math.log(P)
    assert found["gini_embedding"][1] == pytest.approx(
        1 - 2 / P
    )  # one cosine and one sine, of equal norm, among p
    assert found["gini_logit_map"][1] == pytest.approx(1 - 2 / P)


def test_the_circuit_of_a_network_built_by_hand():
    weights = trig_weights((3, 7))
    found = analyse("circuit", trial(), {12: weights}, 12)
    assert found["key"].tolist() == [3, 7]
    assert np.flatnonzero(found["embedding_spectrum"] > 1e-9).tolist() == [2, 6]
    assert np.flatnonzero(found["logit_spectrum"] > 1e-9).tolist() == [2, 6]
    assert found["neuron_frequency"].tolist() == [3] * 16 + [7] * 16
    assert found["cluster_share"] == 1 == found["cluster_energy_share"].round(9)
    assert found["logit_map_residual"] < 1e-9
    assert found["logit_map_svd_residual"] < 1e-9
    assert found["readout_fve"].shape == (2, 2)
    assert found["readout_fve"].min() > 0.7
    assert found["logit_fve"] > 0.7
    assert found["logit_by_difference"].argmax() == 0 == found["formula_by_difference"].argmax()
    base = table_loss(plain_logits(weights))
    assert base < 0.3
    assert found["loss_all"] == pytest.approx(base)
    for harmless in ("skip_mlp_zero", "skip_mlp_mean", "logit_directions", "skip_attention_zero"):
        assert found[f"loss_{harmless}"] == pytest.approx(base), harmless
    for helpful in ("polynomial", "sum_only", "key_components", "formula"):
        assert found[f"loss_{helpful}"] < 1.5 * base, helpful
    assert found["loss_nullspace"] == pytest.approx(math.log(P))
    assert found["loss_heads_zero"] == pytest.approx(math.log(P))
    without = found["loss_without_frequency"]
    assert without.shape == (11,)
    assert min(without[2], without[6]) > 3 * np.delete(without, [2, 6]).max()
    assert np.isnan(found["attention_fve"]).all()  # the attention does not vary


def test_ablations_of_the_ways_around_are_those_of_the_equations():
    weights = random_weights(1)
    found = analyse("circuit", trial(), {0: random_weights(2), 3: weights}, 3)
    w = weights
    network = TableNetwork.of(weights, P)
    heads = network.attention_output().numpy()
    start = w["W_E"][P] + w["W_pos"][2]

    def loss(residual: np.ndarray, around: np.ndarray) -> float:
        hidden = np.maximum(residual @ w["W_in"].T + w["b_in"], 0)
        return table_loss((around + hidden @ w["W_out"].T + w["b_out"]) @ w["W_U"][:P].T)

    stream = start + heads
    assert found["loss_all"] == pytest.approx(loss(stream, stream))
    assert found["loss_skip_mlp_zero"] == pytest.approx(loss(stream, 0 * stream))
    assert found["loss_skip_mlp_mean"] == pytest.approx(loss(stream, 0 * stream + stream.mean(axis=(0, 1))))
    assert found["loss_skip_attention_zero"] == pytest.approx(loss(heads, heads))
    assert found["loss_heads_zero"] == pytest.approx(loss(0 * heads + start, 0 * heads + start))
    silent = {**weights, "W_O": 0 * weights["W_O"]}
    assert found["loss_heads_zero"] == pytest.approx(table_loss(plain_logits(silent)))
    assert ((found["attention_fve"] > 0) & (found["attention_fve"] < 1)).all()


@pytest.mark.parametrize("name", OURS)
def test_every_array_has_an_axis_and_its_shape_does_not_depend_on_the_numbers(name):
    first, last = random_weights(1), random_weights(2)
    found = analyse(name, trial(), {0: first, 5: last}, 5)
    broken = {**last, "b_in": last["b_in"] * np.nan}
    without = analyse(name, trial(), {0: first, 5: broken}, 5)
    assert list(found) == list(without)
    for key, array in found.items():
        assert array.ndim >= 1, key
        assert array.dtype in (np.float64, np.int64), key
        assert without[key].dtype == array.dtype, key
        if key not in ("key", "logit_coefficients", "readout_fve"):
            assert without[key].shape == array.shape, key
    if name == "circuit":
        assert {key for key, array in found.items() if array.shape == (1,)} >= SCALARS
        assert np.isnan(without["loss_all"]).all()
        assert without["key"].shape == (0,)
        assert np.isfinite(without["embedding_spectrum_initial"]).all()
    else:
        assert np.isnan(without["train_loss"]).tolist() == [False, True]
        assert np.isnan(without["restricted_all"]).all()


def test_a_network_whose_map_is_zero_has_no_key_frequency_and_guesses():
    weights = random_weights(1)
    weights["W_U"] = 0 * weights["W_U"]
    found = analyse("circuit", trial(), {5: weights}, 5)
    assert found["key"].shape == (0,)
    assert found["readout_fve"].shape == (0, 2)
    assert found["loss_all"] == pytest.approx(math.log(P))
    np.testing.assert_allclose(found["loss_without_frequency"], math.log(P))
    assert np.isnan(found["loss_formula"]).all()
    rows = analyse("progress", trial(), {5: weights}, 5)
    assert np.isnan(rows["excluded_train"]).all()
    assert rows["train_loss"] == pytest.approx(math.log(P))
    assert np.isnan(found["logit_spectrum_initial"]).all()  # no snapshot at step 0


def test_weights_that_training_keeps_in_float32_are_analysed_in_float64():
    weights = random_weights(1)
    short = {name: w.astype(np.float32) for name, w in weights.items()}
    long = {name: w.astype(np.float64) for name, w in short.items()}
    for name in OURS:
        a, b = (analyse(name, trial(), {1: w}, 1) for w in (short, long))
        assert all(np.array_equal(a[key], b[key], equal_nan=True) for key in a)


def test_every_analysis_has_a_version_and_a_maker():
    for name in parts.BUILT_IN["analyses"]:
        own = parts.find("analyses", name)
        assert own.kind == name
        assert own.version >= 1
        assert own.summary
        assert callable(parts.loaded(own.make))


def test_a_record_gets_the_analyses_that_its_trial_names_and_it_lacks():
    last = random_weights(2)
    record = Record(
        trial(analyses=("progress", "circuit")), "finished", {}, {"steps": 9},
        analyses={"circuit": {"kept": np.ones(1)}}, weights=last, snapshots={0: random_weights(1), 4: last},
    )  # fmt: skip
    found = analysed(record)
    assert found.analyses["progress"]["step"].tolist() == [0, 4, 9]
    assert list(found.analyses["circuit"]) == ["kept"]
    assert analysed(found) is found
    plain = dataclasses.replace(record, trial=trial(), weights={})
    assert analysed(plain) is plain


def test_what_an_analysis_is_not_for_is_refused():
    weights = {1: random_weights(1)}
    with pytest.raises(UnknownNameError, match="did you mean 'progress'"):
        analyse("progres", trial(), weights, 1)
    with pytest.raises(InputError, match="model kind"):
        analyse("circuit", trial(model={"kind": "quadratic-mlp"}), weights, 1)
    with pytest.raises(InputError, match=r"operation 'x \+ y'"):
        analyse("circuit", trial(operation="x - y"), weights, 1)
    with pytest.raises(InputError, match="integers-mod"):
        analyse("progress", trial(domain={"kind": "symmetric-group", "n": 4}), weights, 1)
    with pytest.raises(InputError, match="odd p"):
        analyse("progress", trial(p=22), weights, 1)
    with pytest.raises(InputError, match="step 2"):
        analyse("progress", trial(), weights, 2)
