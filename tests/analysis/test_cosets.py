"""Subgroups are as many as textbooks say, and a function of a coset is one."""

from __future__ import annotations

import numpy as np
import pytest

from grokbench.analysis.cosets import conjugacy_classes, coset_concentration, generated, subgroups
from grokbench.tasks.domain import make_domain


def table(kind: str, n: int) -> np.ndarray:
    return make_domain({"kind": f"{kind}-group", "n": n}).products


@pytest.mark.parametrize(
    ("kind", "n", "all_of_them", "kinds"),
    [("cyclic", 12, 6, 6), ("symmetric", 4, 30, 11), ("alternating", 5, 59, 9), ("dihedral", 6, 16, 10)],
)
def test_subgroups_are_as_many_as_the_textbooks_say(kind, n, all_of_them, kinds):
    products = table(kind, n)
    found = subgroups(products)
    assert len(found) == all_of_them
    assert conjugacy_classes(products, found) == kinds
    for mask in found:
        assert len(products) % mask.sum() == 0
        assert mask[products[np.ix_(mask, mask)]].all()


def test_a_group_of_three_generators_has_subgroups_that_no_two_elements_generate():
    factors = [{"kind": "cyclic-group", "n": 2}] * 3
    products = make_domain({"kind": "product", "factors": factors}).products
    assert len(subgroups(products)) == 16
    assert generated(products, np.array([1, 2])).sum() == 4


def test_the_indicator_of_a_coset_is_concentrated_and_noise_is_not():
    products = table("symmetric", 4)
    found = subgroups(products)[1:-1]
    left = np.zeros(24)
    left[products[5, np.flatnonzero(found[20])]] = 1  # g H
    right = np.zeros(24)
    right[products[np.flatnonzero(found[20]), 5]] = 1  # H g
    noise = np.random.default_rng(0).standard_normal(24)
    shares = coset_concentration(np.stack([left, right, noise, np.ones(24)], axis=1), products, found)
    assert shares[:2] == pytest.approx(1)
    assert shares[2] < 0.95
    assert np.isnan(shares[3])
