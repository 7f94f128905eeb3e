"""A sweep from its words to its trials; ``plan.sweep`` trains them, ``reports.sweep`` writes what was found."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from grokbench import parts
from grokbench.plan import provenance
from grokbench.plan.device import resolved
from grokbench.plan.resolve import Specs, Task, Words, open_library, resolve_trial
from grokbench.plan.sweep import HORIZON, Sweep
from grokbench.plan.together import How
from grokbench.specs import values
from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.specs.types import Recipe, TaskSpec, Trial
from grokbench.store.folder import Store

MOST_CELLS = 10_000


def plan(
    task: Words | Task,
    baseline: Words | Recipe,
    *,
    alphas: float | Iterable[float],
    seeds: int | Iterable[int],
    steps: int | None = None,
    settings: Mapping[str, Any] | None = None,
    exhaustive: bool = False,
    engine: str = "auto",
    device: str = "auto",
    store: str | Path | None = None,
    force: bool = False,
    specs: Specs = (),
    on_damage: Callable[[str], None] | None = None,
) -> Sweep:
    """A sweep with every trial checked, its stored records read, and nothing trained.

    seeds: a number, or the seeds themselves. Errors: GrokbenchError for anything that could not be trained.
    """
    levels = sorted(set(values.fractions("alphas", alphas, "[0.3, 0.5]")))
    chosen = tuple(dict.fromkeys(_seeds(seeds)))
    if len(levels) * len(chosen) > MOST_CELLS:
        raise InputError(f"{len(chosen)} seeds at {len(levels)} fractions are more than {MOST_CELLS} trials")
    if not levels or not chosen:
        raise InputError(f"a sweep needs at least one {'seed' if levels else 'training fraction'}")
    if steps is not None:
        steps = values.integer("steps", steps, least=1)  # a sweep trains
    library = open_library(specs)
    changed = values.settings(settings or {})
    trials: dict[tuple[int, float], Trial] = {}
    written: list[float] = []  # as the command names them: all digits where ten give another number of rows
    for alpha in levels:
        first = resolve_trial(
            task, baseline, alpha=alpha, seed=chosen[0], steps=steps, settings=changed, specs=library
        )
        if not first.budget:
            raise InputError(f"{first.recipe.id} is not trained; a sweep needs a recipe that is")
        if (chosen[0], first.alpha) not in trials:
            written.append(first.alpha if first.rows is None else alpha)
        trials |= {(seed, first.alpha): replace(first, seed=seed, horizon=HORIZON) for seed in chosen}
    names, changed = _in_words(library, task, baseline, first, changed)
    how = How(engine, resolved(device, engine))
    command = _command(*names, written, chosen, first.budget, changed, exhaustive, library.extra)
    command += "".join(f" {option} {value}" for option, value in how.asked())
    used = library.files_of(tasks=[names[0]], baselines=[names[1]])
    return Sweep(
        trials,
        Store(store, on_damage),
        exhaustive=exhaustive,
        force=force,
        how=how,
        command=command,
        settings=changed,
        spec_hashes=provenance.spec_hashes(used),
        shadowed=provenance.shadowed(used),
    )


def _seeds(seeds: object) -> tuple[int, ...]:
    """The seeds 0, 1, … of a number of them, or the seeds themselves."""
    found = values.integers("seeds", seeds, "[0, 1]")
    if isinstance(seeds, Iterable) and getattr(seeds, "shape", None) != ():
        return found
    return tuple(range(values.integer("seeds", found[0], most=MOST_CELLS)))


def _in_words(
    library: Library,
    task: Words | Task,
    baseline: Words | Recipe,
    trial: Trial,
    settings: Mapping[str, Any],
) -> tuple[tuple[str, str], dict[str, Any]]:
    """What the command line calls task and baseline, and the settings that make those of ``trial`` of them.

    Errors: InputError for a value whose id no folder of specs has, because the command could not name it.
    """
    own = {name: value for name, value in settings.items() if name.startswith("task.")}
    rest = {name: value for name, value in settings.items() if name not in own}
    if isinstance(task, Task):
        stored = library.task(_known(library.task_ids(), "task", task.spec.id))
        own = {f"task.{name}": value for name, value in _differing(trial.task, stored).items()}
    if isinstance(baseline, Recipe):
        rest = _differing(trial.recipe, library.recipe(_known(library.recipe_ids(), "baseline", baseline.id)))
    names = (
        task.spec.id if isinstance(task, Task) else values.name("task", task),
        baseline.id if isinstance(baseline, Recipe) else values.name("baseline", baseline),
    )
    return names, {**own, **rest}


def _known(ids: Sequence[str], what: str, name: str) -> str:
    if name not in ids:
        raise InputError(
            f"no folder of specs has the {what} {name!r}, and the sweep's command must name it; pass its file"
        )
    return name


LABELS = ("id", "title", "origin", "source")  # of a spec; nothing is trained by them


def _differing(spec: TaskSpec | Recipe, stored: TaskSpec | Recipe) -> dict[str, Any]:
    """Dotted fields of ``spec`` that ``stored`` has not, or has otherwise."""
    old = values.settings(asdict(stored))
    new = values.settings(asdict(spec))
    return {
        name: value
        for name, value in new.items()
        if name not in LABELS and (name not in old or old[name] != value)
    }


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
