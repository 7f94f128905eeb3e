"""Minibatches: each pass sees every training row once, in a new order, and no engine sees them otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from grokbench.specs.errors import InputError
from grokbench.training.batches import Batches


def passes(batches: Batches, n_rows: int, n: int) -> list[np.ndarray]:
    out = []
    for _ in range(n):
        parts: list[np.ndarray] = []
        while sum(map(len, parts)) < n_rows:
            which = batches.next()
            assert which is not None
            parts.append(which)
        out.append(np.concatenate(parts))
    return out


def test_a_pass_holds_every_row_once_and_the_next_has_another_order():
    first, second = passes(Batches(512, 4656, 9000), 4656, 2)
    assert sorted(first) == sorted(second) == list(range(4656))
    assert first.tolist() != second.tolist()


def test_the_last_batch_is_what_is_left():
    batches = Batches(512, 4656, 9000)  # division at half of its table
    sizes = [len(batches.next()) for _ in range(20)]  # type: ignore[arg-type]
    assert sizes == [*[512] * 9, 48] * 2


@pytest.mark.parametrize(("n_rows", "size"), [(1000, 500), (1001, 501), (2000, 512), (3, 2)])
def test_a_batch_is_at_most_half_of_the_rows(n_rows: int, size: int):
    assert len(Batches(512, n_rows, 0).next()) == size  # type: ignore[arg-type]


def test_the_order_belongs_to_the_seed():
    one, again, other = (passes(Batches(10, 40, seed), 40, 1)[0].tolist() for seed in (1, 1, 2))
    assert one == again != other


def test_full_batches_have_no_order():
    batches = Batches("full", 40, 0)
    assert batches.whole
    assert batches.next() is None


@pytest.mark.parametrize("batch", [0, -1, "half"])
def test_a_batch_that_cannot_be_is_refused(batch):
    with pytest.raises(InputError, match=r"training\.batch"):
        Batches(batch, 40, 0)
