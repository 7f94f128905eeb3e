"""What ``figures.toml`` says of a figure: what every kind has, and what stands on its axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from grokbench.specs.fields import ID, TEXT, read
from grokbench.specs.fields import field as spec

NUMBERS = {"oneOf": [{"type": "number"}, {"type": "array", "items": {"type": "number"}, "minItems": 1}]}
WORDS = {
    "t-gen": "T_gen",
    "t-mem": "T_mem",
    "half-rise-ratio": "R½",
    "delay-ratio": "T_gen / T_mem",
    "grokking": "groks",
    "generalises": "generalises",
    "stays": "stays",
    "final-test-accuracy": "test accuracy at the end",
    "final-train-accuracy": "train accuracy at the end",
}
"""Measure → what a picture calls it."""
DOTTED = {"type": "string", "pattern": "^[a-z_0-9]+([.][a-z_0-9]+)*$"}


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """What is drawn of a run, one of ``measure``, ``series`` and ``array``; a name alone is a measure, in ``curves`` a series."""

    measure: str = spec("", help="name of a measure, as a rule gives it", schema=ID, optional=True)
    args: Mapping[str, Any] = spec({}, help="arguments of the measure", schema={"type": "object"})
    against: str = spec(
        "", help="experiment whose run of the same seed is the measure's second arm", schema=ID, optional=True
    )
    series: str = spec(
        "",
        help="numbers over the steps: a curve (test_loss), or <probe or analysis>.<column>",
        schema=TEXT,
        optional=True,
    )
    array: str = spec(
        "",
        help="several numbers a run: <analysis>.<array>, or <analysis>.<array>.<column>",
        schema=TEXT,
        optional=True,
    )
    label: str = spec("", help="what the picture calls it [default: the name]", schema=TEXT, optional=True)
    paper: tuple[float, ...] = spec(
        (), help="the paper's own number or numbers, drawn as a star", schema=NUMBERS, optional=True
    )

    @property
    def name(self) -> str:
        """What the picture calls it."""
        return self.label or WORDS.get(self.measure, self.measure) or self.series or self.array


def _of(name: str) -> dict[str, Any]:
    """A table that ``DEFINITIONS`` describes."""
    return {"type": "object", "$ref": f"#/definitions/{name}"}


def _list(name: str, help: str) -> Any:
    return spec((), help=help, schema={"type": "array", "items": _of(name), "default": []}, optional=True)


ONE = {"oneOf": [{**TEXT, "description": "a name alone"}, _of("quantity")]}
SEVERAL = {"type": "array", "items": ONE, "minItems": 1}
_END = {"oneOf": [{"type": "number"}, *ONE["oneOf"]]}
_PLACE = {"oneOf": [*_END["oneOf"], {"type": "array", "items": _END, "minItems": 2, "maxItems": 2}]}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A line or a band across a panel. A number; a measure, then the median over the seeds shown; or two of them, its ends."""

    label: str = spec(help="what the legend calls it; it says whose number it is", schema=TEXT)
    x: Any = spec(None, help="where an upright line or band stands", schema=_PLACE)
    y: Any = spec(None, help="where a level line or band lies", schema=_PLACE)
    rate: tuple[float, float] | None = spec(
        None,
        help="factors by which what is drawn grows for each 0.01 that x falls, from the median at the largest x on",
        schema={
            "type": "array",
            "items": {"type": "number", "exclusiveMinimum": 0},
            "minItems": 2,
            "maxItems": 2,
        },
    )
    experiments: tuple[str, ...] = spec(
        (),
        help="experiments whose panels have the mark; in arms and against a level one lies only where they stand [default: all]",
        schema={"type": "array", "items": ID},
        optional=True,
    )


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One pair of axes: what is drawn there, and how."""

    y: tuple[Quantity, ...] = spec((), help="what is drawn", schema=SEVERAL, optional=True)
    axis: str = spec("", help="what the upright axis is called, with its unit", schema=TEXT, optional=True)
    scale: str = spec(
        "auto",
        choices=("auto", "linear", "log"),
        help="of the numbers drawn; auto: log over more than a factor 3",
    )
    limits: tuple[float, float] | None = spec(
        None,
        help="ends of that axis",
        schema={"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    )
    heading: str = spec("", help="what stands above the panel", schema=TEXT, optional=True)
    only: tuple[str, ...] = spec(
        (),
        help="experiments that the panel shows [default: all]",
        schema={"type": "array", "items": ID},
        optional=True,
    )
    where: Mapping[str, Any] = spec(
        {}, help="dotted field → value that the runs shown have", schema={"type": "object"}
    )
    mark: tuple[Mark, ...] = _list(
        "mark", "lines and bands: what the paper says, b, T_gen; a figure's own are in all of its panels"
    )


_NAMES = {
    "oneOf": [
        {"type": "array", "items": ID, "minItems": 1, "uniqueItems": True},
        {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}},
    ]
}


@dataclass(frozen=True, kw_only=True)
class Fields(Panel):
    """A figure; it is one panel by its own ``y``, or several by ``panel``."""

    id: str = spec(help="what claims and the report call it", schema=ID)
    title: str = spec(help="the finding, in a sentence", schema=TEXT)
    caption: str = spec(
        "", help="what is drawn, and which figure of the paper it is", schema=TEXT, optional=True
    )
    experiments: Mapping[str, str] = spec(
        help="what is shown: ids, or a table id → label. Dotted fields in braces ({alpha}) stand for their values and part the "
        "runs; runs with equal labels are one series",
        schema=_NAMES,
    )
    separate: bool = spec(
        False,
        help="whether each experiment has a figure of its own, its label in the title, the second on called <id>-<experiment>",
    )
    panel: tuple[Panel, ...] = _list("panel", "its panels, where there are several")

    @property
    def drawn(self) -> tuple[Panel, ...]:
        """The panels, each with the figure's own marks first, or the figure itself as its only one."""
        return tuple(replace(one, mark=(*self.mark, *one.mark)) for one in self.panel) or (self,)

    @property
    def needs(self) -> tuple[str, ...]:
        """The experiments that the figure shows."""
        return tuple(self.experiments)


DEFINITIONS: Mapping[str, type] = {"quantity": Quantity, "mark": Mark, "panel": Panel}
"""What tables in a figure hold, by the name that its schema gives them."""
Own = TypeVar("Own")


def made(fields: type[Own], table: Mapping[str, Any], bare: str) -> Own:
    """A checked table as a value. ``bare``: what a name alone stands for, "measure" or "series"."""
    own = read(fields, table)
    for name, value in own.items():
        own[name] = value if fields is Mark else _made(name, value, bare)
    return fields(**own)


def _made(name: str, value: Any, bare: str) -> Any:
    if name == "panel":
        return tuple(made(Panel, panel, bare) for panel in value)
    if name == "mark":
        return tuple(made(Mark, mark, bare) for mark in value)
    if name in ("y", "above", "dots"):
        return tuple(quantity(one, bare if name == "y" else "measure") for one in value)
    if name in ("x_mark", "over"):
        return quantity(value, "measure") if value else None
    if name == "experiments" and not isinstance(value, Mapping):
        return dict.fromkeys(value, "")
    if name == "paper" and isinstance(value, float):
        return (value,)
    return value


def quantity(written: Any, bare: str) -> Quantity:
    """A name alone, or a table, as a quantity."""
    if isinstance(written, str):
        return Quantity(series=written) if bare == "series" else Quantity(measure=written)
    return made(Quantity, written, bare)


def ends_of(place: Any) -> Sequence[Any]:
    """The ends of a mark: one of a line, two of a band; numbers, and quantities where a name or a table stands."""
    ends = place if isinstance(place, list | tuple) else (place,)
    return [one if isinstance(one, int | float) else quantity(one, "measure") for one in ends]


__all__ = ["DEFINITIONS", "DOTTED", "Fields", "Mark", "Panel", "Quantity", "ends_of", "made", "quantity"]
