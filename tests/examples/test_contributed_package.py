"""The contributed package of examples/: as pip would install it, its parts, its specs and its paper work like built-in ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grokbench import contract, parts
from tests import packages, processes

EXAMPLE = Path(__file__).parents[2] / "examples" / "contributed-package"
PROJECT: dict[str, Any] = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENTRIES: dict[str, dict[str, str]] = PROJECT["entry-points"]
PAPER, CLAIM = "example2026", "fits-long-before-it-generalises"
KINDS = [group.removeprefix("grokbench.") for group in ENTRIES if group != "grokbench.specs"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder on the path in which the package is installed."""
    found = tmp_path_factory.mktemp("site")
    shutil.copytree(EXAMPLE / "src", found, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    packages.install(found, PROJECT["name"], PROJECT["version"], ENTRIES)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(found)
        patch.setenv("PYTHONPATH", str(found), prepend=os.pathsep)
        parts._installed.cache_clear()
        yield found
    parts._installed.cache_clear()


@pytest.mark.parametrize("kind", KINDS)
def test_list_shows_its_parts_and_where_they_come_from(place: Path, kind: str) -> None:
    rows = json.loads(processes.grokbench("list", kind, "--json", check=True).stdout)
    own = {row["id"] for row in rows if row["origin"] == f"{PROJECT['name']} {PROJECT['version']}"}
    assert own == {*ENTRIES[f"grokbench.{kind}"]}


def test_list_and_validate_know_its_specs(place: Path) -> None:
    for what, name in (
        ("papers", PAPER),
        ("tasks", "example-addition"),
        ("baselines", f"{PAPER}/rmsprop"),
    ):
        rows = json.loads(processes.grokbench("list", what, "--json", check=True).stdout)
        assert name in {row["id"] for row in rows}
    done = processes.grokbench("validate", PAPER, f"{PAPER}/rmsprop", "example-addition", check=True)
    assert done.stdout == "4 files, no mistakes\n"
    folder = place / "grokbench_example" / "specs"
    assert processes.grokbench("validate", str(folder), check=True).stdout == "4 files, no mistakes\n"


def test_its_paper_runs_at_smoke_with_all_of_its_parts(place: Path, tmp_path: Path) -> None:
    words = ("reproduce", PAPER, "--tier", "smoke", "--store", str(tmp_path / "store"), "--workers", "1")
    done = processes.grokbench(*words, "--out", str(tmp_path / "out"), "--json", check=True, render=True)
    (claim,) = json.loads(done.stdout)["claims"]
    assert (claim["id"], claim["verdict"]) == (CLAIM, "INCONCLUSIVE")
    assert claim["runs"][0]["t_mem"] is not None
    assert 0 <= claim["median"] <= 1
    assert (tmp_path / "out" / f"{PAPER}.smoke" / "figures" / "gap.png").stat().st_size > 10_000


def test_its_parts_keep_what_all_parts_promise(place: Path) -> None:
    found = contract.checks(PROJECT["name"])
    assert {check.part.kind for check in found} == {*KINDS}
    for check in found:
        check.run()


def test_nothing_but_training_loads_torch_for_it(place: Path) -> None:
    modules = sorted(
        {value.partition(":")[0] for kind in KINDS for value in ENTRIES[f"grokbench.{kind}"].values()}
    )
    code = (
        f"import sys, {', '.join(modules)}; sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
