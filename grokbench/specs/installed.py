"""Folders of specs that installed packages bring, by entry points in the group ``grokbench.specs``. No package is imported."""

from __future__ import annotations

import functools
import importlib.util
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from grokbench.specs import files

GROUP = "grokbench.specs"


@dataclass(frozen=True)
class Installed:
    """An entry point of a package: its folder of specs, or the sentence that says why there is none.

    origin: the distribution with its version.
    """

    origin: str
    folder: Path | None
    problem: str = ""


def installed() -> tuple[Installed, ...]:
    """What each installed package brings, by the packages' names, as long as ``sys.path`` is what it is now."""
    return _installed(tuple(sys.path))


@functools.lru_cache(maxsize=8)
def _installed(path: tuple[str, ...]) -> tuple[Installed, ...]:
    found = {
        (entry.dist.name if entry.dist else "", entry.name): entry
        for entry in metadata.entry_points(group=GROUP)
    }
    return tuple(_looked_up(found[key]) for key in sorted(found))


def _looked_up(entry: metadata.EntryPoint) -> Installed:
    """``value`` is "package" or "package:folder", the folder lying inside the package."""
    origin = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"
    package, _, inside = (part.strip() for part in entry.value.partition(":"))
    said = f"the specs of {origin} (entry point {entry.name!r}: {entry.value!r}) are left out:"
    if Path(inside).is_absolute() or ".." in Path(inside).parts:
        return Installed(origin, None, f"{said} the folder lies inside the package.")
    places = [place / inside for place in _folders(package)]
    if not places:
        return Installed(origin, None, f"{said} there is no package {package!r}.")
    folders = [place for place in places if place.is_dir()]
    if not folders:
        return Installed(origin, None, f"{said} {places[0]} is no folder.")
    roots = [folder for folder in folders if files.is_root(folder)]
    if not roots:
        return Installed(origin, None, f"{said} {folders[0]} holds neither tasks/ nor baselines/.")
    return Installed(origin, roots[0])


def _folders(package: str) -> list[Path]:
    """Where a package lies; one that is a single file has no folder. Of a dotted name only the first part is looked for."""
    first, *rest = package.split(".")
    try:
        spec = importlib.util.find_spec(first) if first else None
    except (ImportError, ValueError):
        return []
    locations = () if spec is None else spec.submodule_search_locations or ()
    return [files.absolute(Path(place, *rest)) for place in locations]
