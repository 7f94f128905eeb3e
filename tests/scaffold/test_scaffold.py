"""``grokbench new``: every file works as it stands, and nothing is overwritten."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from grokbench import contract, scaffold
from grokbench.scaffold import toml
from grokbench.specs.errors import InputError, UnknownNameError
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
