"""From a paper and a tier to the trials that it needs, and what they will cost."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from grokbench.plan import costs
from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim, Experiment, Paper, Recipe, Start, TaskSpec, TierPlan, Trial
from grokbench.store import keys
from grokbench.store.cutting import covers


@dataclass(frozen=True)
class PlannedTrial:
    """A trial and its place in an experiment's grid."""

    trial: Trial
    experiment: str
    settings: Mapping[str, Any]  # {"alpha": 0.49, "model.width": 20}
    seed: int
    expected_steps: int

    def on(self, seed: int) -> PlannedTrial:
        """The trial at the same place of the grid with another seed."""
        start = self.trial.start
        if start is not None:
            start = replace(start, trial=replace(start.trial, seed=seed))
        return replace(self, trial=replace(self.trial, seed=seed, start=start), seed=seed)

    @cached_property
    def request(self) -> str:
        """What the trial is called by those who ask for its record: ``keys.request``."""
        return keys.request(self.trial)

    @cached_property
    def work(self) -> costs.Work:
        """What the trial does in its expected steps."""
        return costs.work(self.trial, self.expected_steps)

    @cached_property
    def seconds(self) -> float:
        """Seconds on one core of ``costs.CORE``, with the run that it starts from; of a kind without a measured cost, a guess."""
        before = self.trial.start
        first = 0.0 if before is None else costs.seconds(costs.work(before.trial, before.trial.budget))
        return first + costs.seconds(self.work)

    @property
    def megabytes(self) -> float:
        """Rough size of its record."""
        return costs.megabytes(self.trial, self.expected_steps)


@dataclass(frozen=True)
class Plan:
    """All trials of a command. ``unique`` leaves out those that another one's record will answer."""

    trials: tuple[PlannedTrial, ...]

    def of(self, experiment: str) -> tuple[PlannedTrial, ...]:
        """The trials of one experiment."""
        return tuple(planned for planned in self.trials if planned.experiment == experiment)

    def unique(self) -> tuple[PlannedTrial, ...]:
        """Trials to train when the store is empty, longest first."""
        return without_covered(self.trials)


def tier_plan(experiment: Experiment, tier: str) -> TierPlan | None:
    """What ``experiment`` runs at ``tier``; ``paper`` includes ``quick``."""
    if tier == "paper":
        return experiment.tiers.get("paper") or experiment.tiers.get("quick")
    return experiment.tiers.get(tier)


def experiments_of(paper: Paper, claim: Claim) -> tuple[Experiment, ...]:
    """The experiments that a claim reads, its control last."""
    names = [*claim.experiments, *([claim.control] if claim.control else [])]
    by_id = {experiment.id: experiment for experiment in paper.experiments}
    return tuple(by_id[name] for name in dict.fromkeys(names))


def seeds_needed(paper: Paper, claim: Claim, tier: str) -> dict[str, tuple[int, ...]]:
    """Experiment id → the seeds of it that ``claim`` reads at ``tier``; empty where the tier lacks an experiment.

    Arms are compared seed by seed, so that a claim of several arms reads the seeds that all of them have; a control is
    read whole.
    """
    if claim.computation:  # which needs no trial
        return {}
    experiments = experiments_of(paper, claim)
    plans = {one.id: plan for one in experiments if (plan := tier_plan(one, tier)) is not None}
    if len(plans) < len(experiments):
        return {}
    common = set.intersection(*(set(plans[arm].seeds) for arm in claim.experiments))
    return {
        name: tuple(seed for seed in plan.seeds if seed in common or name == claim.control)
        for name, plan in plans.items()
    }


def seeds_on_rung(paper: Paper, claim: Claim, tier: str, n: int) -> dict[str, tuple[int, ...]]:
    """As ``seeds_needed``, with the arms' seeds extended to ``n`` by those that follow the last one; a control as it is."""
    needs = seeds_needed(paper, claim, tier)
    return {name: following(own, n) if name in claim.experiments else own for name, own in needs.items()}


def following(seeds: Sequence[int], n: int) -> tuple[int, ...]:
    """``seeds`` extended to ``n`` of them by those that follow the largest.

    >>> following((0, 1, 5), 5)
    (0, 1, 5, 6, 7)
    """
    return (*seeds, *range(max(seeds) + 1, max(seeds) + 1 + n - len(seeds)))


def on_seeds(paper: Paper, seeds: Sequence[int], untrained: Collection[str] = ()) -> Paper:
    """The paper with these seeds at every tier but smoke.

    untrained: experiments that only draw weights; they keep their number of seeds, which go on from the first one.
    """

    def moved(experiment: Experiment) -> Experiment:
        tiers = {}
        for name, plan in experiment.tiers.items():
            many = following(seeds[:1], len(plan.seeds)) if experiment.id in untrained else tuple(seeds)
            tiers[name] = plan if name == "smoke" else replace(plan, seeds=many)
        return replace(experiment, tiers=tiers)

    return replace(paper, experiments=tuple(map(moved, paper.experiments)))


def expand(
    library: Library, experiment: Experiment, tier: str, seeds: Iterable[int] | None = None
) -> tuple[PlannedTrial, ...]:
    """The trials of ``experiment`` at ``tier``: every setting × α × seed; empty where the tier has none.

    seeds: those to take, which may lie beyond the tier's own; None means the tier's.
    """
    plan = tier_plan(experiment, tier)
    if plan is None:
        return ()
    wanted = set(plan.seeds if seeds is None else seeds)
    chosen = [*(seed for seed in plan.seeds if seed in wanted), *sorted(wanted.difference(plan.seeds))]
    out = []
    for values in itertools.product(*plan.vary.values()):
        varied = dict(zip(plan.vary, values, strict=True))
        changed = settings(experiment, plan, varied)
        task, recipe = library.resolve(experiment.task, experiment.baseline, changed)
        shown = {name: _whole(value, task, recipe, name) for name, value in varied.items()}
        for (alpha, rows), seed in itertools.product(fractions(task, recipe, plan.alphas, plan.rows), chosen):
            trial = Trial(
                task=task,
                recipe=recipe,
                alpha=alpha,
                rows=rows,
                seed=seed,
                budget=plan.steps,
                horizon=experiment.horizon,
                probes=experiment.probes,
                snapshots=experiment.snapshots,
                analyses=experiment.analyses,
                start=_start(library, experiment, tier, seed, recipe),
            )
            expected = plan.steps if plan.expected_steps is None else plan.expected_steps
            out.append(PlannedTrial(trial, experiment.id, {"alpha": alpha, **shown}, seed, expected))
    return tuple(out)


def _start(library: Library, experiment: Experiment, tier: str, seed: int, recipe: Recipe) -> Start | None:
    """Where a trial begins: at the end of the one of this seed in another experiment, at the same tier.

    Nothing but its end is asked of that one. Errors: InputError where it has not one trial, or another model.
    """
    if experiment.start is None:
        return None
    source: Experiment = experiment.start.experiment
    found = expand(library, source, tier, [seed])
    if len(found) != 1:
        raise InputError(
            f"experiment {experiment.id}.start: {source.id} has {len(found)} trials of seed {seed} at tier {tier}; it needs one"
        )
    before = replace(found[0].trial, probes=(), snapshots=(), analyses=())
    if before.recipe.learner or before.recipe.model != recipe.model:
        raise InputError(f"experiment {experiment.id}.start: {source.id} trains another model")
    return Start(before, experiment.start.state)


def settings(experiment: Experiment, plan: TierPlan, varied: Mapping[str, Any]) -> dict[str, Any]:
    """What a trial changes in its task and recipe: the experiment's fields, then its tier's, then those that vary."""
    return {**experiment.set, **plan.set, **varied}


def fractions(
    task: TaskSpec, recipe: Recipe, alphas: Iterable[float], rows: Iterable[int] = ()
) -> list[tuple[float, int | None]]:
    """Training fractions, or numbers of rows, as trials keep them: ``tasks.splits.fraction``.

    The table is built only where ten digits are not all of a fraction. Errors: InputError.
    """
    from grokbench.tasks.source import count_rows
    from grokbench.tasks.splits import fraction, rows_as_fraction

    exact = [float(alpha) for alpha in alphas]
    counts = list(rows)
    if not counts and all(round(alpha, 10) == alpha for alpha in exact):
        return [(alpha, None) for alpha in exact]
    n, rounding = count_rows(task), recipe.data["rounding"]
    return [fraction(n, alpha, rounding) for alpha in exact] + [
        rows_as_fraction(n, count, rounding) for count in counts
    ]


def _whole(value: Any, task: TaskSpec, recipe: Recipe, path: str) -> Any:
    """A varied value, as an int where its field is one and it is written as 20.0."""
    if not isinstance(value, float):
        return value
    *tables, last = path.removeprefix("task.").split(".")
    table = getattr(task if path.startswith("task.") else recipe, tables[0])
    for name in tables[1:]:
        table = table[int(name)] if isinstance(table, list | tuple) else table[name]
    return int(value) if isinstance(table[last], int) else value


def plan_paper(library: Library, paper: Paper, tier: str, claim_ids: Iterable[str] = ()) -> Plan:
    """The trials that the claims of ``paper`` (or those named) need at ``tier``, and the controls of their rules."""
    seeds = needed(paper, tier, claim_ids)
    return Plan(
        tuple(
            planned
            for experiment in paper.experiments
            for planned in expand(library, experiment, tier, seeds.get(experiment.id, ()))
        )
    )


def needed(paper: Paper, tier: str, claim_ids: Iterable[str] = ()) -> dict[str, set[int]]:
    """Experiment id → the seeds of it that any claim of ``paper`` (or of those named) reads at ``tier``."""
    chosen = set(claim_ids)
    out: dict[str, set[int]] = {}
    for claim in paper.claims:
        if not chosen or claim.id in chosen:
            for name, seeds in seeds_needed(paper, claim, tier).items():
                out.setdefault(name, set()).update(seeds)
    return out


def without_covered(trials: Sequence[PlannedTrial]) -> tuple[PlannedTrial, ...]:
    """``trials`` less the ones that another's record certainly answers, longest first."""
    kept: dict[str, list[PlannedTrial]] = {}
    reach = sorted(trials, key=lambda planned: (planned.seconds, _closeness(planned.trial)), reverse=True)
    for planned in reach:
        others = kept.setdefault(keys.family(planned.trial), [])
        if not any(covers(other.trial, planned.trial) for other in others):
            others[:] = [o for o in others if not covers(planned.trial, o.trial)]
            others.append(planned)
    chosen = {id(planned) for others in kept.values() for planned in others}
    return tuple(planned for planned in reach if id(planned) in chosen)


def _closeness(trial: Trial) -> tuple[int, ...]:
    """How closely a trial is watched."""
    return len(trial.probes), len(trial.snapshots), len(trial.analyses)
