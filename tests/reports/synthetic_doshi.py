"""Made-up records shaped like those of doshi2023: accuracies by kind of row, neurons by IPR; nothing here was trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from grokbench.analysis import pruning
from grokbench.measures.cells import Cell
from grokbench.training.record import Record
from tests.claims.claim_records import record

Cells = dict[str, tuple[Any, ...]]
ROWS, WRONG, NEURONS = 1000, 0.98, 50  # training rows; share of the drawn labels that are wrong


def run(
    *,
    noise: float = 0.35,
    fit: int = 30,
    rise: float = 200.0,
    kept: float = 0.95,
    fitted: float = 1.0,
    forgets: bool = False,
    low: float = 0.5,
    high: float = 0.4,
    memorising: bool = True,
    spare: float = 0.8,
    scale: float = 0.0,
    peaks: float = 0.05,
    budget: int = 1000,
    alpha: float = 0.5,
    seed: int = 0,
) -> Record:
    """Fits ``fitted`` of its rows at ``fit``; half the test set is right at ``rise``, and ``kept`` of the drawn rows after that.

    ``low``, ``high``: shares of neurons with an IPR of 0.05 and of 0.9, the others have 0.4. Where ``memorising``, no drawn row
    is fitted without half of the neurons from the low end, and no test row is right without a quarter from the high end; else
    nothing changes before ``spare`` of them are out. ``scale``: how |γ| follows the IPR; 0 is no batch normalisation.
    ``forgets``: nothing is right in the end.
    """
    steps = np.unique(
        np.concatenate([np.arange(0, min(60, budget) + 1), np.linspace(0, budget, 60).astype(int)])
    )
    test = np.clip(0.5 + (steps - rise) / 100, 0, 1) * (steps > 0)
    memorised = fitted * np.clip(steps / fit, 0, 1)
    given = np.clip((steps - rise) / 50, 0, 1) * (test > 0.4)
    corrupted = memorised * (1 - given * (1 - kept))
    clean = np.maximum(memorised, test)
    if forgets:
        gone = steps > 0.8 * budget
        test, corrupted, clean = (np.where(gone, 0.01, own) for own in (test, corrupted, clean))
    drawn = round(noise * ROWS)
    curves = {
        "train_accuracy_clean": clean,
        "train_accuracy_corrupted": corrupted,
        "train_accuracy_corrected": (1 - corrupted) * (test > 0.4) * (not forgets),
    }
    one = record(
        steps.tolist(),
        ((1 - noise) * clean + noise * corrupted).tolist(),
        test.tolist(),
        budget=budget,
        alpha=alpha,
        seed=seed,
        n_train=ROWS,
        n_corrupted=drawn,
        n_wrong=round(WRONG * drawn),
    )
    analyses = {
        "pruning": _pruning(one, curves, low, high, memorising, spare, scale),
        "label-peaks": {"both": [peaks], "label": [1.0], "truth": [peaks]},
    }
    labels = {"corruption": {"kind": "labels", "share": noise, "include_true": True}}
    trial = dataclasses.replace(one.trial, recipe=dataclasses.replace(one.trial.recipe, data=labels))
    arrays = {k: {n: np.asarray(v) for n, v in table.items()} for k, table in analyses.items()}
    return dataclasses.replace(one, trial=trial, curves={**one.curves, **curves}, analyses=arrays)


def _pruning(
    one: Record,
    curves: Mapping[str, Any],
    low: float,
    high: float,
    memorising: bool,
    spare: float,
    scale: float,
) -> dict[str, Any]:
    part = pruning.fractions()
    ipr = np.full(NEURONS, 0.4)
    ipr[: round(low * NEURONS)] = 0.05
    ipr[NEURONS - round(high * NEURONS) :] = 0.9
    ipr += 0.0001 * np.arange(NEURONS)
    ends = {
        "test": one.curves["test_accuracy"][-1],
        "train": one.curves["train_accuracy"][-1],
        **{name.removeprefix("train_accuracy_"): own[-1] for name, own in curves.items()},
    }
    lost = {("low", "corrupted"): 0.5, ("high", "test"): 0.25} if memorising else {}
    found: dict[str, Any] = {
        "fraction": part,
        "ipr": ipr,
        "size": np.ones(NEURONS),
        "ipr_initial": ipr * 0 + 0.05,
    }
    for end in ("low", "high", "random"):
        for rows, whole in ends.items():
            flat = np.clip((1 - part) / (1 - spare), 0, 1)
            steep = np.clip(1 - part / lost[end, rows], 0, 1) if (end, rows) in lost else flat
            if end == "random" and memorising:
                steep = 1 - part
            found[f"{end}_{rows}"] = whole * steep
    if scale:
        found["scale"] = 0.02 + scale * ipr + (1 - scale) * 0.01 * np.cos(7.3 * np.arange(NEURONS))
    return found


def inverted(kept: float = 0.01, seed: int = 0, **own: Any) -> Record:
    """A run that gives the drawn rows up, and has few neurons of low IPR."""
    return run(
        kept=kept, rise=90.0, low=0.08, high=0.7, memorising=False, peaks=0.9, budget=500, seed=seed, **own
    )


def of_every_experiment(seed: int = 0) -> Mapping[str, Record]:
    """One record of each experiment of doshi2023, as its claims have it."""
    jitter = 0.005 * seed / 6
    memorises = {"rise": np.inf, "kept": 1.0, "low": 1.0, "high": 0.0, "peaks": 0.01, "memorising": False}
    batch = {"noise": 0.2, "budget": 2000, "alpha": 0.65, "memorising": False}
    return {
        "no-decay": run(kept=0.95 - jitter, peaks=0.98, seed=seed),
        "decay-5": run(kept=0.35 - jitter, rise=100.0, low=0.45, high=0.5, budget=500, seed=seed),
        "decay-15": inverted(0.01 + jitter, seed=seed),
        "fifth-of-table": run(alpha=0.2, seed=seed, **memorises),
        "batch-norm": run(kept=0.04 + jitter, scale=1.0, seed=seed, **batch),
        "batch-norm-early": run(
            noise=0.2, fit=900, rise=np.inf, low=1.0, high=0.0, scale=1e-9, budget=20, alpha=0.65, seed=seed
        ),
        "batches-of-64": run(kept=0.1 + jitter, seed=seed, **batch),
        "no-decay-2000": run(kept=0.95 - jitter, budget=2000, seed=seed),
        "decay-20": run(kept=0.01, rise=90.0, forgets=True, budget=3000, seed=seed),
        "dropout": run(kept=0.3, budget=2000, alpha=0.7, seed=seed),
        "much-noise": run(noise=0.6, kept=0.3, budget=2000, alpha=0.85, seed=seed),
        "much-noise-at-90": run(noise=0.5, kept=0.3, budget=2000, alpha=0.9, seed=seed),
        "batches-256": run(kept=0.8 - jitter, seed=seed),
        "batches-64": run(kept=0.4 - jitter, seed=seed),
        "batches-32": run(kept=0.1 - jitter, seed=seed),
        "cross-entropy": run(**{**memorises, "alpha": 0.5}, seed=seed),
        "width-500-4000": run(spare=0.6, seed=seed),
        "width-1000-4000": run(spare=0.7, seed=seed),
        "width-2000-4000": run(spare=0.85, seed=seed),
        "multiplication": run(kept=0.95 - jitter, seed=seed),
        "multiplication-decay-15": inverted(0.01 + jitter, seed=seed),
    }


def fractions(noise: float, least: float, seed: int = 0) -> tuple[Cell, ...]:
    """Runs of four training fractions, which generalise from ``least`` on."""
    alphas = (0.4, 0.55, 0.7, 0.85)
    runs = (
        run(noise=noise, rise=100.0 if a >= least else np.inf, kept=0.2, budget=300, alpha=a, seed=seed)
        for a in alphas
    )
    return tuple(Cell(seed, {"alpha": a}, one) for a, one in zip(alphas, runs, strict=True))


MAP = {"map-none-15": 0.4, "map-none-30": 0.55, "map-none-45": 0.7}
MAP |= {"fractions-none": 0.7, "fractions-decay": 0.55}  # as many as the others have
MAP |= {"map-decay-15": 0.4, "map-decay-30": 0.7, "map-decay-45": 1.0}


def cells(seeds: int = 6) -> Cells:
    """Every experiment over these seeds."""
    found = [of_every_experiment(seed) for seed in range(seeds)]
    single = {
        name: tuple(Cell(seed, {"alpha": one[name].trial.alpha}, one[name]) for seed, one in enumerate(found))
        for name in found[0]
    }
    noise = {name: int(name.rpartition("-")[2]) / 100 if name.startswith("map") else 0.35 for name in MAP}
    several = {
        name: tuple(cell for seed in range(seeds) for cell in fractions(noise[name], least, seed))
        for name, least in MAP.items()
    }
    return single | several
