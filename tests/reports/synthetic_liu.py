"""Made-up records like those of liu2022: embeddings, their parallelograms and two learning rates; nothing here was trained."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from grokbench.measures.cells import Cell, SeedView
from grokbench.training.record import Record
from tests.claims.claim_records import record

LEVELS = {"t_mem": 0.9, "t_gen": 0.9}
SIZES = (15, 20, 25, 30, 35, 40, 45)
GAINS = (0.0, 0.1, 0.4, 0.2, 0.9, 0.6, 1.0)
"""Share of the held-out samples that is answered at each size."""


def toy(
    *,
    fit: float = 1000,
    gen: float = 2000,
    line: float = 800,
    n: int = 45,
    held: float | None = None,
    error: float = 0.0,
    shuffled: float = 0.0,
    excess: float = 0.0,
    budget: int = 10_000,
    rates: tuple[float, float] = (1e-4, 1e-3),
    seed: int = 0,
) -> Record:
    """Fits at ``fit``, generalises at ``gen``, and its embeddings are a line from ``line`` on; infinite: never.

    n: training samples of 55. held: share of held-out samples that is answered in the end [default: all of them, or none].
    error: by how much the prediction is too high. excess: by how much RQI exceeds the ideal one. rates: of decoder and
    embeddings.
    """
    times = {0.0, *(t for t in (fit, gen, line) if math.isfinite(t)), *(gen * (1 + i / 20) for i in range(6))}
    steps = sorted({int(t) for t in times if t <= budget} | {budget})
    last = (1.0 if gen <= budget else 0.0) if held is None else held
    test = [last if step >= min(gen, budget) else 0.0 for step in steps]
    run = record(
        steps,
        [1.0 if step >= fit else 0.0 for step in steps],
        test,
        budget=budget,
        probes={
            "parallelograms": {
                "step": steps,
                "rqi": [1.0 if step >= line else 0.2 for step in steps],
                "norm": [1.0] * len(steps),
            }
        },
        alpha=n / 55,
        seed=seed,
        n_train=n,
        n_test=55 - n,
    )
    share = (round((1.0 if fit <= budget else 0.0) * n) + round(last * (55 - n))) / 55
    rqi = 1.0 if line <= budget else 0.2
    numbers = {
        "rqi": rqi,
        "rqi_ideal": rqi - excess,
        "learned": share + error,
        "ideal": max(share + error, 1.0),
        "shuffled": max(n / 55, share - shuffled),
    }
    optimizer = {"kind": "adamw", "lr": rates[0], "groups": [{"parameters": "E", "lr": rates[1]}]}
    own = run.trial
    task = dataclasses.replace(own.task, thresholds=LEVELS)
    trial = dataclasses.replace(
        own, task=task, recipe=dataclasses.replace(own.recipe, optimizer=optimizer), rows=None
    )
    return dataclasses.replace(
        run, trial=trial, analyses={"parallelograms": {k: np.array([v]) for k, v in numbers.items()}}
    )


def cells(records: Sequence[Record]) -> tuple[Cell, ...]:
    """Records as the cells of one arm."""
    return tuple(Cell(one.trial.seed, {"alpha": one.trial.alpha}, one) for one in records)


def sizes(gains: Sequence[float] = GAINS, *, error: float = 0.0, excess: float = 0.0) -> tuple[Cell, ...]:
    """Runs on training sets of seven sizes, whose predictions are right but for ``error``."""
    pairs = zip(SIZES, gains, strict=True)
    return cells(
        [
            toy(n=n, held=round(gain * (55 - n)) / (55 - n), error=error, excess=excess, shuffled=0.5)
            for n, gain in pairs
        ]
    )


def lines(
    times: Sequence[float], fractions: Sequence[int] = (20, 25, 30, 35, 40, 45, 50, 54)
) -> tuple[Cell, ...]:
    """Runs whose embeddings become a line at these steps, from few to many samples."""
    return cells([toy(n=n, line=t) for n, t in zip(fractions, times, strict=True)])


def grid(rate: float, least: float) -> tuple[Cell, ...]:
    """Runs at three ratios of rates, of which those from ``least`` on generalise."""
    ratios = (1.0, 10**0.5, 10.0)
    return cells(
        [toy(gen=2000 if ratio >= least else math.inf, rates=(rate, rate * ratio)) for ratio in ratios]
    )


PHASES = {
    "x": {"fit": math.inf, "gen": math.inf},
    "m": {"gen": math.inf},
    "s": {"fit": 4000, "gen": 6000},
    "g": {"fit": 100, "gen": 5000},
    "c": {"fit": 900, "gen": 1000},
}


def diagram(*lines: str) -> tuple[Cell, ...]:
    """Runs over the rate of a decoder (along a line) and its decay (down): x confusion, m memorisation, c comprehension.

    Of grokking g is late and s slow.
    """
    return tuple(
        Cell(0, {"alpha": 45 / 55, "optimizer.lr": 1e-5 * 2**i, "optimizer.weight_decay": float(j)}, one)
        for j, line in enumerate(lines)
        for i, one in enumerate(toy(**PHASES[letter]) for letter in line)
    )


def seen(*arms: tuple[Cell, ...], seed: int = 0) -> SeedView:
    """A seed's view of these arms."""
    return SeedView(seed, arms)


def of_paper(seeds: int = 6) -> dict[str, tuple[Cell, ...]]:
    """Every experiment but two of the diagrams over these seeds."""
    found: dict[str, tuple[Cell, ...]] = {}
    single = {
        "main": toy(),
        "fast-decoder": toy(fit=300, gen=math.inf),
        "fast-both": toy(fit=300, gen=500),
        "slow-decoder": toy(fit=14_000, gen=21_000, budget=60_000),
        "small-init": toy(gen=1500),
        "large-init": toy(gen=4000),
        "embedding-decay-1": toy(gen=2100),
        "embedding-decay-5": toy(gen=2200),
        "batch-5": toy(gen=6000, budget=50_000),
        "batch-full": toy(budget=50_000),
        "classes-plain": toy(fit=1196, gen=1307, budget=20_000),
        "classes-fast": toy(fit=400, gen=math.inf, budget=20_000),
        "classes-decay": toy(fit=440, gen=4900, budget=20_000),
        "flat": toy(line=math.inf, budget=5000),
        "strong-decay": toy(gen=math.inf, budget=100_000),
        "s3-decay-2": toy(fit=138, gen=48_590, budget=150_000),
        "s3-decay-5": toy(fit=141, gen=15_123, budget=60_000),
        "s3-slow": toy(fit=221, gen=420, budget=20_000),
        "corner-fast": toy(fit=100, gen=math.inf),
        "corner-fast-decay": toy(fit=math.inf, gen=math.inf),
    }
    for name, one in single.items():
        found[name] = tuple(Cell(seed, {"alpha": 45 / 55}, one) for seed in range(seeds))
    arms = {
        "sizes": sizes(),
        "aligning": lines([math.inf, 5000, 4000, 3000, 2000, 1500, 1200, 1000]),
        "small-diagram": diagram("ccg", "cgm", "xxm"),
        "classes-diagram": diagram("ccg", "cgm", "xxm"),
        "ratio-slow": grid(1e-4, 3),
        "ratio-middle": grid(3.2e-4, 10),
        "ratio-fast": grid(1e-3, 3),
    }
    for name, own in arms.items():
        found[name] = tuple(cell._replace(seed=seed) for seed in range(seeds) for cell in own)
    return found
