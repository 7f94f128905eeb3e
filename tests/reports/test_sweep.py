"""The page, the words and the plot of a sweep, from outcome tables."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from grokbench.analysis.thresholds import threshold
from grokbench.figures import solved as figure
from grokbench.measures.cells import Cell
from grokbench.plan.executor import Failure
from grokbench.plan.sweep import SweepResult
from grokbench.reports import sweep
from grokbench.reports.document import dumps
from grokbench.specs.types import Trial
from grokbench.training.record import Record
from tests.reports import synthetic

ALPHAS = (0.2, 0.3, 0.4, 0.5)
TRIAL = Trial(synthetic.ADDITION, synthetic.recipe(), 0.5, 0, 100, horizon=1.2)
SCHEMA = json.loads((files("grokbench") / "specs/schemas/sweep.schema.json").read_text(encoding="utf-8"))
Y, N, U = True, False, None


def record(seed: int, alpha: float, good: bool) -> Record:
    """Generalises at step 1000 α, or never."""
    steps = np.arange(0, 601, 10)
    accuracy = np.where(steps >= round(1000 * alpha), 1.0 if good else 0.2, 0.0)
    return Record(
        trial=replace(TRIAL, seed=seed, alpha=alpha, budget=600),
        ended="finished",
        curves={"step": steps, "test_accuracy": accuracy, "train_accuracy": accuracy},
        facts={"steps": 600, "memoriser_baseline": 0.0},
        environment={"device": "cpu"},
        cost={"seconds": 1.5},
        content="0",
    )


def result(
    rows: Sequence[Sequence[bool | None]], alphas: Sequence[float] = ALPHAS, exhaustive: bool = False
) -> SweepResult:
    by_seed = {seed: tuple(row) for seed, row in enumerate(rows)}
    return SweepResult(
        alphas=tuple(alphas),
        seeds=tuple(by_seed),
        budget=600,
        exhaustive=exhaustive,
        trial=TRIAL,
        records={
            (seed, alpha): record(seed, alpha, bool(good))
            for seed, row in by_seed.items()
            for alpha, good in zip(alphas, row, strict=True)
            if good is not None
        },
        threshold=threshold(alphas, by_seed, monotone=not exhaustive),
        command="grokbench sweep …",
    )


CASES = {
    "six": (
        [[N, N, Y, Y]] * 5 + [[N, Y, Y, Y]],
        "α50 = 0.4, within 600 steps; 95 % interval (0.2, 0.4] from 6 seeds.",
    ),
    "all solved": (
        [[Y] * 4] * 6,
        "α50 ≤ 0.2, the smallest fraction tried, within 600 steps; 95 % interval (0, 0.2]",
    ),
    "none solved": ([[N] * 4] * 6, "α50 is not reached: at α = 0.5, the largest tried, no more than half"),
    "one seed": ([[N, U, Y, U]], "α50 is only known to lie in (0.2, 0.4], within 600 steps"),
    "two seeds": ([[N, N, Y, Y]] * 2, "no confidence interval: 2 seeds can give none (6 can)."),
    "reversal": ([[N, Y, N, Y]] * 6, "α50 = 0.5"),
    "nothing known": ([[U] * 4] * 6, "α50 is not known, within 600 steps"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_sentence_names_budget_interval_and_seeds(case: str) -> None:
    rows, expected = CASES[case]
    assert expected in sweep.sentence(result(rows))
    assert "within 600 steps" in sweep.sentence(result(rows))


@pytest.mark.parametrize("case", CASES)
def test_every_sweep_is_written_and_keeps_to_the_schema(case: str, tmp_path: Path) -> None:
    found = result(CASES[case][0])
    page = sweep.write(found, tmp_path)
    assert page.name.startswith("addition-gromov2023-gd-")
    assert page.suffix == ".md"
    document = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(SCHEMA).validate(document)
    assert page.with_suffix(".png").stat().st_size > 5000
    assert sweep.sentence(found) in page.read_text(encoding="utf-8")


def test_sweeps_that_ask_for_something_else_have_other_files() -> None:
    rows = CASES["six"][0]
    base = result(rows)
    longer = dataclasses.replace(base, budget=900)
    other = dataclasses.replace(
        base,
        trial=dataclasses.replace(
            TRIAL, task=dataclasses.replace(TRIAL.task, domain={"kind": "integers-mod", "p": 5})
        ),
    )
    names = {
        sweep.name_of(one) for one in (base, longer, other, result(rows, exhaustive=True), result(rows[:5]))
    }
    assert len(names) == 5
    assert sweep.name_of(result(rows)) == sweep.name_of(base)


def test_what_was_changed_is_named_on_the_page() -> None:
    changed = dataclasses.replace(result(CASES["six"][0]), settings=(("model.width", "32"),))
    assert "`model.width = 32`" in sweep.page(changed, "plot.png")
    assert "Changed from" not in sweep.page(result(CASES["six"][0]), "plot.png")


def test_the_table_counts_seeds_and_shows_censored_medians() -> None:
    rows = sweep.table_rows(result([[N, U, Y, U]] * 3 + [[U, N, Y, Y]] * 3))
    assert rows[0] == ("0.2", "0 of 6", "unsolved", "3", "> 600")
    assert rows[1] == ("0.3", "0 to 3 of 6", "undecided", "3", "> 600")
    assert rows[2] == ("0.4", "6 of 6", "solved", "6", "400")
    assert rows[3] == ("0.5", "6 of 6", "solved", "3", "500")


def test_reversals_and_failures_are_told() -> None:
    found = result([[N, Y, N, Y]] * 6)
    assert "Seed 0 is solved at α = 0.3 and not at 0.4" in sweep.warnings(found)[0]
    broken = replace(found, failures=(Failure(TRIAL, "key", "trace", "path"),))
    assert "1 trial(s) failed" in sweep.warnings(broken)[-1]
    assert json.loads(dumps(sweep.document(broken)))["failures"] == [
        {"seed": 0, "alpha": 0.5, "traceback": "path"}
    ]


def test_null_ends_mean_beyond_the_grid() -> None:
    document = sweep.document(result([[N] * 4] * 6))
    assert document["alpha50"] is None
    assert document["bracket"] == document["interval"] == [0.5, None]
    assert document["why"] == {"alpha50": "not reached"}
    first = document["trials"][0]
    assert (first["t_gen"], first["why"]) == (None, "not reached")


@pytest.mark.parametrize("alphas", [(0.5,), (0.2, 0.5)])
def test_short_grids_are_drawn(alphas: tuple[float, ...]) -> None:
    found = result([[Y] * len(alphas)] * 2, alphas)
    drawn = figure.sweep(found.threshold, {a: found.times(a) for a in alphas}, 600, "title")
    assert len(drawn.axes) == 2


def test_a_papers_cells_give_the_same_curve() -> None:
    found = result([[N, N, Y, Y], [N, Y, Y, Y]], exhaustive=True)
    cells = [Cell(seed, {"alpha": alpha}, one) for (seed, alpha), one in found.records.items()]
    got = figure.of_cells(cells)
    assert got is not None
    assert got[0] == found.threshold
    assert got[1][0.3] == [math.inf, 300.0]
    assert got[2] == 600
