"""Records, views and claims made by hand, so that every number in a test can be read off the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from grokbench.measures.cells import Cell, SeedView
from grokbench.specs.types import Claim, Condition, Recipe, TaskSpec, Trial
from grokbench.training.record import Record

TASK = TaskSpec("addition", "Addition", "x + y", {"kind": "integers-mod", "p": 5})


def recipe(origin: str = "paper", width: int = 10) -> Recipe:
    return Recipe(
        id="test/recipe",
        title="A recipe",
        origin=origin,
        source="nowhere",
        model={"kind": "quadratic-mlp", "width": width},
        loss={"kind": "mse"},
        optimizer={"kind": "gd", "lr": 1.0},
        data={},
        training={"batch": "full"},
        evaluation={},
    )


def record(
    steps: Sequence[float] = (0,),
    train: Sequence[float] | float = 0.0,
    test: Sequence[float] | float = 0.0,
    *,
    train_loss: Sequence[float] | float = 0.1,
    test_loss: Sequence[float] | float = 0.1,
    budget: int | None = None,
    ended: str = "finished",
    probes: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
    origin: str = "paper",
    width: int = 10,
    alpha: float = 0.5,
    seed: int = 0,
    **facts: Any,
) -> Record:
    """A record with b = 0 and 10 training and 15 test rows; scalars are repeated over the steps."""

    def column(values: Sequence[float] | float) -> np.ndarray:
        return np.broadcast_to(np.asarray(values, dtype=np.float64), (len(steps),)).copy()

    return Record(
        trial=Trial(TASK, recipe(origin, width), alpha, seed, int(steps[-1]) if budget is None else budget),
        ended=ended,
        curves={
            "step": np.asarray(steps, dtype=np.int64),
            "train_accuracy": column(train),
            "test_accuracy": column(test),
            "train_loss": column(train_loss),
            "test_loss": column(test_loss),
        },
        facts={"n_train": 10, "n_test": 15, "n_elements": 5, "memoriser_baseline": 0.0, **facts},
        probes={
            name: {k: np.asarray(v) for k, v in columns.items()} for name, columns in (probes or {}).items()
        },
    )


def grokked(t_gen: int, budget: int = 10_000, **more: Any) -> Record:
    """Fits at t_gen/2, generalises at t_gen, and is kept until 20 · t_gen."""
    steps = [0, t_gen // 2, t_gen - 1, *(round(t_gen * (1 + i / 20)) for i in range(10)), 20 * t_gen]
    test = [0.0, 0.0, 0.5] + [1.0] * 11
    return record(steps, [0.0] + [1.0] * 13, test, budget=budget, **more)


def rising(half: int, fit: int, rise: int, t_gen: int, budget: int = 10_000, **more: Any) -> Record:
    """Half the training set is fitted at ``half``, all at ``fit``; half the test set is right at ``rise``, all at ``t_gen``.

    R½ is rise/half. Kept until 2 · t_gen.
    """
    steps = sorted({0, half, fit, rise, *(round(t_gen * (1 + i / 10)) for i in range(11))})

    def climb(middle: int, top: int) -> list[float]:
        return [1.0 if step >= top else 0.6 if step >= middle else 0.02 for step in steps]

    return record(steps, climb(half, fit), climb(rise, t_gen), budget=budget, **more)


def stuck(budget: int = 10_000, **more: Any) -> Record:
    """Fits and never generalises."""
    return record([0, budget // 2, budget], [0, 1, 1], [0, 0.02, 0.03], budget=budget, **more)


def view(*records: Record, seed: int = 0) -> SeedView:
    """One arm per record."""
    return SeedView(seed, tuple((Cell(seed, {"alpha": r.trial.alpha}, r),) for r in records))


def grid(records: Iterable[tuple[Mapping[str, Any], Record]], seed: int = 0) -> SeedView:
    """One arm over a grid of settings."""
    return SeedView(seed, (tuple(Cell(seed, settings, r) for settings, r in records),))


def views(records: Sequence[Record | tuple[Record, ...]]) -> list[SeedView]:
    """Seeds 0, 1, …, each with its record or its arms."""
    return [view(*(r if isinstance(r, tuple) else (r,)), seed=i) for i, r in enumerate(records)]


def claim(kind: str, *rule: Condition, grade: str = "A", control: str | None = None, arms: int = 1) -> Claim:
    return Claim(
        id="it",
        title="It",
        source="Fig 1",
        statement="It is so.",
        experiments=tuple(f"arm-{i}" for i in range(arms)),
        kind=kind,
        grade=grade,
        rule=rule,
        control=control,
    )


def condition(measure: str, low: float | None = None, high: float | None = None, **args: Any) -> Condition:
    return Condition(measure, "because", args, low, high)
