"""What a module says of its part, read without torch: only what stands above its first import of torch is run."""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any


def declared(target: str) -> Any:
    """The object at "module:name" of a built-in part, without loading torch where it is not loaded yet.

    A built-in part's file says above its first import of torch what it is; only that is run then.
    """
    name, _, attribute = target.partition(":")
    module = importlib.import_module(name) if "torch" in sys.modules else _head(name)
    return getattr(module, attribute)


def loaded(target: str | Callable[..., Any]) -> Any:
    """The object at "module:name", with all that its module imports; what is no such text is taken as it is."""
    if not isinstance(target, str):
        return target
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
    if ends == len(tree.body):
        return importlib.import_module(name)  # its classes exist once
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
