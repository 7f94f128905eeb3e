"""From what a caller names to specs, tasks, recipes and trials."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grokbench import parts
from grokbench.specs import values
from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.specs.types import Recipe, TaskSpec, Trial

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_ALPHA, DEFAULT_STEPS = 0.5, 5000
"""Training fraction and budget of ``run`` when none is named."""
Words = str | Path
"""An id, or the path of a spec file."""
Paths = str | Path | Iterable[str | Path]
"""One path, or several."""
Specs = Library | Paths
"""Further folders of specs, or a library that is open already."""


@dataclass(frozen=True)
class Task:
    """A task's spec and its table."""

    spec: TaskSpec

    def table(self) -> NDArray[np.int64]:
        """The operation's table: int64 (n, 3), rows x, y, x∘y as element indices, sorted by (x, y).

        Permutations are numbered in lexicographic order. Rows whose value would need a division by zero are absent.
        Errors: InputError for a domain without pairs, such as bits.
        """
        from grokbench.tasks.table import build_table

        return build_table(self.spec).rows


class SpecWarning(UserWarning):
    """A spec file hides another one of the same id, or is left out because it cannot be read."""


def open_library(specs: Specs) -> Library:
    """The library of these further folders, or the one given; what it has to tell is a warning."""
    if isinstance(specs, Library):
        return specs
    return Library(specs, on_note=lambda text: warnings.warn(text, SpecWarning, stacklevel=4))


def load_task(id_or_path: Words, specs: Specs = (), **parameters: Any) -> Task:
    """The task of that id or file; ``parameters`` replace fields of its domain.

    >>> load_task("addition", p=5).table()[7].tolist()
    [1, 2, 3]
    """
    name = values.name("id_or_path", id_or_path)
    return Task(
        open_library(specs).task(name, {f"domain.{field}": value for field, value in parameters.items()})
    )


def load_baseline(id_or_path: Words, specs: Specs = ()) -> Recipe:
    """The recipe of that id or file, every field filled in."""
    return open_library(specs).recipe(values.name("id_or_path", id_or_path))


def resolve_trial(
    task: Words | Task,
    baseline: Words | Recipe,
    *,
    alpha: float | None = None,
    rows: int | None = None,
    seed: int,
    steps: int | None = None,
    settings: Mapping[str, Any] | None = None,
    probes: str | Iterable[str] = (),
    specs: Specs = (),
) -> Trial:
    """The trial that these words mean, its table and split checked, nothing trained.

    alpha: 0.5 where it is left out. rows: the number of training rows, in place of ``alpha``. The trial holds plain Python
    values, so that its key does not depend on the types that were passed. Errors: GrokbenchError for anything that could not be
    trained.
    """
    from grokbench.networks.fitting import MOST_STEPS, check_fit
    from grokbench.tasks.source import rows_of, source
    from grokbench.tasks.splits import fraction, rows_as_fraction
    from grokbench.tasks.trained import trial_rows
    from grokbench.training.batches import check_batches
    from grokbench.training.watching import check_watched

    if alpha is not None and rows is not None:
        raise InputError("alpha and rows say the same thing; give one of them")
    number = values.seed("seed", seed)
    looked_at = values.chosen("probes", "probe", probes, parts.names("probes"))
    spec, recipe = open_library(specs).resolve(
        task.spec if isinstance(task, Task) else values.name("task", task),
        baseline if isinstance(baseline, Recipe) else values.name("baseline", baseline),
        settings or {},
    )
    untrained = recipe.optimizer.get("kind") == "none"
    if steps is None:
        steps = 0 if untrained else DEFAULT_STEPS
    budget = values.integer("steps", steps, least=0, most=MOST_STEPS)
    check_watched("probes", looked_at, spec, recipe)
    if untrained and budget:
        raise InputError(f"steps must be 0 or left out; {recipe.id} is not trained", "steps")
    check_fit(spec, recipe)
    table, rounding = rows_of(spec, number), recipe.data["rounding"]
    if rows is None:
        share = values.number("alpha", DEFAULT_ALPHA if alpha is None else alpha)
        if not 0 < share < 1:
            raise InputError(f"α must lie between 0 and 1, both excluded; got {share:g}")
        kept, count = fraction(table.pool, share, rounding)
    else:
        kept, count = rows_as_fraction(table.pool, values.integer("rows", rows), rounding)
    trial = Trial(spec, recipe, kept, number, budget, horizon=None, probes=looked_at, rows=count)
    found = trial_rows(trial, table)
    if budget and source(spec).fresh is None:
        check_batches(recipe, len(found.train))
    return trial
