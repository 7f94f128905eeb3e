from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from grokbench.specs import locate, schema
from grokbench.specs.errors import InputError, SpecError, UnknownNameError
from grokbench.specs.files import KEYS
from grokbench.specs.loader import Library
from grokbench.specs.settings import merged
from grokbench.specs.types import Place
from grokbench.validation.check import validate_all

RECIPE = """
id = "mine/small"
title = "Small"
extends = "gromov2023/gd"
[model]
width = 20
"""


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("tasks", "baselines/mine"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def test_every_committed_spec_loads() -> None:
    library = Library()
    assert len(validate_all(library)) == sum(len(library.ids(kind)) for kind in KEYS)


def test_a_child_recipe_inherits_what_it_does_not_name(folder: Path) -> None:
    write(folder, "baselines/mine/small.toml", RECIPE)
    library = Library([folder])
    child, parent = library.recipe("mine/small"), library.recipe("gromov2023/gd")
    assert child.model == {**parent.model, "width": 20}
    assert child.optimizer == parent.optimizer


def test_a_table_of_another_kind_replaces_the_parents_whole() -> None:
    parent = {"optimizer": {"kind": "gd", "lr": 1.0, "momentum": 0.9}, "list": [1, 2]}
    child = {"optimizer": {"kind": "adamw", "lr": 2.0}, "list": [3]}
    assert merged(parent, child) == child
    assert merged(parent, {"optimizer": {"lr": 3.0}})["optimizer"] == {
        "kind": "gd",
        "lr": 3.0,
        "momentum": 0.9,
    }


def test_extends_is_one_level(folder: Path) -> None:
    write(folder, "baselines/mine/small.toml", RECIPE)
    write(
        folder,
        "baselines/mine/smaller.toml",
        RECIPE.replace("mine/small", "mine/smaller").replace("gromov2023/gd", "mine/small"),
    )
    with pytest.raises(SpecError, match="one level"):
        Library([folder]).recipe("mine/smaller")


def test_all_mistakes_are_named_at_once_with_file_path_and_nearest_name(folder: Path) -> None:
    text = RECIPE + 'widht = 3\nconvention = "foldet"\n[optimizer]\nlr = "fast"\nmomentum = 1.5\n'
    path = write(folder, "baselines/mine/small.toml", text)
    with pytest.raises(SpecError) as caught:
        Library([folder]).recipe("mine/small")
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert all(line.startswith(str(path)) for line in lines)
    assert any("model.widht" in line and "did you mean 'width'" in line for line in lines)
    assert any("model.convention" in line and "did you mean 'folded'" in line for line in lines)
    assert any("optimizer.lr" in line and "'fast'" in line for line in lines)
    assert any("optimizer.momentum" in line and "< 1.0" in line for line in lines)


def test_validate_reports_the_mistakes_of_every_file(folder: Path) -> None:
    first = write(folder, "tasks/one.toml", 'id = "one"\ntitle = "One"\noperation = "x + y"\n')
    second = write(folder, "tasks/two.toml", "id = [")
    with pytest.raises(SpecError) as caught:
        validate_all(Library([folder]), [first, second])
    assert "one.toml: domain: missing" in str(caught.value)
    assert "two.toml: top level: not valid TOML" in str(caught.value)


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [("[0, 3, 3]", "distinct"), ("[0, 9000]", "≤ 8999"), ("0", "≥ 1"), ('"six"', "integer")],
)
def test_seeds_are_distinct_and_no_pilots(folder: Path, seeds: str, expected: str) -> None:
    text = (Path(__file__).parents[1] / "data/specs/baselines/tiny/claims.toml").read_text(encoding="utf-8")
    path = write(folder, "baselines/tiny/claims.toml", text.replace("seeds = 12", f"seeds = {seeds}"))
    with pytest.raises(SpecError) as caught:
        Library([folder]).paper("tiny")
    assert str(path) in str(caught.value)
    assert "experiment[0].tier.paper.seeds" in str(caught.value)
    assert expected in str(caught.value)


def test_an_id_must_be_its_files_name(folder: Path) -> None:
    write(
        folder,
        "tasks/one.toml",
        'id = "two"\ntitle = "One"\noperation = "x"\ndomain = { kind = "integers-mod", p = 5 }\n',
    )
    with pytest.raises(SpecError, match="expected 'one'"):
        Library([folder]).task("one")


def test_unknown_ids_offer_the_nearest() -> None:
    library = Library()
    with pytest.raises(UnknownNameError, match="did you mean 'addition'"):
        library.task("additon")
    with pytest.raises(UnknownNameError, match="did you mean 'gromov2023/adamw'"):
        library.recipe("gromov2023/adam")
    with pytest.raises(UnknownNameError, match="did you mean 'gromov2023'"):
        library.paper("gromov")


def test_settings_replace_fields_and_are_checked() -> None:
    library = Library()
    task, recipe = library.resolve("addition", "gromov2023/gd", {"task.domain.p": 13, "optimizer.lr": 1})
    assert task.domain["p"] == 13
    assert recipe.optimizer["lr"] == 1.0
    with pytest.raises(SpecError, match="did you mean 'momentum'"):
        library.recipe("gromov2023/gd", {"optimizer.momentun": 0.5})
    with pytest.raises(UnknownNameError, match="setting"):
        library.recipe("gromov2023/gd", {"optimiser.lr": 0.5})


def test_a_new_kind_empties_its_table() -> None:
    recipe = Library().recipe("gromov2023/gd", {"optimizer.lr": 0.01, "optimizer.kind": "adamw"})
    assert recipe.optimizer["kind"] == "adamw"
    assert "momentum" not in recipe.optimizer


def test_defaults_are_left_out_and_filled_in_again() -> None:
    document = Library().recipe_document("gromov2023/gd")
    pruned = schema.without_defaults("recipe", document)
    assert "training" not in pruned
    assert schema.completed("recipe", pruned) == document


def test_specs_are_found_inside_the_wheel_and_beside_an_editable_package(tmp_path: Path) -> None:
    beside = locate.builtin_root()
    package = tmp_path / "site" / "grokbench"
    for name in ("tasks", "baselines"):
        shutil.copytree(beside / name, package / "_specs" / name)
    assert locate.builtin_root(package) == package / "_specs"
    (tmp_path / "checkout" / "tasks").mkdir(parents=True)
    (tmp_path / "checkout" / "baselines").mkdir()
    assert locate.builtin_root(tmp_path / "checkout" / "grokbench") == tmp_path / "checkout"
    with pytest.raises(InputError, match="reinstall"):
        locate.builtin_root(tmp_path / "nowhere" / "grokbench")


def test_the_wheel_has_beside_the_package_what_is_looked_for_there(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    targets = project["tool"]["hatch"]["build"]["targets"]
    for name in ("tasks", "baselines"):
        assert targets["wheel"]["force-include"][name] == f"grokbench/_specs/{name}"
        assert f"/{name}" in targets["sdist"]["include"]
    for name in (locate.VERDICTS, locate.COSTS):
        assert targets["wheel"]["force-include"][f"reports/{name}"] == f"grokbench/_specs/{name}"
    assert "/reports/*.json" in targets["sdist"]["include"]


def test_the_working_directory_is_never_searched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        folder,
        "tasks/mine.toml",
        'id = "mine"\ntitle = "M"\noperation = "x"\ndomain = { kind = "integers-mod", p = 5 }\n',
    )
    monkeypatch.chdir(folder)
    with pytest.raises(UnknownNameError):
        Library().task("mine")
    assert Library([folder]).task("mine").domain["p"] == 5


def test_a_path_that_ends_in_toml_is_a_file(folder: Path) -> None:
    path = write(
        folder,
        "tasks/mine.toml",
        'id = "mine"\ntitle = "M"\noperation = "x"\ndomain = { kind = "integers-mod", p = 5 }\n',
    )
    assert Library().task(str(path)).operation == "x"
    with pytest.raises(InputError, match="no such file"):
        Library().task("absent.toml")


def test_no_two_claims_have_one_place_in_a_table_of_readings(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parents[1] / "data/specs", tmp_path / "own")
    path = tmp_path / "own/baselines/tiny/claims.toml"
    text = path.read_text(encoding="utf-8")
    for name, column in (("generalises", "numbers"), ("generalises-untrained", "unit vectors")):
        grid = f'grid = {{ heading = "MLP", row = "it groks", column = "{column}" }}'
        text = text.replace(f'id = "{name}"', f'id = "{name}"\n{grid}')
    path.write_text(text, encoding="utf-8")
    claims = Library([tmp_path / "own"]).paper("tiny").claims
    assert [claim.grid for claim in claims] == [
        Place("MLP", "it groks", "numbers"),
        Place("MLP", "it groks", "unit vectors"),
        None,
    ]
    path.write_text(text.replace("unit vectors", "numbers"), encoding="utf-8")
    with pytest.raises(SpecError, match=r"claim generalises-untrained\.grid: expected a place of its own"):
        Library([tmp_path / "own"]).paper("tiny")
