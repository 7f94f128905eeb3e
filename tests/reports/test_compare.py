"""The page, the words, the JSON and the plot of a comparison, from made times."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from grokbench.plan.compared import Arm, CompareResult, Tuned, Tuning
from grokbench.plan.executor import Failure
from grokbench.reports import compare, compare_rows, comparing
from grokbench.reports.document import dumps
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial
from grokbench.training.record import Record

SCHEMA = json.loads((files("grokbench") / "specs/schemas/compare.schema.json").read_text(encoding="utf-8"))
LIBRARY = Library()
TASK = LIBRARY.task("multiplication")
BUDGET = 600
FIRST, SECOND = (200, 240, 180, 260, 220, 210), (100, 100, 90, 100, 120, 110)


def record(trial: Trial, t_gen: float, dip: bool = False) -> Record:
    """Generalises at that step, and perhaps loses it once."""
    last = BUDGET if math.isinf(t_gen) else 3 * int(t_gen)
    steps = np.arange(0, last + 1, 10)
    test = np.where(steps >= t_gen, 1.0, 0.2)
    if dip:
        test[-2] = 0.5
    ended = "finished" if math.isinf(t_gen) else "stopped"
    return Record(
        trial=trial,
        ended=ended,
        curves={"step": steps, "test_accuracy": test, "train_accuracy": np.where(steps >= 50, 1.0, 0.0)},
        facts={"steps": int(steps[-1]), "memoriser_baseline": 0.0},
        environment={"device": "cpu"},
        cost={"seconds": 1.5},
        content="0",
    )


def result(
    first: Sequence[float] = FIRST,
    second: Sequence[float] = SECOND,
    recipes: tuple[str, ...] = ("lee2024/none", "lee2024/ema"),
    under_test: str | None = "optimizer.wrapper.kind",
    dips: Sequence[int] = (),
    **more: Any,
) -> CompareResult:
    arms = [Arm(name, LIBRARY.recipe(name)) for name in recipes]
    trial = Trial(TASK, arms[0].recipe, 0.5, 0, BUDGET, horizon=3.0)
    records = {
        (arm, seed): record(
            replace(trial, recipe=arms[arm].recipe, seed=seed), time, arm == 1 and seed in dips
        )
        for arm, times in enumerate((first, second))
        for seed, time in enumerate(times)
        if not math.isnan(time)
    }
    words: dict[str, Any] = {"arms": tuple(arms), "seeds": tuple(range(len(first))), "trial": trial, **more}
    return CompareResult(under_test=under_test, records=records, **words)


def isolated() -> CompareResult:
    """The factorial of the two fields, the mixtures between the arms."""
    found = result()
    decay, wrapper = (one.field for one in found.differences)
    mixed = (
        Arm("A with weight_decay of B", found.arms[0].recipe, frozenset({decay})),
        Arm("A with wrapper of B", found.arms[0].recipe, frozenset({wrapper})),
    )
    records = dict(found.records)
    for arm, factor in ((2, 1.5), (3, 1.2)):
        for seed, time in enumerate(FIRST):
            records[arm, seed] = record(replace(found.trial, seed=seed), 10 * round(time / factor / 10))
    second = replace(found.arms[1], takes=frozenset({decay, wrapper}))
    return replace(found, arms=(found.arms[0], second, *mixed), records=records)


def tuned() -> CompareResult:
    tries = ((0.01, 300.0), (0.03, math.inf))
    return result(
        recipes=("gromov2023/adamw", "gromov2023/adamw-wd5"),
        under_test="optimizer.weight_decay",
        tuning=Tuning("optimizer.lr", (0.01, 0.03), (9000,)),
        tuned=(Tuned(tries, 0.01, True), Tuned(tries, 0.01, True)),
    )


ALL = {
    "plain": result(),
    "one field": result(
        recipes=("gromov2023/adamw", "gromov2023/adamw-wd5"), under_test="optimizer.weight_decay"
    ),
    "no field named": result(recipes=("hu2024/mlp-one-hot", "gromov2023/gd"), under_test=None),
    "none generalises": result([math.inf] * 6, [math.inf] * 6),
    "some do not": result([math.inf, 200, 300, math.inf, 200, 200], SECOND, dips=(2,)),
    "a failure": result(
        [math.nan, 200], [100, 100], failures=(Failure(result().trial, "k", "", "trace.txt"),)
    ),
    "one seed": result([200], [100]),
    "isolated": isolated(),
    "tuned": tuned(),
}


@pytest.mark.parametrize("found", ALL.values(), ids=ALL)
def test_every_comparison_has_a_page_a_document_and_words(found: CompareResult) -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(json.loads(dumps(compare.document(found, "x.png"))))
    page = compare.page(found, "x.png")
    for text in (page, compare.lines(found)):
        assert "nan" not in re.findall(r"\w+", text)
        assert "None" not in text


@pytest.mark.parametrize("name", [name for name, one in ALL.items() if one.differences])
def test_what_differs_stands_above_every_ratio(name: str) -> None:
    found = ALL[name]
    for text in (compare.page(found, "x.png"), compare.lines(found)):
        number = re.search(r"T_gen of A / T_gen of B|No pair of seeds", text)
        assert number is not None
        for one in found.differences:
            assert -1 < text.index(one.field) < number.start()
        assert text.index(comparing.headline(found.differences, found.under_test)) < number.start()


def test_a_second_field_makes_the_headline_say_confounded() -> None:
    assert (
        comparing.headline(ALL["plain"].differences, "optimizer.wrapper.kind") == "confounded: weight_decay"
    )
    assert comparing.headline(ALL["plain"].differences, None) == "confounded: weight_decay, wrapper"
    assert "confounded" not in compare.page(ALL["one field"], "x.png")


def test_the_page_has_the_median_ratio_its_interval_the_sign_test_and_the_seeds_it_needed() -> None:
    page = compare.page(ALL["plain"], "x.png")
    assert "median 2, 95 % interval [1.83, 2.6], from 6 pairs of seeds" in page
    assert "B is faster in 6 of 6 pairs (exact sign test, p = 0.031): it is faster in more than half" in page
    assert re.search(r"A difference of 10 % would have needed \d+ seeds\.", page)
    assert "Not generalised within the budget: A in 0 of 6, B in 0 of 6 runs." in page


def test_censored_times_leave_the_ratio_bounded_and_are_counted_beside_it() -> None:
    found = ALL["some do not"]
    text = compare.lines(found)
    assert "A in 2 of 6, B in 0 of 6 runs" in text
    assert "would have needed at least" in text
    document = compare.document(found)
    assert document["paired"]["t_gen"]["censored"] == 2
    assert document["paired"]["t_gen"]["interval"][1] is None  # no end above
    assert document["arms"][0]["runs"][0]["why"]["t_gen"] == "not reached"


def test_dips_and_stays_are_counted_for_each_arm() -> None:
    row = compare_rows.arm_rows(ALL["some do not"])[1]
    assert row[2:5] == ("0 of 6", "0 of 6", "1 of 6")
    assert row[-1] == "5 of 6"


def test_a_first_crossing_that_ranks_the_arms_the_other_way_is_said() -> None:
    """A touches 0.95 early and loses it; B comes to stay before A does."""
    found = result([300] * 6, [200] * 6)
    for seed in range(6):
        found.records[0, seed].curves["test_accuracy"][3] = 1.0
    assert "F_0.95 ranks the arms the other way: A is first there in 6 of 6 pairs." in comparing.sentences(
        found
    )


def test_arms_that_do_not_share_their_start_say_so() -> None:
    assert "share the split and the initial weights" in comparing.paired_on(ALL["plain"])
    assert "initial weights may differ" in comparing.paired_on(
        result(recipes=("gromov2023/gd", "gromov2023/adamw"))
    )
    other = result(recipes=("power2022/answer", "power2022/mirrored-split"))
    assert "not trained on the same rows" in comparing.paired_on(other)


def test_the_page_of_a_factorial_has_a_row_for_each_field_at_each_value_of_the_others() -> None:
    page = compare.page(ALL["isolated"], "x.png")
    for row in ("| weight_decay | wrapper of A |", "| wrapper | weight_decay of B |"):
        assert row in page
    assert len(compare.document(ALL["isolated"])["isolated"]) == 4


def test_the_page_says_how_both_arms_were_tuned() -> None:
    page = compare.page(ALL["tuned"], "x.png")
    assert (
        "Both arms were tuned in optimizer.lr: 2 trials each, on seed 9000, which no comparison below uses."
        in page
    )
    assert page.index("tuned in") < page.index("T_gen of A")
    assert "300 (chosen)" in page
    assert "A has 0.01, at the edge of what was tried" in page


def test_two_comparisons_never_have_one_name() -> None:
    names = {compare.name_of(one) for one in ALL.values()}
    assert len(names) >= 6
    assert compare.name_of(result()) == compare.name_of(result())
    assert compare.name_of(replace(result(), seeds=(0, 1))) != compare.name_of(result())


@pytest.mark.parametrize("name", ["isolated", "none generalises"])
def test_page_document_and_plots_are_written(name: str, tmp_path: Path) -> None:
    page = compare.write(ALL[name], tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".md", ".json", ".png", ".svg"}
    assert f"({page.stem}.png)" in page.read_text(encoding="utf-8")
    assert "A with" in (tmp_path / f"{page.stem}.svg").read_text(encoding="utf-8") or name != "isolated"


def test_the_page_of_a_factorial_says_what_its_fields_do_together() -> None:
    """T_gen of A over T_gen of B is the product of both fields alone and of the interaction."""
    found = ALL["isolated"]
    (square,) = found.squares()
    joint, whole = found.interaction(square), found.times
    assert square.held == {}
    assert joint.n == 6
    for seed, log in enumerate(found_logs(found)):
        ratios = [whole(0)[seed] / whole(arm)[seed] for arm in (2, 3, 1)]
        assert math.log(ratios[2]) == pytest.approx(math.log(ratios[0]) + math.log(ratios[1]) + log)
    page = compare.page(found, "x.png")
    assert "## Two fields together" in page
    assert "| weight_decay and wrapper | — |" in page
    assert "Two fields together:" in compare.lines(found)
    document, *others = compare.document(found)["interactions"]
    assert [document["time"], *(one["time"] for one in others)] == ["t_gen", "f_99", "f_95"]
    assert document["arms"] == [0, 2, 3, 1]
    assert document["log_ratio"] == pytest.approx(list(joint.log_ratio or ()), rel=1e-3)
    assert document["positive"] + document["negative"] + document["unknown"] == 6
    assert compare.document(ALL["plain"])["interactions"] == []
    assert "Two fields together" not in compare.page(ALL["plain"], "x.png")


def found_logs(found: CompareResult) -> list[float]:
    return [
        math.log(first * second / (neither * both))
        for neither, both, first, second in zip(*(found.times(arm) for arm in range(4)), strict=True)
    ]


def test_a_crossing_after_a_run_was_stopped_is_not_known() -> None:
    """Where a task's T_gen asks for less than F_0.95 does, a run ends before it."""
    found = result([100] * 6, [100] * 6)
    for seed in range(6):
        found.records[0, seed].curves["test_accuracy"][:] = 0.8
    assert all(map(math.isnan, found.times(0, "f_95")))
    assert found.paired("f_95").n == 0
    assert found.times(1, "f_95") == (100.0,) * 6


COMMITTED = sorted((Path(__file__).parents[2] / "reports" / "comparisons").glob("*.json"))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_committed_comparison_is_as_its_schema_says_and_has_its_page_its_plot_and_its_command(
    path: Path,
) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(SCHEMA).validate(document)
    page = path.with_suffix(".md").read_text(encoding="utf-8")
    assert document["command"].startswith("grokbench compare ")
    assert document["command"] in page
    assert all(sentence in page.replace("**", "") for sentence in document["sentences"])
    assert (path.parent / document["figure"]).is_file()
