"""Checked documents as frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from grokbench.specs.errors import Mistake, nearest
from grokbench.specs.fields import read
from grokbench.specs.papers import Beginning
from grokbench.specs.types import (
    TIERS,
    Claim,
    Condition,
    Discrepancy,
    Experiment,
    Paper,
    Place,
    Recipe,
    Reported,
    Superseded,
    TaskSpec,
    TierPlan,
)

MOST_SNAPSHOTS = 100


def task(document: Mapping[str, Any]) -> TaskSpec:
    """A TaskSpec from a completed task document."""
    return TaskSpec(**read(TaskSpec, document))


def recipe(document: Mapping[str, Any]) -> Recipe:
    """A Recipe from a completed recipe document."""
    return Recipe(**document)


def paper(document: Mapping[str, Any]) -> Paper:
    """A Paper from a completed paper document; an experiment that starts at the end of another one has that one in it."""
    drawn = {entry["id"]: _experiment(entry) for entry in document["experiment"] if not entry.get("start")}
    return Paper(
        **read(Paper, document["paper"]),
        experiments=tuple(_experiment(entry, drawn) for entry in document["experiment"]),
        claims=tuple(_claim(entry) for entry in document["claim"]),
        superseded=tuple(Superseded(**read(Superseded, entry)) for entry in document["superseded"]),
        discrepancies=tuple(_discrepancy(entry) for entry in document["discrepancy"]),
    )


def _discrepancy(entry: Mapping[str, Any]) -> Discrepancy:
    own = read(Discrepancy, entry)
    sides = {name: own[name] for name in ("as_paper", "as_code") if name in own}
    return Discrepancy(**own | {k: (v,) if isinstance(v, str) else v for k, v in sides.items()})


def _experiment(entry: Mapping[str, Any], drawn: Mapping[str, Experiment] | None = None) -> Experiment:
    """An experiment; ``drawn`` are those that another may start from."""
    own = read(Experiment, entry)
    if own.get("start"):
        begins = Beginning(**read(Beginning, own["start"]))
        own["start"] = replace(begins, experiment=(drawn or {}).get(begins.experiment, begins.experiment))
    horizon = own["horizon"]
    if isinstance(horizon, Mapping):
        horizon = horizon["t_gen"]
    own |= {name: tuple(sorted(own[name])) for name in ("probes", "analyses")}
    own |= {
        "vary": _values(own["vary"]),
        "horizon": None if horizon == "budget" else float(horizon),
        "snapshots": snapshot_steps(own["snapshots"]),
    }
    own["tiers"] = {name: _tier(own["tiers"][name], own["vary"]) for name in TIERS if name in own["tiers"]}
    return Experiment(**own)


def _tier(entry: Mapping[str, Any], vary: Mapping[str, tuple[Any, ...]]) -> TierPlan:
    """A tier of an experiment; ``vary`` is the experiment's own."""
    own = read(TierPlan, entry)
    own["seeds"] = _seeds(own["seeds"])
    if "rows" in own:
        own |= {"rows": (own["rows"],) if isinstance(own["rows"], int) else own["rows"], "alphas": ()}
    own["vary"] = _values(own["vary"]) if "vary" in own else vary
    return TierPlan(**own)


def _values(vary: Mapping[str, Sequence[Any]]) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(values) for name, values in vary.items()}


def _seeds(written: int | Sequence[int]) -> tuple[int, ...]:
    """A count, from 0 on, or the seeds themselves."""
    return tuple(range(written)) if isinstance(written, int) else tuple(written)


def _claim(entry: Mapping[str, Any]) -> Claim:
    own = read(Claim, entry)
    if isinstance(own.get("experiments"), str):
        own["experiments"] = (own["experiments"],)
    if "computation" in own:
        own["seeds"] = _seeds(own.get("seeds", 1))
    own["rule"] = tuple(Condition(**read(Condition, condition)) for condition in own["rule"])
    if "reported" in own:
        own["reported"] = Reported(**read(Reported, own["reported"]))
    if "grid" in own:
        own["grid"] = Place(**read(Place, own["grid"]))
    return Claim(**own)


def snapshot_steps(entries: Sequence[int | str]) -> tuple[int, ...]:
    """Steps and ranges "first:last:step", which include their end, as distinct ascending steps.

    >>> snapshot_steps([0, "10:30:10", 25])
    (0, 10, 20, 25, 30)
    """
    steps: set[int] = set()
    for entry in entries:
        if isinstance(entry, str):
            first, last, step = map(int, entry.split(":"))
            steps |= set(range(first, last + 1, step))
        else:
            steps.add(entry)
    return tuple(sorted(steps))


def long_snapshots(document: Mapping[str, Any], file: str) -> list[Mistake]:
    """Ranges of snapshots that hold more steps than may be kept, told without writing them out."""
    wrong = []
    for index, experiment in enumerate(document.get("experiment", ())):
        for place, entry in enumerate(experiment.get("snapshots", ())):
            if isinstance(entry, str):
                first, last, step = map(int, entry.split(":"))
                count = max(0, (last - first) // step + 1)
                if count > MOST_SNAPSHOTS:
                    text = f"expected at most {MOST_SNAPSHOTS} steps; the range {entry!r} has {count}"
                    wrong.append(Mistake(file, f"experiment[{index}].snapshots[{place}]", text))
    return wrong


def broken_references(paper: Paper, tasks: Sequence[str], recipes: Sequence[str], file: str) -> list[Mistake]:
    """Names in a paper's document that nothing carries, and ids used twice."""
    wrong: list[Mistake] = []

    def need(name: str, known: Sequence[str], where: str, what: str) -> None:
        if name not in known:
            wrong.append(Mistake(file, where, f"no {what} {name!r}", nearest(name, known)))

    experiments = [experiment.id for experiment in paper.experiments]
    for experiment in paper.experiments:
        need(experiment.task, tasks, f"experiment {experiment.id}.task", "task")
        need(experiment.baseline, recipes, f"experiment {experiment.id}.baseline", "baseline")
        if experiment.start is not None and isinstance(experiment.start.experiment, str):
            where, drawn = (
                f"experiment {experiment.id}.start",
                [e.id for e in paper.experiments if e.start is None],
            )
            need(experiment.start.experiment, drawn, where, "experiment without a start of its own")
        if len(experiment.snapshots) > MOST_SNAPSHOTS:
            wrong.append(
                Mistake(
                    file,
                    f"experiment {experiment.id}.snapshots",
                    f"expected at most {MOST_SNAPSHOTS} steps; got {len(experiment.snapshots)}",
                )
            )
    for claim in paper.claims:
        for name in claim.experiments:
            need(name, experiments, f"claim {claim.id}.experiment", "experiment")
        if claim.control is not None:
            need(claim.control, experiments, f"claim {claim.id}.control", "experiment")
    claims = [claim.id for claim in paper.claims]
    for old in paper.superseded:
        need(old.superseded_by, claims, f"superseded {old.id}.superseded_by", "claim")
    for index, one in enumerate(paper.discrepancies):
        for side in ("as_paper", "as_code"):
            for name in getattr(one, side):
                need(name, experiments, f"discrepancy[{index}].{side}", "experiment")
    places: dict[Place, str] = {}
    for claim in paper.claims:
        first = places.setdefault(claim.grid, claim.id) if claim.grid else claim.id
        if first != claim.id:
            text = f"expected a place of its own; {first} has this row and column already"
            wrong.append(Mistake(file, f"claim {claim.id}.grid", text))
    for kind, ids in (
        ("experiment", experiments),
        ("claim", [*claims, *(old.id for old in paper.superseded)]),
    ):
        for name in sorted({one for one in ids if ids.count(one) > 1}):
            wrong.append(Mistake(file, f"{kind} {name}", "this id is used twice"))
    return wrong
