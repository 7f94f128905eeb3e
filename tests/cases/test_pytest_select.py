"""One claim that is asked for trains its own trials, not the paper's."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

CLAIMS = """
[paper]
id = "mine"
title = "Two runs of a few steps"
authors = "nobody"

[[experiment]]
id = "short"
title = "A short run"
task = "addition"
baseline = "gromov2023/adamw"
set = { "task.domain.p" = 7, "model.width" = 8 }
[experiment.tier.smoke]
seeds = 2
steps = 3

[[experiment]]
id = "other"
title = "Another short run"
task = "addition"
baseline = "gromov2023/adamw"
set = { "task.domain.p" = 5, "model.width" = 8 }
[experiment.tier.smoke]
seeds = 3
steps = 3
"""
CLAIM = """
[[claim]]
id = "{id}"
title = "It generalises"
source = "nowhere"
statement = "It generalises"
experiment = "{experiment}"
kind = "event"
grade = "C"
rule = [{{ measure = "generalises", min = 1, reason = "none" }}]
"""


def test_selecting_one_claim_trains_its_trials_alone(pytester: pytest.Pytester, tmp_path: Path) -> None:
    folder = tmp_path / "specs" / "baselines" / "mine"
    folder.mkdir(parents=True)
    (tmp_path / "specs" / "tasks").mkdir()
    claims = CLAIM.format(id="one", experiment="short") + CLAIM.format(id="two", experiment="other")
    (folder / "claims.toml").write_text(CLAIMS + claims, encoding="utf-8")
    named = any(entry.value == "grokbench.pytest_plugin" for entry in entry_points(group="pytest11"))
    words = ["--grokbench-paper", "mine", "--grokbench-specs", str(tmp_path / "specs")]
    words += ["--grokbench-tier", "smoke", "--grokbench-store", str(tmp_path / "store"), "-k", "one"]
    result = pytester.runpytest_subprocess(*([] if named else ["-p", "grokbench.pytest_plugin"]), *words)
    assert result.parseoutcomes() == {"computed": 1, "deselected": 1}
    result.stdout.fnmatch_lines(["collected 2 items / 1 deselected / 1 selected"])
    assert len(list((tmp_path / "store").rglob("record.json"))) == 2  # one for each seed of its experiment
