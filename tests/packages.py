"""What pip leaves beside a package: its name, its version and its entry points."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def install(folder: Path, name: str, version: str, entries: Mapping[str, Mapping[str, str]]) -> None:
    """Make ``folder`` a place in which the distribution ``name`` is installed. entries: group → name → value."""
    facts = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    facts.mkdir(parents=True, exist_ok=True)
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (facts / "METADATA").write_text(text, encoding="utf-8")
    lines = [
        line
        for group, own in entries.items()
        for line in (f"[{group}]", *(f"{key} = {value}" for key, value in own.items()))
    ]
    (facts / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
