"""What a kind of figure promises: nothing without runs, a picture with a title and names on its axes with them."""

from __future__ import annotations

from typing import Any

from grokbench import figures, parts
from grokbench.contract.measures import a_run
from grokbench.contract.saying import Promise, require
from grokbench.figures.fields import Fields
from grokbench.figures.style import WIDTH, own_look
from grokbench.measures.cells import Cell

DOTTED = {"x": "alpha", "down": "optimizer.weight_decay"}


def _own(part: parts.Part) -> Fields:
    """A figure of that kind over one experiment, with T_gen on its axis where it needs something there."""
    kind: figures.Kind = parts.load(part)
    table: dict[str, Any] = {
        "kind": part.name,
        "id": "one",
        "title": "A finding",
        "experiments": {"runs": "runs"},
    }
    known = set(kind.fields.__dataclass_fields__)
    required = {key: value for key, value in DOTTED.items() if key in known and kind.panels}
    wanted = {"y": ["t-gen"]} if kind.panels else {}
    return figures.written({**table, **required, **wanted})


def draws_nothing_without_runs(part: parts.Part) -> None:
    """None where no run is there, or only one that failed."""
    for cells in ({}, {"runs": ()}):
        require(figures.figure(part.name, _own(part), cells) is None, f"{part} draws a picture without a run")


def draws_runs_with_a_title_and_named_axes(part: parts.Part) -> None:
    """A picture no wider than a page, whose axes are named; a kind that needs an analysis or a probe may draw none."""
    cells = {"runs": tuple(Cell(seed, {"alpha": 0.5}, a_run()) for seed in range(2))}
    with own_look():
        found = figures.figure(part.name, _own(part), cells)
        if found is None:
            return
        found.draw_without_rendering()
    require(found.get_figwidth() <= WIDTH + 0.01, f"{part} draws a picture wider than a page")
    axes = [ax for ax in found.axes if ax.get_label() != "<colorbar>"]
    require(any(ax.get_xlabel() or ax.get_xticklabels() for ax in axes), f"{part} names no level axis")
    require(any(ax.get_ylabel() for ax in axes), f"{part} names no upright axis")


CHECKS: tuple[Promise, ...] = (
    ("draws nothing without runs", draws_nothing_without_runs),
    ("draws runs with a title and named axes", draws_runs_with_a_title_and_named_axes),
)
