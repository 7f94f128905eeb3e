"""Gromov's closed-form weights against what the paper and an independent reproduction say of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grokbench.analysis import fourier
from grokbench.networks.fast.quadratic_mlp import FastQuadraticMLP
from grokbench.networks.registry import build
from grokbench.specs.errors import UnknownNameError

P = 97
X, Y = np.divmod(np.arange(P * P), P)
ANSWERS = {"sum": (X + Y) % P, "squares": (X**2 + Y**2) % P, "square": (X + Y) ** 2 % P}


def model(**fields):
    return {"kind": "analytic-quadratic-mlp", "width": 500, "cover": "even", "readout": "plain", **fields}


def accuracy(answer: str, seed: int = 9000, **fields) -> float:
    fast = FastQuadraticMLP(build(model(**fields), P, seed), torch.float32)
    rows = np.column_stack([X, Y, ANSWERS[answer]])
    return fast.evaluate(fast.rows(rows)).correct / len(rows)


def test_a_wide_network_adds_without_error():
    assert accuracy("sum", width=200) == 1.0
    assert accuracy("sum", width=500, cover="random") == 1.0


def test_accuracy_falls_with_width_as_reported():
    means = {
        width: np.mean([accuracy("sum", 9000 + s, width=width) for s in range(6)]) for width in (50, 100)
    }
    assert means[50] == pytest.approx(0.88, abs=0.05)
    assert means[100] == pytest.approx(0.997, abs=0.005)


def test_squares_read_in_are_added_too():
    assert accuracy("squares", inputs="square") == 1.0
    assert accuracy("sum", inputs="square") < 0.1


def test_one_square_root_answers_half_of_the_squares_and_every_root_all_of_them():
    assert accuracy("square", readout="one-root") == pytest.approx(49 / 97, abs=0.01)
    assert accuracy("square", readout="forward") > 0.999


def test_the_output_at_the_sum_is_one():
    network = build(model(), P, 9000)
    with torch.no_grad():
        f = network(network.encode(np.column_stack([X, Y])))
    at_sum = f[torch.arange(P * P), torch.from_numpy(ANSWERS["sum"])]
    assert float(at_sum.mean()) == pytest.approx(1.0, abs=1e-9)  # the random terms average out over the table
    assert float(at_sum.std()) < 0.1


def test_every_neuron_is_one_wave_whose_phases_add_up():
    network = build(model(width=100), P, 9000)
    w1, w2 = network.W1.detach().numpy(), network.W2.detach().numpy()
    u, v, w = w1[:, :P], w1[:, P:], w2.T
    for block in (u, v, w):
        np.testing.assert_allclose(fourier.ipr(block), 1.0, atol=1e-9)
    np.testing.assert_allclose(fourier.neuron_phases(u, v, w).sum, 0.0, atol=1e-9)


def test_an_even_cover_deals_frequencies_out_evenly():
    w1 = build(model(width=100), P, 9000).W1.detach().numpy()
    counts = np.bincount(fourier.neuron_phases(w1[:, :P], w1[:, P:], w1[:, :P]).frequency, minlength=49)
    assert counts[0] == 0
    assert set(counts[1:]) == {2, 3}


@pytest.mark.parametrize("field", ["cover", "readout", "inputs"])
def test_an_unknown_variant_is_refused(field):
    with pytest.raises(UnknownNameError, match=field):
        build(model(**{field: "sideways"}), P, 9000)
