"""Measures of neurons that decide, and of runs on fresh rows, on records made by hand."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from grokbench.measures import Between, measure
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.parity_networks import Fields, compute, faults, neurons, signs
from grokbench.specs.errors import InputError
from grokbench.training.record import Record
from tests.claims.claim_records import record, view

STEPS = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
TRAIN = [0.5, 0.7] + [1.0] * 9  # T_mem 20
TEST = [0.5, 0.5, 0.5, 0.52, 0.7, 0.9] + [1.0] * 5  # onset 30, T_gen 60


def neural(test: list[float] = TEST, **columns: Any) -> Record:
    """b is 0.5; a snapshot every 20 steps."""
    one = record(STEPS, TRAIN, test, memoriser_baseline=0.5)
    found = {
        "step": np.array([0, 20, 40, 60, 80, 100]),
        **{k: np.array(v, float) for k, v in columns.items()},
    }
    return dataclasses.replace(one, analyses={"subnetwork": found})


def test_sizes_are_read_at_the_last_snapshot_up_to_a_landmark() -> None:
    run = neural(size_train=[900, 800, 700, 60, 9, 7], size_accuracy=[34, 600, 500, 50, 8, 6])
    size = measure("active-neurons")
    assert size(view(run), at="fit") == 800
    assert size(view(run), at="onset") == 800  # step 30 lies between two snapshots
    assert size(view(run), at="onset", times=0.8) == 800
    assert size(view(run), at="onset", times=0.6) == 900
    assert size(view(run), at="generalised") == 60
    assert size(view(run), at="generalised", times=1.5) == 9
    assert size(view(run), at="end") == 7
    assert size(view(run), at="end", support="accuracy") == 6
    assert math.isnan(size(view(run), at="generalised", times=2))  # the run ends at 100
    assert math.isnan(size(view(neural([0.5] * 11, size_train=[1.0] * 6)), at="onset"))
    assert math.isnan(size(view(run), at="end", support="test"))


def test_norms_and_faithfulness_are_compared_from_the_landmark_to_the_end() -> None:
    run = neural(
        norm_active=[0.5, 0.4, 0.5, 0.8, 1.0, 1.2],
        norm_rest=[0.5, 0.4, 0.3, 0.2, 0.1, 0.05],
        largest_share=[0.01, 0.02, 0.1, 0.3, 0.7, 0.9],
        active_test=[0.5, 0.6, 0.7, 0.9, 1.0, 1.0],
        rest_train=[1.0, 0.98, 0.9, 0.7, 0.6, 0.5],
    )
    assert measure("active-norm-growth")(view(run), at="fit") == pytest.approx(3)
    assert measure("rest-norm-ratio")(view(run), at="fit") == pytest.approx(1 / 8)
    assert measure("active-norm-ratio")(view(run), at="fit") == pytest.approx(1)
    assert measure("active-norm-ratio")(view(run), at="end") == pytest.approx(24)
    assert measure("largest-neurons-share")(view(run), at="end") == 0.9
    faithful = measure("part-faithfulness")
    assert faithful(view(run), part="active", rows="test", at="fit") == 0.6
    assert faithful(view(run), part="rest", rows="train", at="end") == 0.5
    assert math.isnan(faithful(view(run), part="rest", rows="test", at="end"))


def test_a_network_stands_still_from_the_first_loss_of_exactly_0_or_it_does_not() -> None:
    run = neural(moved=[0.9, 0.5, 0.2, 0.0, 0.0, 0.0])
    loss = np.array([1, 0.5, 0.4, 0.2, 0.1, 1e-9, 0, 0, 0, 0, 0])
    still = dataclasses.replace(run, curves={**run.curves, "train_loss": loss})
    assert measure("moved-after-zero-loss")(view(still)) == 0
    early = dataclasses.replace(run, curves={**run.curves, "train_loss": np.where(loss > 0.3, loss, 0)})
    assert measure("moved-after-zero-loss")(view(early)) == 0.2
    assert math.isnan(measure("moved-after-zero-loss")(view(run)))  # its loss is 0.1 throughout


def online(accuracy: list[float], **more: Any) -> Record:
    steps = list(range(0, 10 * len(accuracy), 10))
    return record(steps, 0.5, accuracy, memoriser_baseline=0.5, **more)


def test_perfect_is_every_test_row_and_a_plateau_ends_at_its_last_low_evaluation() -> None:
    run = online([0.5, 0.51, 0.5, 0.54, 0.7, 0.999, 1.0, 0.5])
    assert measure("perfect-step")(view(run)) == 60
    assert measure("plateau-share")(view(run)) == pytest.approx(0.5)
    assert measure("plateau-share")(view(online([0.6, 0.8, 1.0]))) == 0
    never = online([0.5, 0.9, 0.999], budget=20)
    assert measure("perfect-step")(view(never)) == Between(20, math.inf)
    assert measure("perfect-step")(view(online([0.5, 0.5], ended="diverged"))) == math.inf
    assert math.isnan(measure("plateau-share")(view(never)))
    assert measure("perfect-step-ratio")(view(run, online([0.5, 0.5, 1.0]))) == 3


def over(times: dict[int, float], budget: int = 10_000) -> tuple[Cell, ...]:
    def one(t: float) -> Record:
        if math.isinf(t):
            return record([0, budget], 0.5, 0.5, budget=budget, memoriser_baseline=0.5)
        return record([0, t], 0.5, [0.5, 1.0], budget=budget, memoriser_baseline=0.5)

    return tuple(Cell(0, {"alpha": 0.5, "task.domain.n": n}, one(t)) for n, t in times.items())


def test_the_exponent_is_the_slope_of_logarithms_and_a_censored_time_leaves_a_bound() -> None:
    square, line = over({10: 100, 20: 400, 40: 1600}), over({10: 100, 20: 200, 40: 400})
    assert measure("perfect-step-power")(SeedView(0, (square,))) == pytest.approx(2, abs=1e-12)
    assert measure("perfect-step-power-difference")(SeedView(0, (square, line))) == pytest.approx(
        1, abs=1e-12
    )
    censored = over({10: 100, 20: 400, 40: math.inf}, budget=1600)
    low, high = measure("perfect-step-power")(SeedView(0, (censored,)))
    assert low == pytest.approx(2, abs=1e-12)
    assert high == math.inf
    with pytest.raises(
        InputError, match=r"reads runs over task\.domain\.k, which the experiment does not vary"
    ):
        measure("perfect-step-power")(SeedView(0, (square,)), field="task.domain.k")


def test_progress_on_a_plateau_is_compared_at_its_end() -> None:
    steps = np.arange(0, 101, 20)
    arms = []
    for scale, test in ((4.0, TEST), (1.0, [0.5] * 11)):
        one = record(STEPS, TRAIN, test, memoriser_baseline=0.5)
        found = {"step": steps, "from_start": scale * steps}
        arms.append(dataclasses.replace(one, analyses={"subnetwork": found}))
    assert measure("plateau-progress-ratio")(view(*arms)) == pytest.approx(
        4
    )  # the plateau ends at 30: at step 20
    assert math.isnan(measure("plateau-progress-ratio")(view(*arms), accuracy=0.4))  # no plateau
    assert math.isnan(measure("plateau-progress-ratio")(view(arms[1], arms[0])))  # no t_c


def networks(**own: Any) -> dict[str, float]:
    return compute(dataclasses.asdict(Fields(**own)), 0)


@pytest.mark.parametrize(("network", "count"), [("general", 8), ("six", 6), ("four", 4)])
def test_the_papers_networks_are_right_on_every_pattern(network: str, count: int) -> None:
    assert networks(network=network) == {"wrong-answers": 0.0, "network-neurons": count}
    assert networks(network=network, flipped=True)["wrong-answers"] >= 1 / 8


@pytest.mark.parametrize("k", [1, 2, 5])
def test_a_neuron_for_each_pattern_is_enough_for_any_number_of_bits(k: int) -> None:
    assert networks(k=k, n=12) == {"wrong-answers": 0.0, "network-neurons": 2**k}
    W, b, _ = neurons("general", k)
    assert (np.maximum(signs(k) @ W.T + b, 0) == np.eye(2**k)).all()  # each speaks on its own pattern alone


def test_fields_that_make_no_network_are_named() -> None:
    assert [where for where, _ in faults(dataclasses.asdict(Fields("six", k=4)))] == ["k"]
    assert [where for where, _ in faults(dataclasses.asdict(Fields(k=5, n=4)))] == ["k"]
    assert not list(faults(dataclasses.asdict(Fields("four"))))
