"""The analysis of irreps reads the right parts of the network, and finds the irrep that a made one uses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from grokbench.analysis.representations import irreps, matrices
from grokbench.plan.resolve import resolve_trial
from grokbench.specs.errors import InputError
from grokbench.specs.types import Trial
from grokbench.tasks.domain import make_domain
from grokbench.training.analyses.making import analyse, analysed
from grokbench.training.engine import train

PRODUCTS = make_domain({"kind": "alternating-group", "n": 4}).products
N = len(PRODUCTS)


def trial(**settings) -> Trial:
    own = {"task.domain.n": 4, "model.d_embedding": 9, "model.width": 60, **settings}
    return resolve_trial("a5-product", "chughtai2023/mlp", seed=9000, steps=4, settings=own)


def drawn(scale: float = 0.1) -> dict[str, np.ndarray]:
    shapes = {"W_x": (N, 9), "W_y": (N, 9), "W": (18, 60), "W_U": (60, N)}
    rng = np.random.default_rng(0)
    return {name: scale * rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def made() -> dict[str, np.ndarray]:
    """Embeddings are ρ(a) and ρ(b); neurons are relu(u·ρ(a)v + w·ρ(b)z), read out by what fits χ_ρ(a b c⁻¹) best."""
    rho = matrices(irreps(PRODUCTS)[-1], PRODUCTS).reshape(N, 9)
    weights = {**drawn(1.0), "W_x": rho, "W_y": rho}
    hidden = np.maximum((rho @ weights["W"][:9])[:, None] + rho @ weights["W"][9:], 0).reshape(N * N, -1)
    tensor = 20 * (rho @ rho.T)[PRODUCTS].reshape(N * N, N)  # 20 tr ρ(ab)ρ(c)ᵀ
    return {**weights, "W_U": np.linalg.lstsq(hidden, tensor)[0]}


def test_a_network_of_one_irrep_has_it_as_key_and_everything_in_it():
    found = analyse("representations", trial(), {0: drawn(), 4: made()}, 4)
    assert found["step"].tolist() == [0, 4]
    assert found["key"].tolist() == [0, 0, 1]
    assert found["rank"].tolist() == [1, 2, 9]
    assert found["embedding_share"][1] == pytest.approx(1)
    assert found["embedding_share"][0] < 0.99
    assert found["logit_share"][1] == pytest.approx(found["similarity"][1, 2] ** 2)
    assert found["logit_share"][1] > 0.3
    assert found["similarity"][1, 2] > 10 * np.abs(found["similarity"][1, :2]).max()
    assert found["restricted"][1] < found["restricted"][0]
    assert found["excluded"][1] > found["train_loss"][1]


def test_weights_that_are_no_numbers_give_no_numbers():
    broken = {name: np.full_like(w, np.nan) for name, w in drawn().items()}
    found = analyse("representations", trial(), {0: drawn(), 4: broken}, 4)
    assert not found["key"].any()
    assert np.isnan(found["train_loss"][1])
    assert np.isfinite(found["train_loss"][0])


def test_losses_are_those_of_the_run():
    run = train(dataclasses.replace(trial(), analyses=("representations",), snapshots=(0, 2)))
    found = analysed(run).analyses["representations"]
    at = [run.curves["step"].tolist().index(step) for step in found["step"].tolist()]
    for split in ("train", "test"):
        np.testing.assert_allclose(found[f"{split}_loss"], run.curves[f"{split}_loss"][at], rtol=1e-5)


@pytest.mark.parametrize(
    ("task", "recipe", "settings", "message"),
    [
        ("addition", "gromov2023/adamw", {}, "factored-mlp"),
        ("addition", "chughtai2023/mlp", {}, "x \\* y"),
        ("multiplication", "chughtai2023/mlp", {}, "for groups"),
    ],
)
def test_other_trials_are_refused(task, recipe, settings, message):
    other = resolve_trial(task, recipe, seed=9000, steps=1, settings=settings)
    with pytest.raises(InputError, match=message):
        analyse("representations", other, {1: {}}, 1)


def test_logits_lie_along_the_same_characters_whichever_analysis_reads_them():
    own = {0: drawn(), 4: made()}
    whole = analyse("representations", trial(), own, 4)
    logits = analyse("characters", trial(), own, 4)
    for name in ("step", "key", "rank"):
        assert logits[name].tolist() == whole[name].tolist()
    for name in ("similarity", "logit_share"):
        np.testing.assert_allclose(logits[name], whole[name], atol=1e-6)


def test_logits_of_a_decoder_are_those_of_the_elements_tokens():
    settings = {"model.layers": 1, "model.d_model": 16, "model.heads": 2}
    own = resolve_trial("s5-product", "power2022/answer", seed=9000, steps=0, settings=settings)
    found = analysed(train(dataclasses.replace(own, analyses=("characters",)))).analyses["characters"]
    assert found["similarity"].shape == (1, 7)
    assert 0 < (found["similarity"] ** 2).sum() < 1
