"""The reference of the API: every public name says what it is, and pdoc makes pages of them."""

from __future__ import annotations

import importlib
import inspect
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "docs" / "reference.py"
MODULES: tuple[str, ...] = runpy.run_path(str(SCRIPT))["MODULES"]


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_of_the_reference_says_what_it_is(name: str) -> None:
    module = importlib.import_module(name)
    assert inspect.getdoc(module)
    public = [getattr(module, one) for one in getattr(module, "__all__", ())]
    assert [one for one in public if inspect.isroutine(one) and not inspect.getdoc(one)] == []
    assert [one for one in public if inspect.isclass(one) and not one.__doc__] == []


def test_pdoc_writes_a_page_for_each_module(tmp_path: Path) -> None:
    pytest.importorskip("pdoc")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Warn" not in done.stderr, done.stderr
    page = (tmp_path / "grokbench.html").read_text(encoding="utf-8")
    for name in MODULES:
        assert (tmp_path / f"{name.replace('.', '/')}.html").is_file()
    for public in importlib.import_module("grokbench").__all__:
        assert public.startswith("__") or f'id="{public}"' in page


def test_the_extra_that_makes_it_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["optional-dependencies"]["docs"] == ["pdoc>=15"]
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert {line.split("==")[0] for line in pinned} >= {
        "pdoc",
        "markdown2",
        "Pygments",
        "Jinja2",
        "MarkupSafe",
    }
