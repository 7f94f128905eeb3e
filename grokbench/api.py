"""What the command line does, as Python calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.specs.types import Recipe, Record, TaskSpec, Trial

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from grokbench.claims.verdict import Verdict
    from grokbench.runs.executor import OnEvent
    from grokbench.runs.sweep import SweepResult


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


def load_task(id_or_path: str | Path, specs: Iterable[str | Path] = (), **parameters: int) -> Task:
    """The task of that id or file; ``parameters`` replace fields of its domain.

    >>> load_task("addition", p=5).table()[7].tolist()
    [1, 2, 3]
    """
    return Task(
        Library(specs).task(str(id_or_path), {f"domain.{name}": value for name, value in parameters.items()})
    )


def load_baseline(id_or_path: str | Path, specs: Iterable[str | Path] = ()) -> Recipe:
    """The recipe of that id or file, every field filled in."""
    return Library(specs).recipe(str(id_or_path))


def validate(paths: Iterable[str | Path] = (), specs: Iterable[str | Path] = ()) -> list[Path]:
    """Check spec files (all, when none is named) and return those read. Errors: SpecError with every mistake."""
    from grokbench.claims.check import validate_all

    return validate_all(Library(specs), [Path(path) for path in paths])


def resolve_trial(
    task: str,
    baseline: str,
    *,
    alpha: float = 0.5,
    rows: int | None = None,
    seed: int,
    steps: int | None = None,
    settings: Mapping[str, Any] | None = None,
    probes: Sequence[str] = (),
    specs: Iterable[str | Path] = (),
) -> Trial:
    """The trial that these words mean, its table and split checked, nothing trained.

    rows: the number of training rows, in place of ``alpha``. Errors: GrokbenchError for anything that could not be trained.
    """
    from grokbench.networks.registry import architecture, check_fit
    from grokbench.tasks.splits import fraction, rows_as_fraction, trial_split
    from grokbench.tasks.table import build_table

    spec, recipe = Library(specs).resolve(task, baseline, settings or {})
    untrained = recipe.optimizer["kind"] == "none"
    if steps is None:
        steps = 0 if untrained else DEFAULT_STEPS
    looks = architecture(recipe.model).probes
    for probe in probes:
        if probe not in looks:
            raise InputError(
                f"{recipe.id}: a {recipe.model['kind']} has no probe {probe!r}; it has {', '.join(looks) or 'none'}"
            )
    if not 0 <= steps <= MOST_STEPS:
        raise InputError(f"steps must be 0 or more, and at most {MOST_STEPS}; got {steps}")
    if untrained and steps:
        raise InputError(f"{recipe.id} is not trained; leave --steps out or give 0")
    if seed < 0:
        raise InputError(f"the seed must be 0 or more; got {seed}")
    if rows is None and not 0 < alpha < 1:
        raise InputError(f"α must lie between 0 and 1, both excluded; got {alpha:g}")
    check_fit(spec, recipe)
    table, rounding = build_table(spec), recipe.data["rounding"]
    if rows is None:
        kept, rows = fraction(len(table.rows), alpha, rounding)
    else:
        kept, rows = rows_as_fraction(len(table.rows), rows, rounding)
    trial = Trial(spec, recipe, kept, seed, steps, horizon=None, probes=tuple(sorted(probes)), rows=rows)
    trial_split(table, trial)
    return trial


DEFAULT_STEPS = 5000
"""Budget of ``run`` when no steps are named."""
MOST_STEPS = 10**9


def run(
    task: str,
    baseline: str,
    *,
    alpha: float = 0.5,
    rows: int | None = None,
    seed: int = 0,
    steps: int | None = None,
    settings: Mapping[str, Any] | None = None,
    probes: Sequence[str] = (),
    device: str = "auto",
    save: str | Path | None = None,
    store: str | Path | None = None,
    force: bool = False,
    specs: Iterable[str | Path] = (),
) -> Record:
    """Train one trial in this process, on one thread, and return its record.

    rows: the number of training rows, in place of the fraction ``alpha``.
    settings: dotted fields of the recipe, or ``task.…``, replaced. device: "cpu" or "auto"; no engine trains on "cuda" yet.
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
    target = None if save is None else Path(save)

    def train() -> Record:
        job = worker.Job("", keep_untrained=target is not None, again=force)
        return worker.make_here(trial, place, job)

    return single.obtain(trial, place, train, force=force, save=target)[0]


def load_network(path: str | Path) -> nn.Module:
    """The plain, readable module with the weights of a file that ``run(save=…)`` or ``grokbench run --save`` wrote.

    Its ``forward`` says what it takes; ``parameters()`` and ``state_dict()`` are torch's. Errors: InputError where the
    file is none of ours.
    """
    import json

    from safetensors import SafetensorError, safe_open

    from grokbench.networks.registry import restored

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
    described = json.loads(label)
    return restored(described["model"], weights)


def reproduce(
    paper: str,
    tier: str = "quick",
    *,
    claims: Sequence[str] = (),
    workers: int | None = None,
    store: str | Path | None = None,
    out: str | Path | None = None,
    reuse: Sequence[str | Path] = (),
    force: bool = False,
    specs: Iterable[str | Path] = (),
    on_event: OnEvent | None = None,
) -> tuple[Verdict, ...]:
    """Train what the claims of ``paper`` need at ``tier``, decide them, write the report to ``out`` if one is named.

    A report that lies in ``out`` already lends its records where the store has none; the verdicts returned are of the
    store's (and of ``reuse``) alone. Workers are spawned: a script that calls this needs ``if __name__ == "__main__":``.
    Errors: UnknownNameError, SpecError, InputError; a trial that fails is an ERROR among the verdicts.
    """
    from grokbench.reproduction import Reproduction

    job = Reproduction(paper, tier, claims=claims, store=store, reuse=reuse, specs=specs)
    job.train(workers=workers, force=force, on_event=on_event)
    verdicts = job.verdicts()
    if out is not None:
        job.write(Path(out))
    return verdicts


def sweep(
    task: str,
    baseline: str,
    *,
    alphas: Iterable[float],
    seeds: int | Iterable[int] = 6,
    steps: int | None = None,
    settings: Mapping[str, Any] | None = None,
    workers: int | None = None,
    exhaustive: bool = False,
    store: str | Path | None = None,
    out: str | Path | None = None,
    force: bool = False,
    specs: Iterable[str | Path] = (),
    on_event: OnEvent | None = None,
) -> SweepResult:
    """Which of ``seeds`` generalise within ``steps`` at each of ``alphas``, and α50; page, JSON and plot go to ``out``.

    Adaptive unless ``exhaustive``: ``runs.sweep.Sweep`` says what that assumes. The result's ``threshold`` holds the curve,
    each seed's bracket and α50. Workers are spawned: a script that calls this needs ``if __name__ == "__main__":``.
    """
    from grokbench import sweeping
    from grokbench.runs import executor

    if workers is not None and workers < 1:
        raise InputError(f"workers must be 1 or more; got {workers}")
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
        specs=specs,
    )
    count = workers or executor.default_workers()
    while batch := job.next_batch(count):
        job.train(batch, count, on_event)
    result = job.result()
    if out is not None:
        from grokbench.reports.sweep import write

        write(result, Path(out))
    return result


def report(
    paper: str,
    *,
    records: str | Path | None = None,
    store: str | Path | None = None,
    out: str | Path = "reports",
    specs: Iterable[str | Path] = (),
) -> Path:
    """Write the report of ``paper`` from the records of ``records``, or else of the store, without training.

    A report that lies in ``out`` already lends its records where those lack one. Errors: UnknownNameError, SpecError,
    InputError.
    """
    from grokbench.reproduction import Reproduction

    return Reproduction(paper, "quick", store=store, records=records, specs=specs).write(Path(out))
