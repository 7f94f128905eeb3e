"""Made-up records shaped like a paper's, for pages and figures; nothing here was trained."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grokbench.claims.evidence import Evidence
from grokbench.claims.verdict import Verdict
from grokbench.measures.cells import Cell
from grokbench.plan.expand import PlannedTrial, tier_plan
from grokbench.reports.result import PaperResult
from grokbench.specs.loader import Library
from grokbench.specs.types import (
    Claim,
    Condition,
    Discrepancy,
    Experiment,
    Paper,
    Recipe,
    TaskSpec,
    TierPlan,
    Trial,
)
from grokbench.training.record import Record

P = 97
GD = {"kind": "gd", "lr": 3e5, "momentum": 0.0, "weight_decay": 0.0}
ADAMW = {"kind": "adamw", "lr": 0.01, "beta1": 0.9, "beta2": 0.98, "eps": 1e-8, "weight_decay": 5.0}
NONE = {"kind": "none"}
MLP = {"kind": "quadratic-mlp", "width": 500, "convention": "mean-field"}
ANALYTIC = {"kind": "analytic-quadratic-mlp", "width": 500, "cover": "even", "readout": "plain"}
ADDITION = TaskSpec("addition", "Addition", "x + y", {"kind": "integers-mod", "p": P})


def recipe(name: str = "gd", model: Mapping[str, Any] = MLP, optimizer: Mapping[str, Any] = GD) -> Recipe:
    return Recipe(
        id=f"gromov2023/{name}",
        title=name,
        origin="inferred",
        source="Section 2",
        model=dict(model),
        loss={"kind": "mse", "reduction": "mean"},
        optimizer=dict(optimizer),
        data={"rounding": "floor"},
        training={"dtype": "float32", "batch": "full", "weight_noise": 0.0},
        evaluation={"growth": 1.02, "spacing": 1, "probe_growth": 1.1},
    )


def first_seed(experiment: Experiment) -> int:
    """The first seed that counts."""
    plan = tier_plan(experiment, "paper")
    assert plan is not None
    return min(plan.seeds)


def on_own_seeds(paper: Paper, cells: Mapping[str, tuple[Cell, ...]]) -> dict[str, tuple[Cell, ...]]:
    """The cells, made on seeds 0, 1, …, on those that follow the first one of their experiment."""
    by_id = {experiment.id: experiment for experiment in paper.experiments}
    moved = {}
    for name, group in cells.items():
        first = first_seed(by_id[name])
        moved[name] = tuple(
            Cell(
                first + seed,
                settings,
                replace(record, trial=replace(record.trial, seed=first + record.trial.seed)),
            )
            for seed, settings, record in group
        )
    return moved


def seeds_said(paper: Paper, names: Iterable[str], seeds: int = 3) -> str:
    """What a caption says of the first seeds of these experiments."""
    firsts = {first_seed(experiment) for experiment in paper.experiments if experiment.id in set(names)}
    return f"Seeds {', '.join(f'{first} to {first + seeds - 1}' for first in sorted(firsts))}."


def evaluation_steps(last: int, growth: float = 1.02) -> NDArray[np.int64]:
    steps = [0]
    while steps[-1] < last:
        steps.append(max(int(growth * steps[-1]), steps[-1] + 1))
    return np.array(steps)


def record(
    seed: int,
    rcp: Recipe,
    fit: float = 3000.0,
    groks: float = 4000.0,
    last: int = 6000,
    budget: int = 20000,
    alpha: float = 0.49,
    best: float = 1.0,
) -> Record:
    """A run that fits at ``fit`` and generalises at ``groks`` (∞: never); ``last`` = 0 is untrained."""
    rng = np.random.default_rng(seed)
    steps = evaluation_steps(last)
    t = steps * (1 + 0.03 * rng.standard_normal())
    train_accuracy = best / (1 + np.exp(-(t - 0.8 * fit) / (0.03 * fit))) if last else np.array([best])
    rise = (
        1 / (1 + np.exp(-(t - 0.95 * groks) / (0.01 * groks))) if math.isfinite(groks) else np.zeros(len(t))
    )
    test_accuracy = best * rise if last else np.array([best])
    curves = {
        "step": steps,
        "train_accuracy": train_accuracy,
        "test_accuracy": test_accuracy,
        "train_loss": 0.0103 * np.exp(-t / fit),
        "test_loss": 0.0103 * (1 + 0.5 * t / fit) * np.exp(-3 * rise),
    }
    coarse = evaluation_steps(last, 1.1)
    every = np.arange(last) + 1.0
    phases = rng.vonmises(0, 3.0, 500)
    spectrum = rng.exponential(size=(P, P))
    line = np.zeros((P, P))
    line[np.arange(P), np.arange(P)] = P * rng.exponential(size=P)
    probes = {
        "trace": {
            "step": np.arange(last),
            "loss": 0.0103 * np.exp(-every / fit),
            "weight_norm_1": 1 + 3 / (1 + np.exp(-(every - groks) / 500)),
            "weight_norm_2": 1 + 2 / (1 + np.exp(-(every - groks) / 500)),
            "gradient_norm_1": 1e-6 * every * np.exp(-every / groks),
            "gradient_norm_2": 5e-7 * every * np.exp(-every / groks),
        },
        "ipr": {
            "step": coarse,
            "ipr": 0.04 + 0.6 * np.interp(coarse, [0, 0.9 * fit, 2 * fit], [0, 0.1, 1.0]),
        },
        "phases": {
            "step": coarse,
            "histogram": np.tile(np.histogram(phases, 32, (-np.pi, np.pi))[0], (len(coarse), 1)),
        },
    }
    analyses = {
        "preactivation-power": {"initial": spectrum, "final": spectrum + 3 * line},
        "neuron-phases": {"final": phases},
    }
    return Record(
        trial=Trial(ADDITION, rcp, alpha, seed, budget if last else 0),
        ended="stopped",
        curves=curves,
        facts={"n_train": 4610, "n_test": 4799, "n_elements": P, "memoriser_baseline": 0.49, "steps": last},
        probes=probes if last else {"ipr": {"step": np.array([0]), "ipr": np.array([1.0])}},
        analyses=analyses,
        environment={"torch": "2.0", "threads": 1, "engine": "fast"},
        cost={"seconds": 60.0},
    )


def cells(seeds: int = 6) -> dict[str, tuple[tuple[int, dict[str, Any], Record], ...]]:
    gd, adamw, built = recipe(), recipe("adamw", optimizer=ADAMW), recipe("analytic", ANALYTIC, NONE)
    widths = (20, 40, 60, 80, 100, 150, 200)
    levels = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)

    def draw(seed: int, n: int, noise: float) -> float:
        return float(np.clip(1.1 / (1 + math.exp(-(n - 55) / 15)) - noise * abs(math.sin(seed + n)), 0, 1))

    def slow(seed: int, level: float, scale: float) -> float:
        return math.inf if level < 0.3 + 0.02 * (seed % 2) else scale / (level - 0.25)

    def sweep(
        rcp: Recipe, fit: float, scale: float, last: int
    ) -> tuple[tuple[int, dict[str, Any], Record], ...]:
        return tuple(
            Cell(s, {"alpha": a}, record(s, rcp, fit, slow(s, a, scale), last, last, a))
            for s in range(3)
            for a in levels
        )

    def wide(model: Mapping[str, Any], n: int) -> dict[str, Any]:
        return {**model, "width": n}

    return {
        "gd-addition": tuple(Cell(s, {"alpha": 0.49}, record(s, gd)) for s in range(seeds)),
        "adamw-addition": tuple(
            Cell(s, {"alpha": 0.49}, record(s, adamw, 30, 40, 800, 2000)) for s in range(seeds)
        ),
        "analytic-addition": tuple(Cell(s, {"alpha": 0.5}, record(s, built, last=0)) for s in range(3)),
        "gd-alphas": sweep(gd, 3000, 800, 20000),
        "adamw-alphas": sweep(adamw, 30, 20, 2000),
        "gd-p23-alphas": sweep(gd, 3000, 900, 20000),
        "gd-half": tuple(Cell(s, {"alpha": 0.5}, record(s, gd, 2200, 2800, 3500)) for s in range(seeds)),
        "gd-momentum-addition": tuple(
            Cell(s, {"alpha": 0.49}, record(s, gd, 220, math.inf if s == 2 else 300 + 10 * s, 12000, 12000))
            for s in range(seeds)
        ),
        "analytic-widths": tuple(
            (
                s,
                {"model.width": n},
                record(s, recipe("a", wide(ANALYTIC, n), NONE), last=0, best=draw(s, n, 0.15)),
            )
            for s in range(20)
            for n in widths
        ),
        "adamw-widths": tuple(
            (
                s,
                {"model.width": n},
                record(s, recipe("b", wide(MLP, n), ADAMW), 30, 40, 200, 2000, best=draw(s, n + 15, 0.03)),
            )
            for s in range(3)
            for n in widths
        ),
    }


def experiment(name: str, baseline: str, alphas: tuple[float, ...] = (0.49,), **extra: Any) -> Experiment:
    plan = TierPlan(seeds=tuple(range(6)), steps=20000, alphas=alphas)
    return Experiment(
        name, f"The {name} runs", "addition", f"gromov2023/{baseline}", {"quick": plan}, **extra
    )


def paper() -> Paper:
    groks = Condition("t_gen", "the run reaches 99 % and stays there", max=20000.0)
    return Paper(
        id="gromov2023",
        title="Grokking modular arithmetic",
        authors="A. Gromov",
        year=2023,
        url="https://arxiv.org/abs/2301.02679",
        experiments=(
            experiment("gd-addition", "gd"),
            experiment("adamw-addition", "adamw", alphas=(0.5,)),
            experiment("fast", "gd", set={"optimizer.lr": 1e6}),
        ),
        claims=(
            Claim(
                id="gd-groks",
                title="GD groks",
                source="Fig. 1c",
                statement="Plain GD groks",
                experiments=("gd-addition",),
                kind="event",
                grade="A",
                rule=(groks,),
                figure="training",
            ),
            Claim(
                id="faster",
                title="AdamW is faster",
                source="Fig. 4",
                statement="AdamW needs fewer steps",
                experiments=("adamw-addition", "gd-addition"),
                kind="ordering",
                grade="C",
                rule=(groks,),
            ),
            Claim(
                id="init",
                title="initial loss",
                source="Fig. 1a",
                statement="The loss starts at 1/p",
                experiments=("gd-addition",),
                kind="exact",
                grade="A",
                rule=(groks,),
                control="fast",
            ),
        ),
        deviations=("The paper states no learning rate",),
        discrepancies=(
            Discrepancy(
                "Weight decay", "It is 1.", "It is 0.", "Appendix A; train.py", (), ("adamw-addition",)
            ),
        ),
        figures=Library().paper("gromov2023").figures,
    )


def verdict(claim_id: str, outcome: str = "REPRODUCED", **changes: Any) -> Verdict:
    fields: dict[str, Any] = {
        "id": claim_id,
        "verdict": outcome,
        "tier": "quick",
        "n_seeds": 6,
        "statistic": 1.0,
        "interval": (0.5407, 1.0),
        "accepted": {"min": 0.5, "max": None},
        "reason": "6 of 6 seeds hold | rate at least 0.54",
        "source": "Fig. 1c",
        "grade": "A",
        "under_our_reading": False,
        "values": tuple((seed, (4000.0 + seed,), True) for seed in range(6)),
        "median": 4002.5,
        "median_interval": (4000.0, math.inf),
    }
    return Verdict(**{**fields, **changes})


def report(**changes: Any) -> PaperResult:
    fields: dict[str, Any] = {
        "paper": paper(),
        "tier": "quick",
        "verdicts": (
            verdict("gd-groks"),
            verdict("faster", "NOT REPRODUCED", under_our_reading=True, grade="C"),
            verdict("init", values=((0, (math.nan, math.inf), True),), n_seeds=1),
        ),
        "cells": {},
        "recipes": {
            "gromov2023/gd": recipe(),
            "gromov2023/adamw": recipe("adamw", optimizer=ADAMW),
        },
        "environment": {"TRAINING_VERSION": 1},
        "spec_hashes": {"baselines/gromov2023/claims.toml": "ab" * 32},
        "command": "grokbench reproduce gromov2023",
    }
    return PaperResult(**{**fields, **changes})


def evidence(records: Mapping[str, Sequence[tuple[int, Record]]], tier: str = "quick") -> Evidence:
    """What verdicts at ``tier`` were reached on: experiment → its seeds and records."""
    grids, known = {}, {}
    for name, own in records.items():
        planned = [PlannedTrial(found.trial, name, {}, seed, found.trial.budget) for seed, found in own]
        grids[name, tier] = tuple(planned)
        known.update({one.request: found for one, (_, found) in zip(planned, own, strict=True)})
    return Evidence(
        asked=tier, tiers=(tier,), grids=grids, origins=dict.fromkeys(records, "paper"), records=known
    )
