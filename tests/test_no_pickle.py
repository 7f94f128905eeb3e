"""No file of the package reads a format that can run code, and none runs text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "grokbench"
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "yaml"}
RUN = {"eval", "exec", "run_path", "run_module"}
ALLOWED = {
    ("parts/__init__.py", "run_path"),  # --plugin FILE.py, which SECURITY.md names
    ("parts/heads.py", "exec"),  # a module of the package itself, without its imports of torch
}


def found(source: str) -> Iterator[str]:
    """What in a source could read a pickle or run text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] in MODULES:
            yield str(node.module)
        elif isinstance(node, ast.Call):
            yield from called(node)


def called(node: ast.Call) -> Iterator[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    of = owner.id if isinstance(owner, ast.Name) else ""
    bare = isinstance(node.func, ast.Name)
    given = {one.arg: ast.unparse(one.value) for one in node.keywords}
    if name in RUN and (bare or of == "runpy"):
        yield name
    if (of, name) in {("torch", "load"), ("torch", "save"), ("np", "fromfile"), ("np", "save")}:
        yield f"{of}.{name}"
    if (of, name) == ("np", "load") and given.get("allow_pickle") != "False":
        yield "np.load without allow_pickle=False"
    if given.get("allow_pickle", "False") != "False":
        yield "allow_pickle"


def test_nothing_in_the_package_reads_a_pickle_or_runs_text() -> None:
    seen = {
        (path.relative_to(PACKAGE).as_posix(), what)
        for path in PACKAGE.rglob("*.py")
        for what in found(path.read_text(encoding="utf-8"))
    }
    assert seen == ALLOWED


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import torch\ntorch.load('x')",
        "np.load('x')",
        "np.load('x', allow_pickle=True)",
        "np.savez('x', allow_pickle=True)",
        "eval('1')",
        "runpy.run_path('x')",
    ],
)
def test_the_search_finds_what_it_looks_for(source: str) -> None:
    assert list(found(source))
