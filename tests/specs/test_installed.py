"""Specs of installed packages: found without an import, after the built-in ones; broken packages stop nothing."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from grokbench.plan.resolve import resolve_trial
from grokbench.specs.installed import _installed, installed
from grokbench.specs.loader import Library
from grokbench.store import keys
from grokbench.validation.check import validate_all
from tests import packages, processes

TINY = Path(__file__).parent.parent / "data" / "specs"
TASK = 'id = "{}"\ntitle = "{}"\noperation = "x + y"\ndomain = {{ kind = "integers-mod", p = 7 }}\n'


def task(folder: Path, name: str = "mine", title: str = "Of a package") -> None:
    (folder / "tasks").mkdir(parents=True, exist_ok=True)
    (folder / "tasks" / f"{name}.toml").write_text(TASK.format(name, title), encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path, as site-packages is, for this process and for commands."""
    found = tmp_path / "site"
    found.mkdir()
    monkeypatch.syspath_prepend(found)
    monkeypatch.setenv("PYTHONPATH", str(found), prepend=":")
    return found


def install(place: Path, value: str, name: str = "labpack") -> None:
    packages.install(place, name, "1.0", {"grokbench.specs": {"lab": value}})


def notes(**options: object) -> tuple[Library, list[str]]:
    said: list[str] = []
    return Library(on_note=said.append, **options), said  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "folder"), [("lab", "lab"), ("lab:specs", "lab/specs"), ("lab.data:specs", "lab/data/specs")]
)
def test_a_packages_folder_is_found_without_importing_the_package(
    place: Path, value: str, folder: str
) -> None:
    task(place / folder)
    (place / "lab" / "__init__.py").write_text("raise OSError('imported')\n", encoding="utf-8")
    install(place, value)
    library, said = notes()
    assert library.task("mine").title == "Of a package"
    assert validate_all(library, [place / folder]) == [place / folder / "tasks" / "mine.toml"]
    assert said == []
    assert "lab" not in sys.modules


def test_its_papers_are_listed_and_run_as_others_are(place: Path) -> None:
    shutil.copytree(TINY, place / "lab" / "specs")
    install(place, "lab:specs")
    listed = processes.grokbench("list", "papers", check=True)
    assert "A paper small enough for tests" in listed.stdout
    shown = processes.grokbench("reproduce", "tiny", "--tier", "smoke", "--dry-run", check=True)
    assert "note:" not in shown.stderr


def test_a_trial_has_the_key_that_it_has_anywhere(place: Path) -> None:
    shutil.copytree(TINY, place / "lab" / "specs")
    by_folder = keys.key(resolve_trial("tiny-addition", "tiny/adamw", seed=0, steps=5, specs=TINY))
    install(place, "lab:specs")
    _installed.cache_clear()
    assert keys.key(resolve_trial("tiny-addition", "tiny/adamw", seed=0, steps=5)) == by_folder


def test_built_in_specs_come_before_a_packages_and_a_given_folder_after_them(
    place: Path, tmp_path: Path
) -> None:
    task(place / "lab", "addition", "Of a package")
    task(tmp_path / "given", "addition", "Of a given folder")
    install(place, "lab")
    library, said = notes()
    assert library.task("addition").title == "Of a package"
    own = place / "lab" / "tasks" / "addition.toml"
    assert said == [
        f"task 'addition' is read from {own}, which hides the built-in tasks/addition.toml.",
    ]
    library, said = notes(extra=tmp_path / "given")
    assert library.task("addition").title == "Of a given folder"
    assert said[0].endswith(f"which hides {own}.")


@pytest.mark.parametrize("words", [("validate",), ("doctor",)])
def test_a_packages_spec_that_hides_another_is_told_once(place: Path, words: tuple[str, ...]) -> None:
    task(place / "lab", "addition")
    install(place, "lab")
    done = processes.grokbench(*words, check=True)
    assert done.stderr.count("which hides the built-in tasks/addition.toml") == 1


def test_of_two_packages_the_later_by_name_wins(place: Path) -> None:
    for name in ("zpack", "apack"):
        task(place / name, "mine", f"Of {name}")
        install(place, name, name)
    library, said = notes()
    assert library.task("mine").title == "Of zpack"
    assert f"which hides {place / 'apack' / 'tasks' / 'mine.toml'}." in said[0]


BROKEN = [
    ("nowhere", "there is no package 'nowhere'"),
    ("nowhere.at.all:specs", r"there is no package 'nowhere\.at\.all'"),
    ("lab:absent", r"lab.absent is no folder"),
    ("lab", "lab holds neither tasks/ nor baselines/"),
    ("lab:../other", r"the folder lies inside the package"),
    ("", "there is no package ''"),
]


@pytest.mark.parametrize(("value", "message"), BROKEN)
def test_a_broken_package_is_told_in_one_sentence_and_stops_nothing(
    place: Path, value: str, message: str
) -> None:
    (place / "lab").mkdir()
    (place / "lab" / "__init__.py").write_text("", encoding="utf-8")
    install(place, value)
    task(place / "good")
    install(place, "good", "goodpack")
    library, said = notes()
    library.beside(TINY / "tasks" / "tiny-addition.toml")
    (sentence,) = said
    assert sentence.startswith("the specs of labpack 1.0 ")
    assert re.search(message, sentence)
    assert library.task("mine").title == "Of a package"
    assert [one.origin for one in installed()] == ["goodpack 1.0", "labpack 1.0"]


def test_doctor_shows_packages_and_counts_a_broken_one_as_a_problem(place: Path) -> None:
    task(place / "good")
    install(place, "good", "goodpack")
    assert f"goodpack 1.0 ({place / 'good'})" in processes.grokbench("doctor", check=True).stdout
    install(place, "nowhere")
    done = processes.grokbench("doctor")
    assert done.returncode == 1
    assert done.stdout.count("the specs of labpack 1.0") == 1
    assert "note:" not in done.stderr
