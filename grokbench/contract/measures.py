"""What a measure promises: a number or a bracket for every seed, the same each time, without touching a record."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np

from grokbench import parts
from grokbench.contract.saying import BrokenError, Promise, require
from grokbench.measures import measured, requiring
from grokbench.measures.calling import TYPES
from grokbench.measures.cells import Cell, SeedView
from grokbench.specs.errors import GrokbenchError, PartError
from grokbench.specs.loader import Library
from grokbench.specs.types import Recipe, Trial
from grokbench.training.record import Record

RECIPE = Recipe(
    "contract/one", "", "", "", {"kind": "", "width": 500}, {}, {"lr": 0.01, "weight_decay": 0.0}, {}, {}, {}
)
SETTINGS = {"alpha": 0.5, "model.width": 500, "optimizer.lr": 0.01}
STEP = np.unique(np.concatenate([[0], np.geomspace(1, 1200, 120).astype(np.int64)]))


def a_run(kind: str = "grokking") -> Record:
    """A made-up run: one that groks, one that only memorises, or one of which nothing was trained."""
    step = STEP[:1] if kind == "untrained" else STEP
    rises = np.clip((step - 300) / 200, 0, 1) if kind == "grokking" else np.zeros(len(step))
    curves = {
        "step": step,
        "train_accuracy": np.clip(step / 50, 0, 1),
        "test_accuracy": 0.01 + 0.99 * rises,
        "train_loss": np.exp(-step / 100.0),
        "test_loss": 1 + np.clip(step / 100, 0, 2) - 2.9 * rises,
    }
    facts = {
        "n_train": 4000,
        "n_test": 5409,
        "n_elements": 97,
        "memoriser_baseline": 0.01,
        "steps": int(step[-1]),
    }
    trial = Trial(Library().task("addition"), RECIPE, alpha=0.5, seed=0, budget=1000 if len(step) > 1 else 0)
    return Record(trial=trial, ended="finished", curves=curves, facts=facts)


def given(function: Callable[..., Any]) -> dict[str, Any]:
    """A value for every argument of a measure that has none of its own."""
    hints, out = get_type_hints(inspect.unwrap(function)), {}
    for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
        if parameter.default is inspect.Parameter.empty:
            hint = hints.get(name)
            words = get_args(hint) if get_origin(hint) is Literal else ()
            out[name] = words[0] if words else 1 if hint is int else 0.5 if hint is float else "x"
    return out


def _said(part: parts.Part, record: Record) -> Any:
    """What it says of one seed with two arms; a sentence where it refuses such a claim."""
    view = SeedView(0, ((Cell(0, SETTINGS, record),), (Cell(0, SETTINGS, a_run("memorising")),)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # so few evaluations leave statistics nothing to go by
            return measured(part.name, view, given(parts.load(part)))
    except PartError as error:
        raise BrokenError(str(error)) from error
    except GrokbenchError as error:
        return str(error)


def takes_arguments_that_a_rule_can_give(part: parts.Part) -> None:
    """Its arguments are annotated as int (an arm), float, str, bool or a Literal of words."""
    function = parts.load(part)
    hints = get_type_hints(function)
    for name in list(inspect.signature(function).parameters)[1:]:
        hint = hints.get(name)
        known = hint in TYPES or get_origin(hint) is Literal
        require(
            known,
            f"the argument {name!r} of {part} is annotated as {hint}; expected int, float, str, bool or Literal",
        )


def answers_for_every_kind_of_run(part: parts.Part) -> None:
    """A run that groks, one that memorises and an untrained one give a number, a bracket or nan, or one refusal."""
    for kind in ("grokking", "memorising", "untrained"):
        _said(part, a_run(kind))  # measured raises PartError for anything else from outside


def says_the_same_each_time_and_leaves_the_record_alone(part: parts.Part) -> None:
    """Twice the same, and the record's numbers are what they were."""
    record = a_run()
    before = {name: np.array(values) for name, values in record.curves.items()}
    first, second = _said(part, record), _said(part, record)
    same = first == second or (isinstance(first, float) and math.isnan(first))
    require(same, f"{part} says {first} and then {second} of the same run")
    kept = before.keys() == record.curves.keys() and all(
        np.array_equal(values, record.curves[name], equal_nan=True) for name, values in before.items()
    )
    require(kept, f"{part} changes the record that it reads")


def answers_nothing_without_what_it_requires(part: parts.Part) -> None:
    """Each requirement that it declares is missed by the record that lacks it, and the answer is then nan."""
    function = parts.load(part)
    chosen = given(function)
    arms = ((Cell(0, SETTINGS, a_run()),), (Cell(0, SETTINGS, a_run("memorising")),))
    for requirement in requiring.needs(function):
        broken = requirement.broken(arms)
        require(
            not requirement.met(broken, {**requiring.defaults(function), **chosen}),
            f"{part} needs {requirement.text}, and its own record without it has it all the same",
        )
        try:
            value = measured(part.name, SeedView(0, broken), chosen)
        except PartError as error:
            raise BrokenError(str(error)) from error
        except GrokbenchError:
            continue  # it refuses such a claim
        require(
            isinstance(value, float) and math.isnan(value),
            f"{part} says {value} of a record without {requirement.text}, which it needs; expected nan",
        )


CHECKS: tuple[Promise, ...] = (
    ("takes arguments that a rule can give", takes_arguments_that_a_rule_can_give),
    ("answers for every kind of run", answers_for_every_kind_of_run),
    (
        "says the same each time and leaves the record alone",
        says_the_same_each_time_and_leaves_the_record_alone,
    ),
    ("answers nothing without what it requires", answers_nothing_without_what_it_requires),
)
