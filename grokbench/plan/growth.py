"""How the cost of a step grows with p, width, α and the trials of a batch: the tables ``[[growth]]`` in ``bench.toml``."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, NamedTuple

from grokbench.plan import bench, costs
from grokbench.plan.bench import Case, Run, Timing
from grokbench.plan.local import LOCAL
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial

ALPHA, TRIALS = "alpha", "trials"
"""Fields of a growth that are of no recipe or task: the training fraction, and the number of trials in a batch."""


@dataclass(frozen=True)
class Growth:
    """A case at several values of one field. axis: what the field is called beside those of other networks."""

    axis: str
    case: str
    field: str
    values: tuple[float, ...]

    def trials(self, library: Library, value: float) -> tuple[Trial, ...]:
        """What is timed at a value: a trial, or a batch."""
        (case,) = (one for one in bench.cases() if one.id == self.case)
        case = dataclasses.replace(case, steps=0)  # steps alone are timed
        if self.field == TRIALS:
            return case.trials(library, int(value))
        return self._changed(case, value).trials(library, 1)

    def _changed(self, case: Case, value: float) -> Case:
        if self.field == ALPHA:
            return dataclasses.replace(case, alpha=value)
        return dataclasses.replace(case, set={**case.set, self.field: value})


class Point(NamedTuple):
    """A step at one value: milliseconds of one trial, and million operations that the network states for it.

    error: why there is no time.
    """

    axis: str
    case: str
    field: str
    value: float
    engine: str = ""
    ms: float = float("nan")
    operations: float = float("nan")
    error: str = ""


def growths() -> tuple[Growth, ...]:
    """What is timed."""
    text = files("grokbench.plan").joinpath("bench.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)["growth"]
    return tuple(Growth(**{**entry, "values": tuple(entry["values"])}) for entry in found)


def points(library: Library, chosen: Sequence[Growth], run: Run = LOCAL.run) -> Iterator[Point]:
    """Time each growth at each of its values, in a process of its own, in CPU time. run: as of an executor."""
    for growth in chosen:
        for value in growth.values:
            trials, news = growth.trials(library, value), {}  # type: tuple[Trial, ...], dict[str, Any]

            def tell(index: int, own: Mapping[str, Any], news: dict[str, Any] = news) -> None:
                news.update(own)

            run([Timing(trials, plain=False)], 1, tell)
            yield _point(growth, value, trials[0], news)


def _point(growth: Growth, value: float, trial: Trial, news: Mapping[str, Any]) -> Point:
    place = growth.axis, growth.case, growth.field, value
    if "found" not in news:
        return Point(*place, error=str(news.get("error", bench.SILENT)))
    engine, _, ms, *_ = news["found"][-1]  # the batch, where there is one
    return Point(*place, engine, ms, 2 * costs.PASSES * costs.work(trial, trial.budget).step)
