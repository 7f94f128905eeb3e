"""A rule tried on records that are not there yet: what would fail once everything is trained fails at once.

A measure is called on the arms that it will get, each cell with its place in the grid and nothing else. It either asks for a
record's contents, and then its arguments were good as far as they go, or it refuses.
"""

from __future__ import annotations

import inspect
import itertools
import warnings
from collections.abc import Iterator
from typing import Any, cast

import numpy as np

from grokbench import parts
from grokbench.measures import argument_faults, arguments, arms_read, measure, measure_names
from grokbench.measures.cells import Cell, SeedView
from grokbench.plan.expand import seeds_needed, tier_plan
from grokbench.specs.errors import GrokbenchError, Mistake, nearest
from grokbench.specs.types import TIERS, Claim, Condition, Experiment, Paper, Recipe, TaskSpec, Trial
from grokbench.training.record import Record


class _AskedError(Exception):
    """A measure looks into a record."""


class _Absent:
    """Stands where a record will be."""

    def __getattr__(self, name: str) -> Any:
        raise _AskedError


TASK = TaskSpec("blank", "blank", "x + y", {"kind": "integers-mod", "p": 3})
RECIPE = Recipe("blank/blank", "", "", "", {"kind": ""}, {}, {}, {}, {}, {})
BLANK = Record(
    trial=Trial(TASK, RECIPE, alpha=0.5, seed=0, budget=1),
    ended="finished",
    curves={
        "step": np.arange(2),
        **{f"{side}_{what}": np.zeros(2) for side in ("train", "test") for what in ("loss", "accuracy")},
    },
    facts={"n_train": 4, "n_test": 5, "n_elements": 3, "memoriser_baseline": 0.0, "steps": 1},
)
"""A run in which nothing happened."""


def measure_mistakes(paper: Paper, file: str) -> Iterator[Mistake]:
    """Rules whose measure there is not, whose arguments it does not take, or that it refuses on the claim's experiments."""
    for claim in (one for one in paper.claims if not one.computation):
        for index, condition in enumerate(claim.rule):
            where = f"claim {claim.id}.rule[{index}]"
            if condition.measure not in measure_names():
                near = nearest(condition.measure, measure_names())
                text = f"no measure {condition.measure!r}; `grokbench list measures` prints all"
                yield Mistake(file, f"{where}.measure", text, near)
                continue
            faults = list(argument_faults(condition.measure, condition.args))
            for name, text, near in faults:
                yield Mistake(file, f"{where}.args.{name}", text, near)
            for text in [] if faults else dict.fromkeys(_refusals(paper, claim, condition)):
                yield Mistake(file, where, text)


def _refusals(paper: Paper, claim: Claim, condition: Condition) -> Iterator[str]:
    """Why the measure would refuse the claim's records, or those of its control."""
    by_id = {experiment.id: experiment for experiment in paper.experiments}
    control = [claim.control] if claim.control and claim.kind != "never" else []
    for names in (claim.experiments, control):
        for tier in TIERS:
            if names and all(seeds_needed(paper, claim, tier).get(name) for name in names):
                arms = [_cells(by_id[name], tier) for name in names] * (2 if claim.pairs else 1)
                text = _refusal(condition, SeedView(0, tuple(arms)))
                if text:
                    yield f"{text} (experiment {', '.join(names)}, tier {tier})"


def _cells(experiment: Experiment, tier: str) -> tuple[Cell, ...]:
    plan = tier_plan(experiment, tier)
    assert plan is not None
    some = [
        i / (len(plan.rows) + 1) for i in range(1, len(plan.rows) + 1)
    ]  # fractions, as many as numbers of rows
    grid = itertools.product(*plan.vary.values(), [*plan.alphas, *some])
    names = [*plan.vary, "alpha"]
    absent = cast(Record, _Absent())
    return tuple(Cell(0, dict(zip(names, values, strict=True)), absent) for values in grid)


def _refusal(condition: Condition, view: SeedView) -> str:
    name, arms = condition.measure, len(view.arms)
    count = f"{arms} experiment{'s' if arms > 1 else ''}"
    missing = [arm for arm in arms_read(name, condition.args) if arm >= arms]
    if missing:
        return f"{name} reads arm {missing[0]}, and arms are counted from 0; the claim has {count} here"
    try:
        inspect.unwrap(measure(name))(view, **arguments(name, condition.args))
    except _AskedError:
        return (
            f"{name} compares more experiments than the claim has: {count} here"
            if _short(condition, view)
            else ""
        )
    except GrokbenchError as error:
        return f"{name}: {error}"
    except IndexError:
        return f"{name} compares more experiments than the claim has: {count} here"
    except KeyError as error:
        return f"{name} needs {error} varied or set for each record, and the experiment does not vary it"
    except (ArithmeticError, TypeError, ValueError) as error:
        return f"{name} cannot be worked out on {count} ({error})"
    except Exception as error:
        stranger = parts.outside("measures", name)
        if stranger is None:
            raise
        return f"{stranger} failed ({type(error).__name__}: {error})"
    return ""


def _short(condition: Condition, view: SeedView) -> bool:
    """Whether the measure looks for an arm that there is not, once it has looked into those that there are.

    It is given runs in which nothing happened. Whatever else it makes of them says nothing of real ones.
    """
    if arms_read(condition.measure, condition.args):
        return False  # its arguments name the arms, and were looked at
    blank = SeedView(0, tuple(tuple(cell._replace(record=BLANK) for cell in arm) for arm in view.arms))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            inspect.unwrap(measure(condition.measure))(blank, **arguments(condition.measure, condition.args))
    except IndexError as error:
        return "tuple index" in str(error)  # the arms are a tuple; curves are arrays
    except Exception:  # of runs in which nothing happened; of real ones it says nothing
        return False
    return False
