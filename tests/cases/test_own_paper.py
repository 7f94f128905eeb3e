"""A report of one's own paper: it is named by a folder of specs or by its file, and its commands run as printed."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from grokbench.findings import result
from grokbench.reports import write
from grokbench.reproduction import Reproduction
from tests.cases.commands import paper, recipe


@pytest.fixture
def home(tmp_path):
    """A folder with a space in its name, in which the person works."""
    root = tmp_path / "my specs"
    recipe(root, "mine/slow", 'extends = "gromov2023/gd"\n[model]\nwidth = 8\n[optimizer]\nlr = 5e4')
    paper(root, baseline="mine/slow", set='{ "task.domain.p" = 11 }')
    return tmp_path


def commands(text: str) -> list[list[str]]:
    return [shlex.split(line) for line in re.findall(r"^grokbench (?:reproduce|show) .*$", text, re.M)]


@pytest.mark.parametrize("named", [("mine", "--specs", "my specs"), ("my specs/baselines/mine/claims.toml",)])
def test_the_commands_of_a_report_run_as_printed(grokbench, home, named):
    words = (*named, "--tier", "smoke", "--store", "records", "--out", "pages", "--workers", "1")
    first = grokbench("reproduce", *words, cwd=home)
    assert first.status == 0, first.err
    page = home / "pages" / "mine.smoke.md"
    written, text = json.loads(page.with_suffix(".json").read_text()), page.read_text(encoding="utf-8")
    made_by = shlex.split(written["command"])
    assert f"Made by `{written['command']}`." in text
    (again,) = commands(text)
    assert again[-len(made_by) + 5 :] == made_by[5:]
    for command in (made_by, again):
        page.unlink()
        done = grokbench(*command[1:], cwd=home)
        assert done.status == 0, done.err
        assert "nothing to train" in done.err
        assert page.is_file()


def test_commands_name_the_records_that_were_reused(grokbench, home):
    words = ("mine", "--specs", "my specs", "--workers", "1")
    assert grokbench("reproduce", *words, "--store", "a", "--out", "first", cwd=home).status == 0
    kept = "first/mine/records"
    done = grokbench("reproduce", *words, "--store", "b", "--reuse", kept, "--json", cwd=home)
    assert json.loads(done.out)["command"] == (
        f"grokbench reproduce mine --tier quick --specs 'my specs' --reuse {kept} --store b"
    )


def test_claims_that_were_not_run_are_told_with_commands_that_work(grokbench, home, monkeypatch):
    monkeypatch.chdir(home)
    page = write(result(Reproduction("mine", store="none", specs="my specs"), Path("pages")), Path("pages"))
    run, show = commands(page.read_text(encoding="utf-8"))
    words = [word.replace("ID", "it-groks") for word in run[1:]]
    assert grokbench(*words, "--dry-run", cwd=home).status == 0
    shown = [word.replace("ID", "it-groks") for word in show[1:] if word != "#"]
    assert "kind = 'event'" in grokbench(*shown[: shown.index("my specs") + 1], cwd=home).out


def test_an_unknown_paper_says_where_ones_own_must_lie(grokbench, home):
    done = grokbench("reproduce", "mine", cwd=home)
    assert done.status == 2
    assert "--specs DIR" in done.err
    assert "DIR/baselines/mine/claims.toml" in done.err
    near = grokbench("reproduce", "my specs/baselines/mine", cwd=home)
    assert "my specs/baselines/mine/claims.toml" in near.err
    wrong = grokbench("list", "--specs", "my specs/baselines/mine", cwd=home)
    assert wrong.status == 2
    assert "holds neither tasks/ nor baselines/" in wrong.err
