"""Specs checked whole: what their schemas say, and that every rule names a registered measure and its arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from grokbench.claims.judge import extends
from grokbench.claims.measures import argument_names, measure_names
from grokbench.claims.rules import what_decides
from grokbench.networks.registry import check_fit
from grokbench.runs.plan import experiments_of, seeds_needed
from grokbench.specs.errors import InputError, Mistake, SpecError, nearest
from grokbench.specs.loader import CLAIMS_FILE, Library
from grokbench.specs.types import TIERS, Claim, Paper


def validate_all(library: Library, paths: Sequence[Path] = ()) -> list[Path]:
    """Check ``paths``, or every file of the library; returns the files read.

    Errors: SpecError with every mistake of every file.
    """
    wrong: list[Mistake] = []
    try:
        files = library.validate(paths)
    except SpecError as error:
        wrong.extend(error.mistakes)
        files = []
    papers = [path for path in (paths or library.paper_files()) if path.name == CLAIMS_FILE]
    seen = {mistake.file for mistake in wrong}
    for path in papers:
        if str(path) not in seen:
            paper = library.paper(str(path))
            wrong.extend(measure_mistakes(paper, str(path)))
            wrong.extend(seed_mistakes(paper, str(path)))
            wrong.extend(fit_mistakes(library, paper, str(path)))
    if wrong:
        raise SpecError(wrong)
    return files


def fit_mistakes(library: Library, paper: Paper, file: str) -> Iterable[Mistake]:
    """Experiments whose recipe cannot be trained on their task."""
    for experiment in paper.experiments:
        try:
            check_fit(*library.resolve(experiment.task, experiment.baseline, dict(experiment.set)))
        except InputError as error:
            yield Mistake(file, f"experiment {experiment.id}", str(error))


def seed_mistakes(paper: Paper, file: str) -> Iterable[Mistake]:
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


def measure_mistakes(paper: Paper, file: str) -> Iterable[Mistake]:
    """Rules that name an unknown measure, or give it an argument that it does not take."""
    for claim in paper.claims:
        for index, condition in enumerate(claim.rule):
            where = f"claim {claim.id}.rule[{index}]"
            if condition.measure not in measure_names():
                near = nearest(condition.measure, measure_names())
                yield Mistake(file, f"{where}.measure", f"no measure {condition.measure!r}", near)
                continue
            known = argument_names(condition.measure)
            for name in sorted(set(condition.args) - set(known)):
                expected = (
                    f"unknown argument of {condition.measure}; expected one of {', '.join(known) or 'none'}"
                )
                yield Mistake(file, f"{where}.args.{name}", expected, nearest(name, known))
