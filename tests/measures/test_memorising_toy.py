"""The linear toy with a weight that generalises and one memorising weight a row, against what can be said of it on paper."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from grokbench.measures.memorising_toy import MEMORISING_TOY, Fields, compute, faults


def run(seed: int = 9000, **changed: Any) -> dict[str, float]:
    return compute(dataclasses.asdict(Fields(**{"lr": 0.02, "steps": 400, **changed})), seed)


@pytest.mark.parametrize("rows", [1, 10, 100])
def test_gradient_descent_gives_each_memorising_weight_a_share_of_one_over_the_rows(rows: int) -> None:
    found = run(rows=rows, batch=rows, lr=0.5)
    assert found["generaliser-at-end"] == pytest.approx(rows / (rows + 1), abs=1e-9)


def test_adamw_on_full_batches_moves_all_weights_alike_so_that_half_is_memorised() -> None:
    found = run(optimizer="adamw")
    assert found["generaliser-at-end"] == pytest.approx(0.5, abs=0.005)
    assert found["toy-delay"] == math.inf
    assert run(seed=9001, optimizer="adamw") == found  # no chance in a full batch


def test_adamw_on_small_batches_memorises_less_and_draws_them_from_the_seed() -> None:
    few, other = (run(seed, optimizer="adamw", batch=10) for seed in (9000, 9001))
    assert 0.6 < few["generaliser-at-fit"] < 0.8
    assert few != other
    assert few == run(9000, optimizer="adamw", batch=10)


def test_weight_decay_alone_shrinks_what_gradient_descent_has_learned() -> None:
    assert run(weight_decay=1.0, lr=0.1)["generaliser-at-end"] == pytest.approx(1 / (1 + 1.01), abs=1e-3)
    assert math.isnan(run(weight_decay=1.0)["toy-delay"])  # the training set is never fitted


def test_a_batch_larger_than_the_training_set_is_refused() -> None:
    assert [field for field, _ in faults({"batch": 11, "rows": 10})] == ["batch"]
    assert not list(faults({"batch": 10, "rows": 10}))


def test_it_gives_the_numbers_that_it_names() -> None:
    assert set(run(steps=1)) == set(MEMORISING_TOY.numbers)
