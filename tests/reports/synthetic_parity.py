"""Made-up records shaped like those of parity: a few neurons take over, or none do; nothing here was trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from grokbench.measures.cells import Cell
from grokbench.training.record import Record
from tests.claims.claim_records import record

Cells = dict[str, tuple[Any, ...]]
WIDTH = 1000


def run(
    *,
    fit: float = 1000,
    t_gen: float = np.inf,
    budget: int = 9600,
    last: int | None = None,
    sparse: bool = True,
    size: float = 7,
    grows: float = 3.0,
    before: float = 1.1,
    complement: float = 0.6,
    early: float = 0.55,
    freezes: bool = False,
    progress: float = 1.0,
    seed: int = 0,
) -> Record:
    """Fits at ``fit``; the test set rises from 0.7 t_gen on and is right at ``t_gen``. Test accuracy begins at 0.5, b is 0.5.

    sparse: the active part falls to ``size`` neurons between the onset and 1.5 t_gen, its norms grow by ``grows`` and all
    others fade; else it keeps 600 neurons. before: norms of the later active part over the others' at the fit. complement:
    faithfulness of the rest in the end; early: of the active part at the fit. freezes: the loss is 0 from 1.5 fit on, and
    nothing moves any more. progress: largest change of a weight at step 400.
    """
    end = budget if last is None else last
    landmarks = [0, fit - 1, fit, 1.5 * fit]
    if np.isfinite(t_gen):
        landmarks += [*(t_gen * np.linspace(0.6, 1, 17)), *(t_gen * (1 + i / 10) for i in range(4))]
    steps = np.unique(np.array([*landmarks, *np.linspace(0, end, 61)]).astype(int))
    steps = steps[(steps >= 0) & (steps <= end)]
    if np.isfinite(t_gen):
        rising = np.clip((steps - 0.7 * t_gen) / (0.3 * t_gen), 0, 0.97)
        test = np.where(steps >= t_gen, 1.0, 0.5 + 0.5 * rising)
    else:
        test = np.full(len(steps), 0.5)
    train = np.where(steps >= fit, 1.0, 0.5 + 0.4 * steps / max(fit, 1))
    loss = (
        np.where(steps >= 1.5 * fit, 0.0, 1 - steps / (1.6 * fit)) if freezes else np.exp(-steps / fit) + 1e-3
    )
    one = record(
        steps.tolist(),
        train.tolist(),
        test.tolist(),
        train_loss=loss.tolist(),
        test_loss=(2 - 2 * test).tolist(),
        budget=budget,
        seed=seed,
        memoriser_baseline=0.5,
    )
    return dataclasses.replace(one, analyses={"subnetwork": _neurons(steps, locals())})


def _neurons(steps: Any, own: Mapping[str, Any]) -> dict[str, Any]:
    shown = steps[np.unique(np.linspace(0, len(steps) - 1, 60).astype(int))]
    fit, t_gen, end = own["fit"], own["t_gen"], max(int(steps[-1]), 1)
    takes_over = own["sparse"] and np.isfinite(t_gen)
    done = np.clip((shown / t_gen - 0.7) / 0.8, 0, 1) if takes_over else np.zeros(len(shown))
    sizes = np.round(900 * (own["size"] / 900) ** done) if own["sparse"] else np.full(len(shown), 600.0)
    moving = shown < 1.5 * fit if own["freezes"] else shown < end
    fade, one = np.exp(-4 * done), np.ones(len(shown))
    return {
        "step": shown,
        "size_train": sizes,
        "size_test": sizes + 1,
        "size_accuracy": sizes,
        "largest_share": 0.02 + 0.8 * done,
        "from_start": own["progress"] * shown / 400,
        "moved": np.where(moving, 0.5, 0.0),
        "norm_active": 0.3 * own["before"] * (1 + (own["grows"] - 1) * done),
        "norm_rest": 0.3 * fade,
        "norm_rest_most": 0.5 * one,
        **{
            f"active_{side}": np.where(done > 0.9, 1.0, own["early"] + 0.4 * done)
            for side in ("train", "test")
        },
        **{f"rest_{side}": 0.98 + (own["complement"] - 0.98) * done for side in ("train", "test")},
    }


def still(**own: Any) -> Record:
    """A run without decay: it fits, its loss comes to 0, and it never generalises."""
    return run(**{"sparse": False, "freezes": True, "grows": 1.0, "complement": 0.98, "early": 0.97} | own)


def perfect(
    t_c: float, low: float = 0.7, budget: int = 100_000, progress: float = 1.0, seed: int = 0
) -> Record:
    """A run on fresh rows: at chance up to ``low`` t_c, every test row right at ``t_c``."""
    end = budget if np.isinf(t_c) else round(1.2 * t_c)
    marks = np.linspace(0, end, 61) if np.isinf(t_c) else np.array([*np.linspace(0, 1.2, 61) * t_c, t_c])
    steps = np.unique(np.round(marks).astype(int))
    risen = np.clip((steps / t_c - low) / (1 - low), 0, 0.95) if np.isfinite(t_c) else 0 * steps
    test = np.where(steps >= t_c, 1.0, 0.5 + 0.5 * risen)
    one = record(
        steps.tolist(), test.tolist(), test.tolist(), budget=budget, seed=seed, memoriser_baseline=0.5
    )
    shown = np.arange(0, min(end, 2000) + 1, 25)
    found = {"step": shown, "from_start": progress * shown / 400}
    return dataclasses.replace(one, analyses={"subnetwork": found})


NS = (10, 20, 30, 45, 60)


def swept(power: float, at_10: float, seed: int = 0) -> list[tuple[dict[str, Any], Record]]:
    """Runs over n whose t_c is a power of it."""
    return [({"task.domain.n": n}, of_bits(perfect(at_10 * (n / 10) ** power, seed=seed), n)) for n in NS]


def of_bits(one: Record, n: int) -> Record:
    """The same run on the parity of 3 among n bits."""
    task = dataclasses.replace(one.trial.task, operation="parity", domain={"kind": "bits", "n": n, "k": 3})
    return dataclasses.replace(one, trial=dataclasses.replace(one.trial, task=task))


def of_every_experiment(seed: int = 0) -> Mapping[str, Record]:
    """A record of each experiment without a sweep, much as pilots had it."""
    late = 50 * (seed % 3)
    return {
        "merrill": run(t_gen=3500 + late, seed=seed),
        "no-decay": still(seed=seed),
        "many-rows": run(fit=1400, t_gen=1450, last=1800, seed=seed),
        "many-rows-no-decay": still(fit=1400, t_gen=1450, budget=4800, seed=seed),
        "barak-01": run(t_gen=7000 + late, last=9000, seed=seed),
        "barak-01-many": run(fit=1400, t_gen=1450, last=1800, seed=seed),
        "barak-001": run(t_gen=34_000, budget=96_000, last=41_000, seed=seed),
        "barak-001-many": run(fit=1400, t_gen=1450, last=1800, seed=seed),
        "online": perfect(750 + late, progress=0.3, seed=seed),
        "online-dense": perfect(np.inf, budget=10_000, progress=0.1, seed=seed),
        "online-random-labels": perfect(np.inf, budget=10_000, progress=0.1, seed=seed),
        "online-noisy": perfect(1500 + late, seed=seed),
        "online-one-bit": perfect(12, low=0.1, seed=seed),
        "online-wide": perfect(600 + late, seed=seed),
        "decay-0001": run(t_gen=38_000, budget=96_000, last=46_000, seed=seed),
        "four-bits": run(t_gen=30_000, budget=96_000, last=36_000, seed=seed),
        "four-bits-many-rows": run(fit=20_000, t_gen=20_500, budget=96_000, last=25_000, seed=seed),
    }


def cells(seeds: int = 6) -> Cells:
    """Every experiment over these seeds."""
    found = [of_every_experiment(seed) for seed in range(seeds)]
    out: Cells = {
        name: tuple(Cell(seed, {"alpha": 0.05}, one[name]) for seed, one in enumerate(found))
        for name in found[0]
    }
    for name, power, at_10 in (("online-two-bits", 0.6, 50.0), ("online-three-bits", 1.3, 300.0)):
        out[name] = tuple(
            Cell(seed, {"alpha": 0.5, **settings}, one)
            for seed in range(seeds)
            for settings, one in swept(power, at_10, seed)
        )
    return out
