"""A track of the leaderboard and the submissions to it, as values: each field with what their files may say of it.

``tasks/tracks/<track>.toml`` fixes what is trained. ``tasks/tracks/<track>/<name>.toml`` brings an optimizer, and for each
workload the step T* by which it promises to generalise. RULES.md says what is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grokbench.specs.claims import PILOTS, Section, list_of
from grokbench.specs.errors import Mistake, nearest
from grokbench.specs.fields import ID, TEXT, part, read, schema_of, tables
from grokbench.specs.fields import field as spec

SUBMISSION = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$"}
MOST_SETTINGS = 8
"""Settings that an entry may try on each workload."""
STAY = (5, 4)
"""A run has to stay until 5/4 T*, written 4 · step ≤ 5 · T* so that it never depends on rounding."""
CLAIMS_END = 1000
"""Seeds below are those of claims; tuning has its own between them and the pilots, certification its own beyond."""


@dataclass(frozen=True)
class Workload:
    """What a submission is run on. Nothing of it but the optimizer may change."""

    id: str = spec(help="what submissions and tables call it", schema=ID)
    title: str = spec(help="", schema=TEXT)
    task: str = spec(help="id of a task", schema=TEXT)
    baseline: str = spec(
        help="id of a recipe: its network, loss, split, batch, precision and cadence", schema=TEXT
    )
    alpha: float = spec(help="training fraction: share of the task's table", above=0.0, below=1.0)
    steps: int = spec(help="budget of a trial", unit="optimizer steps", least=1)
    set: Section = spec({}, help="dotted recipe or task field → value", schema={"type": "object"})


@dataclass(frozen=True)
class Track:
    """Workloads on which optimizers are compared, and the seeds that tune them (``tasks/tracks/*.toml``)."""

    id: str = spec(help="the file's name without .toml", schema=ID)
    title: str = spec(help="", schema=TEXT)
    baseline: str = spec(help="name of the submission that all others are paired with", schema=ID)
    tuning_seeds: tuple[int, ...] = spec(
        help=f"seeds on which settings are tried: neither those of claims, below {CLAIMS_END}, nor of pilots, from {PILOTS} on",
        schema=list_of({"type": "integer", "minimum": CLAIMS_END, "maximum": PILOTS - 1}, minItems=1),
    )
    workloads: tuple[Workload, ...] = tables(
        Workload,
        key="workload",
        help="what every submission is run on: nothing of it but the optimizer changes",
    )
    seeds: int = spec(
        12, help="seeds that certify, drawn from the commit that adds a submission", least=6, most=40
    )

    def workload(self, name: str) -> Workload:
        """The workload of that id."""
        return next(one for one in self.workloads if one.id == name)


@dataclass(frozen=True)
class Setting:
    """what a submission declares of one workload"""

    t_star: int = spec(
        help="T*: by this step most seeds generalise, and stay until 1.25 T*, which lies within the budget",
        unit="optimizer steps",
        least=1,
    )
    set: Section = spec(
        {}, help="dotted field of the optimizer → its value on this workload", schema={"type": "object"}
    )


@dataclass(frozen=True)
class Submission:
    """An optimizer with its promises (``tasks/tracks/<track>/*.toml``)."""

    id: str = spec(help="track/name, as the folder and the file are called", schema=SUBMISSION)
    title: str = spec(help="", schema=TEXT)
    authors: str = spec(help="who submits it", schema=TEXT)
    source: str = spec(help="where the optimizer and its numbers come from", schema=TEXT)
    tuned: str = spec(help="how its numbers and its T* were found", schema=TEXT)
    optimizer: Section = part("optimizers", help="the optimizer with its wrapper and schedule")
    grid: Mapping[str, tuple[Any, ...]] = spec(
        {},
        help=f"dotted field of the optimizer → values; every combination is tried on each workload, at most {MOST_SETTINGS}",
        schema={
            "type": "object",
            "additionalProperties": {"type": "array", "minItems": 1, "uniqueItems": True},
        },
    )
    workloads: Mapping[str, Setting] = spec(
        {},
        help="workload → its T* and settings; none before it is tuned",
        schema={"type": "object", "additionalProperties": {"type": "object", **schema_of(Setting)}},
        key="workload",
    )

    @property
    def track(self) -> str:
        """The id of its track."""
        return self.id.partition("/")[0]

    @property
    def name(self) -> str:
        """Its id without the track."""
        return self.id.partition("/")[2]


def track(document: Mapping[str, Any]) -> Track:
    """A Track from a completed document."""
    own = read(Track, document)
    workloads = tuple(Workload(**read(Workload, entry)) for entry in document["workload"])
    return Track(**own | {"workloads": workloads})


def submission(document: Mapping[str, Any]) -> Submission:
    """A Submission from a completed document."""
    own = read(Submission, document)
    grid = {name: tuple(values) for name, values in own["grid"].items()}
    settings = {name: Setting(**read(Setting, entry)) for name, entry in own["workloads"].items()}
    return Submission(**own | {"grid": grid, "workloads": settings})


def broken_track(own: Track, tasks: Sequence[str], recipes: Sequence[str], file: str) -> Iterator[Mistake]:
    """Names in a track that nothing carries, and ids used twice."""
    ids = [one.id for one in own.workloads]
    for one in own.workloads:
        for what, name, known in (("task", one.task, tasks), ("baseline", one.baseline, recipes)):
            if name not in known:
                yield Mistake(file, f"workload {one.id}.{what}", f"no {what} {name!r}", nearest(name, known))
    for name in sorted({one for one in ids if ids.count(one) > 1}):
        yield Mistake(file, f"workload {name}", "this id is used twice")


def broken_submission(own: Submission, on: Track, file: str) -> Iterator[Mistake]:
    """Workloads that the track has not, promises beyond a budget, and grids that are too large."""
    known = {one.id: one for one in on.workloads}
    for name, setting in own.workloads.items():
        where = f"workload.{name}"
        if name not in known:
            yield Mistake(file, where, f"{on.id} has no workload {name!r}", nearest(name, known))
        elif stay_until(setting.t_star) > known[name].steps:
            most = STAY[1] * known[name].steps // STAY[0]
            text = f"expected at most {most}, so that 1.25 T* lies within the budget of {known[name].steps} steps"
            yield Mistake(file, f"{where}.t_star", f"{text}; got {setting.t_star}")
    for name in known if own.workloads else ():
        if name not in own.workloads:
            yield Mistake(file, f"workload.{name}", "missing; a submission promises a T* on every workload")
    count = settings_of(own)
    if count > MOST_SETTINGS:
        yield Mistake(
            file, "grid", f"expected at most {MOST_SETTINGS} settings; its combinations are {count}"
        )


def settings_of(own: Submission) -> int:
    """How many settings a submission tries on each workload; 0 where it has no grid."""
    count = 1 if own.grid else 0
    for values in own.grid.values():
        count *= len(values)
    return count


def stay_until(t_star: int) -> float:
    """1.25 T*: the step until which a run has to stay.

    >>> stay_until(200), stay_until(6)
    (250.0, 7.5)
    """
    return t_star * STAY[0] / STAY[1]
