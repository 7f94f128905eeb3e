"""Finding a named part: built in, from an installed package, or registered by a script. Loads no torch for what is built in.

A package adds parts by entry points in the groups ``grokbench.networks``, ``grokbench.losses``, … ; a script by
``grokbench.register``; a command takes a script with ``--plugin FILE.py``.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib
import importlib.util
import inspect
import runpy
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from grokbench.specs.errors import GrokbenchError, InputError, UnknownNameError

BUILT_IN: Mapping[str, Mapping[str, str]] = {
    "networks": {
        "quadratic-mlp": "grokbench.networks.quadratic_mlp:ARCHITECTURE",
        "analytic-quadratic-mlp": "grokbench.networks.analytic_mlp:ARCHITECTURE",
        "one-layer-transformer": "grokbench.networks.one_layer_transformer:ARCHITECTURE",
        "decoder-transformer": "grokbench.networks.decoder_transformer:ARCHITECTURE",
        "lstm": "grokbench.networks.lstm:ARCHITECTURE",
        "relu-mlp": "grokbench.networks.relu_mlp:ARCHITECTURE",
    },
    "losses": {
        "mse": "grokbench.training.losses:MSE",
        "cross-entropy": "grokbench.training.losses:CROSS_ENTROPY",
        "hinge": "grokbench.training.losses:HINGE",
    },
    "optimizers": {
        "gd": "grokbench.training.optimizers:GD",
        "adamw": "grokbench.training.optimizers:ADAMW",
        "none": "grokbench.training.optimizers:NONE",
    },
}
"""Kind → name → "module:object"."""
FIELD = {"networks": "model.kind", "losses": "loss.kind", "optimizers": "optimizer.kind"}
"""Kind → the field of a recipe that names one, for messages."""
HERE = "grokbench"


@dataclass(frozen=True)
class Part:
    """A named part and where it comes from. ``origin`` is "grokbench", a distribution with its version, or a script's path.

    digest: SHA-256 of the source file of an outside part; empty for a built-in one, whose version is ``TRAINING_VERSION``.
    """

    kind: str
    name: str
    load: Callable[[], Any]
    origin: str = HERE
    digest: str = ""


_registered: dict[tuple[str, str], Part] = {}


def find(kind: str, name: str) -> Any:
    """The part called ``name``. Errors: UnknownNameError, and GrokbenchError for one that cannot be loaded."""
    return load(part(kind, name))


def load(one: Part) -> Any:
    """The object behind a part. Errors: GrokbenchError, one sentence that names the part and its package."""
    try:
        return one.load()
    except GrokbenchError:
        raise
    except Exception as error:
        if one.origin == HERE:
            raise
        raise InputError(
            f"the {_one(one.kind)} {one.name!r} of {one.origin} cannot be loaded ({type(error).__name__}: {error})"
        ) from error


def part(kind: str, name: str) -> Part:
    """The part called ``name``, not loaded. Errors: UnknownNameError; InputError where two packages claim the name."""
    found = [one for one in listed(kind) if one.name == name]
    if not found:
        raise UnknownNameError(FIELD.get(kind, _one(kind)), name, sorted({one.name for one in listed(kind)}))
    if len(found) > 1:
        claims = " and ".join(sorted({one.origin for one in found}))
        raise InputError(f"two packages claim the {_one(kind)} {name!r}: {claims}; uninstall one of them")
    return found[0]


def names(kind: str) -> tuple[str, ...]:
    """Names of all parts of a kind, sorted."""
    return tuple(sorted({one.name for one in listed(kind)}))


def listed(kind: str) -> tuple[Part, ...]:
    """All parts of a kind: built in, then installed, then registered."""
    return (*_built_in(kind), *_installed(kind), *(p for (k, _), p in _registered.items() if k == kind))


def register(kind: str, name: str, value: Any) -> None:
    """Add a part from Python: ``grokbench.register("losses", "focal", FOCAL)``.

    Errors: InputError for a kind that there is not or a name that is taken.
    """
    if kind not in KINDS:
        raise UnknownNameError("kind of part", kind, KINDS)
    file, digest = _source(value)
    known = _registered.get((kind, name))
    if known is not None and known.digest == digest and known.origin == file:
        return  # the same script once more, as a worker runs it
    if name in names(kind):
        raise InputError(
            f"{file} registers the {_one(kind)} {name!r}, which {part(kind, name).origin} has already"
        )
    _registered[kind, name] = Part(kind, name, lambda: value, file, digest)


def run_plugin(path: str | Path) -> None:
    """Run a script that registers parts. Errors: InputError where it cannot be read or raises."""
    place = Path(path).expanduser().resolve()
    if not place.is_file():
        raise InputError(f"--plugin {path}: no such file")
    try:
        runpy.run_path(str(place), run_name="grokbench_plugin")
    except GrokbenchError:
        raise
    except Exception as error:
        raise InputError(f"--plugin {path}: the script raised {type(error).__name__}: {error}") from error
    _plugins[place] = None


_plugins: dict[Path, None] = {}


def plugins() -> tuple[Path, ...]:
    """Scripts that were run, for workers to run again."""
    return tuple(_plugins)


def _built_in(kind: str) -> Iterator[Part]:
    for name, target in BUILT_IN.get(kind, {}).items():
        yield Part(kind, name, functools.partial(declared, target))


@functools.cache
def _installed(kind: str) -> tuple[Part, ...]:
    found = []
    for entry in metadata.entry_points(group=f"grokbench.{kind}"):
        distribution = entry.dist
        origin = f"{distribution.name} {distribution.version}" if distribution else "an unknown package"
        found.append(Part(kind, entry.name, entry.load, origin, _entry_digest(entry)))
    return tuple(found)


def _entry_digest(entry: metadata.EntryPoint) -> str:
    try:
        spec = importlib.util.find_spec(entry.module)
    except (ImportError, ValueError):
        return ""
    return _file_digest(spec.origin) if spec is not None and spec.origin else ""


def _source(value: Any) -> tuple[str, str]:
    """The file that a registered object comes from, and its digest."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    file = frame.f_code.co_filename if frame is not None else ""
    return (file or "a script", _file_digest(file))


def _file_digest(file: str) -> str:
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError:
        return ""


def declared(target: str) -> Any:
    """The object at "module:name" of a built-in part, without loading torch where it is not loaded yet.

    A built-in part's file says above its first import of torch what it is; only that is run then.
    """
    name, _, attribute = target.partition(":")
    module = importlib.import_module(name) if "torch" in sys.modules else _head(name)
    return getattr(module, attribute)


def loaded(target: str) -> Any:
    """The object at "module:name", with all that its module imports."""
    name, _, attribute = target.partition(":")
    return getattr(importlib.import_module(name), attribute)


@functools.cache
def _head(name: str) -> ModuleType:
    """The part of a module above its first import of torch, as a module of its own."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"), spec.origin)
    ends = next((i for i, node in enumerate(tree.body) if _imports_torch(node)), len(tree.body))
    tree.body = tree.body[:ends]
    head = ModuleType(f"{name}:head")
    head.__file__ = spec.origin
    sys.modules[head.__name__] = head  # where dataclasses look up their annotations
    exec(compile(tree, spec.origin, "exec"), head.__dict__)
    return head


def _imports_torch(node: ast.stmt) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.split(".")[0] == "torch" for alias in node.names)
    return isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "torch"


KINDS = (
    "networks",
    "losses",
    "optimizers",
    "domains",
    "measures",
    "analyses",
    "figures",
    "executors",
)
_SINGULAR = {"losses": "loss", "analyses": "analysis"}


def _one(kind: str) -> str:
    return _SINGULAR.get(kind, kind.removesuffix("s"))
