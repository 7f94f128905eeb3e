"""A sweep from its words to its trials; ``runs.sweep`` trains them, ``reports.sweep`` writes what was found."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from grokbench import parts
from grokbench.api import resolve_trial
from grokbench.runs.store import Store
from grokbench.runs.sweep import HORIZON, Sweep
from grokbench.specs.errors import InputError
from grokbench.specs.types import Trial

MOST_CELLS = 10_000


def plan(
    task: str,
    baseline: str,
    *,
    alphas: Iterable[float],
    seeds: int | Iterable[int],
    steps: int | None = None,
    settings: Mapping[str, Any] | None = None,
    exhaustive: bool = False,
    store: str | Path | None = None,
    force: bool = False,
    specs: Iterable[str | Path] = (),
    on_damage: Callable[[str], None] | None = None,
) -> Sweep:
    """A sweep with every trial checked, its stored records read, and nothing trained.

    seeds: a number, or the seeds themselves. Errors: GrokbenchError for anything that could not be trained.
    """
    levels = sorted({float(alpha) for alpha in alphas})
    chosen = tuple(range(seeds)) if isinstance(seeds, int) else tuple(dict.fromkeys(seeds))
    if len(levels) * len(chosen) > MOST_CELLS:
        raise InputError(f"{len(chosen)} seeds at {len(levels)} fractions are more than {MOST_CELLS} trials")
    if not levels or not chosen:
        raise InputError(f"a sweep needs at least one {'seed' if levels else 'training fraction'}")
    if steps is not None and steps < 1:
        raise InputError(f"a sweep trains: steps must be 1 or more; got {steps}")
    if any(seed < 0 for seed in chosen):
        raise InputError(f"seeds must be 0 or more; got {min(chosen)}")
    folders = tuple(specs)
    trials: dict[tuple[int, float], Trial] = {}
    written: list[float] = []  # as the command names them: all digits where ten give another number of rows
    for alpha in levels:
        first = resolve_trial(
            task, baseline, alpha=alpha, seed=chosen[0], steps=steps, settings=settings, specs=folders
        )
        if not first.budget:
            raise InputError(f"{baseline} is not trained; a sweep needs a recipe that is")
        if (chosen[0], first.alpha) not in trials:
            written.append(first.alpha if first.rows is None else alpha)
        trials |= {(seed, first.alpha): replace(first, seed=seed, horizon=HORIZON) for seed in chosen}
    command = _command(task, baseline, written, chosen, first.budget, settings or {}, exhaustive, folders)
    return Sweep(
        trials,
        Store(store, on_damage),
        exhaustive=exhaustive,
        force=force,
        command=command,
        settings=settings,
    )


def _command(
    task: str,
    baseline: str,
    alphas: Sequence[float],
    seeds: Sequence[int],
    steps: int,
    settings: Mapping[str, Any],
    exhaustive: bool,
    specs: Sequence[str | Path],
) -> str:
    """The command line of a sweep, its fractions and seeds written out."""
    listed = ",".join(map(str, seeds)) + ("," if len(seeds) == 1 else "")
    counted = str(len(seeds)) if tuple(seeds) == tuple(range(len(seeds))) else listed
    words = ["grokbench", "sweep", "--task", task, "--baseline", baseline]
    words += [
        "--alphas",
        ",".join(map(repr, alphas)),
        "--seeds",
        counted,
        "--steps",
        str(steps),
    ]
    for name, value in settings.items():
        words += ["--set", f"{name}={json.dumps(value, ensure_ascii=False)}"]
    for folder in specs:
        words += ["--specs", str(folder)]
    for script in parts.plugins():
        words += ["--plugin", script]
    return shlex.join([*words, *(["--exhaustive"] if exhaustive else [])])
