"""Parts as scaffolds: one script that registers a part and passes its contract as it stands; templates lie beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from grokbench import parts
from grokbench.specs.errors import InputError

TEMPLATES = Path(__file__).parent / "templates"
KINDS: Mapping[str, str] = {
    "network": "networks",
    "optimizer": "optimizers",
    "loss": "losses",
    "measure": "measures",
    "figure": "figures",
}
"""What is made → the kind of part that it is."""


def files(kind: str, name: str) -> dict[str, str]:
    """``NAME.py``, hyphens as underscores: a script for ``--plugin``, and later a module of a package.

    Errors: InputError for the name of a part that there is.
    """
    if name in parts.names(KINDS[kind]):
        taken = parts.part(KINDS[kind], name).origin
        raise InputError(f"{taken} has the {kind} {name!r} already; take another name")
    text = (TEMPLATES / f"{kind}.txt").read_text(encoding="utf-8")
    module = name.replace("-", "_")
    return {f"{module}.py": text.replace("@NAME@", name).replace("@MODULE@", module)}
