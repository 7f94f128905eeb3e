"""Verdicts of an earlier report outlive a command that has no records for them, and only under the same rule."""

from __future__ import annotations

import dataclasses
import json

import pytest

from grokbench.reports import kept, write
from tests.reports import synthetic

RULES = {claim.id: f"hash of {claim.id}" for claim in synthetic.paper().claims}
NUMBERS = {"statistic": None, "interval": None, "values": (), "median": None, "n_seeds": 0}
ALL = tuple(RULES)


def after(folder, *verdicts, asked=ALL, rules=RULES, paper=None):
    """What is kept of the report in ``folder`` beside these new verdicts."""
    return kept(folder / "gromov2023.json", paper or synthetic.paper(), verdicts, asked, rules)


def not_run(claim):
    return synthetic.verdict(claim, "NOT RUN", tier="paper", **NUMBERS)


def wrote(folder, *verdicts, rules=RULES):
    write(synthetic.report(verdicts=verdicts, rules=rules), folder)
    return folder


@pytest.mark.parametrize("outcome", ["REPRODUCED", "NOT REPRODUCED", "INCONCLUSIVE"])
def test_a_verdict_stays_where_the_command_has_no_records(outcome, tmp_path):
    old = synthetic.verdict("gd-groks", outcome, tier="paper")
    assert after(wrote(tmp_path, old), not_run("gd-groks")) == {"gd-groks": old}


@pytest.mark.parametrize("outcome", ["NOT RUN", "ERROR"])
def test_what_is_no_verdict_is_not_kept(outcome, tmp_path):
    wrote(tmp_path, synthetic.verdict("gd-groks", outcome, **NUMBERS))
    assert after(tmp_path, not_run("gd-groks")) == {}


@pytest.mark.parametrize("outcome", ["REPRODUCED", "NOT REPRODUCED", "INCONCLUSIVE", "ERROR"])
def test_a_claim_that_was_asked_for_and_run_gets_its_new_entry(outcome, tmp_path):
    wrote(tmp_path, synthetic.verdict("gd-groks", tier="paper"))
    assert after(tmp_path, synthetic.verdict("gd-groks", outcome, tier="quick")) == {}


def test_a_claim_that_was_not_asked_for_keeps_what_was_decided_at_a_higher_tier(tmp_path):
    old = synthetic.verdict("init", tier="paper", source="Fig. 1a")
    wrote(tmp_path, old)
    lower, same = synthetic.verdict("init", "INCONCLUSIVE"), synthetic.verdict("init", tier="paper")
    failed = synthetic.verdict("init", "ERROR", **NUMBERS)
    assert after(tmp_path, lower, asked=("gd-groks",)) == {"init": old}
    assert after(tmp_path, failed, asked=("gd-groks",)) == {"init": old}
    assert after(tmp_path, same, asked=("gd-groks",)) == {}
    assert after(tmp_path, lower, asked=("init",)) == {}


def test_a_verdict_under_another_rule_is_not_kept(tmp_path):
    wrote(tmp_path, synthetic.verdict("gd-groks"), synthetic.verdict("init"))
    changed = {**RULES, "gd-groks": "hash of another rule"}
    assert set(after(tmp_path, not_run("gd-groks"), not_run("init"), rules=changed)) == {"init"}


def test_an_entry_without_a_hash_stays_unless_it_contradicts_its_claim(tmp_path):
    wrote(tmp_path, synthetic.verdict("gd-groks"), rules={})
    assert set(after(tmp_path, not_run("gd-groks"))) == {"gd-groks"}
    paper = synthetic.paper()
    for change in ({"kind": "never"}, {"grade": "B"}, {"source": "Fig. 9"}):
        other = dataclasses.replace(paper.claims[0], **change)
        changed = dataclasses.replace(paper, claims=(other,))
        assert after(tmp_path, not_run("gd-groks"), paper=changed) == {}


def test_an_entry_without_a_hash_goes_where_the_accepted_region_was_moved(tmp_path):
    paper = synthetic.paper()
    claim = dataclasses.replace(paper.claims[2], source="Fig. 1c")
    region = {"min": None, "max": 20000.0}
    wrote(tmp_path, synthetic.verdict("init", accepted=region), rules={})
    same = dataclasses.replace(paper, claims=(claim,))
    assert set(after(tmp_path, not_run("init"), paper=same)) == {"init"}
    moved = dataclasses.replace(claim, rule=(dataclasses.replace(claim.rule[0], max=1.0),))
    assert after(tmp_path, not_run("init"), paper=dataclasses.replace(paper, claims=(moved,))) == {}


def test_a_claim_that_the_paper_has_no_longer_is_gone(tmp_path):
    wrote(tmp_path, synthetic.verdict("gd-groks"), synthetic.verdict("init"))
    assert set(after(tmp_path, not_run("init"))) == {"init"}


def test_nothing_is_kept_of_no_report_or_a_broken_one(tmp_path):
    assert after(tmp_path, not_run("init")) == {}
    (tmp_path / "gromov2023.json").write_text("{")
    assert after(tmp_path, not_run("init")) == {}


def test_the_figure_of_a_kept_verdict_stays_and_one_that_belongs_to_nothing_goes(tmp_path):
    folder = tmp_path / "gromov2023" / "figures"
    folder.mkdir(parents=True)
    for name in ("training", "spectrum"):
        (folder / f"{name}.png").write_bytes(b"old")
    old = synthetic.verdict("gd-groks")
    page = write(synthetic.report(verdicts=(old,), kept=("gd-groks",)), tmp_path)
    assert [path.name for path in folder.iterdir()] == ["training.png"]
    assert "![training](gromov2023/figures/training.png)" in page.read_text(encoding="utf-8")
    found = json.loads((tmp_path / "gromov2023.json").read_text(encoding="utf-8"))
    assert found["figures"] == {"training": "gromov2023/figures/training.png"}
