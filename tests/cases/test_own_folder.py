"""A recipe or claims file is named from the folder it lies in, and finds the specs beside it."""

from __future__ import annotations

import pytest

from tests.cases.commands import GIVEN, PAPER, paper, recipe, task, write


@pytest.fixture
def own(tmp_path):
    paper(tmp_path, baseline="mine/ok", task="sum")
    task(tmp_path, "sum", "2 * x + y", "p = 11")
    recipe(tmp_path, "mine/ok", 'extends = "mine/base"')
    recipe(
        tmp_path,
        "mine/base",
        '[model]\nkind = "quadratic-mlp"\nwidth = 8\n[loss]\nkind = "mse"\n[optimizer]\nkind = "gd"\nlr = 1.0',
    )
    return tmp_path / "baselines" / "mine"


@pytest.mark.parametrize(
    "name", ["ok.toml", "./ok.toml", "../mine/ok.toml", "claims.toml", "../mine/claims.toml"]
)
def test_validate_takes_it_from_there(grokbench, own, name):
    done = grokbench("validate", name, cwd=own)
    assert (done.status, done.out) == (0, "1 file, no mistakes\n"), done.err


@pytest.mark.parametrize("name", [".", "..", "../.."])
def test_validate_takes_the_folder_from_there(grokbench, own, name):
    assert grokbench("validate", name, cwd=own).status == 0


def test_show_run_and_reproduce_take_it_from_there(grokbench, own, tmp_path):
    assert "width = 8" in grokbench("show", "base.toml", cwd=own).out
    assert "model.width = 8" in grokbench("show", "ok.toml", "--resolved", cwd=own).out
    store = ("--store", str(tmp_path / "store"))
    words = ("--task", "../../tasks/sum.toml", "--baseline", "ok.toml", "--steps", "1", *store)
    done = grokbench("run", *words, "--json", cwd=own)
    assert done.status == 0, done.err
    plan = grokbench("reproduce", "claims.toml", "--tier", "smoke", "--dry-run", *store, cwd=own)
    assert "mine, tier smoke: 1 trials" in plan.out, plan.err


def test_a_paper_in_a_folder_of_no_order_finds_what_lies_beside_it(grokbench, tmp_path):
    flat = tmp_path / "mine"
    write(flat / "claims.toml", PAPER.format(**GIVEN | {"baseline": "mine/ok", "task": "sum"}))
    for name, path in (
        ("sum", task(tmp_path / "x", "sum", "2 * x + y", "p = 11")),
        ("ok", recipe(tmp_path / "x", "mine/ok", 'extends = "gromov2023/gd"')),
    ):
        write(flat / f"{name}.toml", path.read_text(encoding="utf-8"))
    assert grokbench("validate", ".", cwd=flat).out == "3 files, no mistakes\n"


def test_an_id_is_the_name_of_the_file_and_its_folder(grokbench, tmp_path):
    path = write(
        tmp_path / "baselines" / "mine" / "other.toml",
        recipe(tmp_path, "mine/ok", 'extends = "gromov2023/gd"').read_text(),
    )
    done = grokbench("validate", "other.toml", cwd=path.parent)
    assert "other.toml: id: expected 'mine/other', as the file is called; got 'mine/ok'" in done.err
    done = grokbench(
        "validate", str(paper(tmp_path, id="other")).replace("other/claims", "other/../other/claims")
    )
    assert done.status == 0
