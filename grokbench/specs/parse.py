"""Checked documents as frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grokbench.specs.errors import Mistake, nearest
from grokbench.specs.types import TIERS, Claim, Condition, Experiment, Paper, Recipe, TaskSpec, TierPlan

MOST_SNAPSHOTS = 100


def task(document: Mapping[str, Any]) -> TaskSpec:
    """A TaskSpec from a completed task document."""
    return TaskSpec(**{key: document[key] for key in ("id", "title", "operation", "domain")})


def recipe(document: Mapping[str, Any]) -> Recipe:
    """A Recipe from a completed recipe document."""
    return Recipe(**document)


def paper(document: Mapping[str, Any]) -> Paper:
    """A Paper from a completed paper document."""
    return Paper(
        **{key: document["paper"].get(key) for key in ("id", "title", "authors", "year", "url")},
        experiments=tuple(_experiment(entry) for entry in document["experiment"]),
        claims=tuple(_claim(entry) for entry in document["claim"]),
        deviations=tuple(document["paper"]["deviations"]),
    )


def _experiment(entry: Mapping[str, Any]) -> Experiment:
    horizon = entry["horizon"]
    if isinstance(horizon, Mapping):
        horizon = horizon["t_gen"]
    return Experiment(
        id=entry["id"],
        title=entry["title"],
        task=entry["task"],
        baseline=entry["baseline"],
        set=entry["set"],
        horizon=None if horizon == "budget" else float(horizon),
        probes=tuple(sorted(entry["probes"])),
        snapshots=snapshot_steps(entry["snapshots"]),
        analyses=tuple(sorted(entry["analyses"])),
        tiers={name: _tier(entry["tier"][name], entry) for name in TIERS if name in entry["tier"]},
    )


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
    for index, experiment in enumerate(document["experiment"]):
        for place, entry in enumerate(experiment.get("snapshots", ())):
            if isinstance(entry, str):
                first, last, step = map(int, entry.split(":"))
                count = max(0, (last - first) // step + 1)
                if count > MOST_SNAPSHOTS:
                    text = f"expected at most {MOST_SNAPSHOTS} steps; the range {entry!r} has {count}"
                    wrong.append(Mistake(file, f"experiment[{index}].snapshots[{place}]", text))
    return wrong


def _tier(entry: Mapping[str, Any], experiment: Mapping[str, Any]) -> TierPlan:
    seeds = entry["seeds"]
    vary = entry.get("vary", experiment.get("vary", {}))
    return TierPlan(
        seeds=tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds),
        steps=entry["steps"],
        alphas=() if "rows" in entry else tuple(entry.get("alphas", (0.5,))),
        rows=tuple([rows] if isinstance(rows := entry.get("rows", ()), int) else rows),
        vary={key: tuple(values) for key, values in vary.items()},
        expected_steps=entry.get("expected_steps"),
    )


def _claim(entry: Mapping[str, Any]) -> Claim:
    experiments = entry["experiment"]
    names = ("control", "pairs", "budget", "known", "tried", "figure")
    optional = {key: entry[key] for key in names if key in entry}
    return Claim(
        **{key: entry[key] for key in ("id", "title", "source", "statement", "kind", "grade")},
        experiments=(experiments,) if isinstance(experiments, str) else tuple(experiments),
        rule=tuple(Condition(**condition) for condition in entry["rule"]),
        **optional,
    )


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
    for kind, ids in (("experiment", experiments), ("claim", [claim.id for claim in paper.claims])):
        for name in sorted({one for one in ids if ids.count(one) > 1}):
            wrong.append(Mistake(file, f"{kind} {name}", "this id is used twice"))
    return wrong
