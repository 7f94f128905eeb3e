"""The state of a run as plain values and arrays, for those who never load torch. ``training.state`` takes it and puts it.

What differs from trial to trial of a batch lies along the first axis of tensors, or in an ``Each``. So the state of a batch can
be narrowed to some of its trials, and states of single trials can be joined to one of a batch.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

Node = Any
"""What JSON can hold. An array stands in it as {"array": its place in ``Taken.arrays``}. A table's first name says what it is."""


class UnkeptError(Exception):
    """Something whose state cannot be kept; the text is a sentence that says what."""


class UnfitError(Exception):
    """A state that was kept of something else, or damaged; what it was put into must be made anew."""


class Taken:
    """A state: ``node``, and the ``arrays`` that it refers to."""

    def __init__(self, node: Node = None, arrays: list[np.ndarray[Any, Any]] | None = None) -> None:
        self.node, self.arrays = node, [] if arrays is None else arrays


class End(NamedTuple):
    """A run as it came to its budget, before it was looked at there: what a larger budget goes on from.

    made: the environment that it ran in.
    """

    state: Taken
    made: Mapping[str, object]


def narrowed(state: Taken, which: Sequence[int], n: int) -> Taken:
    """The state of a batch of ``n`` trials, of the ones at these places alone, and without the arrays of the others."""
    if list(which) == list(range(n)):
        return state
    arrays = list(state.arrays)
    return _needed(_narrowed(state.node, list(which), n, arrays), arrays)


def joined(states: Sequence[Taken]) -> Taken:
    """The state of a batch, from the states of its trials, each of a batch of one. Errors: UnkeptError where they differ."""
    arrays: list[Any] = []
    nodes = []
    for state in states:
        nodes.append(_placed(state.node, partial(operator.add, len(arrays))))
        arrays += state.arrays
    return _needed(_joined(nodes, arrays), arrays)


def _narrowed(node: Node, which: list[int], n: int, arrays: list[Any]) -> Node:
    if not isinstance(node, dict):
        return node
    if "tensor" in node:
        shape = node["shape"]
        if shape[:1] != [n]:
            return node
        arrays.append(arrays[node["array"]].reshape(shape)[which].reshape(-1))
        return {**node, "array": len(arrays) - 1, "shape": [len(which), *shape[1:]]}
    if "each" in node:  # an entry for every trial
        return {"each": [node["each"][i] for i in which]}
    return _inside(node, lambda own: _narrowed(own, which, n, arrays))


def _joined(nodes: list[Node], arrays: list[Any]) -> Node:
    first = nodes[0]
    if not isinstance(first, dict):
        if any(type(node) is not type(first) or node != first for node in nodes):
            raise UnkeptError(f"trials whose states say {nodes} cannot go on together")
        return first
    if any(not isinstance(node, dict) or [*node] != [*first] for node in nodes):
        raise UnkeptError("trials with unlike states cannot go on together")
    if "tensor" in first:
        shape = first["shape"]
        if any(node["shape"] != shape for node in nodes):
            raise UnkeptError("trials with tensors of unlike shapes cannot go on together")
        if shape[:1] != [1]:
            return first
        arrays.append(np.concatenate([arrays[node["array"]] for node in nodes]))
        return {**first, "array": len(arrays) - 1, "shape": [len(nodes), *shape[1:]]}
    if "each" in first:
        return {"each": [one for node in nodes for one in node["each"]]}
    columns = [[own for _, own in _parts(node)] for node in nodes]
    if len({len(column) for column in columns}) > 1:
        raise UnkeptError("trials with states of unlike lengths cannot go on together")
    together = iter([_joined(list(own), arrays) for own in zip(*columns, strict=True)])
    return _inside(first, lambda own: next(together))


def _parts(node: Node) -> list[tuple[Any, Node]]:
    """The nodes in a list, a map, an object or a stream."""
    if "list" in node:
        return list(enumerate(node["list"]))
    if "map" in node:
        return [(key, own) for key, own in node["map"]]
    if "object" in node:
        return list(node["object"].items())
    return [("", node["stream"])] if "stream" in node else []


def _inside(node: Node, change: Callable[[Node], Node]) -> Node:
    """A list, a map, an object or a stream with each node in it changed; any other as it is."""
    if "list" in node:
        return {**node, "list": [change(own) for own in node["list"]]}
    if "map" in node:
        return {"map": [[key, change(own)] for key, own in node["map"]]}
    if "object" in node:
        return {"object": {name: change(own) for name, own in node["object"].items()}}
    return {"stream": change(node["stream"])} if "stream" in node else node


def _placed(node: Node, place: Callable[[int], int]) -> Node:
    """A node with its arrays at other places."""
    if not isinstance(node, dict):
        return node
    if "each" in node:
        return {"each": [_placed(own, place) for own in node["each"]]}
    if "rows" in node:
        return {"rows": [place(i) for i in node["rows"]]}
    if "torch" in node:
        return {"torch": place(node["torch"])}
    if "tensor" in node or "number" in node or "array" in node:
        return {**node, "array": place(node["array"])}
    return _inside(node, lambda own: _placed(own, place))


def _needed(node: Node, arrays: Sequence[Any]) -> Taken:
    """A state without the arrays that nothing in it refers to."""
    found: dict[int, int] = {}
    new = _placed(node, lambda i: found.setdefault(i, len(found)))
    return Taken(new, [arrays[i] for i in found])
