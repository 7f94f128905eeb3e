"""The JSON: what scripts read."""

from __future__ import annotations

import dataclasses
import json
import math
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from grokbench.reports import scoreboard, write
from grokbench.reports.document import document, dumps, read, verdict_from, write_text
from grokbench.specs.types import Reported, Superseded
from tests.reports import synthetic

SCHEMA = json.loads((files("grokbench") / "specs/schemas/report.schema.json").read_text(encoding="utf-8"))


def refuse_constant(name):
    raise AssertionError(f"{name} is not JSON")


def test_the_schema_is_a_draft_07_schema():
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_the_document_keeps_to_its_schema_and_to_json():
    text = dumps(document(synthetic.report(cells=synthetic.cells(2))))
    found = json.loads(text, parse_constant=refuse_constant)
    jsonschema.Draft7Validator(SCHEMA).validate(found)
    first = found["claims"][0]
    assert [first[k] for k in ("id", "verdict", "tier", "n_seeds")] == ["gd-groks", "REPRODUCED", "quick", 6]
    assert first["interval"] == [0.5407, 1.0]
    assert first["accepted"] == {"min": 0.5, "max": None}
    assert first["median_interval"] == [4000.0, None]
    assert found["claims"][2]["values"] == [
        {"seed": 0, "measured": [None, None], "why": ["not measured", "not reached"], "yes": True}
    ]
    assert (found["claims"][1]["verdict"], found["claims"][1]["name"]) == (
        "NOT REPRODUCED",
        "NOT REPRODUCED under our reading",
    )


@pytest.mark.parametrize("outcome", ["INCONCLUSIVE", "NOT RUN", "ERROR"])
def test_a_claim_without_numbers_is_described_too(outcome):
    empty = synthetic.verdict(
        "gd-groks",
        outcome,
        statistic=None,
        interval=None,
        values=(),
        median=None,
        median_interval=None,
        n_seeds=0,
    )
    found = json.loads(dumps(document(synthetic.report(verdicts=(empty,)))))
    jsonschema.Draft7Validator(SCHEMA).validate(found)
    assert found["claims"][0]["statistic"] is None
    assert found["claims"][0]["interval"] is None
    assert found["claims"][0]["why"] == {"statistic": "not measured", "median": "not measured"}


def test_an_infinite_statistic_and_an_unbounded_interval_are_null():
    censored = synthetic.verdict(
        "gd-groks", statistic=math.inf, interval=(3.0, math.inf), accepted={"min": 1, "max": None}
    )
    found = json.loads(
        dumps(document(synthetic.report(verdicts=(censored,)))), parse_constant=refuse_constant
    )
    assert found["claims"][0]["statistic"] is None
    assert found["claims"][0]["why"] == {"statistic": "not reached"}
    assert found["claims"][0]["interval"] == [3.0, None]
    assert verdict_from(found["claims"][0]).statistic == math.inf


def test_a_seed_that_was_not_settled_is_null():
    values = ((0, (4000.0,), True), (1, (math.nan,), None))
    found = json.loads(
        dumps(document(synthetic.report(verdicts=(synthetic.verdict("gd-groks", values=values),))))
    )
    jsonschema.Draft7Validator(SCHEMA).validate(found)
    assert [row["yes"] for row in found["claims"][0]["values"]] == [True, None]
    assert verdict_from(found["claims"][0]).values[1][2] is None


def test_what_is_kept_is_in_the_document():
    report = synthetic.report(kept=("init",))
    found = json.loads(dumps(document(report)))
    jsonschema.Draft7Validator(SCHEMA).validate(found)
    assert [claim["kept"] for claim in found["claims"]] == [False, False, True]


def test_a_verdict_survives_the_round_trip():
    for verdict in synthetic.report().verdicts:
        entry = json.loads(dumps(document(synthetic.report(verdicts=(verdict,)))))["claims"][0]
        back = verdict_from(entry)
        assert repr(back) == repr(verdict)


def test_the_controls_numbers_survive_the_round_trip():
    said = ((0, (math.inf, 0.5), False), (1, (math.nan, 0.5), None))
    entry = json.loads(
        dumps(document(synthetic.report(verdicts=(synthetic.verdict("gd-groks", control=said),))))
    )
    jsonschema.Draft7Validator(SCHEMA).validate(entry)
    assert [row["why"][0] for row in entry["claims"][0]["control"]] == ["not reached", "not measured"]
    assert repr(verdict_from(entry["claims"][0]).control) == repr(said)


def test_the_document_has_what_the_paper_reports_and_what_was_superseded():
    paper = synthetic.paper()
    first = dataclasses.replace(
        paper.claims[0], headline=True, reported=Reported(4000.0, "Fig. 1c, read off")
    )
    old = Superseded("gd-groks-0", "GD groks", "gd-groks", "NOT REPRODUCED", 1, 6, "ab12cd34", "Too narrow")
    paper = dataclasses.replace(paper, claims=(first, *paper.claims[1:]), superseded=(old,))
    found = json.loads(dumps(document(synthetic.report(paper=paper))))
    jsonschema.Draft7Validator(SCHEMA).validate(found)
    assert [claim["headline"] for claim in found["claims"]] == [True, False, False]
    assert found["claims"][0]["reported"] == {"value": 4000.0, "source": "Fig. 1c, read off"}
    assert found["claims"][1]["reported"] is None
    assert found["superseded"] == [
        {
            "id": "gd-groks-0",
            "title": "GD groks",
            "superseded_by": "gd-groks",
            "verdict": "NOT REPRODUCED",
            "yes": 1,
            "n": 6,
            "commit": "ab12cd34",
            "reason": "Too narrow",
        }
    ]


def test_a_document_of_another_version_is_not_read(tmp_path):
    path = tmp_path / "x.json"
    assert read(path) is None
    path.write_text("{")
    assert read(path) is None
    path.write_text('{"schema_version": 2}')
    assert read(path) is None
    path.write_text('{"schema_version": 3}')
    assert read(path) == {"schema_version": 3}


def test_writing_replaces_the_file_at_once_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "deep" / "file.md"
    write_text(path, "α\n")
    write_text(path, "β\n")
    assert path.read_text(encoding="utf-8") == "β\n"
    assert [p.name for p in path.parent.iterdir()] == ["file.md"]


def test_a_smoke_report_lies_beside_the_real_one_and_is_not_on_the_scoreboard(tmp_path):
    write(synthetic.report(tier="smoke"), tmp_path)
    scoreboard(tmp_path)
    assert (tmp_path / "gromov2023.smoke.json").exists()
    assert "No paper has been reproduced" in (tmp_path / "README.md").read_text(encoding="utf-8")
    write(synthetic.report(), tmp_path)
    text = scoreboard(tmp_path).read_text(encoding="utf-8")
    assert "[gromov2023](gromov2023.md)" in text
    assert "smoke" not in text
    assert "%" not in text
    starts = ("| paper |", "| [gromov2023](")
    head, row = (line.strip("|").split("|") for line in text.splitlines() if line.startswith(starts))
    columns = dict(zip((name.strip() for name in head), (cell.strip() for cell in row), strict=True))
    assert columns["REPRODUCED: paper's recipe"] == "2"
    assert columns["REPRODUCED: our reading"] == "0"
    assert columns["NOT REPRODUCED: paper's recipe"] == "0"
    assert columns["NOT REPRODUCED: our reading"] == "1"
    assert columns["trainings"] == "0"


def test_the_scoreboard_marks_what_is_kept_and_leads_to_the_table_of_what_was_not_run(tmp_path):
    none: dict[str, Any] = {"statistic": None, "interval": None, "values": (), "median": None, "n_seeds": 0}
    later = synthetic.verdict("faster", "NOT RUN", **none)
    old = synthetic.verdict("init", tier="paper")
    paper = synthetic.paper()
    first = dataclasses.replace(paper.claims[0], reported=Reported("about 4000", "Fig. 1c, read off"))
    paper = dataclasses.replace(paper, claims=(first, *paper.claims[1:]))
    verdicts = (synthetic.verdict("gd-groks"), later, old)
    write(synthetic.report(paper=paper, verdicts=verdicts, kept=("init",)), tmp_path)
    text = scoreboard(tmp_path).read_text(encoding="utf-8")
    rows = {line.split("](")[0]: line for line in text.splitlines() if line.startswith("| [")}
    assert rows["| [initial loss"].endswith("| REPRODUCED (paper, kept) |")
    assert rows["| [GD groks"] == (
        "| [GD groks](gromov2023.md#gd-groks) | about 4000 | 4002 [4000, ∞) | 6/6 | REPRODUCED (quick) |"
    )
    assert rows["| [AdamW is faster"] == "| [AdamW is faster](gromov2023.md#not-run) | — | — | — | NOT RUN |"


def test_the_scoreboard_counts_either_verdict_under_our_reading_apart(tmp_path):
    ours = synthetic.verdict("gd-groks", under_our_reading=True)
    open_ = synthetic.verdict("init", "INCONCLUSIVE", under_our_reading=True)
    write(synthetic.report(verdicts=(ours, synthetic.verdict("faster"), open_)), tmp_path)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| [gromov2023]("))
    assert row.endswith("| quick | 1 | 1 | 0 | 0 | 1 | 0 | 0 | 0 |")


def test_a_report_of_another_version_is_left_out_of_the_scoreboard_and_named(tmp_path):
    write(synthetic.report(), tmp_path)
    (tmp_path / "older.json").write_text('{"schema_version": 1, "paper": "older"}', encoding="utf-8")
    text = scoreboard(tmp_path).read_text(encoding="utf-8")
    assert "`older.json` is left out" in text
    assert "[gromov2023](gromov2023.md)" in text
