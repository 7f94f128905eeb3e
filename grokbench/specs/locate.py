"""Where the specs lie: inside the wheel, or beside the package in an editable checkout. Never the working directory."""

from __future__ import annotations

from pathlib import Path

from grokbench.specs.errors import InputError

PACKAGE = Path(__file__).resolve().parent.parent


def builtin_root(package: Path = PACKAGE) -> Path:
    """The folder that holds ``tasks/`` and ``baselines/``.

    Errors: InputError when neither place has them (a broken installation).
    """
    for root in (package / "_specs", package.parent):
        if (root / "tasks").is_dir() and (root / "baselines").is_dir():
            return root
    raise InputError(f"no specs found in {package / '_specs'} or {package.parent}; reinstall grokbench")


VERDICTS, COSTS = "verdicts.json", "costs.json"
"""Files made of the committed reports and shipped: each claim's row, and what training steps cost."""


def committed(name: str, package: Path = PACKAGE) -> Path | None:
    """One of these files: inside the wheel, or among the reports beside the package; None where it is not there."""
    for path in (package / "_specs" / name, package.parent / "reports" / name):
        if path.is_file():
            return path
    return None


def schema_path(kind: str) -> Path:
    """The JSON Schema of ``task``, ``recipe``, ``paper`` or ``report``."""
    return PACKAGE / "specs" / "schemas" / f"{kind}.schema.json"
