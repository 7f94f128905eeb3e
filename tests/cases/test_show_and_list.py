"""``show --resolved`` prints rows from all over a table; ``list measures`` prints what a rule may name."""

from __future__ import annotations

import json
import subprocess
import sys

from grokbench.measures import measure_names


def test_rows_come_from_all_over_the_table(grokbench):
    found = json.loads(grokbench("show", "addition", "--resolved", "--json").out)
    rows = found["some_rows"]
    assert len(rows) == 8
    assert (rows[0], rows[-1]) == ([0, 0, 0], [96, 96, 95])
    assert all((x + y) % 97 == z for x, y, z in rows)
    assert [x for x, _, _ in rows] == sorted({x for x, _, _ in rows})
    assert len({y for _, y, _ in rows}) > 4


def test_a_small_table_is_shown_whole(grokbench, tmp_path):
    from tests.cases.commands import task

    found = json.loads(grokbench("show", str(task(tmp_path, "t", "x + y", "p = 2")), "--json").out)
    assert found["some_rows"] == [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]


def test_measures_are_listed_with_arguments_and_meaning_without_torch():
    code = (
        "import sys; from grokbench.cli import group; group.main(['list', 'measures', '--json'], standalone_mode=False);"
        "print('torch' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows = {row["id"]: row for row in json.loads(done.stdout)}
    assert set(rows) == set(measure_names())
    assert rows["rise-ratio"]["arguments"] == "level = 0.1, arm = 0"
    assert rows["phase-end"]["arguments"] == "phase, arm = 0"
    assert all(len(row["meaning"]) > 15 and row["meaning"].endswith(tuple(".;:")) for row in rows.values())
    assert not [name for name, row in rows.items() if row["meaning"].startswith("The same")]
    assert done.stderr.strip() == "False"


def listed(grokbench, *words):
    return json.loads(grokbench("list", "claims", *words, "--json").out)


def test_claims_are_listed_by_paper_kind_and_committed_verdict(grokbench):
    every = listed(grokbench)
    assert {row["verdict"] for row in every} <= {
        "—",
        "REPRODUCED",
        "NOT REPRODUCED",
        "INCONCLUSIVE",
        "NOT RUN",
    }
    never = listed(grokbench, "--paper", "nanda2023", "--kind", "never")
    assert never == [row for row in every if row["id"].startswith("nanda2023.") and row["kind"] == "never"]
    against = listed(grokbench, "--verdict", "not reproduced")
    assert "nanda2023.p53-not-at-1" in {row["id"] for row in against}
    assert {row["verdict"] for row in against} == {"NOT REPRODUCED"}
    assert {row["called"] for row in against} == {"NOT REPRODUCED", "NOT REPRODUCED under our reading"}
    table = grokbench("list", "claims", "--paper", "nanda2023", "--verdict", "reproduced").out
    assert "REPRODUCED under our reading" in table
    assert 0 < len(never) < len(every)


def test_a_filter_of_claims_is_refused_where_it_chooses_nothing(grokbench):
    assert "list claims --kind" in grokbench("list", "tasks", "--kind", "never").err
    assert "nanda2023" in grokbench("list", "claims", "--paper", "nanda202").err
    assert "'never'" in grokbench("list", "claims", "--kind", "nevr").err
