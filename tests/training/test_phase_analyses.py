"""Analyses of a quadratic network's phases: what shuffling them costs, and how far those of periodic neurons spread."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grokbench.specs.types import Recipe, TaskSpec, Trial
from grokbench.training.analyses.making import analyse
from tests.networks.drawn import analytic_mlp, initial_mlp

P = 13


def trial() -> Trial:
    recipe = Recipe("test/r", "", "inferred", "", {"kind": "quadratic-mlp"}, {}, {}, {}, {}, {})
    task = TaskSpec("addition", "", "x + y", {"kind": "integers-mod", "p": P})
    return Trial(task, recipe, alpha=0.5, seed=9000, budget=0)


def weights(network: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: w.detach().numpy().astype(np.float32) for name, w in network.named_parameters()}


def analytic(width: int = 400) -> dict[str, np.ndarray]:
    return weights(analytic_mlp({"width": width, "cover": "even"}, P, 9000))


def found(name: str, own: dict[str, np.ndarray]) -> dict[str, float]:
    return {key: float(value[0]) for key, value in analyse(name, trial(), {0: own}, 0).items()}


def test_analytic_weights_answer_by_sums_of_phases_and_by_nothing_else():
    shares = found("phase-shuffles", analytic())
    assert shares["unshuffled"] == 1
    assert shares["sum_kept"] > 0.95
    assert shares["independent"] < 0.5


def test_a_network_that_answers_nothing_has_nothing_to_lose():
    shares = found("phase-shuffles", weights(initial_mlp({"width": 50}, P, 9000)))
    assert max(shares.values()) < 0.3


def test_all_neurons_of_the_analytic_weights_are_periodic_and_none_before_training():
    built = found("periodic-neurons", analytic())
    assert built["share"] == 1
    assert built["circular_std"] == pytest.approx(0, abs=1e-3)
    noise = found("periodic-neurons", weights(initial_mlp({"width": 50}, P, 9000)))
    assert noise["share"] < 0.2


@pytest.mark.parametrize("name", ["phase-shuffles", "periodic-neurons"])
def test_weights_that_are_not_numbers_give_none(name):
    own = analytic(8)
    own["W1"][:] = np.nan
    assert np.isnan([value for key, value in found(name, own).items() if key != "share"]).all()
