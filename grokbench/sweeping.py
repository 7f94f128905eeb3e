"""A sweep from its words to its trials; ``runs.sweep`` trains them, ``reports.sweep`` writes what was found."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from grokbench.api import resolve_trial
from grokbench.runs import provenance
from grokbench.runs.store import Store
from grokbench.runs.sweep import HORIZON, Sweep
from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
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
    specs: Library | Iterable[str | Path] = (),
    on_damage: Callable[[str], None] | None = None,
) -> Sweep:
    """A sweep with every trial checked, its stored records read, and nothing trained.

    seeds: a number, or the seeds themselves. Errors: GrokbenchError for anything that could not be trained.
    """
    levels = sorted({round(float(alpha), 10) for alpha in alphas})
    chosen = tuple(range(seeds)) if isinstance(seeds, int) else tuple(dict.fromkeys(seeds))
    if len(levels) * len(chosen) > MOST_CELLS:
        raise InputError(f"{len(chosen)} seeds at {len(levels)} fractions are more than {MOST_CELLS} trials")
    if not levels or not chosen:
        raise InputError(f"a sweep needs at least one {'seed' if levels else 'training fraction'}")
    if steps is not None and steps < 1:
        raise InputError(f"a sweep trains: steps must be 1 or more; got {steps}")
    if any(seed < 0 for seed in chosen):
        raise InputError(f"seeds must be 0 or more; got {min(chosen)}")
    library = specs if isinstance(specs, Library) else Library(specs)
    trials: dict[tuple[int, float], Trial] = {}
    for alpha in levels:
        first = resolve_trial(
            task, baseline, alpha=alpha, seed=chosen[0], steps=steps, settings=settings, specs=library
        )
        if not first.budget:
            raise InputError(f"{baseline} is not trained; a sweep needs a recipe that is")
        trials |= {(seed, alpha): replace(first, seed=seed, horizon=HORIZON) for seed in chosen}
    command = _command(
        task, baseline, levels, chosen, first.budget, settings or {}, exhaustive, library.extra
    )
    used = library.files_of(tasks=[task], baselines=[baseline])
    return Sweep(
        trials,
        Store(store, on_damage),
        exhaustive=exhaustive,
        force=force,
        command=command,
        settings=settings,
        spec_hashes=provenance.spec_hashes(used),
        shadowed=provenance.shadowed(used),
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
        ",".join(f"{alpha:.10g}" for alpha in alphas),
        "--seeds",
        counted,
        "--steps",
        str(steps),
    ]
    for name, value in settings.items():
        words += ["--set", f"{name}={json.dumps(value, ensure_ascii=False)}"]
    for folder in specs:
        words += ["--specs", str(folder)]
    return shlex.join([*words, *(["--exhaustive"] if exhaustive else [])])
