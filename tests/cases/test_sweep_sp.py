"""A sweep of a task with a title full of marks, from a folder with a space in its name."""

from __future__ import annotations

import json
import shlex

from grokbench.specs.loader import Library
from tests.cases.commands import write

TASK = r"""
id = "piped"
title = "a | b `c` <b>x</b> [l](http://x) \n# not a heading"
operation = "x + y"
domain = { kind = "integers-mod", p = 11 }
"""


def test_its_page_has_one_title_and_its_command_runs_again(grokbench, tmp_path):
    write(tmp_path / "sweep sp" / "tasks" / "piped.toml", TASK)
    words = (
        "--task",
        "piped",
        "--baseline",
        "gromov2023/gd",
        "--alphas",
        "0.5",
        "--seeds",
        "1",
        "--steps",
        "2",
    )
    more = ("--set", "model.width=8", "--specs", "sweep sp", "--store", "s", "--workers", "1", "--json")
    done = grokbench("sweep", *words, *more, cwd=tmp_path)
    assert done.status == 0, done.err
    document = json.loads(done.out)
    (page,) = (tmp_path / "sweeps").glob("*.md")
    text = page.read_text(encoding="utf-8")
    headings = [line for line in text.splitlines() if line.startswith("# ")]
    assert headings == ["# a | b `c` <b>x</b> [l](http://x) # not a heading: solved from which α on?"]
    again = grokbench(*shlex.split(document["command"])[1:], "--store", "s", "--json", cwd=tmp_path)
    assert "nothing to train" in again.err
    assert json.loads(again.out) == document
    assert (
        len(grokbench("list", "tasks", "--specs", "sweep sp", cwd=tmp_path).out.splitlines())
        == len(Library().task_ids()) + 1
    )
