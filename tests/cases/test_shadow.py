"""A spec that hides another one of the same id is told at once, on the page and in the JSON; every spec read is hashed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import jsonschema
import pytest

import grokbench as package
from grokbench.plan.resolve import SpecWarning
from grokbench.specs import schema
from grokbench.specs.locate import builtin_root
from tests.cases.commands import paper, recipe, task

SMALL = '{ "model.width" = 8 }'


@pytest.fixture
def specs(tmp_path):
    task(tmp_path / "specs", "addition", "x * y", "p = 11")
    return tmp_path / "specs"


def note(specs: Path) -> str:
    return (
        f"note: task 'addition' is read from {specs / 'tasks/addition.toml'}, "
        "which hides the built-in tasks/addition.toml.\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("list", "tasks"),
        ("show", "addition"),
        ("show", "addition", "--resolved"),
        ("validate",),
        ("validate", "gromov2023"),
        ("reproduce", "gromov2023", "--dry-run", "--tier", "smoke"),
        ("sweep", "--task", "addition", "--baseline", "gromov2023/gd", "--alphas", "0.5", "--dry-run"),
    ],
)
def test_each_command_that_uses_it_says_it_once(grokbench, specs, words):
    done = grokbench(*words, "--specs", str(specs))
    assert done.err.count(note(specs)) == 1


@pytest.mark.parametrize("words", [("list", "papers"), ("show", "division"), ("validate", "division")])
def test_a_command_that_does_not_use_it_says_nothing(grokbench, specs, words):
    assert "hides" not in grokbench(*words, "--specs", str(specs)).err


def test_validate_of_the_folder_says_it_without_specs(grokbench, specs):
    assert grokbench("validate", str(specs)).err == note(specs)


def test_a_run_says_it(grokbench, specs, tmp_path):
    words = ("--task", "addition", "--baseline", "gromov2023/gd", "--steps", "1", "--set", "model.width=8")
    done = grokbench("run", *words, "--specs", str(specs), "--store", str(tmp_path / "store"))
    assert done.status == 0
    assert done.err.startswith(note(specs))


def test_python_warns(specs):
    with pytest.warns(SpecWarning, match="hides the built-in tasks/addition.toml"):
        assert len(package.load_task("addition", specs=[specs]).table()) == 121


def test_later_folders_hide_earlier_ones(grokbench, specs, tmp_path):
    task(tmp_path / "more", "addition", "x + 2 * y", "p = 7")
    done = grokbench("show", "addition", "--specs", str(specs), "--specs", str(tmp_path / "more"))
    assert f"which hides {specs / 'tasks/addition.toml'}." in done.err


def test_a_report_says_it_first_and_hashes_every_spec(grokbench, specs, tmp_path):
    own = paper(specs, baseline="mine/own", set=SMALL)
    recipe(specs, "mine/own", 'extends = "gromov2023/gd"')
    words = ("--specs", str(specs), "--tier", "smoke", "--store", str(tmp_path / "store"))
    done = grokbench("reproduce", "mine", *words, "--out", str(tmp_path / "out"), "--workers", "1", "--json")
    assert done.status == 0
    assert note(specs) in done.err
    document = json.loads(done.out)
    jsonschema.Draft7Validator(schema.schema("report")).validate(document)
    hidden = {"kind": "task", "id": "addition", "hides": "tasks/addition.toml"}
    assert document["shadowed"] == [{**hidden, "file": str(specs / "tasks/addition.toml")}]
    files = {
        "tasks/addition.toml": specs / "tasks/addition.toml",
        "baselines/mine/claims.toml": own,
        "baselines/mine/own.toml": specs / "baselines/mine/own.toml",
        "baselines/gromov2023/gd.toml": builtin_root() / "baselines/gromov2023/gd.toml",
    }
    expected = {key: hashlib.sha256(path.read_bytes()).hexdigest() for key, path in files.items()}
    assert document["spec_hashes"] == expected
    head, first = (tmp_path / "out" / "mine.smoke.md").read_text(encoding="utf-8").split("\n\n")[:2]
    assert head == "# A user's replication"
    assert first == (
        f"**Task 'addition' is read from {specs / 'tasks/addition.toml'}, which hides the built-in tasks/addition.toml.**"
    )


def test_a_sweep_says_it_first_and_hashes_every_spec(grokbench, specs, tmp_path):
    words = ("--task", "addition", "--baseline", "gromov2023/gd-momentum", "--alphas", "0.5", "--seeds", "1")
    more = ("--steps", "2", "--set", "model.width=8", "--specs", str(specs), "--workers", "1")
    places = ("--store", str(tmp_path / "store"), "--out", str(tmp_path / "out"))
    done = grokbench("sweep", *words, *more, *places, "--json")
    assert done.status == 0
    assert note(specs) in done.err
    document = json.loads(done.out)
    jsonschema.Draft7Validator(schema.schema("sweep")).validate(document)
    assert [one["id"] for one in document["shadowed"]] == ["addition"]
    assert list(document["spec_hashes"]) == [
        "baselines/gromov2023/gd-momentum.toml",
        "baselines/gromov2023/gd.toml",
        "tasks/addition.toml",
    ]
    (page,) = (tmp_path / "out").glob("*.md")
    assert page.read_text(encoding="utf-8").split("\n\n")[1].startswith("**Task 'addition' is read from ")
