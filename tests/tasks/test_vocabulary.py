"""The vocabulary and the sequences, against those that openai/grok @3d64b1d makes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from grokbench.specs.errors import InputError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.table import build_table
from grokbench.tasks.vocabulary import OPERATORS, OTHER, VOCABULARY, encode, first_element, operator_token

DATA = Path(__file__).parent.parent / "data" / "power2022-transformer.npz"
MOD = {"kind": "integers-mod", "p": 97}
Load = Callable[[str], TaskSpec]


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    return dict(np.load(DATA))


def encoded(task: TaskSpec) -> np.ndarray:
    return encode(build_table(task).rows, task.domain, task.operation)


def test_the_vocabulary_is_the_references(reference: dict[str, np.ndarray]) -> None:
    assert tuple(reference["vocabulary"]) == VOCABULARY
    assert list(OPERATORS) == sorted(OPERATORS)


@pytest.mark.parametrize(("name", "token", "n_rows"), [("division", 10, 4656), ("s5-product", 13, 7200)])
def test_a_task_has_every_equation_of_the_references_training_half(
    reference: dict[str, np.ndarray], load: Load, name: str, token: int, n_rows: int
) -> None:
    key = {"division": "division", "s5-product": "s5"}[name]
    theirs = reference[f"{key}_train50_a_b_c_tokens"].astype(np.int64)
    ours = encoded(load(name))
    assert len(theirs) == n_rows
    assert {*map(tuple, theirs.tolist())} <= {*map(tuple, ours[:, 1::2].tolist())}
    assert set(ours[:, 2].tolist()) == {token}


@pytest.mark.parametrize(
    ("rows", "name"),
    [(slice(40), "division"), (slice(40, 56), "s5-product"), (slice(56, 64), "division-or-subtraction")],
)
def test_the_references_sequences_are_among_a_tasks(
    reference: dict[str, np.ndarray], load: Load, rows: slice, name: str
) -> None:
    theirs = {*map(tuple, reference["rows"][rows].tolist())}
    assert theirs <= {*map(tuple, encoded(load(name)).tolist())}


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("addition", "+"),
        ("subtraction", "-"),
        ("multiplication", "*"),
        ("division", "/"),
        ("division-or-subtraction", "(x._value//y)if(y._value%2==1)else(x-y)_mod_97"),
        ("sum-of-squares", "x**2+y**2_mod_97"),
        ("symmetric-quadratic", "x**2+y**2+x*y_mod_97"),
        ("quadratic", "x**2+y**2+x*y+x_mod_97"),
        ("cubic-product", "x**3+x*y_mod_97"),
        ("cubic", "x**3+x*y**2+y_mod_97"),
        ("s5-product", "s5"),
        ("s5-conjugation", "s5conj"),
        ("s5-palindrome", "s5aba"),
        ("square-of-sum", OTHER),
    ],
)
def test_every_task_has_its_operators_token(load: Load, name: str, token: str) -> None:
    task = load(name)
    assert VOCABULARY[operator_token(task.domain, task.operation)] == token


def test_an_operation_has_one_token_however_it_is_spaced() -> None:
    assert operator_token(MOD, "x**2+x*y+y**2") == operator_token(MOD, "x ** 2 + x * y + y ** 2")


def test_a_sequence_reads_as_the_equation() -> None:
    row = encode(np.array([[3, 4, 7]]), MOD, "x + y")[0]
    assert [VOCABULARY[token] for token in row] == ["<|eos|>", "3", "+", "4", "=", "7", "<|eos|>"]


@pytest.mark.parametrize(
    "domain",
    [
        {"kind": "integers-mod", "p": 101},
        {"kind": "symmetric-group", "n": 4},
        {"kind": "symmetric-group", "n": 6},
    ],
)
def test_a_domain_beyond_the_vocabulary_is_refused(domain: dict[str, object]) -> None:
    with pytest.raises(InputError, match="use p <= 97 or n = 5"):
        first_element(domain)
