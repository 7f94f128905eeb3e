"""What commands have measured on this machine, kept in the user's folder for caches."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from grokbench.networks.cpu import cpu

Clock = Callable[[], float]


def recall(name: str, for_seconds: float, now: Clock = time.time) -> float | None:
    """The number kept under ``name`` on this CPU, with these libraries; None where none is so young."""
    try:
        entry = _entries(_file())[machine()][name]
        if 0 <= now() - float(entry["at"]) < for_seconds:
            number = float(entry["value"])
            return number if 0 < number < float("inf") else None
    except (KeyError, TypeError, ValueError):
        pass
    return None


def keep(name: str, number: float, now: Clock = time.time) -> float:
    """Keep a number, and return it. A cache that cannot be written is no fault: it is measured again then."""
    path = _file()
    if path is None:
        return number
    entries = _entries(path)
    own = entries.get(machine())
    known = own if isinstance(own, dict) else {}
    entries[machine()] = {**known, name: {"value": number, "at": now()}}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as beside:
            json.dump(entries, beside, indent=1)
        Path(beside.name).replace(path)
    except OSError:
        pass
    return number


def _entries(path: Path | None) -> dict[str, Any]:
    """Machine → name → value and time, as the file has them."""
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path else None
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def folder() -> Path | None:
    """``$GROKBENCH_CACHE``, or the platform's folder for caches; None where no home is known."""
    from platformdirs import user_cache_path

    named = os.environ.get("GROKBENCH_CACHE")
    try:
        found = Path(named).absolute() if named else user_cache_path("grokbench", appauthor=False)
    except RuntimeError:  # there is neither HOME nor an entry for this user
        return None
    return found if found.is_absolute() else None


def _file() -> Path | None:
    own = folder()
    return None if own is None else own / "speed.json"


def machine() -> str:
    """The CPU's name, and the versions of the libraries that compute."""
    return ", ".join(
        [cpu("model name"), *(f"{name} {_version(name)}" for name in ("numpy", "torch", "grokbench"))]
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"
