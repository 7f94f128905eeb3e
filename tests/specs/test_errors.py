"""An unknown name is answered with one short line that leads on."""

from __future__ import annotations

import doctest
import string

import pytest

from grokbench.specs import errors
from grokbench.specs.errors import UnknownNameError, likely, nearest

MANY = [f"paper/{letter * 5}" for letter in string.ascii_lowercase]


def test_the_examples_hold() -> None:
    found = doctest.testmod(errors)
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("name", ["gd", "gdd"])
def test_a_name_without_its_paper_finds_the_whole_one(name: str) -> None:
    assert likely(name, ["gromov2023/gd", "hu2024/adam", "addition"]) == ("gromov2023/gd",)


def test_the_part_after_the_last_separator_counts_in_claims_too() -> None:
    assert likely("b30-groks", ["hu2024.b30-groks", "hu2024.b60-groks"]) == ("hu2024.b30-groks",)


def test_all_that_share_the_part_are_offered() -> None:
    error = UnknownNameError("baseline", "adam", ["hu2024/adam", "power2022/adam", "power2022/sgd"])
    assert str(error) == "unknown baseline 'adam'; did you mean 'hu2024/adam' or 'power2022/adam'?"


def test_a_name_like_the_whole_is_as_good_as_one_like_its_part() -> None:
    assert nearest("gromov2023/gb", ["gromov2023/gd", "gromov2023/adamw"]) == "gromov2023/gd"
    assert nearest("qqq", ["gromov2023/gd"]) is None


@pytest.mark.parametrize(
    ("what", "where"),
    [
        ("task", "; see `grokbench list tasks`"),
        ("baseline", "; see `grokbench list baselines`"),
        ("paper", "; see `grokbench list papers`"),
        ("claim", "; see `grokbench list claims`"),
        ("claim of hu2024", "; see `grokbench list claims`"),
        ("id", "; see `grokbench list papers|tasks|baselines|claims`"),
        ("measure", ""),
    ],
)
def test_a_long_list_is_cut_and_says_where_the_rest_is(what: str, where: str) -> None:
    text = str(UnknownNameError(what, "0123456789", MANY))
    assert text == f"unknown {what} '0123456789'; known: {', '.join(MANY[:10])} and 16 more{where}"


def test_a_short_list_is_whole() -> None:
    assert str(UnknownNameError("task", "0", ["b", "a"])).endswith("known: a, b")
    assert str(UnknownNameError("task", "0", [])).endswith("known: none")
