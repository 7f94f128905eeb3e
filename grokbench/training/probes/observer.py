"""Collects what the probes of a trial say. Those of every step have a row for each; the others one on the probe cadence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from grokbench import parts
from grokbench.parts import Part
from grokbench.specs.errors import PartError
from grokbench.specs.types import Array
from grokbench.training.watching import Pass

PACKED = 4096  # rows of Python numbers that become arrays, which take a tenth of the memory


class _Series:
    """The rows of one probe."""

    KEPT = ("_names", "_rows", "_shapes", "_packed")

    def __init__(self, part: Part) -> None:
        own = parts.load(part)
        self.name, self._outsiders = part.name, parts.outsiders([part])
        self.every_step, self.counts = bool(own.every_step), bool(getattr(own, "counts", False))
        with parts.blamed(self._outsiders):
            self._look = parts.loaded(own.look)
        self._names: tuple[str, ...] = ()
        self._rows: list[tuple[Any, ...]] = []
        self._shapes: list[tuple[int, ...]] = []
        self._packed: list[dict[str, Array]] = []  # the columns of earlier rows

    def add(self, step: int, *given: Any) -> None:
        """One row. Errors: PartError for a probe from outside that fails or gives no row of numbers."""
        with parts.blamed(self._outsiders):
            row = self._look(*given)
        if self._outsiders:
            row = self._checked(row)
        if not self._names:
            self._names = ("step", *row)
        self._rows.append((step, *row.values()))
        if len(self._rows) == PACKED:
            self._packed.append(self._columns())
            self._rows.clear()

    def _checked(self, row: Any) -> dict[str, Array]:
        (part,) = self._outsiders
        if not isinstance(row, Mapping) or not row or not all(isinstance(name, str) for name in row):
            raise PartError(f"{part} gives a {type(row).__name__} where numbers by name are expected")
        found = {name: np.asarray(value) for name, value in row.items()}
        for name, value in found.items():
            if value.dtype.kind not in "biuf" or value.ndim > 1 or name == "step" or "/" in name:
                raise PartError(
                    f"{part} gives {name!r} of type {value.dtype} and shape {value.shape}; expected a number or a 1-D array"
                )
        shapes = [value.shape for value in found.values()]
        if self._names and (("step", *found), shapes) != (self._names, self._shapes):
            raise PartError(
                f"{part} gives {', '.join(found)} with the shapes {shapes} after {', '.join(self._names[1:])} with {self._shapes}"
            )
        self._shapes = shapes
        return found

    def columns(self) -> dict[str, Array]:
        """Each column of the rows as an array, ``step`` first."""
        parts = [*self._packed, self._columns()] if self._rows else self._packed
        return {name: np.concatenate([one[name] for one in parts]) for name in self._names}

    def _columns(self) -> dict[str, Array]:
        found = {name: np.array([row[i] for row in self._rows]) for i, name in enumerate(self._names)}
        return {**found, "step": found["step"].astype(np.int64)}


class Observer:
    """Collects the probes that a trial names. Errors: UnknownNameError for a name that no probe has; PartError."""

    KEPT = ("_traces", "_looks", "_last_step")

    def __init__(self, probes: Sequence[str]) -> None:
        series = [_Series(parts.part("probes", name)) for name in probes]
        self._traces = [one for one in series if one.every_step]
        self._looks = [one for one in series if not one.every_step]
        self.traces = bool(self._traces)
        self.counts = any(one.counts for one in self._traces)
        self._last_step = -1

    def trace(self, step: int, own: Pass) -> None:
        """One row of each probe of every step, before the update."""
        for one in self._traces:
            one.add(step, own)

    def look(self, step: int, weights: Callable[[], Mapping[str, Tensor]]) -> None:
        """One row of each other probe; a step that was looked at is not looked at again."""
        if step == self._last_step or not self._looks:
            return
        self._last_step = step
        arrays = {name: w.numpy() for name, w in weights().items()}
        with np.errstate(all="ignore"):  # weights of a run that diverged are what they are
            for one in self._looks:
                one.add(step, arrays)

    def probes(self) -> dict[str, dict[str, Array]]:
        """Columns of each probe; ``step`` is int64, the others as the probe gives them."""
        return {one.name: one.columns() for one in (*self._looks, *self._traces)}
