"""The page: what a reader sees."""

from __future__ import annotations

import dataclasses
import math
import re

import pytest

from grokbench.claims import phrases as wording
from grokbench.measures.cells import Cell
from grokbench.reports import tables, write
from grokbench.reports.document import document
from grokbench.reports.markdown import page
from grokbench.reports.result import confounds
from grokbench.specs.types import Experiment
from tests.reports import synthetic


@pytest.fixture
def text() -> str:
    return page(synthetic.report(), {}, {"training": "`gd-addition`"})


def test_the_head_counts_claims_seeds_and_expected_errors(text):
    head = text.split("| claim")[0]
    assert "3 claims" in head
    assert "6 seeds of trained networks (0–5).**" in head  # no draws are named where there are none
    assert "2 verdicts rest on a 95 % interval" in head
    assert "expect fewer than one false verdict in each direction among these 2." in head  # 2 × 0.025
    assert "1 claim is compared exactly" in head
    assert "never" not in head
    assert "of an earlier run" not in head
    assert "3 claims read trials that another claim reads too" in head


def links_and_anchors(text: str) -> tuple[set[str], set[str]]:
    anchors = {wording.anchor(h) for h in re.findall(r"^#+ (.*)$", text, re.M)}
    return set(re.findall(r"\]\(#([^)]*)\)", text)), anchors


def test_every_link_within_the_page_leads_to_a_heading(text):
    links, anchors = links_and_anchors(text)
    assert {claim.id for claim in synthetic.paper().claims} <= links
    assert links <= anchors


@pytest.fixture
def partly() -> str:
    """A page of which one claim was not run, and one failed."""
    none = {"statistic": None, "interval": None, "values": (), "median": None, "n_seeds": 0}
    later = synthetic.verdict("faster", "NOT RUN", tier="paper", reason="needs tier paper: 7 min", **none)
    failed = synthetic.verdict("init", "ERROR", reason="1 of its trials failed", **none)
    report = synthetic.report(verdicts=(synthetic.verdict("gd-groks"), later, failed))
    return page(report, {}, {"training": "`gd-addition`"})


def test_claims_that_were_not_run_share_one_table_to_which_their_links_lead(partly):
    links, anchors = links_and_anchors(partly)
    assert links <= anchors
    assert "[AdamW is faster](#not-run)" in partly
    assert not {"### faster", "`faster`:"} & set(partly.splitlines())  # neither a section nor confounds
    assert {"### gd-groks", "### init"} <= set(partly.splitlines())
    told = partly.split("## Not run")[1].split("## ")[0]
    assert "| faster | AdamW is faster | paper | 7 min |" in told
    assert told.count("grokbench reproduce") == 1
    assert "grokbench reproduce gromov2023 --tier paper --claim ID" in told
    assert "3 claims, 1 of them not run" in partly


def test_experiments_that_only_claims_not_run_read_are_left_out(partly, text):
    assert "### Experiment adamw-addition" in text
    assert "### Experiment adamw-addition" not in partly
    assert "### Experiment gd-addition" in partly
    assert "`grokbench show gromov2023` prints them" in partly


def test_a_seed_that_neither_meets_nor_contradicts_the_rule_says_why():
    values = ((0, (4000.0,), True), (1, (9000.0,), False), (2, (math.nan,), None), (3, (16.0,), None))
    text = page(synthetic.report(verdicts=(synthetic.verdict("gd-groks", values=values),)), {}, {})
    assert [line for line in text.splitlines() if re.match(r"\| \d", line)] == [
        "| 0 | 4000 | yes |",
        "| 1 | 9000 | no |",
        "| 2 | — | not measured |",
        "| 3 | 16 | not settled |",
    ]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("It groks", "It groks."),
        ("It  groks.", "It groks."),
        ("It groks. (See there.)", "It groks. (See there.)"),
        ("It says 'no.'", "It says 'no.'"),
        ("It groks (see Fig. 2)", "It groks (see Fig. 2)."),
        ("", ""),
    ],
)
def test_a_sentence_has_one_stop(said, written):
    assert wording.sentence(said) == written


def test_verdicts_of_an_earlier_run_are_counted_and_marked():
    old = synthetic.verdict("init", tier="paper")
    text = page(synthetic.report(verdicts=(synthetic.verdict("gd-groks"), old), kept=("init",)), {}, {})
    assert "**1 verdict rests on records of an earlier run**" in text.split("| claim")[0]
    assert re.search(r"^\| \[initial loss\]\(#init\).*\| REPRODUCED \(paper, kept\) \|", text, re.M)
    assert re.search(r"^\| \[GD groks\]\(#gd-groks\).*\| REPRODUCED \(quick\) \|", text, re.M)
    assert "**initial loss.** REPRODUCED (paper, kept)." in text


def test_the_head_leads_to_the_words_where_they_are(tmp_path):
    reports = tmp_path / "reports"
    link = "[REPRODUCE.md](../REPRODUCE.md#words)"
    assert link not in write(synthetic.report(), reports).read_text(encoding="utf-8")
    (tmp_path / "REPRODUCE.md").write_text("## Words\n", encoding="utf-8")
    assert link in write(synthetic.report(), reports).read_text(encoding="utf-8")


def test_each_claim_names_the_command_that_remakes_it(text):
    for claim in synthetic.paper().claims:
        assert f"grokbench reproduce gromov2023 --tier quick --claim {claim.id}\n" in text


def test_confounds_list_exactly_the_fields_that_differ():
    report = synthetic.report()
    claim = report.claim("faster")
    assert claim is not None
    rows = dict(confounds(report, claim))
    assert rows["optimizer.kind"] == ("adamw", "gd")
    assert rows["α"] == (0.5, 0.49)
    assert rows["optimizer.momentum"] == (None, 0.0)
    assert "model.width" not in rows
    groks = report.claim("gd-groks")
    assert groks is not None
    assert confounds(report, groks) == []


def test_a_field_that_an_experiment_sets_is_a_confound():
    paper = synthetic.paper()
    claim = dataclasses.replace(paper.claims[1], experiments=("fast", "gd-addition"))
    report = synthetic.report(paper=dataclasses.replace(paper, claims=(claim,)), verdicts=())
    assert confounds(report, claim) == [("optimizer.lr", (1e6, 3e5))]


def test_records_made_with_different_versions_are_said_to_be_mixed(text):
    cells = synthetic.cells(2)
    seed, settings, record = cells["gd-addition"][0]
    other = dataclasses.replace(record, environment={**record.environment, "torch": "3.0"})
    mixed = page(
        synthetic.report(
            cells={**cells, "gd-addition": (Cell(seed, settings, other), *cells["gd-addition"][1:])}
        ),
        {},
        {},
    )
    assert "**Mixed**: the records differ in torch" in mixed
    assert "Mixed" not in text


def test_a_figure_without_trials_is_listed_once_and_not_drawn(tmp_path):
    text = write(synthetic.report(), tmp_path).read_text(encoding="utf-8")
    assert "Figure `training` is not drawn: see [other figures](#other-figures)." in text
    assert text.count("* `training` not drawn: needs `gd-addition`.") == 1
    assert "* `ipr` not drawn: needs" in text
    assert "![" not in text
    assert not list(tmp_path.rglob("*.png"))


def test_the_worst_inputs_still_make_a_page():
    plain = synthetic.report(
        verdicts=(
            synthetic.verdict("gd-groks", "NOT RUN", statistic=None, interval=None, values=(), median=None),
            synthetic.verdict(
                "faster", "ERROR", statistic=None, interval=None, values=(), median=None, n_seeds=0
            ),
        ),
        recipes={},
        environment={},
        spec_hashes={},
        command="",
    )
    text = page(plain, {}, {})
    assert "NOT RUN" in text
    assert "ERROR" in text
    no_tiers = Experiment("gd-addition", "x", "addition", "gromov2023/gd", {})
    paper = dataclasses.replace(synthetic.paper(), experiments=(no_tiers,))
    assert page(dataclasses.replace(plain, paper=paper), {}, {})


def test_many_draws_are_summed_up_instead_of_listed():
    values = tuple((seed, (0.5 + seed / 1000,), True) for seed in range(100))
    text = page(synthetic.report(verdicts=(synthetic.verdict("gd-groks", values=values),)), {}, {})
    assert "100 draws, from 0.5 to 0.599" in text
    assert "| 99" not in text


def test_a_bar_in_a_reason_does_not_split_a_cell():
    assert tables.cell("a | b\nc") == "a \\| b c"


def test_points_in_which_paper_and_code_differ_are_a_table_with_who_runs_which(text):
    row = "| Weight decay | It is 1. | It is 0. | — | `adamw-addition` | Appendix A; train.py |"
    assert text.index("## Paper against code") < text.index(row) < text.index("## Deviations from the paper")
    bare = dataclasses.replace(synthetic.paper(), discrepancies=())
    assert "Paper against code" not in page(synthetic.report(paper=bare), {}, {})
    found = document(synthetic.report())["discrepancies"]
    assert [(one["what"], one["as_paper"], one["as_code"]) for one in found] == [
        ("Weight decay", [], ["adamw-addition"])
    ]
