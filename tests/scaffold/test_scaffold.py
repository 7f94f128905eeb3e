"""``grokbench new``: every file works as it stands, and nothing is overwritten."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from grokbench import contract, parts, scaffold
from grokbench.scaffold import code, toml
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.files import read
from grokbench.specs.loader import Library
from grokbench.validation.check import validate_all
from tests import processes
from tests.parts.test_parts import nothing_registered

__all__ = ["nothing_registered"]
SPECS = [
    ("task", "mine", ""),
    ("task", "mine", "division"),
    ("task", "mine", "s5-product"),
    ("baseline", "lab/mine", ""),
    ("baseline", "lab/mine", "nanda2023/transformer"),
    ("baseline", "lab/mine", "gromov2023/gd"),
    ("paper", "mine2026", ""),
    ("paper", "mine2026", "hu2024"),
]


@pytest.mark.parametrize(("kind", "name", "source"), SPECS)
def test_a_spec_is_valid_as_it_stands(kind: str, name: str, source: str, tmp_path: Path) -> None:
    written = scaffold.new(kind, name, source=source, into=tmp_path)
    assert validate_all(Library(tmp_path), written) == written
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert max(map(len, text.splitlines())) <= 200 or source


@pytest.mark.parametrize("name", ["task", "lab/mine"])
def test_a_field_whose_sign_is_taken_away_is_valid_too(name: str, tmp_path: Path) -> None:
    kind = "baseline" if "/" in name else "task"
    (path,) = scaffold.new(kind, name, into=tmp_path)
    text = path.read_text(encoding="utf-8")
    given = [
        line[1:]
        for line in text.splitlines()
        if line.startswith("#") and not line.startswith("# ") and "…" not in line
    ]
    assert given
    for line in given:
        changed = text.replace(f"#{line}", line)
        tomllib.loads(changed)
        path.write_text(changed, encoding="utf-8")
        assert validate_all(Library(tmp_path), [path]) == [path], line


def test_a_recipe_from_another_one_extends_it(tmp_path: Path) -> None:
    scaffold.new("baseline", "lab/slow", source="gromov2023/gd", into=tmp_path)
    library = Library(tmp_path)
    assert library.recipe("lab/slow").optimizer == library.recipe("gromov2023/gd").optimizer


def same(own: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two recipes differ in what they say of themselves alone."""
    told = ("id", "title", "origin", "source")
    return {key: own[key] for key in own if key not in told} == {
        key: other[key] for key in other if key not in told
    }


def test_a_recipe_from_any_other_one_equals_it(tmp_path: Path) -> None:
    known = Library()
    extending = [name for name in known.recipe_ids() if "extends" in read(known.file("baseline", name).path)]
    assert len(extending) > 50
    for name in ("gromov2023/gd", *extending):
        folder = tmp_path / name
        (path,) = scaffold.new("baseline", "lab/mine", source=name, into=folder)
        library = Library(folder)
        assert validate_all(library, [path]) == [path]
        assert same(library.recipe_document("lab/mine"), known.recipe_document(name)), name


def test_a_recipe_begins_from_ones_own_in_the_same_folder_and_from_a_file(tmp_path: Path) -> None:
    (first,) = scaffold.new("baseline", "lab/first", source="gromov2023/adamw-wd5", into=tmp_path)
    for number, source in enumerate(("lab/first", str(first))):
        (path,) = scaffold.new("baseline", f"lab/next-{number}", source=source, into=tmp_path)
        assert read(path)["extends"] == "gromov2023/adamw"
        assert same(*map(Library(tmp_path).recipe_document, (f"lab/next-{number}", "lab/first")))
    (base,) = scaffold.new("baseline", "lab/base", into=tmp_path)
    (path,) = scaffold.new("baseline", "lab/last", source=str(base), into=tmp_path)
    assert read(path)["extends"] == "lab/base"
    with pytest.raises(InputError, match="'lab/base' is in no folder of specs"):
        scaffold.new("baseline", "lab/last", source=str(base), into=tmp_path / "elsewhere")


def test_a_paper_from_the_file_of_another_one_has_its_own_name(tmp_path: Path) -> None:
    file = Library().file("paper", "gromov2023").path
    written = scaffold.new("paper", "copy", source=str(file), into=tmp_path)
    assert validate_all(Library(tmp_path), written) == written


@pytest.mark.parametrize("kind", sorted({*scaffold.KINDS} - {*scaffold.SPECS}))
def test_no_part_takes_the_name_of_one_that_there_is(kind: str, tmp_path: Path) -> None:
    for name in parts.BUILT_IN[code.KINDS[kind]]:
        with pytest.raises(InputError, match=f"grokbench has the {kind} '{name}' already"):
            scaffold.new(kind, name, into=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_paper_from_another_one_has_its_experiments_claims_and_figures(tmp_path: Path) -> None:
    scaffold.new("paper", "copy", source="gromov2023", into=tmp_path)
    library = Library(tmp_path)
    own, other = library.paper("copy"), library.paper("gromov2023")
    assert (own.experiments, own.claims, own.figures) == (other.experiments, other.claims, other.figures)


@pytest.mark.parametrize("kind", sorted({*scaffold.KINDS} - {*scaffold.SPECS}))
def test_a_part_keeps_its_promises_as_it_stands(kind: str, tmp_path: Path) -> None:
    (path,) = scaffold.new(kind, f"my-{kind}", into=tmp_path)
    assert path.name == f"my_{kind}.py"
    for check in contract.checks(str(path)):
        check.run()


def test_nothing_is_overwritten_and_names_are_checked(tmp_path: Path) -> None:
    scaffold.new("task", "mine", into=tmp_path)
    with pytest.raises(InputError, match="is there already; nothing was written"):
        scaffold.new("task", "mine", into=tmp_path)
    with pytest.raises(InputError, match="no name of a baseline"):
        scaffold.new("baseline", "mine", into=tmp_path)
    with pytest.raises(InputError, match="no name of a task"):
        scaffold.new("task", "../mine", into=tmp_path)
    with pytest.raises(UnknownNameError):
        scaffold.new("task", "other", source="additon", into=tmp_path)
    with pytest.raises(UnknownNameError):
        scaffold.new("tsk", "other", into=tmp_path)
    with pytest.raises(InputError, match="begins from a template"):
        scaffold.new("loss", "mine", source="mse", into=tmp_path)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for kind, name in (("task", "mine"), ("paper", "mine2026"), ("loss", "mine")):
        done = processes.grokbench("new", kind, name, "--into", str(tmp_path / "file"))
        assert done.returncode == 2
        assert "cannot be written (" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_the_command_says_what_it_wrote_and_how_to_check_it(tmp_path: Path) -> None:
    done = processes.grokbench("new", "paper", "mine2026", "--into", str(tmp_path), check=True)
    claims = tmp_path / "baselines" / "mine2026" / "claims.toml"
    assert done.stdout.splitlines() == [
        f"wrote {claims}",
        f"wrote {claims.with_name('figures.toml')}",
        f"check it:  grokbench validate {claims}",
    ]


def test_values_are_written_as_toml_reads_them() -> None:
    table = {"a": 1, "b": [True, 0.5, 'é "x"'], "c": {"d.e": 1e-8, "f": {}}}
    assert tomllib.loads(f"t = {toml.value(table)}") == {"t": table}
