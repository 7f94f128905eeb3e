"""Figures checked beyond their schema: names of experiments, measures, fields and figures that there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from grokbench import figures, parts
from grokbench.figures.data import fields_in, value_of
from grokbench.figures.fields import Fields, Quantity, ends_of
from grokbench.measures import argument_faults, measure_names
from grokbench.specs.errors import GrokbenchError, Mistake, nearest
from grokbench.specs.loader import Library
from grokbench.specs.types import Paper, Trial

Wrong = tuple[str, str, str | None]  # field, sentence, nearest name


def claimed_figure_mistakes(paper: Paper, file: str) -> Iterator[Mistake]:
    """Claims that ask for a figure that nothing draws."""
    known = figures.registry(paper)
    for claim in paper.claims:
        if claim.figure is not None and claim.figure_in(known) is None:
            names = sorted({*known, "curves"})
            text = f"no figure {claim.figure!r}; there are {', '.join(names)}"
            yield Mistake(file, f"claim {claim.id}.figure", text, nearest(claim.figure, names))


def figure_mistakes(library: Library, paper: Paper, file: str) -> Iterator[Mistake]:
    """Everything that its schema cannot say of a paper's figures."""
    ids = [table["id"] for table in paper.figures]
    for name in sorted({one for one in ids if ids.count(one) > 1}):
        yield Mistake(file, f"figure {name}", "this id is used twice")
    trials = dict(_trials(library, paper))
    for table in paper.figures:
        _, own = figures.registry(paper)[table["id"]]
        whole = own if not own.separate else _whole(paper, own.id)
        for field, text, near in _wrong(parts.find("figures", table["kind"]), whole, paper, trials):
            yield Mistake(file, f"figure {own.id}.{field}", text, near)


def _whole(paper: Paper, name: str) -> Fields:
    return figures.written(next(table for table in paper.figures if table["id"] == name))


def _trials(library: Library, paper: Paper) -> Iterator[tuple[str, Trial]]:
    """A trial of each experiment, as far as its specs can be read."""
    for one in paper.experiments:
        try:
            task, recipe = library.resolve(one.task, one.baseline, one.set)
        except GrokbenchError:
            continue  # told of elsewhere
        yield one.id, Trial(task, recipe, alpha=0.5, seed=0, budget=1)


def _wrong(kind: figures.Kind, own: Fields, paper: Paper, trials: Mapping[str, Trial]) -> Iterator[Wrong]:
    known = [experiment.id for experiment in paper.experiments]
    for name in own.experiments:
        if name not in known:
            yield "experiments", f"no experiment {name!r}", nearest(name, known)
    if kind.panels and not any(panel.y for panel in own.drawn):
        yield "y", "missing; a figure of this kind says what is drawn, here or in its panels", None
    dotted = [
        (f"experiments.{name}", name, field)
        for name, text in own.experiments.items()
        for field in fields_in(text)
    ]
    dotted += [(field, name, value) for field in ("x", "down") if kind.bare == "measure" and (value := getattr(own, field, ""))
               for name in own.experiments]  # fmt: skip
    for where, experiment, field in dotted:
        if experiment in trials and value_of(trials[experiment], field) is None:
            yield where, f"{experiment} has no field {field!r}", None
    wanted = ("measure", "array") if kind.bare == "measure" else ("series",)
    for i, panel in enumerate(own.drawn):
        at = f"panel[{i}]." if own.panel else ""
        for name in (*panel.only, *(one for mark in panel.mark for one in mark.experiments)):
            if name not in own.experiments:
                yield (
                    f"{at}only",
                    f"{name!r} is none of the figure's experiments",
                    nearest(name, list(own.experiments)),
                )
        for one in panel.y:
            yield from _quantity(f"{at}y", one, wanted, known)
        for mark in panel.mark:
            for place in (mark.x, mark.y):
                for end in ends_of(place) if place is not None else ():
                    if isinstance(end, Quantity):
                        yield from _quantity(f"{at}mark", end, ("measure", "array"), known)
    for one in (
        *getattr(own, "above", ()),
        *([getattr(own, "over", None)] if getattr(own, "over", None) else []),
    ):
        yield from _quantity("above", one, ("measure", "array"), known)


def _quantity(where: str, one: Quantity, wanted: tuple[str, ...], experiments: list[str]) -> Iterator[Wrong]:
    given = [name for name in ("measure", "series", "array") if getattr(one, name)]
    if len(given) != 1 or given[0] not in wanted:
        yield where, f"expected a {' or an '.join(wanted)}; got {' and '.join(given) or 'none'}", None
        return
    if one.against and one.against not in experiments:
        yield f"{where}.against", f"no experiment {one.against!r}", nearest(one.against, experiments)
    if not one.measure:
        return
    if one.measure not in measure_names():
        text = f"no measure {one.measure!r}; `grokbench list measures` prints all"
        yield where, text, nearest(one.measure, measure_names())
        return
    for name, text, near in argument_faults(one.measure, one.args):
        yield f"{where}.args.{name}", text, near
