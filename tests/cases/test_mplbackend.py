"""Our figures are ours, whatever backend, rc file or style the caller has, and the caller's stay theirs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

DRAW = """
import sys
from pathlib import Path
import grokbench
from grokbench.figures import draw_curves
record = grokbench.run("addition", "gromov2023/adamw", steps=3, settings={"task.domain.p": 11, "model.width": 16})
BEFORE
for ending in ("png", "svg", "pdf"):
    draw_curves(record, Path(sys.argv[1], f"curves.{ending}"))
assert "matplotlib.pyplot" not in sys.modules
AFTER
"""
BEFORE = """
import matplotlib
matplotlib.rcParams.update({"text.usetex": True, "font.size": 30, "savefig.bbox": "tight", "axes.grid": True})
matplotlib.rcParams["backend"] = "svg"
"""
AFTER = """
found = matplotlib.rcParams
assert (found["text.usetex"], found["font.size"], found["savefig.bbox"]) == (True, 30.0, "tight")
assert dict.get(found, "backend") == "svg"
"""
RC_FILE = "text.usetex: True\nfont.size: 30\nsavefig.bbox: tight\naxes.facecolor: red\nbackend: svg\n"

pytestmark = pytest.mark.thorough


def files(folder: Path, before: str = "", after: str = "", **environment: str) -> dict[str, bytes]:
    folder.mkdir()
    code = DRAW.replace("BEFORE", before).replace("AFTER", after)
    bare = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    subprocess.run([sys.executable, "-c", code, str(folder)], env={**bare, **environment}, check=True)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return files(tmp_path_factory.mktemp("plain") / "figures")


def test_each_ending_is_its_format(plain: dict[str, bytes]) -> None:
    assert plain["curves.png"].startswith(b"\x89PNG")
    assert plain["curves.pdf"].startswith(b"%PDF")
    assert b"<svg" in plain["curves.svg"]
    assert len(plain) == 3


@pytest.mark.parametrize(
    "backend", ["module://nope", "module://matplotlib_inline.backend_inline", "no such backend"]
)
def test_a_backend_that_is_not_there_is_not_missed(
    backend: str, plain: dict[str, bytes], tmp_path: Path
) -> None:
    assert files(tmp_path / "figures", MPLBACKEND=backend) == plain


def test_a_callers_style_is_neither_used_nor_changed(plain: dict[str, bytes], tmp_path: Path) -> None:
    assert files(tmp_path / "figures", BEFORE, AFTER) == plain


def test_an_rc_file_is_not_used(plain: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text(RC_FILE, encoding="utf-8")
    assert files(tmp_path / "figures", MATPLOTLIBRC=str(tmp_path / "matplotlibrc")) == plain


def test_a_caller_keeps_the_backend_that_the_environment_names(tmp_path: Path) -> None:
    after = "import matplotlib; assert matplotlib.get_backend() == 'svg'"
    assert files(tmp_path / "figures", "", after, MPLBACKEND="svg")
