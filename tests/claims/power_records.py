"""Records of the decoder made by hand: runs over fractions and learning rates, and output embeddings with and without circles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from grokbench.measures.cells import Cell, SeedView
from grokbench.specs.loader import Library
from grokbench.training.record import Record
from tests.claims.claim_records import record, rising, view

BUDGET = 100_000
SMALL = (0.25, 0.26, 0.27, 0.28, 0.29, 0.3)
FRACTIONS = (0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def run(t_mem: int, t_gen: int | None, budget: int = BUDGET, best: float = 0.02, **more: Any) -> Record:
    """Fits at t_mem and generalises at t_gen, or comes to a test accuracy of ``best``; kept until 2 t_gen."""
    if t_gen is None:
        return record([0, t_mem, budget], [0, 1, 1], [0, best, best], budget=budget, **more)
    after = [round(t_gen * (1 + i / 10)) for i in range(11)]
    before = {0: (0.0, 0.0), t_mem: (1.0, 0.02), t_gen - 1: (1.0, 0.3)} if t_mem < t_gen else {0: (0.0, 0.0)}
    steps = sorted({*before, *after, *([t_mem] if t_mem >= t_gen else [])})
    train = [1.0 if step >= t_mem else 0.0 for step in steps]
    test = [before[step][1] if step in before else 1.0 for step in steps]
    return record(steps, train, test, budget=budget, **more)


def arm(
    solved_from: float | None, fractions: Sequence[float] = FRACTIONS, t_mem: int = 2000, best: float = 0.02
) -> tuple[Cell, ...]:
    """Every fraction from ``solved_from`` on generalises at 5000, none where it is None."""
    return tuple(
        Cell(
            0,
            {"alpha": a},
            run(t_mem, 5000 if solved_from is not None and a >= solved_from else None, alpha=a, best=best),
        )
        for a in fractions
    )


def rates(working: Mapping[float, bool]) -> tuple[Cell, ...]:
    """One run for each learning rate."""
    cells = []
    for rate, works in working.items():
        found = run(2000, 5000 if works else None)
        recipe = replace(found.trial.recipe, optimizer={"kind": "adamw", "lr": rate})
        found = replace(found, trial=replace(found.trial, recipe=recipe))
        cells.append(Cell(0, {"alpha": 0.8, "optimizer.lr": rate}, found))
    return tuple(cells)


def with_circles(found: Record, share: float = 0.9, permuted: float = 0.2, gini: float = 0.8) -> Record:
    """A record whose output embedding has these numbers in the end, and those of random rows at first."""
    last = {"best_share": [share], "permuted_share": [permuted], "gini": [gini], "ring_score": [0.99]}
    first = {"best_share": [0.145], "permuted_share": [0.143], "gini": [0.04], "ring_score": [0.2]}
    return replace(
        found, analyses={"circles": {**last, **{name + "_initial": value for name, value in first.items()}}}
    )


def untrained() -> Record:
    return with_circles(record([0]), 0.145, 0.143, 0.04)


def double_descent() -> Record:
    """T_mem 600; the test loss rises from 5 to 15 and falls to 0.1 by 1.5 T_gen, T_gen 800 000."""
    steps = [0, 600, 10_000, 100_000, 400_000, 700_000, *range(800_000, 1_200_001, 50_000)]
    loss = [5.0, 9.0, 14.0, 15.0, 14.0, 6.0, *[0.1] * 9]
    test = [0.0, 0.01, 0.02, 0.05, 0.2, 0.6, *[1.0] * 9]
    return record(steps, [0.0] + [1.0] * 14, test, test_loss=loss, budget=1_000_000)


def tracking() -> Record:
    """90 % of the table: T_mem 1000, T_gen 1100, and a test loss that only falls."""
    steps = [0, 500, 800, 1000, *range(1100, 1341, 40)]
    test = [0.0, 0.3, 0.8, 0.95] + [1.0] * 7
    loss = [5.0, 3.0, 1.5, 0.8] + [0.05] * 7
    return record(steps, [0.0, 0.4, 0.9, 1.0] + [1.0] * 7, test, test_loss=loss, budget=12_000)


def seed_of(*arms: Sequence[Cell]) -> SeedView:
    """One seed with these arms."""
    return SeedView(0, tuple(tuple(cells) for cells in arms))


def sweep(times: Sequence[int | None], fits: Sequence[int], budget: int = 1_000_000) -> SeedView:
    """One arm over the small fractions: when each run generalises and when it fits."""
    cells = [
        Cell(0, {"alpha": a}, run(fit, time, budget)) for a, time, fit in zip(SMALL, times, fits, strict=True)
    ]
    return seed_of(cells)


def tables(*names: tuple[str, int]) -> SeedView:
    """Untrained records of tasks, each with its modulus."""
    found = []
    for name, p in names:
        task = Library().task(name)
        base = record([0])
        task = replace(task, domain={**task.domain, "p": p})
        found.append(replace(base, trial=replace(base.trial, task=task)))
    return view(*found)


GROKKED = run(1200, 5000, 12_000)
BEHIND = rising(1000, 1100, 1300, 2500, 12_000)  # T_gen twice T_mem, but R½ 1.3: no grokking
NINETY = rising(600, 700, 900, 1000, 4000)  # R½ 1.5, as addition has from 90 % of its table
DIVISION_90 = rising(
    400, 680, 640, 954, 4000
)  # R½ 1.6, but half the test set is right before the fit: no grokking
STUCK = run(1200, None, 12_000)
FAST = tracking()
GROWING = [round(20_000 * 1.45 ** (100 * (0.3 - a))) for a in SMALL]  # 45 % more for each hundredth less
FLAT_FITS = [2000, 2100, 2200, 2300, 2400, 2500]
STEEP = sweep(GROWING, FLAT_FITS)
RIGHT = (("addition", 96), ("multiplication", 97), ("subtraction", 96), ("division", 97))
EIGHT = [arm(0.7)] * 5 + [
    arm(0.4)
] * 3  # eight other arms, of which five need twice the data of one solved from 0.3
