"""Parts of a network that decide: against a trained network of Merrill et al.'s code, and against definitions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grokbench.analysis.subnetworks import ReluNetwork, agreement, by_norm, faithfulness, largest_share

KNOWN = np.load(Path(__file__).parents[1] / "data" / "merrill2023-parity.npz")


def trained() -> ReluNetwork:
    W, b, u = (
        KNOWN[f"trained/{name}"].astype(np.float64)
        for name in ("linear1.weight", "linear1.bias", "linear2.weight")
    )
    return ReluNetwork(W, b, u[0])


def rows(suffix: str = "") -> np.ndarray:
    return np.column_stack([KNOWN[f"trained/x{suffix}"], KNOWN[f"trained/y{suffix}"] > 0]).astype(np.float64)


def test_the_active_part_of_a_trained_network_is_the_references() -> None:
    net = trained()
    order = by_norm(net)
    found = agreement(net, rows(), order)
    size = int(KNOWN["trained/effective_sparsity"])
    assert found.smallest_as_right == found.smallest == size == 8
    assert set(order[:size]) == set(KNOWN["trained/active_neurons"])
    assert found.right[-1] / found.n == KNOWN["trained/train_accuracy"]


def test_its_faithfulness_on_test_rows_is_the_references() -> None:
    active, rest = faithfulness(trained(), rows("_test"), KNOWN["trained/active_neurons"].astype(np.int64))
    assert active == KNOWN["trained/faithfulness_active_test"]
    assert rest == pytest.approx(float(KNOWN["trained/faithfulness_complement_test"]))
    on_test = agreement(trained(), rows("_test"), by_norm(trained()))
    assert (on_test.same[7] / on_test.n, on_test.rest[7] / on_test.n) == (active, rest)


def test_a_part_of_equal_accuracy_may_be_smaller_than_one_of_equal_answers() -> None:
    """The largest of three neurons answers two rows otherwise than the whole, one of them rightly and one wrongly."""
    net = ReluNetwork(np.diag([3.0, 2.0, 1.0]), np.zeros(3), np.array([1.0, -2.0, 0.0]))
    x = np.array([[1.0, 0, 0], [1.0, 2, 0], [2.0, 3, 0], [0, 1, 0]])
    found = agreement(net, np.column_stack([x, [1, 1, 0, 0]]), by_norm(net))
    assert found.same.tolist() == [2, 4, 4]
    assert found.right.tolist() == [3, 3, 3]
    assert found.rest.tolist() == [3, 3, 3]
    assert (found.smallest, found.smallest_as_right) == (2, 1)


def test_blocks_of_rows_change_nothing() -> None:
    rng = np.random.default_rng(0)
    net = ReluNetwork(rng.normal(size=(20, 6)), rng.normal(size=20), rng.normal(size=20))
    many = np.column_stack([rng.normal(size=(2300, 6)), rng.integers(0, 2, 2300)])
    whole, order = agreement(net, many, by_norm(net)), by_norm(net)
    f = net.contributions(many[:, :6])
    for size in (1, 7, 20):
        part = f[:, order[:size]].sum(axis=1)
        assert whole.same[size - 1] == ((part > 0) == (f.sum(axis=1) > 0)).sum()
        assert whole.right[size - 1] == ((part > 0) == (many[:, 6] > 0.5)).sum()
    assert whole.smallest <= 20
    same, rest = faithfulness(net, many, order[:7])
    assert same == pytest.approx(whole.same[6] / 2300)
    assert rest == pytest.approx(whole.rest[6] / 2300)


def test_the_share_of_the_largest_is_of_squares() -> None:
    assert largest_share(np.array([3.0, 4.0, 0.0]), 1) == pytest.approx(16 / 25)
    assert largest_share(np.ones(1000), 8) == pytest.approx(0.008)
    assert np.isnan(largest_share(np.zeros(3), 1))
