"""The released S5 network gives the printed numbers again, and characters solve groups (Chughtai et al. 2023)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from grokbench.measures import group_characters, released_group_network
from grokbench.measures.group_characters import GROUP_CHARACTERS
from grokbench.measures.released_group_network import RELEASED_GROUP_NETWORK
from grokbench.specs.locate import builtin_root
from grokbench.tasks.domain import make_domain

FILE = {"file": "chughtai2023/s5-trained.npz"}
NOT_IN_THE_FILE = {"epoch", "sum_of_squared_weights"}
NOISE = 1e-6  # similarities and shares below it are rounding, theirs and ours


@pytest.fixture(scope="module")
def saved():
    with np.load(builtin_root() / "baselines" / FILE["file"]) as file:
        return dict(file)


@pytest.fixture(scope="module")
def ours(saved):
    return released_group_network.numbers_as_printed(saved)


def test_the_printed_numbers_are_made_again(saved, ours):
    """97 of 99; the committed file has neither the epoch nor the weights whose squares were added up."""
    printed = dict(zip(saved["names"].tolist(), saved["values"].tolist(), strict=True))
    assert len(printed) == 99
    assert set(printed) - set(ours[0]) == NOT_IN_THE_FILE
    assert set(ours[0]) <= set(printed)
    for name, value in ours[0].items():
        theirs = printed[name]
        assert value == pytest.approx(
            theirs, rel=1e-5 if abs(theirs) > NOISE or "loss" in name else 0, abs=1e-8
        ), name


def test_what_the_paper_says_of_it_holds(ours):
    rest = ours[1]
    assert rest["loss-without-standard"] == pytest.approx(7.55, abs=0.005)
    assert rest["loss-without-sign"] == pytest.approx(0.0009, abs=5e-5)


def test_its_table_is_that_of_our_group_and_its_rows_two_fifths_of_it(saved):
    np.testing.assert_array_equal(
        saved["products"], make_domain({"kind": "symmetric-group", "n": 5}).products
    )
    assert np.unpackbits(saved["train"], count=14_400).sum() == 5760


def test_the_computation_gives_the_numbers_that_it_names():
    assert set(released_group_network.compute(FILE, 0)) == set(RELEASED_GROUP_NETWORK.numbers)


@pytest.mark.parametrize("wrong", ["nowhere/none.npz", "../pyproject.toml", "chughtai2023/mlp.toml"])
def test_a_file_that_is_not_among_the_recipes_is_refused_with_those_that_are(wrong):
    ((field, text),) = released_group_network.faults({"file": wrong})
    assert field == "file"
    assert FILE["file"] in text
    assert not list(released_group_network.faults(FILE))


@pytest.mark.parametrize(
    ("domain", "faithful", "others"),
    [
        ({"kind": "symmetric-group", "n": 5}, 5, 2),
        ({"kind": "alternating-group", "n": 5}, 4, 1),
        ({"kind": "dihedral-group", "n": 59}, 29, 2),
        ({"kind": "dihedral-group", "n": 6}, 1, 5),
        ({"kind": "cyclic-group", "n": 12}, 2, 5),
    ],
)
def test_exactly_the_faithful_characters_answer_every_product(domain, faithful, others):
    found = group_characters.compute({"domain": domain, "faithful": True}, 0)
    assert found == {"representations": faithful, "solved-share": 1}
    found = group_characters.compute({"domain": domain, "faithful": False}, 0)
    assert found == {"representations": others, "solved-share": 0}
    assert set(found) == set(GROUP_CHARACTERS.numbers)


def test_a_group_without_a_faithful_irreducible_representation_has_nothing_to_ask():
    factors = [{"kind": "cyclic-group", "n": 2}] * 2
    domain = {"kind": "product", "factors": factors}
    found = group_characters.compute({"domain": domain, "faithful": True}, 0)
    assert math.isnan(found["solved-share"])


def test_a_domain_that_is_no_group_is_refused():
    residues = {"kind": "integers-mod", "p": 5}
    assert [field for field, _ in group_characters.faults({"domain": residues})] == ["domain"]
    assert [field for field, _ in group_characters.faults({"domain": {"kind": "cyclic-group", "n": 1}})] == [
        "domain"
    ]
    assert not list(group_characters.faults({"domain": {"kind": "cyclic-group", "n": 5}}))
