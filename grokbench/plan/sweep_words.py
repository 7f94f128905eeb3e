"""A sweep from its words to its trials; ``plan.sweep`` trains them, ``reports.sweep`` writes what was found."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from grokbench.plan import asked, provenance
from grokbench.plan.device import resolved
from grokbench.plan.resolve import Specs, Task, Words, open_library, resolve_trial
from grokbench.plan.sweep import HORIZON, Sweep
from grokbench.plan.together import How
from grokbench.specs import values
from grokbench.specs.errors import InputError
from grokbench.specs.types import Recipe, Trial
from grokbench.store.folder import Store


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
    chosen = asked.seeds(seeds)
    if len(levels) * len(chosen) > asked.MOST_TRIALS:
        raise InputError(
            f"{len(chosen)} seeds at {len(levels)} fractions are more than {asked.MOST_TRIALS} trials"
        )
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
    task_name, own = asked.task_in_words(library, task, first.task, changed, "sweep")
    recipe_name, rest = asked.recipe_in_words(library, baseline, first.recipe, changed, "sweep")
    changed = {**own, **rest}
    words = ["grokbench", "sweep", "--task", task_name, "--baseline", recipe_name]
    words += ["--alphas", ",".join(map(repr, written)), *asked.options(first, chosen, changed, library.extra)]
    used = library.files_of(tasks=[task_name], baselines=[recipe_name])
    how = How(engine, resolved(device, engine))
    words += itertools.chain.from_iterable(how.asked())
    return Sweep(
        trials,
        Store(store, on_damage),
        exhaustive=exhaustive,
        force=force,
        how=how,
        command=shlex.join([*words, *(["--exhaustive"] if exhaustive else [])]),
        settings=changed,
        spec_hashes=provenance.spec_hashes(used),
        shadowed=provenance.shadowed(used),
    )
