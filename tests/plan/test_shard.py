"""Parts of a plan: they are disjoint, together the whole, of about the same work, and the last to end writes the report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import grokbench
from grokbench.plan.expand import plan_paper
from grokbench.plan.shard import Shard, read
from grokbench.reproduction import Reproduction
from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.store import keys
from tests import processes
from tests.test_reproduction import SPECS


@pytest.mark.parametrize("of", [1, 2, 5, 500])
def test_parts_are_disjoint_and_together_the_plan_and_take_about_as_long(of: int) -> None:
    library = Library()
    plan = plan_paper(library, library.paper("gromov2023"), "quick", ()).trials
    parts = [Shard(i + 1, of).families(plan) for i in range(of)]
    families = {keys.family(one.trial) for one in plan}
    assert sorted(name for part in parts for name in part) == sorted(families)
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    work = dict.fromkeys(families, 0.0)
    for one in plan:
        work[keys.family(one.trial)] = max(work[keys.family(one.trial)], one.seconds)
    took = [sum(work[name] for name in part) for part in parts]
    assert max(took) - min(took) <= max(work.values()) * (1 + 1e-9)


def test_another_process_makes_the_same_parts(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from grokbench.reproduction import Reproduction\n"
        "from grokbench.store.keys import key\n"
        "for one in Reproduction('gromov2023', 'smoke', store=sys.argv[1], shard='2/3').next_batch(2):\n"
        "    print(key(one.trial))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    own = Reproduction("gromov2023", "smoke", store=tmp_path, shard="2/3").next_batch(2)
    assert own
    assert said.stdout.split() == [keys.key(one.trial) for one in own]


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/2", "1/2/3", ""])
def test_a_part_that_there_is_not_is_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match="expected i/n, the part i of n from 1 on"):
        read(text)


def test_a_ladder_has_no_parts(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name no shard with it"):
        Reproduction("tiny", store=tmp_path, specs=[SPECS], shard="1/2", ladder=True)


def test_each_part_trains_its_own_and_the_last_one_writes_the_report(tmp_path: Path) -> None:
    words = [
        "reproduce",
        "tiny",
        "--specs",
        str(SPECS),
        "--workers",
        "1",
        "--json",
        "--out",
        str(tmp_path / "out"),
    ]
    first = [*words, "--shard", "1/2", "--store", str(tmp_path / "one")]
    second = [*words, "--shard", "2/2", "--store", str(tmp_path / "two")]
    for own, name in ((second, "2/2"), (first, "1/2")):
        done = processes.grokbench(*own, check=True)
        document = json.loads(done.stdout)
        assert (document["shard"], document["trials"], document["failed"]) == (name, 6, 0)
        assert document["missing"] == 6
        assert "6 trial(s) of the plan have no record" in done.stderr
        assert not (tmp_path / "out" / "tiny.md").exists()
    grokbench.merge_stores(tmp_path / "two", store=tmp_path / "one")
    last = processes.grokbench(*first, check=True)
    assert "nothing to train" in last.stderr
    assert [claim["verdict"] for claim in json.loads(last.stdout)["claims"]][:1] == ["REPRODUCED"]
    assert (tmp_path / "out" / "tiny.md").is_file()
