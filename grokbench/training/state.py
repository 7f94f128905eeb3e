"""What changes while a trial trains, as plain values and arrays, so that it can be kept and put back. No pickle.

``taken`` reads it out of objects and ``put`` writes it into objects of the same make, which begin a trial anew: tensors are
filled where they lie, so that whatever shares their memory goes on sharing it. An object names what changes in it in ``KEPT``, a
tuple of attributes; of one without it, such as an update rule from outside, every attribute is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grokbench.training.taken import Node, Taken, UnkeptError

PLAIN = (bool, int, float, str, type(None))
LEAST_TABLE = 16  # rows from which on a list of equal rows is kept by its columns


class Each(list[Any]):
    """A list with an entry for each trial of a batch."""


def taken(value: Any) -> Taken:
    """The state of a value. Errors: UnkeptError."""
    found = Taken()
    found.node = _Taking(found.arrays).node(value)
    return found


def put(state: Taken, value: Any) -> Any:
    """``value`` with the state put into it; a new value where it cannot be changed. Errors: UnkeptError where they do not fit."""
    return _Putting(state.arrays).put(state.node, value)


class _Taking:
    def __init__(self, arrays: list[np.ndarray[Any, Any]]) -> None:
        self._arrays, self._open = arrays, set[int]()

    def node(self, value: Any) -> Node:
        if type(value) in PLAIN:
            return value
        if isinstance(value, np.generic):
            return {"number": str(value.dtype), **self._array(np.asarray(value))}
        if isinstance(value, Tensor):
            return {
                "tensor": str(value.dtype),
                **self._array(value.detach().cpu().contiguous().view(-1).numpy()),
                "shape": [*value.shape],
            }
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, torch.Generator):
            return {"torch": self._array(value.get_state().numpy())["array"]}
        if isinstance(value, np.random.Generator):
            return {"stream": self.node(value.bit_generator.state)}
        if isinstance(value, Mapping):
            return {"map": [[self.node(key), self.node(own)] for key, own in value.items()]}
        if isinstance(value, Each):
            return {"each": [self.node(own) for own in value]}
        if isinstance(value, list | tuple):
            return self._table(value) or {
                "list": [self.node(own) for own in value],
                "tuple": isinstance(value, tuple),
            }
        return {"object": self._object(value)}

    def _array(self, value: np.ndarray[Any, Any]) -> Node:
        if value.dtype.kind not in "biufc":
            raise UnkeptError(f"an array of {value.dtype} cannot be kept")
        self._arrays.append(np.array(value, order="C"))
        return {"array": len(self._arrays) - 1}

    def _table(self, value: Any) -> Node:
        """A list of many rows of as many numbers each, by its columns; None for any other list."""
        if not isinstance(value, list) or len(value) < LEAST_TABLE or not isinstance(value[0], tuple):
            return None
        kinds = [type(one) for one in value[0]]
        if not kinds or not set(kinds) <= {int, float, bool}:
            return None
        if any(type(row) is not tuple or [type(one) for one in row] != kinds for row in value):
            return None
        columns = [self._array(np.array(column)) for column in zip(*value, strict=True)]
        return {"rows": [one["array"] for one in columns]}

    def _object(self, value: Any) -> Node:
        if callable(value) and not hasattr(value, "KEPT"):
            raise UnkeptError(
                f"{getattr(value, '__qualname__', type(value).__name__)} is a function, whose state cannot be kept"
            )
        names = attributes(value)
        if id(value) in self._open:
            raise UnkeptError(f"{type(value).__name__} holds itself")
        self._open.add(id(value))
        found = {name: self.node(getattr(value, name)) for name in names}
        self._open.discard(id(value))
        return found


def attributes(value: Any) -> tuple[str, ...]:
    """The attributes of an object that are kept. Errors: UnkeptError for one that says nothing of its state."""
    named: tuple[str, ...] | None = getattr(type(value), "KEPT", None)
    if named is not None:
        return tuple(name for name in named if hasattr(value, name))
    if not hasattr(value, "__dict__"):
        raise UnkeptError(f"the state of a {type(value).__name__} cannot be kept")
    return tuple(vars(value))


class _Putting:
    def __init__(self, arrays: list[np.ndarray[Any, Any]]) -> None:
        self._arrays = arrays

    def put(self, node: Node, into: Any) -> Any:
        if type(node) in PLAIN:
            return node
        ((kind, own), *_) = node.items()
        return getattr(self, f"_{kind}")(own, node, into)

    def _number(self, own: Any, node: Node, into: Any) -> Any:
        return self._arrays[node["array"]][()]

    def _array(self, own: Any, node: Node, into: Any) -> Any:
        found = self._arrays[own]
        if (
            isinstance(into, np.ndarray)
            and (into.shape, into.dtype) == (found.shape, found.dtype)
            and into.flags.writeable
        ):
            into[...] = found
            return into
        return found.copy()

    def _tensor(self, own: Any, node: Node, into: Any) -> Any:
        found = torch.from_numpy(self._arrays[node["array"]].copy()).view(node["shape"])
        if isinstance(into, Tensor) and (into.shape, into.dtype) == (found.shape, found.dtype):
            with torch.no_grad():
                into.copy_(found)
            return into
        return found

    def _torch(self, own: Any, node: Node, into: Any) -> Any:
        into.set_state(torch.from_numpy(self._arrays[own].copy()))
        return into

    def _stream(self, own: Any, node: Node, into: Any) -> Any:
        into.bit_generator.state = self.put(own, None)
        return into

    def _map(self, own: Any, node: Node, into: Any) -> Any:
        here = into if isinstance(into, Mapping) else {}
        found = {}
        for key, value in own:
            name = self.put(key, None)
            found[name] = self.put(value, here.get(name))
        if isinstance(into, dict):
            into.clear()
            into.update(found)
            return into
        return found

    def _list(self, own: Any, node: Node, into: Any) -> Any:
        here = into if isinstance(into, list | tuple) and len(into) == len(own) else [None] * len(own)
        found = [self.put(value, there) for value, there in zip(own, here, strict=True)]
        return self._in(found, into, node["tuple"])

    def _each(self, own: Any, node: Node, into: Any) -> Any:
        if not isinstance(into, Each) or len(into) != len(own):
            raise UnkeptError(f"a state of {len(own)} trials does not fit another number of them")
        into[:] = [self.put(value, there) for value, there in zip(own, into, strict=True)]
        return into

    def _rows(self, own: Any, node: Node, into: Any) -> Any:
        found = list(zip(*(self._arrays[i].tolist() for i in own), strict=True))
        return self._in(found, into, False)

    def _in(self, found: list[Any], into: Any, fixed: bool) -> Any:
        if fixed:
            return tuple(found)
        if isinstance(into, list):
            into[:] = found
            return into
        return found

    def _object(self, own: Any, node: Node, into: Any) -> Any:
        named = getattr(type(into), "KEPT", None)
        strange = [name for name in own if name.startswith("__") or (named is not None and name not in named)]
        if into is None or strange or not {*attributes(into)} <= {*own}:
            raise UnkeptError(f"a state of {', '.join(own)} does not fit {type(into).__name__}")
        for name, value in own.items():
            setattr(into, name, self.put(value, getattr(into, name, None)))
        return into
