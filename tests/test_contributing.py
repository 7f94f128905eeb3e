"""CONTRIBUTING.md is followed to the letter, in an empty folder: its files are changed as it says, its commands run in order."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests import processes
from tests.test_documents import ROOT, read

PAGE = "CONTRIBUTING.md"
RECIPES = (
    "A task",
    "A recipe",
    "A network or an optimizer",
    "A paper with claims and figures",
    "Your own paper, outside this repository",
)
"""Sections that a reader follows in one folder, one after another."""


def section(title: str) -> str:
    """The text under a heading of the second level."""
    (found,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", read(PAGE), re.M | re.S)
    return found


def steps(title: str) -> list[tuple[str, str]]:
    """The blocks of a section: ("diff", how a file changes), or ("", a command a line)."""
    return re.findall(r"^```(\w*)\n(.*?)^```", section(title), re.M | re.S)


def change(folder: Path, block: str) -> None:
    """Lines with - go, where the file has each of them once; lines with + come in their place, or else at the end."""
    name, *lines = block.splitlines()
    path = folder / name.removeprefix("# ")
    text = path.read_text(encoding="utf-8").splitlines()
    at = len(text)
    for line in lines:
        sign, own = line[0], line[1:]
        assert sign in "+-", line
        if sign == "-":
            assert text.count(own) == 1, f"{path.name} has this line {text.count(own)} times: {own}"
            at = text.index(own)
            del text[at]
        else:
            text.insert(at, own)
            at += 1
    path.write_text("\n".join(text) + "\n", encoding="utf-8")


def follow(words: list[str], folder: Path) -> str:
    """Run one command of the page there; what it prints."""
    if words[0] == "grokbench":
        done = processes.grokbench(*words[1:], cwd=folder)
    else:
        start = (
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"] if words[0] == "pytest" else ["git"]
        )
        done = subprocess.run([*start, *words[1:]], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reader")


@pytest.fixture(scope="module")
def followed() -> dict[str, str]:
    """The sections that were followed already, and what their commands printed."""
    return {}


@pytest.fixture(autouse=True)
def _reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody whom git knows, in whose environment this package is found."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "A Reader")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "reader@example.org")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")


def follow_up_to(title: str, folder: Path, followed: dict[str, str]) -> None:
    """Later sections take what earlier ones have written, so those come first."""
    for own in RECIPES[len(followed) : RECIPES.index(title) + 1]:
        printed = []
        for kind, block in steps(own):
            if kind == "diff":
                change(folder, block)
                continue
            for line in re.sub(r"\s+# .*", "", block, flags=re.M).splitlines():
                printed.append(follow(shlex.split(line), folder))
        followed[own] = "\n".join(printed)


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_works_as_it_is_written(title: str, folder: Path, followed: dict[str, str]) -> None:
    follow_up_to(title, folder, followed)


def test_the_runs_of_the_page_end_as_it_says(folder: Path, followed: dict[str, str]) -> None:
    follow_up_to("A network or an optimizer", folder, followed)
    ends = [re.findall(r"^ *outcome +(\w+)$", followed[title], re.M)[0] for title in RECIPES[:3]]
    assert ends == ["memorisation", "grokking", "grokking"]


def test_the_paper_of_the_page_comes_out_as_it_says(folder: Path, followed: dict[str, str]) -> None:
    follow_up_to("A paper with claims and figures", folder, followed)
    report = json.loads((folder / "reports" / "mylab2026.json").read_text(encoding="utf-8"))
    assert {one["id"]: one["verdict"] for one in report["claims"]} == {
        "generalises": "REPRODUCED",
        "less-data-takes-longer": "REPRODUCED",
    }
    page = (folder / "reports" / "mylab2026.md").read_text(encoding="utf-8")
    commit = follow(["git", "rev-parse", "HEAD"], folder).strip()
    assert commit[:8] in page
    assert "figures/data.png" in page


def test_every_block_of_the_recipes_is_one_that_is_followed() -> None:
    assert {kind for title in RECIPES for kind, _ in steps(title)} == {"", "diff"}
    first = [block.split()[:3] for title in RECIPES[:4] for kind, block in steps(title)[:1] if not kind]
    assert [words[:2] for words in first] == [["grokbench", "new"]] * 4
    headings = re.findall(r"^## (.*)$", read(PAGE), re.M)
    assert tuple(headings[: len(RECIPES)]) == RECIPES


def test_a_change_that_does_not_fit_its_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("a = 1\nb = 2\n", encoding="utf-8")
    change(tmp_path, "# a.toml\n-a = 1\n+a = 2\n+c = 4\n-b = 2\n+b = 3\n")
    change(tmp_path, "# a.toml\n+\n+d = 5\n")
    assert file.read_text(encoding="utf-8") == "a = 2\nc = 4\nb = 3\n\nd = 5\n"
    with pytest.raises(AssertionError, match="0 times: a = 1"):
        change(tmp_path, "# a.toml\n-a = 1\n+a = 2\n")
