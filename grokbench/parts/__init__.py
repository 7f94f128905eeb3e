"""Finding a named part: built in, from an installed package, or registered by a script. Loads no torch for what is built in.

A package adds parts by entry points in the groups ``grokbench.networks``, ``grokbench.losses``, …; a script by
``grokbench.register``; a command takes a script with ``--plugin FILE.py``.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grokbench.parts import origins
from grokbench.parts.built_in import BUILT_IN, FIELD, NEEDS
from grokbench.parts.heads import declared, loaded
from grokbench.specs import schema
from grokbench.specs.errors import GrokbenchError, InputError, PartError, UnknownNameError

if TYPE_CHECKING:
    from grokbench.specs.types import Recipe, Section, TaskSpec

__all__ = ["BUILT_IN", "declared", "find", "listed", "loaded", "names", "part", "register", "run_plugin"]

KINDS = tuple(NEEDS)
WHOLE = ("measures", "figures", "executors")
"""Kinds whose built-in parts load no torch, so that their modules are imported as they are."""
_SINGULAR = {"losses": "loss", "analyses": "analysis"}
HERE = "grokbench"


@dataclass(frozen=True)
class Part:
    """A named part and where it comes from. ``origin`` is "grokbench", a distribution with its version, or a script's path.

    digest: SHA-256 of the source of an outside part; empty for a built-in one, whose version is ``TRAINING_VERSION``.
    label: of an outside part, what of its origin belongs to a trial's key: no path, which differs from machine to machine.
    """

    kind: str
    name: str
    load: Callable[[], Any]
    origin: str = HERE
    digest: str = ""
    label: str = ""

    def __str__(self) -> str:
        return f"the {one(self.kind)} {self.name!r} of {self.origin}"


_registered: dict[tuple[str, str], Part] = {}
_registrations = 0


def find(kind: str, name: str) -> Any:
    """The part called ``name``. Errors: UnknownNameError, and InputError for one that cannot be used."""
    return load(part(kind, name))


def load(found: Part) -> Any:
    """The object behind a part. Errors: InputError, one sentence that names the part and its package."""
    if found.origin == HERE:
        return found.load()
    try:
        value = found.load()
    except GrokbenchError:
        raise
    except Exception as error:
        raise PartError(f"{found} cannot be loaded ({type(error).__name__}: {error})") from error
    missing = [name for name in NEEDS[found.kind] if not hasattr(value, name)]
    if missing:
        raise PartError(f"{found} lacks {', '.join(missing)}; it is of type {type(value).__name__}")
    if found.kind == "measures" and not callable(value):
        raise PartError(f"{found} is no function; it is of type {type(value).__name__}")
    if "fields" in NEEDS[found.kind] and not dataclasses.is_dataclass(value.fields):
        raise PartError(f"the fields of {found} are no dataclass")
    return value


def part(kind: str, name: str) -> Part:
    """The part called ``name``, not loaded. Errors: UnknownNameError; InputError where two packages claim the name."""
    found = [other for other in listed(kind) if other.name == name]
    if not found:
        raise UnknownNameError(FIELD.get(kind, one(kind)), name, names(kind))
    if len(found) > 1:
        claims = " and ".join(sorted({other.origin for other in found}))
        raise InputError(f"two packages claim the {one(kind)} {name!r}: {claims}; uninstall one of them")
    return found[0]


def names(kind: str) -> tuple[str, ...]:
    """Names of all parts of a kind, sorted."""
    return tuple(sorted({found.name for found in listed(kind)}))


def listed(kind: str) -> tuple[Part, ...]:
    """All parts of a kind: built in, then installed, then registered."""
    return (*_built_in(kind), *_outside(kind))


def outside(kind: str, name: str) -> Part | None:
    """The part of that name where it comes from elsewhere; None for a built-in one, and for none."""
    if name in BUILT_IN.get(kind, {}):
        return None
    return next((found for found in _outside(kind) if found.name == name), None)


def strangers(recipe: Recipe, task: TaskSpec | None = None) -> tuple[Part, ...]:
    """The parts of a recipe, and of a task, that come from elsewhere."""
    tables = {
        "networks": recipe.model,
        "losses": recipe.loss,
        "optimizers": recipe.optimizer,
        "wrappers": recipe.optimizer.get("wrapper", {}),
        "learners": recipe.learner,
        "corruptions": recipe.data.get("corruption") or {},
    }
    found = (outside(kind, str(table.get("kind", ""))) for kind, table in tables.items())
    return (*(part for part in found if part is not None), *(of_task(task) if task is not None else ()))


def of_task(task: TaskSpec) -> tuple[Part, ...]:
    """The parts of a task that come from elsewhere: its domain, and what that is made of, its source and its decoding."""
    tables = {"sources": task.source, "decodings": task.decode}
    found = (outside(kind, str(own.get("kind", ""))) for kind, own in tables.items())
    return (*of_domain(task.domain), *(part for part in found if part is not None))


def of_domain(table: Section) -> tuple[Part, ...]:
    """The parts from elsewhere that a ``domain`` table names, in its lists and tables too; each once."""
    found: dict[str, Part] = {}
    waiting: list[Any] = [table]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            name = str(value.get("kind", ""))
            if (part := outside("domains", name)) is not None:
                found[name] = part
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)
    return tuple(found[name] for name in sorted(found))


def outsiders(chosen: Iterable[Part]) -> tuple[Part, ...]:
    """Those of the parts that come from elsewhere."""
    return tuple(one for one in chosen if one.origin != HERE)


@contextmanager
def blamed(strangers: Sequence[Part]) -> Iterator[None]:
    """What is raised in here becomes a PartError of one sentence that names these parts, where there are any."""
    try:
        yield
    except GrokbenchError:
        raise
    except Exception as error:
        if not strangers:
            raise
        named = " and ".join(map(str, strangers))
        raise PartError(f"{named} failed ({type(error).__name__}: {error})") from error


def register(kind: str, name: str, value: Any) -> None:
    """Add a part from Python: ``grokbench.register("losses", "focal", FOCAL)``.

    Workers have it too where the script registers it at its top level. Errors: InputError for a name that is taken,
    UnknownNameError for a kind that there is not.
    """
    if kind not in KINDS:
        raise UnknownNameError("kind of part", kind, KINDS)
    file = origins.caller("grokbench.parts")
    label = Path(file).name if Path(file).is_file() else "a session"
    found = Part(kind, name, lambda: value, file, origins.of_files([file]), label)
    known = _registered.get((kind, name))
    again = known is not None and (known.origin, known.digest) == (found.origin, found.digest)
    if not again and name in names(kind):
        raise InputError(
            f"{file} registers the {one(kind)} {name!r}; {part(kind, name).origin} has one already"
        )
    load(found)
    _registered[kind, name] = found
    global _registrations
    _registrations += 1


def registrations() -> int:
    """How many parts this process has registered, a part that was registered again included."""
    return _registrations


def run_plugin(path: str | Path) -> None:
    """Run a script that registers parts, once. Errors: InputError where it cannot be read or raises."""
    import runpy

    place = Path(path).expanduser().resolve()
    if place in _plugins:
        return
    if not place.is_file():
        raise InputError(f"plugin {path}: no such file", "plugin")
    try:
        runpy.run_path(str(place), run_name="grokbench_plugin")
    except GrokbenchError:
        raise
    except Exception as error:
        raise InputError(
            f"plugin {path}: the script raised {type(error).__name__}: {error}", "plugin"
        ) from error
    _plugins[place] = None


_plugins: dict[Path, None] = {}


def plugins() -> tuple[str, ...]:
    """Scripts that were run, for workers to run again."""
    return tuple(map(str, _plugins))


@functools.cache
def _built_in(kind: str) -> tuple[Part, ...]:
    read = loaded if kind in WHOLE else declared
    return tuple(
        Part(kind, name, functools.partial(read, target)) for name, target in BUILT_IN.get(kind, {}).items()
    )


def _outside(kind: str) -> tuple[Part, ...]:
    return (*_installed(kind), *(found for (of, _), found in _registered.items() if of == kind))


@functools.cache
def _installed(kind: str) -> tuple[Part, ...]:
    from importlib import metadata

    found = []
    for entry in metadata.entry_points(group=f"grokbench.{kind}"):
        origin = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"
        found.append(Part(kind, entry.name, entry.load, origin, origins.of_package(entry.module), origin))
    return tuple(found)


def _outside_names(kind: str) -> tuple[str, ...]:
    return tuple(found.name for found in _outside(kind))


def _outside_fields(kind: str, name: str) -> type | None:
    known = "fields" in NEEDS.get(kind, ()) and outside(kind, name) is not None
    return find(kind, name).fields if known else None


schema.look_outside(_outside_names, _outside_fields)


def one(kind: str) -> str:
    """A kind of parts in the singular."""
    return _SINGULAR.get(kind, kind.removesuffix("s"))
