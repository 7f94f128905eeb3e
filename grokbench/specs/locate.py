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


def schema_path(kind: str) -> Path:
    """The JSON Schema of ``task``, ``recipe``, ``paper`` or ``report``."""
    return PACKAGE / "specs" / "schemas" / f"{kind}.schema.json"


def costs_path() -> Path:
    """The measured costs of training steps, beside the specs: ``plan.costs`` reads them. Errors as in ``builtin_root``."""
    return builtin_root() / "costs.json"
