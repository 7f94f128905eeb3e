"""Specs checked whole: whatever would fail while training or while deciding fails here, all of it at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from grokbench.claims.judge import extends
from grokbench.claims.rules import what_decides
from grokbench.networks.fitting import recipe_faults
from grokbench.plan.entries import entry, workload_trial
from grokbench.plan.expand import experiments_of, seeds_needed
from grokbench.specs import files
from grokbench.specs.errors import GrokbenchError, InputError, Mistake, SpecError, UnknownNameError
from grokbench.specs.loader import Library
from grokbench.specs.types import TIERS, Claim, Paper
from grokbench.validation.computations import computation_mistakes
from grokbench.validation.pictures import claimed_figure_mistakes, figure_mistakes
from grokbench.validation.rehearsal import measure_mistakes
from grokbench.validation.trials import Tables, experiment_mistakes, task_faults


def validate_all(library: Library, paths: Sequence[Path] = ()) -> list[Path]:
    """Check files, folders and ids, or every file of the library; returns the files read.

    Errors: SpecError with every mistake of every file; InputError, UnknownNameError for a path or id that there is not.
    """
    chosen = [file for path in paths for file in _named(library, path)] if paths else list(library.paths())
    tables = Tables()
    _refuse(mistake for path in chosen for mistake in _mistakes_in(library, path, tables))
    return chosen


def require(library: Library, paper: str) -> None:
    """Check a paper's claims file and every task and recipe that it uses. Errors: as in ``validate_all``."""
    own, tables = library.file("paper", paper).path, Tables()
    wrong = list(_mistakes_in(library, own, tables))
    try:
        experiments = library.paper(paper).experiments
    except SpecError:
        experiments = ()
    beside = library.beside(own)
    pictures = own.with_name(files.FIGURES_FILE)
    if pictures.is_file():
        wrong.extend(_mistakes_in(library, pictures, tables))
    used = {("task", one.task) for one in experiments} | {("baseline", one.baseline) for one in experiments}
    for kind, name in sorted(used):
        wrong.extend(_mistakes_in(library, beside.file(kind, name).path, tables))
    _refuse(wrong)


def _refuse(wrong: Iterable[Mistake]) -> None:
    found = list(dict.fromkeys(wrong))
    if found:
        raise SpecError(found)


def _named(library: Library, path: Path) -> list[Path]:
    """The files that an argument of ``validate`` means: a file, those of a folder, or the one of an id."""
    if path.is_dir():
        return files.below(path)
    name = path.as_posix()
    if name.endswith(".toml"):
        if not path.is_file():
            raise InputError(f"{path}: no such file")
        return [path]
    if path.exists():
        raise InputError(f"{path}: the name of a spec file ends in .toml")
    kinds = [kind for kind in files.KEYS if name in library.ids(kind)]
    if not kinds:
        raise UnknownNameError("id", name, [one for kind in files.KEYS for one in library.ids(kind)])
    return [library.file(kind, name).path for kind in kinds]


def _mistakes_in(library: Library, path: Path, tables: Tables) -> Iterator[Mistake]:
    """Everything that is wrong in one file."""
    file, name = str(path), str(path)
    try:
        kind = files.kind_of_file(path)
        if kind == "paper":
            paper = library.paper(name)
            yield from paper_mistakes(library.beside(path), paper, file, tables)
        elif kind == "figures":
            paper = library.beside(path).paper(files.id_of(kind, path))
            yield from figure_mistakes(library.beside(path), paper, file)
        elif kind == "track":
            track = library.track(name)
            for one in track.workloads:
                workload_trial(library.beside(path), one)
        elif kind == "submission":
            entry(library.beside(path), library.beside(path).track(library.submission(name).track), name)
        elif kind == "task":
            for field, text in task_faults(library.task(name), tables):
                yield Mistake(file, field, text)
        else:
            for field, text in recipe_faults(library.recipe(name)):
                yield Mistake(file, field, text)
    except SpecError as error:
        yield from error.mistakes
    except GrokbenchError as error:
        yield Mistake(file, "", str(error).removeprefix(f"{file}: "))


def paper_mistakes(library: Library, paper: Paper, file: str, tables: Tables) -> Iterator[Mistake]:
    """Everything that its schema cannot say of a paper."""
    yield from experiment_mistakes(library, paper, file, tables)
    yield from measure_mistakes(paper, file)
    yield from computation_mistakes(paper, file)
    yield from rule_mistakes(paper, file)
    yield from seed_mistakes(paper, file)
    yield from never_mistakes(paper, file)
    yield from claimed_figure_mistakes(paper, file)


def rule_mistakes(paper: Paper, file: str) -> Iterator[Mistake]:
    """Conditions that no number meets, or every number."""
    for claim in paper.claims:
        for index, condition in enumerate(claim.rule):
            where = f"claim {claim.id}.rule[{index}]"
            if condition.min is None and condition.max is None:
                yield Mistake(file, where, "neither min nor max is given, so every number is accepted")
            elif condition.min is not None and condition.max is not None and condition.min > condition.max:
                text = f"min {condition.min:g} lies above max {condition.max:g}, so no number is accepted"
                yield Mistake(file, where, text)


def never_mistakes(paper: Paper, file: str) -> Iterator[Mistake]:
    """Claims of kind ``never`` that can never be confirmed, and budgets of claims that have none."""
    for claim in paper.claims:
        where = f"claim {claim.id}"
        if claim.kind != "never":
            if claim.budget is not None:
                text = f"only a claim of kind never has a budget; this one's kind is {claim.kind}"
                yield Mistake(file, f"{where}.budget", text)
            continue
        if claim.control is None:
            text = "missing; a claim of kind never needs an experiment that must generalise"
            yield Mistake(file, f"{where}.control", text)
        for experiment in experiments_of(paper, claim):
            tier = next(name for name in reversed(TIERS) if name in experiment.tiers)
            steps = experiment.tiers[tier].steps
            if claim.budget is not None and experiment.id != claim.control and steps < claim.budget:
                text = (
                    f"{experiment.id} has {steps} steps at its highest tier, {tier}, which are fewer than the budget of "
                    f"{claim.budget}; the claim could not be confirmed"
                )
                yield Mistake(file, f"{where}.budget", text)


def seed_mistakes(paper: Paper, file: str) -> Iterator[Mistake]:
    """Claims whose arms have no seed in common at a tier, or whose highest tier has too few seeds to decide them."""
    for claim in paper.claims:
        where, arms = f"claim {claim.id}.experiment", ", ".join(claim.experiments)
        own = {tier for experiment in experiments_of(paper, claim) for tier in experiment.tiers}
        highest = None
        for tier in (tier for tier in TIERS if tier in own):
            seeds = seeds_needed(paper, claim, tier)
            if seeds and not all(seeds[arm] for arm in claim.experiments):
                yield Mistake(file, where, f"{arms} have no seed in common at tier {tier}")
            elif seeds and tier != "smoke":
                highest = tier, seeds
        if highest is not None:
            yield from _undecidable(paper, claim, *highest, where=where, file=file)


def _undecidable(
    paper: Paper, claim: Claim, tier: str, seeds: Mapping[str, Sequence[int]], *, where: str, file: str
) -> Iterable[Mistake]:
    """Of a claim at a tier, with these seeds of its experiments: arms or control that have too few of them."""
    extended = extends(paper, claim, tier)
    answering = [claim.experiments[0]]  # the other arms have the same seeds
    if claim.control and claim.kind != "never":  # whose control answers no question of the rule
        answering.append(claim.control)
    for name in answering:
        n = len(seeds[name])
        needed = what_decides(claim, n, extended=extended)
        if needed is not None:
            text = (
                f"{n} seeds of {name} at tier {tier} cannot decide a claim of kind {claim.kind}; {needed} can"
            )
            yield Mistake(file, where, text)
