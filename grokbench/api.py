"""What the command line does, as Python calls."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grokbench.measures.record import Record
from grokbench.specs import values
from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.specs.types import PROBES, Recipe, TaskSpec, Trial

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from grokbench.claims.verdict import Verdict
    from grokbench.runs.executor import OnEvent
    from grokbench.runs.sweep import SweepResult


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


def load_task(id_or_path: Words, specs: Specs = (), **parameters: int) -> Task:
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


def validate(paths: Paths = (), specs: Specs = ()) -> list[Path]:
    """Check spec files, folders or ids (all, when none is named) and return the files read.

    Errors: SpecError with every mistake.
    """
    from grokbench.claims.check import validate_all
    from grokbench.reports.figures import registry

    return validate_all(open_library(specs), list(values.paths("paths", paths)), registry)


def resolve_trial(
    task: Words | Task,
    baseline: Words | Recipe,
    *,
    alpha: float = 0.5,
    rows: int | None = None,
    seed: int,
    steps: int | None = None,
    settings: Mapping[str, Any] | None = None,
    probes: str | Iterable[str] = (),
    specs: Specs = (),
) -> Trial:
    """The trial that these words mean, its table and split checked, nothing trained.

    rows: the number of training rows, in place of ``alpha``. The trial holds plain Python values, so that its key does not
    depend on the types that were passed. Errors: GrokbenchError for anything that could not be trained.
    """
    from grokbench.tasks.fitting import MOST_STEPS, check_fit, check_watched
    from grokbench.tasks.splits import fraction, rows_as_fraction, trial_split
    from grokbench.tasks.table import build_table

    number = values.integer("seed", seed, least=0)
    looked_at = values.chosen("probes", "probe", probes, PROBES)
    spec, recipe = open_library(specs).resolve(
        task.spec if isinstance(task, Task) else values.name("task", task),
        baseline if isinstance(baseline, Recipe) else values.name("baseline", baseline),
        settings or {},
    )
    untrained = recipe.optimizer["kind"] == "none"
    if steps is None:
        steps = 0 if untrained else DEFAULT_STEPS
    budget = values.integer("steps", steps, least=0, most=MOST_STEPS)
    if looked_at:
        check_watched(recipe, "probes")
    if untrained and budget:
        raise InputError(f"{recipe.id} is not trained; leave steps out or give 0")
    check_fit(spec, recipe)
    table, rounding = build_table(spec), recipe.data["rounding"]
    if rows is None:
        share = values.number("alpha", alpha)
        if not 0 < share < 1:
            raise InputError(f"α must lie between 0 and 1, both excluded; got {share:g}")
        kept, count = fraction(len(table.rows), share, rounding)
    else:
        kept, count = rows_as_fraction(len(table.rows), values.integer("rows", rows), rounding)
    trial = Trial(spec, recipe, kept, number, budget, horizon=None, probes=looked_at, rows=count)
    trial_split(table, trial)
    return trial


DEFAULT_STEPS = 5000
"""Budget of ``run`` when no steps are named."""


def run(
    task: Words | Task,
    baseline: Words | Recipe,
    *,
    alpha: float = 0.5,
    rows: int | None = None,
    seed: int = 0,
    steps: int | None = None,
    settings: Mapping[str, Any] | None = None,
    probes: str | Iterable[str] = (),
    device: str = "auto",
    save: str | Path | None = None,
    store: str | Path | None = None,
    force: bool = False,
    specs: Specs = (),
) -> Record:
    """Train one trial in this process, on one thread, and return its record.

    task, baseline: an id, a file, or what ``load_task`` and ``load_baseline`` returned, which is taken as it is.
    rows: the number of training rows, in place of the fraction ``alpha``.
    settings: fields of the recipe, or ``task.…``, to replace: {"optimizer.lr": 0.01} or {"optimizer": {"lr": 0.01}}.
    device: "cpu" or "auto"; no engine trains on "cuda" yet.
    save: a .safetensors file for the final weights, as ``load_network`` reads it. store: a folder in which the record is
    looked for before it is trained, and then kept; None, other than on the command line, is no store at all. A record
    that such a folder cuts out of a longer run has no weights. force: train even when the store has the record.
    Errors: GrokbenchError, but for a full disk before anything is trained.
    """
    from grokbench.runs import single, worker
    from grokbench.runs.store import Store

    single.check_device(device)
    trial = resolve_trial(
        task,
        baseline,
        alpha=alpha,
        rows=rows,
        seed=seed,
        steps=steps,
        settings=settings,
        probes=probes,
        specs=specs,
    )
    place = None if store is None else Store(store)
    target = None if save is None else values.path("save", save)

    def train() -> Record:
        job = worker.Job("", keep_untrained=target is not None, again=force)
        return worker.make_here(trial, place, job)

    return single.obtain(trial, place, train, force=force, save=target)[0]


def load_network(path: Words) -> nn.Module:
    """The plain, readable module with the weights of a file that ``run(save=…)`` or ``grokbench run --save`` wrote.

    Its ``forward`` says what it takes; ``parameters()`` and ``state_dict()`` are torch's. Errors: InputError where the
    file is none of ours.
    """
    import json

    from safetensors import SafetensorError, safe_open

    from grokbench.models.registry import restored

    path = values.path("path", path)
    if path.is_dir():
        raise InputError(f"{path} is a folder; name the .safetensors file")
    try:
        with safe_open(path, framework="pt") as stored:
            label = (stored.metadata() or {}).get("grokbench")
            weights = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - it is no dict
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: no weights can be read ({error})") from None
    if label is None:
        raise InputError(
            f"{path} does not say which network its weights are of; `grokbench run --save` writes it"
        )
    try:
        return restored(json.loads(label)["model"], weights)
    except (ValueError, KeyError, TypeError, IndexError, RuntimeError) as error:
        raise InputError(
            f"{path}: its weights and what it says of its network do not go together ({error})"
        ) from None


def reproduce(
    paper: Words,
    tier: str = "quick",
    *,
    claims: str | Sequence[str] = (),
    workers: int | None = None,
    store: str | Path | None = None,
    out: str | Path | None = None,
    reuse: Paths = (),
    force: bool = False,
    specs: Specs = (),
    on_event: OnEvent | None = None,
    on_note: Callable[[str], None] | None = None,
) -> tuple[Verdict, ...]:
    """Train what the claims of ``paper`` need at ``tier``, decide them, write the report to ``out`` if one is named.

    A report that lies in ``out`` already lends its records where the store has none; the verdicts returned are of the
    store's (and of ``reuse``) alone. on_note: takes a sentence for each folder of ``reuse`` that has no record for the
    paper. Workers are spawned, as in ``sweep``: a script that calls this needs to be a file, with
    ``if __name__ == "__main__":``.
    Errors: UnknownNameError, SpecError, InputError; a trial that fails is an ERROR among the verdicts.
    """
    from grokbench.reproduction import Reproduction
    from grokbench.runs.single import check_folder

    target = None if out is None else values.path("out", out)
    job = Reproduction(paper, tier, claims=claims, store=store, reuse=reuse, specs=open_library(specs))
    if target is not None:
        check_folder(target)
    for text in job.unanswering():
        (on_note or (lambda note: None))(text)
    job.train(workers=workers, force=force, on_event=on_event)
    verdicts = job.verdicts()
    if target is not None:
        job.write(target)
    return verdicts


def sweep(
    task: Words | Task,
    baseline: Words | Recipe,
    *,
    alphas: float | Iterable[float],
    seeds: int | Iterable[int] = 6,
    steps: int | None = None,
    settings: Mapping[str, Any] | None = None,
    workers: int | None = None,
    exhaustive: bool = False,
    store: str | Path | None = None,
    out: str | Path | None = None,
    force: bool = False,
    specs: Specs = (),
    on_event: OnEvent | None = None,
) -> SweepResult:
    """Which of ``seeds`` generalise within ``steps`` at each of ``alphas``, and α50; page, JSON and plot go to ``out``.

    Adaptive unless ``exhaustive``: ``runs.sweep.Sweep`` says what that assumes. The result's ``threshold`` holds the curve,
    each seed's bracket and α50. Workers are spawned: a script that calls this needs to be a file, with
    ``if __name__ == "__main__":``.
    """
    from grokbench import sweeping
    from grokbench.runs import executor
    from grokbench.runs.single import check_folder

    count = executor.worker_count(workers)
    target = None if out is None else values.path("out", out)
    job = sweeping.plan(
        task,
        baseline,
        alphas=alphas,
        seeds=seeds,
        steps=steps,
        settings=settings,
        exhaustive=exhaustive,
        store=store,
        force=force,
        specs=open_library(specs),
    )
    if target is not None:
        check_folder(target)
    while batch := job.next_batch(count):
        job.train(batch, count, on_event)
    result = job.result()
    if target is not None:
        from grokbench.reports.sweep import write

        write(result, target)
    return result


def report(
    paper: Words,
    *,
    records: str | Path | None = None,
    store: str | Path | None = None,
    out: str | Path = "reports",
    specs: Specs = (),
    on_note: Callable[[str], None] | None = None,
) -> Path:
    """Write the report of ``paper`` from the records of ``records``, or else of the store, without training.

    A report that lies in ``out`` already lends its records where those lack one. on_note: takes a sentence on the claims
    that have no records. Errors: UnknownNameError, SpecError, InputError; NoRecordsError where no record answers any trial
    of the paper, and then nothing is written.
    """
    from grokbench.reproduction import Reproduction

    target = values.path("out", out)
    job = Reproduction(paper, "quick", store=store, records=records, specs=open_library(specs))
    note = job.check_records(target)
    page = job.write(target)
    if note and on_note is not None:
        on_note(note)
    return page
