"""What the documents tell a reader to write or type is what grokbench takes."""

from __future__ import annotations

import math
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from grokbench.specs.loader import Library

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("README.md", "REPRODUCE.md", "CONTRIBUTING.md")


def blocks(name: str, language: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return [body for kind, body in re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S) if kind == language]


def commands(name: str) -> list[list[str]]:
    lines = [line.split("#")[0] for block in blocks(name, "") for line in block.splitlines()]
    parts = [part.strip() for line in lines for part in line.split("&&")]
    return [shlex.split(part) for part in parts if part.startswith("grokbench ")]


def run(*words: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, *words], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_that_is_shown_exists_with_its_options(name):
    from grokbench.cli import group

    found = commands(name)
    assert found
    context = click.Context(group)
    for words in found:
        command = group.get_command(context, words[1])
        assert command is not None, words
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words[2:] if word.startswith("--")} <= options, words


@pytest.mark.parametrize("name", [*DOCUMENTS, "CHANGELOG.md"])
def test_nothing_is_left_to_be_filled_in(name):
    assert "@@" not in (ROOT / name).read_text(encoding="utf-8")


def at_smoke(words: list[str]) -> tuple[str, ...]:
    """The same command, of as little as there is: the smoke tier, or two steps."""
    kept, least = (
        list(words[1:]),
        {"reproduce": ("--tier", "smoke"), "run": ("--steps", "2"), "sweep": ("--steps", "2")},
    )
    option, value = least.get(kept[0], ("", ""))
    if option in kept:
        at = kept.index(option)
        del kept[at : at + 2]
    return (*kept, option, value) if option else tuple(kept)


@pytest.mark.parametrize(
    "words",
    sorted({at_smoke(words) for words in commands("REPRODUCE.md")}),
    ids=lambda words: " ".join(words),
)
def test_every_command_of_the_walk_through_runs(words, tmp_path):
    words = [str(ROOT / word) if word.startswith("reports/") else word for word in words]
    run("-m", "grokbench", *words, cwd=tmp_path)


def test_the_code_of_the_walk_through_runs_on_the_networks_that_its_commands_save(tmp_path):
    for words in commands("REPRODUCE.md"):
        if "--save" in words:
            run("-m", "grokbench", *at_smoke(words), cwd=tmp_path)
    found = blocks("REPRODUCE.md", "python")
    assert found
    for block in found:
        printed = run("-c", block, cwd=tmp_path).splitlines()
        numbers = [float(line.split()[-1]) for line in printed if line.startswith("  ")]
        assert numbers
        assert all(map(math.isfinite, numbers))


def test_the_worked_example_of_contributing_loads(tmp_path):
    task, product, bits, recipe, corruption, claim = blocks("CONTRIBUTING.md", "toml")[:6]
    (tmp_path / "tasks").mkdir()
    for name, own in (("of-groups", product), ("of-bits", bits)):
        head = f'id = "{name}"\ntitle = "From a fragment"\n'
        (tmp_path / "tasks" / f"{name}.toml").write_text(head + own, encoding="utf-8")
    (tmp_path / "tasks" / "weighted-sum.toml").write_text(task, encoding="utf-8")
    folder = tmp_path / "baselines" / "gromov2023"
    folder.mkdir(parents=True)
    (folder / "gd-slow.toml").write_text(recipe, encoding="utf-8")
    before = (ROOT / "baselines" / "gromov2023" / "claims.toml").read_text(encoding="utf-8")
    (folder / "claims.toml").write_text(before + "\n" + claim, encoding="utf-8")

    library = Library((tmp_path,))
    assert library.task("weighted-sum").operation == "2 * x + 3 * y"
    assert library.task("of-groups").domain["factors"][1] == {"kind": "symmetric-group", "n": 4}
    assert library.task("of-bits").source["rows"] == 3000
    own = library.recipe("gromov2023/gd", tomllib.loads(corruption))
    assert own.data["corruption"]["share"] == 0.35
    assert library.recipe("gromov2023/gd-slow").optimizer["lr"] == 5e4
    assert library.recipe("gromov2023/gd-slow").model == library.recipe("gromov2023/gd").model
    paper = library.paper("gromov2023")
    assert paper.claims[-1].id == "gd-groks-slowly-too"
    experiments = {experiment.id for experiment in paper.experiments}
    assert {*paper.claims[-1].experiments, paper.claims[-1].control} <= experiments


def test_claims_that_the_documents_name_exist():
    library = Library()
    known = {claim.id for name in library.paper_ids() for claim in library.paper(name).claims}
    named = [
        words[i + 1]
        for name in DOCUMENTS
        for words in commands(name)
        for i in range(len(words))
        if words[i] == "--claim"
    ]
    assert named
    assert set(named) <= known


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_between_the_documents_lead_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        # reports/ is written by a run, so only what lies outside it must be there.
        if not target.startswith(("http", "reports/")):
            assert (ROOT / target).exists(), target
