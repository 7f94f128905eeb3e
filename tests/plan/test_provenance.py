from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from grokbench.plan.provenance import frozen_commits

CLAIMS = """
[[experiment]]
id = "one"
title = "One"
tier.quick = {{ seeds = 6, steps = 10 }}
[[claim]]
id = "a"
title = "{title}"
experiment = "one"
kind = "event"
grade = "A"
rule = [{{ measure = "grokking", min = {bound}, reason = "{title}" }}]
"""


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    return subprocess.run(
        ["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def commit(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    git(path.parent, "add", "-A")
    git(path.parent, "commit", "-qm", "x")
    return git(path.parent, "rev-parse", "HEAD")


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_rule_is_frozen_since_the_commit_that_last_changed_what_decides(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    path = tmp_path / "claims.toml"
    commit(path, CLAIMS.format(title="first", bound=0))
    second = commit(path, CLAIMS.format(title="first", bound=1))
    commit(path, CLAIMS.format(title="reworded", bound=1))
    assert frozen_commits(path) == {"a": second}
    path.write_text(CLAIMS.format(title="reworded", bound=2), encoding="utf-8")
    assert frozen_commits(path) == {}


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_an_analysis_that_only_figures_read_may_come_later(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    path, text = tmp_path / "claims.toml", CLAIMS.format(title="first", bound=0)
    first = commit(path, text)
    for line in ('portraits = ["phases"]', 'analyses = ["neuron-phases"]'):
        commit(path, text.replace('id = "one"', f'id = "one"\n{line}'))
        assert frozen_commits(path) == {"a": first}
    last = commit(path, text.replace('id = "one"', 'id = "one"\nanalyses = ["circuit"]'))
    assert frozen_commits(path) == {"a": last}


def test_outside_a_checkout_nothing_is_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    path = tmp_path / "claims.toml"
    path.write_text(CLAIMS.format(title="first", bound=0), encoding="utf-8")
    assert frozen_commits(path) == {}
