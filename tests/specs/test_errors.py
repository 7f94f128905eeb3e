"""An unknown name is answered with one short line that leads on."""

from __future__ import annotations

import ast
import doctest
import pickle
import string
from pathlib import Path

import pytest

import grokbench
from grokbench.specs import errors, values
from grokbench.specs.errors import InputError, StoreError, UnknownNameError, likely, nearest
from grokbench.specs.loader import Library

MANY = [f"paper/{letter * 5}" for letter in string.ascii_lowercase]


def test_the_examples_hold() -> None:
    found = doctest.testmod(errors)
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("name", ["gd", "gdd"])
def test_a_name_without_its_paper_finds_the_whole_one(name: str) -> None:
    assert likely(name, ["gromov2023/gd", "hu2024/adam", "addition"]) == ("gromov2023/gd",)


def test_the_part_after_the_last_separator_counts_in_claims_too() -> None:
    assert likely("b30-groks-2", ["hu2024.b30-groks-2", "hu2024.b60-groks-2"]) == ("hu2024.b30-groks-2",)


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


FLAGS = {"workers": "--workers", "specs": "--specs", "store": "--store"}


def test_a_value_names_its_argument_and_a_command_line_its_flag() -> None:
    with pytest.raises(InputError) as caught:
        values.integer("workers", 0, least=1)
    assert str(caught.value) == "workers must be 1 or more; got 0"
    assert caught.value.calling(FLAGS) == "--workers must be 1 or more; got 0"


def test_an_argument_without_a_flag_keeps_its_name() -> None:
    error = InputError("worker=2 makes no workers; workers is 0", "workers")
    assert error.calling({"store": "--store"}) == str(error)


def test_what_only_looks_like_an_argument_keeps_its_name() -> None:
    error = StoreError("the store x.store=1 is lost; name another with store=DIR", "store")
    assert error.calling(FLAGS) == "the store x.store=1 is lost; name another with --store DIR"


def test_an_unknown_name_says_how_to_bring_ones_own() -> None:
    with pytest.raises(UnknownNameError) as caught:
        Library().file("task", "mine-own-thing")
    assert "specs=DIR" in str(caught.value)
    assert "--" not in str(caught.value)
    assert "--specs DIR" in caught.value.calling(FLAGS)


@pytest.mark.parametrize(
    "error",
    [InputError("store=DIR", "store"), UnknownNameError("task", "q", ["a"], "needs store=DIR", "store")],
    ids=["input", "unknown"],
)
def test_an_error_from_another_process_still_knows_its_arguments(error: errors.GrokbenchError) -> None:
    same = pickle.loads(pickle.dumps(error))
    assert str(same) == str(error)
    assert same.calling(FLAGS) == error.calling(FLAGS) != str(error)


PACKAGE = Path(grokbench.__file__).parent
SPEAK_OF_FLAGS = ("cli", "pytest_plugin.py")


def texts_of_errors(path: Path) -> list[str]:
    """The texts in every ``raise`` of a file."""
    raised = (
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Raise)
    )
    return [
        node.value
        for one in raised
        for node in ast.walk(one)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_no_error_of_the_library_names_a_flag() -> None:
    files = [
        path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in SPEAK_OF_FLAGS
    ]
    told = {path.relative_to(PACKAGE).as_posix(): texts_of_errors(path) for path in files}
    assert sum(map(len, told.values())) > 100
    assert [(name, text) for name, own in told.items() for text in own if "--" in text] == []
