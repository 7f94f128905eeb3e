"""What ``sweep`` and ``compare`` are asked in words, and the command line that asks it again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from grokbench import parts
from grokbench.plan.resolve import Task, Words
from grokbench.specs import differences, values
from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.specs.types import Recipe, TaskSpec, Trial

MOST_TRIALS = 10_000


def seeds(asked: object) -> tuple[int, ...]:
    """The seeds 0, 1, … of a number of them, or the seeds themselves, each once. Errors: InputError."""
    found = values.seeds("seeds", asked, "[0, 1]")
    if isinstance(asked, Iterable) and getattr(asked, "shape", None) != ():
        return tuple(dict.fromkeys(found))
    return tuple(range(values.integer("seeds", found[0], most=MOST_TRIALS)))


def task_in_words(
    library: Library, task: Words | Task, resolved: TaskSpec, settings: Mapping[str, Any], command: str
) -> tuple[str, dict[str, Any]]:
    """What a command line calls the task, and the settings that make ``resolved`` of it.

    Errors: InputError for a value whose id no folder of specs has, because the command could not name it.
    """
    if not isinstance(task, Task):
        own = {name: value for name, value in settings.items() if name.startswith("task.")}
        return values.name("task", task), own
    stored = library.task(_known(library.task_ids(), "task", task.spec.id, command))
    return task.spec.id, {f"task.{name}": value for name, value in changes(resolved, stored).items()}


def recipe_in_words(
    library: Library,
    baseline: Words | Recipe,
    resolved: Recipe,
    settings: Mapping[str, Any],
    command: str,
) -> tuple[str, dict[str, Any]]:
    """As ``task_in_words``, of a recipe."""
    if not isinstance(baseline, Recipe):
        rest = {name: value for name, value in settings.items() if not name.startswith("task.")}
        return values.name("baseline", baseline), rest
    stored = library.recipe(_known(library.recipe_ids(), "baseline", baseline.id, command))
    return baseline.id, changes(resolved, stored)


def _known(ids: Sequence[str], what: str, name: str, command: str) -> str:
    if name not in ids:
        raise InputError(
            f"no folder of specs has the {what} {name!r}, and the {command}'s command must name it; pass its file"
        )
    return name


def changes(spec: TaskSpec | Recipe, stored: TaskSpec | Recipe) -> dict[str, Any]:
    """Dotted fields of ``spec`` that ``stored`` has not, or has otherwise."""
    old, new = differences.fields(stored), differences.fields(spec)
    return {name: value for name, value in new.items() if name not in old or old[name] != value}


def options(
    trial: Trial, seeds: Sequence[int], settings: Mapping[str, Any], specs: Sequence[str | Path]
) -> list[str]:
    """The words for seeds, budget, settings, folders of specs and scripts of parts."""
    listed = ",".join(map(str, seeds)) + ("," if len(seeds) == 1 else "")
    counted = str(len(seeds)) if tuple(seeds) == tuple(range(len(seeds))) else listed
    words = ["--seeds", counted, "--steps", str(trial.budget)]
    for name, value in settings.items():
        words += ["--set", f"{name}={json.dumps(value, ensure_ascii=False)}"]
    for folder in specs:
        words += ["--specs", str(folder)]
    for script in parts.plugins():
        words += ["--plugin", script]
    return words
