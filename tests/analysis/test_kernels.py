"""Tangent kernels in closed form are sums of products of gradients, and alignments are what their formula says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from grokbench import parts
from grokbench.analysis import kernels
from grokbench.networks.committee import Committee
from grokbench.networks.quadratic_mlp import CONVENTIONS, QuadraticMLP
from grokbench.networks.registry import architecture, build
from grokbench.specs.fields import checked
from grokbench.specs.loader import Library
from grokbench.training.analyses.tangent_kernel import ANALYSIS


def gradients(network: Any, inputs: torch.Tensor) -> np.ndarray:
    """Σ_c ∇f_c(x) · ∇f_c(x′), row by row."""
    outputs = network(inputs)  # (n, c)
    weights = list(network.parameters())
    flat = [
        [
            torch.cat([g.reshape(-1) for g in torch.autograd.grad(one, weights, retain_graph=True)])
            for one in row
        ]
        for row in outputs
    ]
    jacobian = torch.stack([torch.stack(row) for row in flat])  # (n, c, weights)
    return np.asarray(torch.einsum("icw,jcw->ij", jacobian, jacobian))


def test_the_kernel_of_the_quadratic_network_is_that_of_its_gradients() -> None:
    generator = np.random.default_rng(0)
    w1, w2 = generator.standard_normal((6, 8)), generator.standard_normal((4, 6))
    network = QuadraticMLP(torch.from_numpy(w1), torch.from_numpy(w2), "mean-field")
    inputs = generator.standard_normal((5, 8))
    found = kernels.quadratic_kernel(inputs, w1, w2, network.output_scale)
    np.testing.assert_allclose(found, gradients(network, torch.from_numpy(inputs)), rtol=1e-10)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_kernel_that_a_network_states_is_that_of_its_gradients(convention: str) -> None:
    model = {"kind": "quadratic-mlp", "width": 6, "convention": convention}
    own, network = architecture(model), build(model, 4, 0)
    checked_model = checked(own.fields, model, "model")
    inputs = np.random.default_rng(3).standard_normal((5, 8))
    found = parts.loaded(own.tangent_kernel(checked_model))(network, inputs)
    np.testing.assert_allclose(found, gradients(network, torch.from_numpy(inputs)), rtol=1e-10)


def test_a_kernel_without_a_closed_form_is_refused_before_training() -> None:
    task, recipe = Library().resolve("addition", "kumar2023/modular", {"model.normalisation": "batch"})
    (said,) = ANALYSIS.faults(task, recipe)
    assert "model kind 'quadratic-mlp' has none with these fields" in said
    task, recipe = Library().resolve("addition", "kumar2023/modular", {})
    assert not [*ANALYSIS.faults(task, recipe)]


def test_the_kernel_of_a_committee_is_that_of_its_gradients_and_equation_5() -> None:
    generator = np.random.default_rng(1)
    w, x, eps = generator.standard_normal((30, 4)), generator.standard_normal((5, 4)), 0.3
    found = kernels.committee_kernel(x, w, eps)
    np.testing.assert_allclose(
        found, gradients(Committee({"W": torch.from_numpy(w)}, eps), torch.from_numpy(x)), rtol=1e-10
    )
    mean, square, products = w.mean(0), w.T @ w / len(w), x @ x.T
    pairs = x @ mean
    equation = products * (1 + eps * (pairs[:, None] + pairs[None]) + eps**2 * x @ square @ x.T)
    np.testing.assert_allclose(len(w) * found, equation, rtol=1e-10)


def test_an_alignment_is_one_for_the_labels_own_kernel_and_does_not_see_a_constant_or_a_factor() -> None:
    labels = np.random.default_rng(2).standard_normal((6, 2))
    own = labels @ labels.T
    assert kernels.alignment(own, labels) == pytest.approx(1)
    assert kernels.alignment(5 * own + 3, labels) == pytest.approx(1)
    assert np.isnan(kernels.alignment(np.ones((6, 6)), labels))
    centring = np.eye(6) - 1 / 6
    np.testing.assert_allclose(kernels.centred(own), centring @ own @ centring, atol=1e-12)


def test_a_cosine_of_kernels_is_one_for_multiples_alone() -> None:
    first = np.diag([1.0, 2.0])
    assert kernels.cosine(first, 4 * first) == pytest.approx(1)
    assert kernels.cosine(np.diag([1.0, 0.0]), np.diag([0.0, 1.0])) == 0
    assert np.isnan(kernels.cosine(first, np.zeros((2, 2))))
