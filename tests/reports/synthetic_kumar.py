"""Made-up records shaped like those of kumar2023: accuracies over scales, losses, kernels, risks; nothing here was trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from grokbench.measures.cells import Cell
from grokbench.measures.landscapes import SCALE as START
from grokbench.training.record import Record
from tests.claims.claim_records import record

Cells = dict[str, tuple[Any, ...]]
SCALE, EPS = "training.output_scale", "model.epsilon"


def _with(one: Record, analyses: Mapping[str, Any], **training: Any) -> Record:
    recipe = dataclasses.replace(one.trial.recipe, training={"dtype": "float32", "batch": "full", **training})
    trial = dataclasses.replace(one.trial, recipe=recipe)
    return dataclasses.replace(
        one, trial=trial, analyses=analyses, facts={**one.facts, "steps": int(one.curves["step"][-1])}
    )


def run(
    *,
    fit: float = 2000,
    gen: float = np.inf,
    half: float = 0.6,
    end: int = 12_000,
    grows: float = 3.0,
    after: float = 0.5,
    scale: float = 1.0,
    together: bool = True,
    seed: int = 0,
) -> Record:
    """It fits at ``fit``, and half of that earlier, and generalises at ``gen``, to ``grows`` times its norm.

    half: of ``gen``, when half of the test rows are right. after: share of the alignment's rise that comes after ``fit``.
    """
    last = gen if np.isfinite(gen) else end
    marks = [half * fit, 0.9 * fit, *(round(t * f) for t in (fit, last) for f in (1.0, 1.05, 1.1, 1.15, 1.2))]
    steps = np.unique([0, half * last, *marks, *np.geomspace(1, end, 60)]).astype(int)
    steps = steps[steps <= 1.2 * max(last, fit)]
    train = np.where(steps >= fit, 1.0, np.where(steps >= int(half * fit), 0.6, 0.02))
    test = np.where(steps >= gen, 1.0, np.where(steps >= (fit + gen) / 2, 0.6, 0.02))
    norms = 80 * (1 + (grows - 1) * np.minimum(steps / last, 1.2))
    falls = np.exp(-steps / fit)
    one = record(
        steps.tolist(),
        train.tolist(),
        test.tolist(),
        train_loss=(0.04 * falls + 1e-6).tolist(),
        test_loss=(0.045 * (falls if together else np.exp(-steps / (20 * fit))) + 1e-6).tolist(),
        budget=end,
        probes={"norm": {"step": steps.tolist(), "all": norms.tolist()}},
        seed=seed,
    )
    at = np.array([0.0, fit, last])
    kernel = {
        "step": at,
        "alignment": np.array([0.06, 0.06 + 0.16 * (1 - after), 0.22]),
        "moved": np.array([0.0, 0.05, 0.06]),
        "weights": np.array([0.0, 1.0, 2.0]),
    }
    return _with(one, {"tangent-kernel": kernel}, output_scale=scale)


def losses(
    *,
    early: float = 300,
    late: float = 1500,
    peak: float = 1.25,
    low: float = 0.02,
    linear: tuple[float, float, float] = (0.0, 0.2, 0.002),
    at: float = 1.0,
    after: float = 0.6,
    moved: float = 3.0,
    end: int = 5000,
    scale: float = 1.0,
    eps: float = 0.5,
    seed: int = 0,
) -> Record:
    """A train loss below 0.1 and half from ``early`` on, a test loss from ``late`` on, which ends at ``low``.

    peak: of the test loss, over its start. linear: power in linear functions before the first step, at its peak, and at the end;
    its peak comes at ``at`` times the test loss's.
    """
    own = [early, late, end] if np.isfinite(late) else [early, end]
    steps = np.unique([0, *own, *np.geomspace(1, end, 120)]).astype(int)
    top = early / 10
    train = np.where(steps >= early, 0.01, np.where(steps > 0, 0.8, 1.0))
    hump = 1 + (peak - 1) * np.exp(-np.square(np.log(np.maximum(steps, 1) / top)))
    test = np.where(steps >= late, low, np.where(steps > 0, hump, 1.0))
    one = record(
        steps.tolist(),
        0.0,
        0.0,
        train_loss=train.tolist(),
        test_loss=test.tolist(),
        budget=end,
        probes={"norm": {"step": steps.tolist(), "all": (10.0 + steps / end).tolist()}},
        seed=seed,
    )
    snapshots = np.array([0.0, at * top, early, end])
    values = np.interp(np.arange(4), [0, 1, 3], linear)
    split = {
        "step": snapshots,
        "linear": values,
        "variance": np.full(4, 0.1),
        "misalignment": np.array([0.9, 0.9, 0.8, low]),
        "all": 1.0 + values - values[0],
    }
    kernel = {
        "step": snapshots,
        "alignment": np.array([0.02, 0.02, 0.02 + 0.1 * (1 - after), 0.12]),
        "moved": np.array([0.0, 0.0, 0.01, 0.02]),
        "weights": np.array([0.0, 0.1, 1.0, moved]),
    }
    recipe = dataclasses.replace(one.trial.recipe, model={"kind": "committee", "width": 100, "epsilon": eps})
    own = dataclasses.replace(one, trial=dataclasses.replace(one.trial, recipe=recipe))
    return _with(own, {"risk-split": split, "tangent-kernel": kernel}, output_scale=scale)


def over(field: str, runs: Mapping[float, Record], seed: int = 0) -> tuple[Cell, ...]:
    """An arm over a swept field."""
    return tuple(Cell(seed, {"alpha": 0.9, field: value}, one) for value, one in runs.items())


def scales(ratios: Mapping[float, float], seed: int = 0) -> tuple[Cell, ...]:
    """An arm over the scale, of runs with these T_gen / T_mem."""
    runs = {
        scale: run(fit=2000 * scale, gen=2000 * scale * ratio, end=60_000, scale=scale, seed=seed)
        for scale, ratio in ratios.items()
    }
    return over(SCALE, runs, seed)


def of_every_experiment(seed: int = 0) -> dict[str, tuple[Cell, ...]]:
    """The cells of each experiment, much as pilots have it."""
    more = 1 + 0.01 * (seed % 3)

    def one(found: Record) -> tuple[Cell, ...]:
        return (Cell(seed, {"alpha": 0.9}, found),)

    many = {"early": 60, "late": 100, "peak": 1.0, "linear": (0.0, 0.04, 0.0002), "low": 0.004, "end": 10_000}
    lost = {scale: run(fit=2000 * scale, scale=scale, seed=seed) for scale in (0.25, 1.0, 2.25)}
    return {
        "modular": one(run(fit=20_000, gen=26_000 * more, end=50_000, seed=seed)),
        "random": one(run(fit=2500, seed=seed)),
        "decayed": one(run(fit=500, gen=560, end=3000, grows=0.4, seed=seed)),
        "scales": scales({0.25: 1.2, 1.0: 1.3 * more, 2.25: 1.5}, seed),
        "random-scales": over(SCALE, lost, seed),
        "summed-scales": scales({0.25: 1.2, 1.0: 1.3, 4.0: 1.55, 9.0: 1.85 * more}, seed),
        "summed": one(run(fit=1800, gen=2300 * more, end=80_000, seed=seed)),
        "summed-subtracted": one(run(fit=1800, gen=2350 * more, end=80_000, seed=seed)),
        "summed-lazy": one(run(fit=20_000, gen=38_000, end=80_000, after=0.8, scale=9.0, seed=seed)),
        "summed-rich": one(run(fit=400, gen=460 * more, end=80_000, after=0.2, scale=0.25, seed=seed)),
        "polynomial": one(losses(late=1500 * more, seed=seed)),
        "polynomial-scales": over(
            SCALE,
            {
                scale: losses(early=60 * scale, late=300 * scale**1.4 * more, scale=scale, seed=seed)
                for scale in (0.4, 1.2, 2.8, 5.6)
            },
            seed,
        ),
        "eps": over(
            EPS,
            {
                eps: losses(early=10 / eps, late=20 / eps**1.5 * more, low=0.3 * eps, eps=eps, seed=seed)
                for eps in (0.04, 0.08, 0.14, 0.28)
            },
            seed,
        ),
        "few-rows": one(losses(early=15, late=np.inf, peak=0.9, end=50_000, seed=seed)),
        "some-rows": one(losses(early=25, late=800 * more, low=0.45, end=50_000, seed=seed)),
        "many-rows": one(losses(after=0.3, seed=seed, **many)),
        "two-neurons": one(losses(late=2000 * more, end=50_000, seed=seed)),
        "start-half": one(losses(late=2500, low=0.42 * more, end=3000, seed=seed)),
        "start-own": one(losses(late=2500, low=0.41, end=3000, seed=seed)),
        "start-double": one(losses(late=2500, low=0.37, moved=3.01, end=3000, seed=seed)),
        "starts-alone": over(
            START,
            {0.5: losses(low=0.08, moved=6.0, seed=seed), 2.0: losses(low=1.3, moved=1.3, seed=seed)},
            seed,
        ),
        "teacher-strict": one(run(fit=700, end=4000, seed=seed)),
        "teacher-strict-long": one(run(fit=700, gen=30_000, end=60_000, seed=seed)),
        "teacher-loose-fresh": one(run(fit=25, gen=26, half=0.96, end=4000, seed=seed)),
        "transformer": one(run(fit=20_000, gen=150_000 * more, end=200_000, seed=seed)),
        "transformer-decay": one(run(fit=20_000, gen=26_000, end=200_000, seed=seed)),
        "transformer-decay-lazy": one(run(fit=20_000, gen=140_000, end=200_000, seed=seed)),
    }


def cells(seeds: int = 6) -> Cells:
    """Every experiment over these seeds."""
    found = [of_every_experiment(seed) for seed in range(seeds)]
    return {name: tuple(cell for own in found for cell in own[name]) for name in found[0]}
