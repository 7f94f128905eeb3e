"""A track of two small workloads with two submissions, in a clone of its own; and made runs of it."""

from __future__ import annotations

import math
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np

from grokbench.plan.leaderboard import Leaderboard
from grokbench.specs.types import Trial
from grokbench.store.folder import Store
from grokbench.training.record import Record

TRACK = """
id = "toy"
title = "A toy"
baseline = "adamw"
tuning_seeds = [5000]
seeds = 12

[[workload]]
id = "mlp"
title = "Quadratic MLP, x + y mod 7"
task = "addition"
baseline = "gromov2023/adamw"
alpha = 0.5
steps = 100
set = { "task.domain.p" = 7, "model.width" = 32, "evaluation.growth" = 1.0001, "evaluation.spacing" = 2 }

[[workload]]
id = "parity"
title = "Parity of 2 among 8 bits"
task = "sparse-parity"
baseline = "leaderboard/parity"
alpha = 0.5
steps = 100
set = { "task.domain.n" = 8, "task.domain.k" = 2, "task.source.rows" = 200, "task.source.test_rows" = 50, "model.width" = 16, \
"evaluation.spacing" = 2 }
"""
SUBMISSION = """
id = "toy/{name}"
title = "{title}"
authors = "nobody"
source = "a test"
tuned = "By hand."

[optimizer]
kind = "{kind}"
lr = 0.01

[grid]
"optimizer.lr" = [0.01, 0.03]
"""
WORKLOADS = """
[workload.mlp]
t_star = {mlp}
set = {{ "optimizer.lr" = 0.03 }}

[workload.parity]
t_star = {parity}
"""
Truth = Callable[[Trial], float]
"""A trial → its T_gen; a negative one falls again before 1.25 T_gen."""


def written(folder: Path, *, tuned: bool = True, committed: bool = True) -> Path:
    """The track's folder of specs; a clone where it is ``committed``."""
    submissions = folder / "tasks" / "tracks" / "toy"
    submissions.mkdir(parents=True)
    (submissions.parent / "toy.toml").write_text(TRACK, encoding="utf-8")
    for name, kind in (("adamw", "adamw"), ("lion", "lion")):
        text = SUBMISSION.format(name=name, title=name.title(), kind=kind)
        text += WORKLOADS.format(mlp=60, parity=40) if tuned else ""
        (submissions / f"{name}.toml").write_text(text, encoding="utf-8")
    if committed:
        git(folder, "init", "-q")
        commit(folder)
    return folder


def submission(folder: Path, name: str) -> Path:
    return folder / "tasks" / "tracks" / "toy" / f"{name}.toml"


def commit(folder: Path) -> str:
    """Commit all there is; the commit."""
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "m")
    return git(folder, "rev-parse", "HEAD")


def git(folder: Path, *words: str) -> str:
    # Commits draw seeds by their hash, which must be the same each time.
    dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-01-01T00:00:00+0000")
    environment = os.environ | dates
    done = subprocess.run(
        ["git", *words], cwd=folder, capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout.strip()


def record(trial: Trial, t_gen: float) -> Record:
    """A run that generalises at that step; at a negative one, and falls below 0.9 right after its window."""
    falls, t_gen = t_gen < 0, abs(t_gen)
    last = trial.budget if trial.horizon is None or math.isinf(t_gen) else math.ceil(trial.horizon * t_gen)
    last = max(last, trial.budget if trial.horizon is None else 0, int(min(t_gen, trial.budget)) + 10)
    steps = np.arange(0, last + 1, 2)
    test = np.where(steps >= t_gen, 1.0, 0.2)
    if falls:
        test[(steps > 1.2 * t_gen) & (steps > t_gen + 8)] = 0.5
    curves = {
        "step": steps,
        "train_loss": np.zeros(steps.size),
        "train_accuracy": np.where(steps >= 4, 1.0, 0.2),
        "test_loss": np.zeros(steps.size),
        "test_accuracy": test,
    }
    facts = {"n_train": 1, "n_test": 1, "n_elements": 7, "memoriser_baseline": 0.1, "steps": int(steps[-1])}
    cost = {"seconds": 1.0, "ms_per_step": 2.0}
    return Record(
        trial,
        "finished",
        curves,
        facts,
        cost=cost,
        environment={"arithmetic": "float32 products ieee"},
        content=str(hash(str(trial))),
    )


def board(folder: Path, truth: Truth, **more: object) -> Leaderboard:
    """The track with every run made up."""
    job = Leaderboard("toy", specs=folder, store=folder / "store", **more)  # type: ignore[arg-type]
    store = Store(folder / "store")
    for one in job.untrained():
        store.save(record(one.trial, truth(one.trial)))
    return job
