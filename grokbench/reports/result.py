"""What was found of a paper, and the questions that its pages ask of it."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from grokbench.claims.evidence import Evidence
from grokbench.claims.verdict import Verdict
from grokbench.measures.cells import Cells
from grokbench.specs import differences
from grokbench.specs.files import SpecFile
from grokbench.specs.types import Claim, Experiment, Paper, Recipe, TaskSpec
from grokbench.training.record import Record

RECIPE_TABLES = ("model", "loss", "optimizer", "learner", "data", "training", "evaluation")


@dataclass(frozen=True)
class PaperResult:
    """Everything a report says about one paper.

    ``recipes`` is keyed by recipe id, or by experiment id where an experiment changes fields of its baseline.
    ``environment`` is what the report was made with; the records carry their own. ``spec_hashes`` maps a spec file to
    its SHA-256, ``frozen`` a claim to the commit since which its rule stands. ``shadowed`` are the spec files that hide
    another one. ``records`` are, by experiment, those to be archived beside those of ``cells``. ``reused`` names the
    experiments that came from another store; ``archived`` those that came, wholly or in part, from the report that was
    there before, and ``kept`` the claims whose verdict did. ``named`` is the paper as the command named it, and
    ``options`` are the folders that the command was given, which each claim's own command needs too. ``chosen`` are the
    claims that it named. ``evidence`` is what the verdicts were reached on.
    """

    paper: Paper
    tier: str
    verdicts: tuple[Verdict, ...]
    cells: Cells
    recipes: Mapping[str, Recipe] = field(default_factory=dict)
    tasks: Mapping[str, TaskSpec] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    spec_hashes: Mapping[str, str] = field(default_factory=dict)
    frozen: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    shadowed: Sequence[SpecFile] = ()
    command: str = ""
    named: str = ""
    options: Sequence[tuple[str, str]] = ()
    reused: tuple[str, ...] = ()
    kept: Collection[str] = ()
    archived: Collection[str] = ()
    chosen: Collection[str] = ()
    evidence: Evidence | None = None
    stem: str = ""  # what the files are called before their ending; the paper's id where nothing is said

    @property
    def name(self) -> str:
        """What the files are called before their ending."""
        return self.stem or self.paper.id + (".smoke" if self.tier == "smoke" else "")

    @property
    def shown(self) -> tuple[Verdict, ...]:
        """The verdicts on the claims that the command named; on all where it named none."""
        return tuple(one for one in self.verdicts if not self.chosen or one.id in self.chosen)

    def reproduce(self, *words: str) -> str:
        """A command that reproduces this paper, with the folders that this report was made with."""
        folders = [word for pair in self.options for word in pair]
        return shlex.join(["grokbench", "reproduce", self.named or self.paper.id, *words, *folders])

    def show(self, claim: str = "") -> str:
        """A command that shows this paper, or one of its claims."""
        folders = [
            word for option, folder in self.options if option == "--specs" for word in (option, folder)
        ]
        name = f"{self.paper.id}.{claim}" if claim else self.named or self.paper.id
        return shlex.join(["grokbench", "show", name, *folders])

    def claim(self, claim_id: str) -> Claim | None:
        """The claim of that id, or None when the paper has none."""
        return next((c for c in self.paper.claims if c.id == claim_id), None)

    def experiment(self, experiment_id: str) -> Experiment | None:
        """The experiment of that id, or None when the paper has none."""
        return next((e for e in self.paper.experiments if e.id == experiment_id), None)

    def recipe(self, experiment_id: str) -> Recipe | None:
        """The recipe the experiment's trials had (of its first record), else the one its spec names."""
        cells = self.cells.get(experiment_id, ())
        if cells:
            return cells[0][2].trial.recipe
        if experiment_id in self.recipes:
            return self.recipes[experiment_id]
        experiment = self.experiment(experiment_id)
        recipe = self.recipes.get(experiment.baseline) if experiment else None
        if recipe is None or experiment is None:
            return None
        return _with_set(recipe, experiment.set)


def resolved_fields(report: PaperResult, experiment_id: str) -> dict[str, Any]:
    """Dotted field → value of an experiment: recipe, task, budget, α; varied fields as their lists."""
    experiment = report.experiment(experiment_id)
    recipe = report.recipe(experiment_id)
    out: dict[str, Any] = {}
    if recipe is not None:
        out |= differences.fields(recipe)
    if experiment is None:
        return out
    out["task"] = experiment.task
    task = report.tasks.get(experiment.task)
    if task is not None:
        out |= differences.of_task(task)
    out.update({key: value for key, value in experiment.set.items() if key.startswith("task.")})
    plan = experiment.tiers.get(report.tier) or next(iter(tuple(experiment.tiers.values())[::-1]), None)
    if plan is not None:
        out["budget (steps)"] = plan.steps
        name, levels = ("training rows", plan.rows) if plan.rows else ("α", plan.alphas)
        out[name] = levels[0] if len(levels) == 1 else list(levels)
        for key, values in plan.vary.items():
            out[key] = list(values)
    return out


def confounds(report: PaperResult, claim: Claim) -> list[tuple[str, tuple[Any, ...]]]:
    """Fields whose resolved values differ between the arms of a claim, one value per arm (None: absent)."""
    if len(claim.experiments) < 2:
        return []
    return differences.differing([resolved_fields(report, e) for e in claim.experiments])


def environments(report: PaperResult) -> dict[str, tuple[Any, ...]]:
    """Environment key → the distinct values found in the records, else the report's own value."""
    found = of_records(record for cells in report.cells.values() for _, _, record in cells)
    for key, value in report.environment.items():
        found.setdefault(str(key), (value,))
    return found


def of_records(records: Iterable[Record]) -> dict[str, tuple[Any, ...]]:
    """Environment key → the distinct values found in the records."""
    found: dict[str, list[Any]] = {}
    for record in records:
        for key, value in record.environment.items():
            seen = found.setdefault(str(key), [])
            if value not in seen:
                seen.append(value)
    return {key: tuple(values) for key, values in found.items()}


def _with_set(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    tables: dict[str, dict[str, Any]] = {name: dict(getattr(recipe, name)) for name in RECIPE_TABLES}
    for path, value in changes.items():
        table, _, key = path.partition(".")
        if table in tables and key:
            tables[table][key] = value
    # Every table is a field of Recipe; the checker cannot see that none of them is one of its strings.
    return replace(recipe, **tables)  # type: ignore[arg-type]
