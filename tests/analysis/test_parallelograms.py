"""Parallelograms, and the effective theory built on them, against the authors' code and by their own laws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokbench.analysis import parallelograms as own
from grokbench.measures.effective_theory import effective_time

TOY = dict(np.load(Path(__file__).parent.parent / "data" / "liu2022-toy.npz"))
TEN = own.of_addition(10)
ALL = TEN.gram(np.ones(len(TEN.sides), dtype=np.bool_))


def test_nullity_and_augmented_sets_of_48_splits_are_those_of_the_authors_code():
    masks = TOY["analysis/train_mask"]
    assert own.nullity(TEN.gram(TEN.seen(masks))).tolist() == TOY["analysis/nullity"].tolist()
    sizes = [own.augmented(TEN, mask, own.ideal(TEN, mask)).sum() for mask in masks]
    assert sizes == TOY["analysis/augmented_size_ideal"].tolist()


def test_the_authors_descent_is_followed():
    start, steps = TOY["effective/E0"], TOY["effective/steps"]
    path = own.descended(ALL, start, 1e-3, int(steps[-1]), float((start**2).sum()))
    np.testing.assert_allclose(path[steps], TOY["effective/E"], atol=1e-6)
    np.testing.assert_allclose(
        own.effective_loss(ALL, path[steps]), TOY["effective/loss"], rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("p", [3, 4, 6, 10])
def test_a_line_forms_every_parallelogram_and_all_of_them_leave_nothing_else(p):
    found = own.of_addition(p)
    line = 3.0 - 2.0 * np.arange(p, dtype=np.float64)[:, None]
    assert own.quality(found, line) == 1.0
    assert own.nullity(found.gram(np.ones(len(found.sides), dtype=np.bool_))) == 2


@given(st.integers(0, 2**32 - 1), st.integers(1, 54))
def test_what_is_learned_by_a_line_is_what_is_implied_and_no_more_than_all(seed, n):
    rng = np.random.default_rng(seed)
    samples = np.zeros(55, dtype=np.bool_)
    samples[rng.permutation(55)[:n]] = True
    implied = own.augmented(TEN, samples, own.ideal(TEN, samples))
    lined = own.augmented(TEN, samples, np.ones(len(TEN.sides), dtype=np.bool_))
    assert (samples <= implied).all()
    assert (implied <= lined).all()
    if own.nullity(TEN.gram(TEN.seen(samples))) == 2:
        assert np.array_equal(implied, lined)
    nothing = own.augmented(TEN, samples, np.zeros(len(TEN.sides), dtype=np.bool_))
    assert np.array_equal(nothing, samples)


@given(st.integers(0, 2**32 - 1))
def test_the_fewest_rows_that_fix_a_line_do_so_and_one_less_does_not(seed):
    order = np.random.default_rng(seed).permutation(55)
    (least,) = own.least_rows(TEN, order[None])
    for n, fixes in ((least, True), (least - 1, False)):
        samples = np.zeros(55, dtype=np.bool_)
        samples[order[:n]] = True
        assert (own.nullity(TEN.gram(TEN.seen(samples))) == 2) == fixes


def test_half_of_the_draws_lie_between_whole_numbers():
    assert own.half_of(np.array([3, 3, 4, 4])) == 3.0
    assert own.half_of(np.array([5, 5, 5, 5])) == 4.5


def test_the_flow_falls_keeps_the_size_and_grows_the_sum_where_there_is_one():
    start = np.random.default_rng(0).standard_normal(10)
    start -= start.mean()
    starts = np.stack([start, start + 0.5])
    ends = own.flowed(ALL, starts, 0.5, 1000)
    np.testing.assert_allclose((ends**2).sum(1), (starts**2).sum(1), rtol=1e-9)
    loss = [own.effective_loss(ALL, e) / (e**2).sum(1) for e in (starts, ends)]
    assert (loss[1] < loss[0]).all()
    assert abs(ends[0].sum()) < 1e-9
    assert ends[1].sum() > starts[1].sum() + 0.1


def test_a_start_whose_descent_grows_without_bound_never_comes_onto_the_line():
    found = [effective_time({"rate": 1e-3, "steps": 3000, "quality": 0.95}, seed) for seed in range(100)]
    times = [one["steps-per-time-scale"] for one in found]
    assert not any(np.isnan(times))
    assert 0 < sum(map(np.isinf, times)) < 20
