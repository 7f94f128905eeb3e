"""Time is counted once, and records that nothing reads are not copied."""

from __future__ import annotations

import dataclasses

import pytest

from grokbench.measures.cells import Cell
from grokbench.reports import write
from grokbench.reports.markdown import page
from grokbench.reports.spent import Cost, costs
from grokbench.store import archive
from grokbench.store.folder import cut
from tests.reports import synthetic


@pytest.fixture(scope="module")
def cells():
    """Two experiments: the second has the records of the first, cut, and one of its own."""
    rcp = synthetic.recipe()
    whole = tuple(
        Cell(seed, {}, dataclasses.replace(synthetic.record(seed, rcp, last=400), content=f"run {seed}"))
        for seed in range(2)
    )
    own = dataclasses.replace(synthetic.record(7, rcp, last=400), content="run 7")
    short = [Cell(seed, {}, cut(r, dataclasses.replace(r.trial, budget=100))) for seed, _, r in whole]
    return {"gd-addition": whole, "fast": (*short, Cell(7, {}, own))}


def test_a_training_that_two_experiments_show_is_counted_once(cells):
    report = synthetic.report(cells=cells)
    assert costs(report) == {
        "gd-addition": Cost(2, 120.0, 120.0, {}),
        "fast": Cost(3, 60.0, 60.0, {"gd-addition": 2}),
    }
    text = page(report, {}, {})
    assert "| fast | 3 | 60.0 s | 60.0 s | 2 with gd-addition |" in text
    assert "| in all |  | 3.0 min | 3.0 min |  |" in text
    assert costs(report)["fast"].entry()["shared_with"] == "gd-addition"
    alone = page(synthetic.report(cells={"gd-addition": cells["gd-addition"]}), {}, {})
    assert "| in all |  | 2.0 min | 2.0 min |\n" in alone


def test_two_trainings_of_one_trial_are_two(cells):
    (seed, settings, record), *_ = cells["gd-addition"]
    again = dataclasses.replace(record, content="trained once more")
    found = costs(synthetic.report(cells={**cells, "fast": (Cell(seed, settings, again),)}))
    assert found["fast"] == Cost(1, 60.0, 60.0, {})


def archives(folder):
    return {path.stem for path in (folder / "gromov2023" / "records").glob("*.zip")}


def test_copies_that_neither_a_judged_claim_nor_a_figure_reads_are_not_archived(cells, tmp_path):
    copies = {**cells, "fast": cells["fast"][:2]}
    read = synthetic.verdict("init")  # whose control is `fast`
    write(synthetic.report(cells=copies, verdicts=(read,)), tmp_path)
    assert archives(tmp_path) == {"gd-addition", "fast"}
    later = synthetic.verdict("init", "NOT RUN", statistic=None, interval=None, values=(), median=None)
    text = write(synthetic.report(cells=copies, verdicts=(later,)), tmp_path).read_text(encoding="utf-8")
    assert archives(tmp_path) == {"gd-addition"}
    assert "| fast |" not in text.split("## Cost")[1]
    write(synthetic.report(cells=cells, verdicts=(later,)), tmp_path)  # one of the records is no copy
    assert archives(tmp_path) == {"gd-addition", "fast"}


def test_smoke_archives_nothing(cells, tmp_path):
    write(synthetic.report(cells=cells, tier="smoke"), tmp_path)
    assert not list(tmp_path.rglob("*.zip"))


def test_a_longer_training_is_no_copy_of_its_cut(cells, tmp_path):
    longer = {
        "fast": cells["gd-addition"],
        "gd-addition": cells["fast"][:2],
    }  # and no judged claim reads `fast`
    later = synthetic.verdict("init", "NOT RUN", statistic=None, interval=None, values=(), median=None)
    write(synthetic.report(cells=longer, verdicts=(later,)), tmp_path)
    assert archives(tmp_path) == {"gd-addition", "fast"}


def test_records_beside_those_shown_are_archived_and_what_came_from_an_earlier_report_is_named(
    cells, tmp_path
):
    beside = cells["fast"][2][2]  # of another seed
    report = synthetic.report(
        cells={"gd-addition": cells["gd-addition"]},
        records={"gd-addition": [beside]},
        archived=("gd-addition",),
    )
    text = write(report, tmp_path).read_text(encoding="utf-8")
    held = archive.read(tmp_path / "gromov2023" / "records", "gd-addition")
    assert sorted(record.trial.seed for record in held) == [0, 1, 7]
    assert "| gd-addition (earlier run) | 2 |" in text
    assert "marked 'earlier run' under [Cost](#cost)" in text
