"""Spec files on disk: how their text is read, the folders that hold them, and the id that each has by its place."""

from __future__ import annotations

import functools
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grokbench.specs.errors import GrokbenchError, InputError, Mistake, SpecError

CLAIMS_FILE, FIGURES_FILE = "claims.toml", "figures.toml"
MOST_BYTES, MOST_LEVELS, MOST_NUMBER = 2**20, 30, 2**63
DEEP = f"it nests deeper than the {MOST_LEVELS} levels that a spec may have"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
KEYS = {
    "track": ("workload", "tuning_seeds"),
    "submission": ("tuned", "grid"),
    "paper": ("paper", "experiment", "claim"),
    "figures": ("figure",),
    "task": ("operation", "domain"),
    "baseline": ("model", "loss", "optimizer", "learner", "extends"),
}
"""Kind of spec → the keys by which a file outside a folder of specs is known as one."""
TRACKS = "tracks"
"""The folder of tracks in ``tasks/``; the submissions to a track lie in a folder there of its name."""
PAPERS_OWN = {CLAIMS_FILE: "paper", FIGURES_FILE: "figures"}
"""Name of a file in a paper's folder that is no recipe → what it holds."""


@dataclass(frozen=True)
class SpecFile:
    """The file of a spec, of any kind in ``KEYS``. ``hides``: the one of the same id that is not read because of it."""

    kind: str
    id: str
    path: Path
    builtin: bool = False
    hides: SpecFile | None = None

    @property
    def key(self) -> str:
        """Its path inside its folder of specs: ``tasks/addition.toml``, ``baselines/gromov2023/gd.toml``."""
        place = absolute(self.path)
        root = root_of(place)
        return place.relative_to(root or place.parent.parent).as_posix()

    @property
    def name(self) -> str:
        """What a reader is told: a built-in file by its key, another one by its path."""
        return f"the built-in {self.key}" if self.builtin else str(self.path)

    @property
    def shadow(self) -> str:
        """One sentence on what the file hides; "" where it hides nothing."""
        if self.hides is None:
            return ""
        return f"{self.kind} {self.id!r} is read from {self.path}, which hides {self.hides.name}."


def absolute(path: Path) -> Path:
    """``path`` from the root of the disk, without ``..``; links are kept, because a file's id is its name."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.resolve follows links


def content(path: Path) -> bytes:
    """The bytes of a spec file, read once as long as it does not change. Errors: OSError."""
    found = path.stat()
    return _content(path, found.st_mtime_ns, found.st_size)


@functools.lru_cache(maxsize=1024)
def _content(path: Path, changed: int, size: int) -> bytes:
    return path.read_bytes()


def text_of(path: Path) -> str:
    """The text of a spec file, with or without the mark that some editors put before UTF-8. Errors: InputError, SpecError."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path}: a spec has at most {MOST_BYTES:,} bytes")
        data = content(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if data.startswith(UTF_16) or b"\0" in data:
        raise SpecError(
            [Mistake(str(path), "", "the file is not UTF-8 (it looks like UTF-16); save it as UTF-8")]
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SpecError(
            [Mistake(str(path), "", f"the file is not UTF-8 (line {line}); save it as UTF-8")]
        ) from None


def read(path: Path) -> dict[str, Any]:
    """The table in a spec file. Errors: InputError, SpecError, also where it is larger or nests deeper than a spec may."""
    try:
        document = tomllib.loads(text_of(path))
    except RecursionError:
        raise SpecError([Mistake(str(path), "", DEEP)]) from None
    except ValueError as error:  # of tomllib, or of a whole number with too many digits
        raise SpecError([Mistake(str(path), "", f"not valid TOML: {error}")]) from None
    excess = _excess(document)
    if excess:
        raise SpecError([Mistake(str(path), "", excess)])
    return document


def _excess(document: dict[str, Any]) -> str:
    """What is beyond the limits of a spec; "" for nothing. Told level by level, so that no depth is too much."""
    level: list[Any] = [document]
    for _ in range(MOST_LEVELS):
        if not level:
            return ""
        if any(type(value) is int and abs(value) >= MOST_NUMBER for value in level):
            return "a whole number of 2^63 or more is beyond every field"
        inside = [[*value.values()] if isinstance(value, dict) else value for value in level]
        level = [one for values in inside if isinstance(values, list) for one in values]
    return DEEP


def kind_of_file(path: Path) -> str:
    """The kind of spec that a file is, a key of ``KEYS``, by its place, else its keys. Errors: InputError, SpecError."""
    place = absolute(path)
    if place.name in PAPERS_OWN:
        return PAPERS_OWN[place.name]
    root = root_of(path)
    if root is not None:
        return next(kind for kind, above in _FOLDERS.items() if _fits(place.relative_to(root).parts, above))
    document = read(path)
    for kind, keys in KEYS.items():
        if any(key in document for key in keys):
            return kind
    text = (
        "neither a task (operation, domain), nor a recipe (model, loss, optimizer, learner or extends), nor a file of claims "
        "([paper]) or figures ([[figure]]), nor a track ([[workload]]) or a submission to one (tuned)"
    )
    raise SpecError([Mistake(str(path), "", text)])


def id_of(kind: str, path: Path) -> str:
    """The id that a file must have: its name, a recipe's after its folder's; of a paper and its figures the folder's name."""
    place = absolute(path)
    if kind in PAPERS_OWN.values():
        return place.parent.name
    return place.stem if kind in ("task", "track") else f"{place.parent.name}/{place.stem}"


_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "task": ("tasks",),
    "track": ("tasks", TRACKS),
    "submission": ("tasks", TRACKS, ""),
    "baseline": ("baselines", ""),
}
"""Kind of spec → the folders above its files, from the root on; "" is one of any name."""


def _fits(parts: tuple[str, ...], above: tuple[str, ...]) -> bool:
    """Whether a path from the root on lies in these folders."""
    return len(parts) == len(above) + 1 and all(
        name in ("", part) for name, part in zip(above, parts, strict=False)
    )


def root_of(path: Path) -> Path | None:
    """The folder of specs in whose ``tasks/`` or ``baselines/<paper>/`` a file lies; None for a file elsewhere."""
    parts = absolute(path).parts
    for above in _FOLDERS.values():
        own = parts[-len(above) - 1 :]
        if len(parts) > len(own) and _fits(own, above):
            return Path(*parts[: -len(own)])
    return None


def toml_in(folder: Path, pattern: str = "*.toml") -> Iterator[Path]:
    """The TOML files that match, in order. Names that begin with a dot belong to editors and notebooks, not to specs."""
    for path in sorted(folder.glob(pattern)):
        inside = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") for part in inside):
            yield path


def is_root(folder: Path) -> bool:
    """Whether a folder holds specs in the order that ``specs`` asks for."""
    return (folder / "tasks").is_dir() or (folder / "baselines").is_dir()


def in_root(root: Path, *, builtin: bool = False) -> Iterator[SpecFile]:
    """The specs of a folder with ``tasks/`` and ``baselines/<paper>/``."""
    tasks = root / "tasks"
    for kind, found in (
        ("task", toml_in(tasks)),
        ("track", toml_in(tasks / TRACKS)),
        ("submission", toml_in(tasks / TRACKS, "*/*.toml")),
    ):
        for path in found:
            yield SpecFile(kind, id_of(kind, path), path, builtin)
    for path in toml_in(root / "baselines", "*/*.toml"):
        kind = PAPERS_OWN.get(path.name, "baseline")
        yield SpecFile(kind, id_of(kind, path), path, builtin)


def in_folder(folder: Path) -> Iterator[SpecFile]:
    """The specs that lie side by side in a folder of no order; a file that is none is left out."""
    for path in toml_in(folder):
        try:
            kind = kind_of_file(path)
        except GrokbenchError:
            continue
        yield SpecFile(kind, id_of(kind, path), path)


def below(folder: Path) -> list[Path]:
    """Every spec file below a folder, or of its ``tasks/`` and ``baselines/`` where it has them. Errors: InputError."""
    found = [file.path for file in in_root(folder)] if is_root(folder) else list(toml_in(folder, "**/*.toml"))
    if not found:
        raise InputError(f"{folder}: no spec file (*.toml) lies in this folder")
    return found
