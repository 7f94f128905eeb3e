"""A spec file is read once in a command, and again once it has changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grokbench.specs import files
from grokbench.specs.files import content

SPECS = Path(__file__).parents[1] / "data" / "specs"
COUNTED = """
import collections, json, sys
seen = collections.Counter()
def opened(event, given):
    if event == "open" and isinstance(given[0], str) and given[0].endswith((".toml", ".schema.json")):
        seen[given[0]] += 1
sys.addaudithook(opened)
from grokbench import findings
from grokbench.reproduction import Reproduction
findings.result(Reproduction("tiny", store=sys.argv[1], specs=sys.argv[2]))
print(json.dumps(seen))
"""


def test_a_verdict_pass_reads_each_spec_once(tmp_path: Path) -> None:
    words = [sys.executable, "-c", COUNTED, str(tmp_path), str(SPECS)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    seen = json.loads(done.stdout)
    assert any(name.endswith("tiny/claims.toml") for name in seen)
    assert {name: n for name, n in seen.items() if n > 1} == {}


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("a = 1", encoding="utf-8")
    assert content(path) == b"a = 1"
    path.write_text("a = 2", encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert content(path) == b"a = 2"


@pytest.mark.parametrize(
    ("place", "kind", "name"),
    [
        ("tasks/addition.toml", "task", "addition"),
        ("tasks/tracks/small.toml", "track", "small"),
        ("tasks/tracks/small/adamw.toml", "submission", "small/adamw"),
        ("baselines/paper/gd.toml", "baseline", "paper/gd"),
    ],
)
def test_the_place_of_a_file_says_its_kind_its_id_and_its_root(tmp_path, place, kind, name):
    path = tmp_path / place
    assert files.root_of(path) == tmp_path
    assert files.kind_of_file(path) == kind
    assert files.id_of(kind, path) == name
    assert files.SpecFile(kind, name, path).key == place
