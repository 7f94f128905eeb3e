"""The mark that some editors put before UTF-8 is read; another encoding is told in a sentence."""

from __future__ import annotations

import codecs
import json

import pytest

from grokbench.plan.provenance import frozen_commits
from tests.cases.commands import paper, recipe, task


def marked(path):
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    return path


def test_marked_files_are_read_everywhere(grokbench, tmp_path):
    marked(task(tmp_path, "bom", "x + y", "p = 11"))
    marked(recipe(tmp_path, "mine/bom", 'extends = "gromov2023/gd"\n[model]\nwidth = 8'))
    claims = marked(paper(tmp_path, task="bom", baseline="mine/bom", set="{}"))
    assert grokbench("validate", str(tmp_path)).status == 0
    assert "\ufeff" not in grokbench("show", "bom", "--specs", str(tmp_path)).out
    shown = grokbench("show", "bom", "--specs", str(tmp_path), "--json")
    assert json.loads(shown.out)["rows"] == 121
    assert frozen_commits(claims) == {}


@pytest.mark.parametrize(
    ("encoding", "sentence"),
    [
        ("utf-16", "the file is not UTF-8 (it looks like UTF-16); save it as UTF-8"),
        ("utf-16-be", "the file is not UTF-8 (it looks like UTF-16); save it as UTF-8"),
        ("latin-1", "the file is not UTF-8 (line 2); save it as UTF-8"),
    ],
)
def test_another_encoding_is_told(grokbench, tmp_path, encoding, sentence):
    path = task(tmp_path, "t", "x + y")
    path.write_bytes(path.read_text().replace('title = "t"', 'title = "Tür"').encode(encoding))
    done = grokbench("validate", str(path))
    assert done.status == 2
    assert done.err == f"Error: {path}: top level: {sentence}\n"
