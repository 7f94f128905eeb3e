"""What the page and the JSON say of the trainings behind a verdict, and of the control's numbers."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from grokbench.claims import judge
from grokbench.reports.document import document, dumps
from grokbench.reports.markdown import page
from grokbench.reports.result import PaperResult
from grokbench.reports.runs import run, runs
from grokbench.specs.types import Reported, Superseded
from tests.claims import claim_records
from tests.reports import synthetic

SCHEMA = json.loads((files("grokbench") / "specs/schemas/report.schema.json").read_text(encoding="utf-8"))
SEEDS = range(6)


def report(**changes: Any) -> PaperResult:
    """A report on two arms, the second of which is also the first claim's control."""
    slow, fast = synthetic.recipe(), synthetic.recipe("adamw", optimizer=synthetic.ADAMW)
    found = {
        "gd-addition": [(s, synthetic.record(s, slow, last=16000)) for s in SEEDS],
        "adamw-addition": [(s, synthetic.record(s, fast, 30, math.inf, 800, 800)) for s in SEEDS],
    }
    paper = synthetic.paper()
    first = replace(paper.claims[0], control="adamw-addition", kind="structure")
    said = tuple((s, (math.inf,), False) for s in SEEDS)
    verdicts = (synthetic.verdict("gd-groks", control=said), synthetic.verdict("faster"))
    fields: dict[str, Any] = {
        "paper": replace(paper, claims=(first, paper.claims[1])),
        "verdicts": verdicts,
        "evidence": synthetic.evidence(found),
    }
    return synthetic.report(**{**fields, **changes})


def test_a_run_has_its_times_and_its_class() -> None:
    found = run(3, "arm", claim_records.grokked(100))
    assert (found.t_mem, found.t_gen, found.f_95, found.f_99) == (50, 100, 100, 100)
    assert found.half_rise_ratio == 99 / 50  # a′ is 0.5 one step before it is 1
    assert found.stays == 1
    assert not found.strong


def test_a_run_that_ends_early_is_not_said_to_stay() -> None:
    steps = [0, 50, 100, 105, 110, 115, 120, 299]
    short = claim_records.record(steps, [0] + [1] * 7, [0, 0] + [1] * 6, budget=300)
    assert math.isnan(run(0, "arm", short).stays)
    longer = claim_records.record([*steps[:-1], 300], [0] + [1] * 7, [0, 0] + [1] * 6, budget=300)
    assert run(0, "arm", longer).stays == 1
    lost = claim_records.record(
        [*steps[:-1], 200, 300], [0] + [1] * 8, [0, 0] + [1] * 5 + [0.5, 1], budget=300
    )
    assert run(0, "arm", lost).stays == 0


def test_the_document_has_a_run_for_each_seed_of_each_arm_and_of_the_control() -> None:
    found = json.loads(dumps(document(report())))
    jsonschema.Draft7Validator(SCHEMA).validate(found)
    rows = found["claims"][0]["runs"]
    assert [(row["experiment"], row["seed"]) for row in rows] == [
        (name, seed) for name in ("gd-addition", "adamw-addition") for seed in SEEDS
    ]
    assert rows[0]["stays"] is True
    assert 3900 < rows[0]["t_gen"] < 4300
    assert rows[0]["outcome"] == "grokking"
    assert (rows[6]["t_gen"], rows[6]["why"]["t_gen"], rows[6]["stays"]) == (None, "not reached", None)
    assert [row["experiment"] for row in found["claims"][1]["runs"][:6]] == ["adamw-addition"] * 6


def test_a_training_that_two_claims_read_counts_once() -> None:
    assert document(report())["trainings"] == 12
    assert document(report(verdicts=report().verdicts[:1]))["trainings"] == 12  # with its control
    assert document(report(verdicts=()))["trainings"] == 0


@pytest.mark.parametrize("spoilt", ["several records of a seed", "untrained"])
def test_there_are_no_runs_where_an_arm_has_no_single_training_of_a_seed(spoilt: str) -> None:
    slow = synthetic.recipe()
    own = [(s, synthetic.record(s, slow)) for s in SEEDS]
    if spoilt == "untrained":
        own = [(s, synthetic.record(s, slow, last=0)) for s in SEEDS]
    else:
        own += [(s, synthetic.record(s, slow, alpha=0.3)) for s in SEEDS]
    fast = synthetic.recipe("adamw", optimizer=synthetic.ADAMW)
    other = [(s, synthetic.record(s, fast, 30, 40, 800, 2000)) for s in SEEDS]
    both = report(evidence=synthetic.evidence({"gd-addition": own, "adamw-addition": other}))
    assert [runs(both, claim, both.verdicts[i]) for i, claim in enumerate(both.paper.claims)] == [(), ()]


def test_the_page_prints_the_controls_numbers_and_the_runs_seed_by_seed() -> None:
    section = page(report(), {}, {}).split("### gd-groks")[1].split("### faster")[0]
    control = section.split("Negative control: `adamw-addition`.")[1].split("Runs:")[0]
    assert [line for line in control.splitlines() if line.startswith("| 0")] == ["| 0 | ∞ | no |"]
    assert control.count("| no |") == 6
    table = section.split("Runs:")[1]
    assert "| experiment | seed | T_mem | T_gen | R½ | F_0.95 | F_0.99 | class | stays |" in table
    lines = [line for line in table.splitlines() if line.startswith(("| gd-", "| adamw-"))]
    assert len(lines) == 12
    assert lines[0].endswith("| grokking | yes |")
    assert lines[-1].endswith("| not reached | not reached | not reached | not reached | memorisation | — |")


def test_the_page_names_the_papers_number_and_where_it_stands() -> None:
    paper = report().paper
    first = replace(paper.claims[0], reported=Reported(1e4, "Fig. 1c, read off"))
    text = page(report(paper=replace(paper, claims=(first, paper.claims[1]))), {}, {})
    assert "The paper's number: 10000. Fig. 1c, read off." in text
    assert text.count("The paper's number") == 1


def test_superseded_claims_keep_a_row_that_leads_to_what_replaced_them() -> None:
    old = Superseded("gd-0", "GD groks soon", "gd-groks", "INCONCLUSIVE", 4, 6, "ab12cd34", "Bound too near")
    text = page(report(paper=replace(report().paper, superseded=(old,))), {}, {})
    row = "| gd-0 | GD groks soon | INCONCLUSIVE 4/6 | `ab12cd34` | [gd-groks](#gd-groks) | Bound too near. |"
    assert row in text.split("## Superseded claims")[1]
    assert "Superseded" not in page(report(), {}, {})


def test_claims_that_wait_for_the_same_trials_pay_for_them_once() -> None:
    whole = report()
    assert whole.evidence is not None
    bare = replace(whole.evidence, records={})
    verdicts = judge.judge_all(whole.paper, bare)
    assert {verdict.verdict for verdict in verdicts} == {"NOT RUN"}
    text = page(replace(whole, evidence=bare, verdicts=verdicts), {}, {}).split("## Not run")[1]
    each = [int(said) for said in re.findall(r"about (\d+) min .* are missing", text)]
    assert len(each) == 2
    assert each[0] == each[1] > 1  # both read both arms
    assert f"All together need about {each[0]} min" in text
