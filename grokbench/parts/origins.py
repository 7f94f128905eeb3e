"""Where the code of an outside part stands, and a hash of it, which joins the key of every trial that uses the part."""

from __future__ import annotations

import hashlib
import importlib.util
import linecache
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path


def of_package(module: str) -> str:
    """Of all Python files of the package that ``module`` lies in; nothing is imported for it."""
    try:
        spec = importlib.util.find_spec(module.split(".")[0])
    except (ImportError, ValueError):
        return ""
    return "" if spec is None else of_files(map(str, sorted(_files(spec))))


def _files(spec: ModuleSpec) -> Iterator[Path]:
    folders = spec.submodule_search_locations
    if folders is None and spec.origin:
        yield Path(spec.origin)
    for folder in folders or ():
        yield from Path(folder).rglob("*.py")


def of_files(files: Iterable[str]) -> str:
    """SHA-256 over the text of files, or of the cells of a notebook, which Python keeps under the names of files."""
    digest = hashlib.sha256()
    for file in files:
        digest.update("".join(linecache.getlines(file)).encode())
    return digest.hexdigest()


def caller(package: str) -> str:
    """The file of the nearest calling function outside ``package``."""
    frame = sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith(package):
        frame = frame.f_back
    return frame.f_code.co_filename
