"""The house: rooms import only from rooms below them, and modules stay small enough to read in one sitting."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOMS = [
    "specs",
    "parts",
    "tasks",
    "analysis",
    "networks",
    "training",
    "store",
    "plan",
    "measures",
    "claims",
    "figures",
    "validation",
    "scaffold",
    "reports",
    "reproduction",
    "findings",
    "exports",
    "api",
    "contract",
    "pytest_plugin",
    "cli",
]
"""Lowest first; what ties the rooms together, for Python, pytest and the command line, stands among them."""
PACKAGE = Path(__file__).resolve().parents[1] / "grokbench"


def rooms_imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        found |= {name.split(".")[1] for name in names if name.startswith("grokbench.")}
    return found & {*ROOMS}


def modules(room: str) -> list[Path]:
    """Of a folder, or the one file that a small room is."""
    file = PACKAGE / f"{room}.py"
    return [file] if file.exists() else [*(PACKAGE / room).rglob("*.py")]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_below_it(room: str) -> None:
    allowed = {*ROOMS[: ROOMS.index(room) + 1]}
    wrong = {
        path.relative_to(PACKAGE).as_posix(): sorted(rooms_imported(path) - allowed)
        for path in modules(room)
        if rooms_imported(path) - allowed
    }
    assert wrong == {}


def test_there_is_no_other_room() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders | {path.stem for path in PACKAGE.glob("*.py")} == {*ROOMS, "__init__", "__main__"}


def test_modules_are_read_in_one_sitting() -> None:
    long = {
        path.name: n
        for path in PACKAGE.rglob("*.py")
        if (n := len(path.read_text(encoding="utf-8").splitlines())) > 310
    }
    assert long == {}


def test_every_room_says_what_it_is() -> None:
    for room in ROOMS:
        path = PACKAGE / f"{room}.py" if (PACKAGE / f"{room}.py").exists() else PACKAGE / room / "__init__.py"
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), room
