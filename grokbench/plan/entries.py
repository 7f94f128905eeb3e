"""A track and its submissions as recipes: each workload under each optimizer, and nothing else changed."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grokbench.plan import blocks, provenance
from grokbench.plan.blocks import Block
from grokbench.plan.resolve import Task, resolve_trial
from grokbench.specs import differences, settings, values
from grokbench.specs.errors import InputError
from grokbench.specs.files import content
from grokbench.specs.loader import Library
from grokbench.specs.tracks import Submission, Track, Workload
from grokbench.specs.types import Recipe, TaskSpec, Trial
from grokbench.store import keys

TABLE = "optimizer."
"""What a submission may change."""
DECIDES = ("optimizer", "workload")
"""Tables of a submission's file that decide; the others may be written better later."""


@dataclass(frozen=True)
class Entry:
    """A submission on the workloads of its track.

    trials: workload → what is trained there but for the seed; none before it is tuned. tried: workload → the settings of its
    grid, each with the trial that tries it.
    """

    submission: Submission
    block: Block
    trials: Mapping[str, Trial]
    tried: Mapping[str, tuple[tuple[Mapping[str, Any], Trial], ...]]

    @property
    def name(self) -> str:
        """What tables call it."""
        return self.submission.name

    def t_star(self, workload: str) -> int:
        """The step by which it promises to generalise."""
        return self.submission.workloads[workload].t_star


def entry(library: Library, track: Track, name: str, word: str = "") -> Entry:
    """The submission ``track/name`` on every workload, checked as trials. Errors: GrokbenchError."""
    file = library.file("submission", name)
    own = library.submission(name)
    trials, tried = {}, {}
    for one in track.workloads:
        base = workload_spec(library, one)
        if one.id in own.workloads:
            trials[one.id] = _trial(library, one, base, own, own.workloads[one.id].set)
        tried[one.id] = tuple(
            (chosen, _trial(library, one, base, own, chosen)) for chosen in grid(own) if own.grid
        )
    return Entry(own, block(file.path, track, word), trials, tried)


def workload_spec(library: Library, one: Workload) -> tuple[TaskSpec, Recipe]:
    """The task and the recipe of a workload, whose optimizer is what it has without a submission."""
    return library.resolve(one.task, one.baseline, one.set)


def workload_trial(library: Library, one: Workload) -> Trial:
    """A workload as a trial of its own recipe. Errors: GrokbenchError for what could not be trained."""
    task, recipe = workload_spec(library, one)
    return resolve_trial(Task(task), recipe, alpha=one.alpha, seed=0, steps=one.steps, specs=library)


def grid(own: Submission) -> list[dict[str, Any]]:
    """The settings that a submission tries, in order."""
    return [dict(zip(own.grid, found, strict=True)) for found in itertools.product(*own.grid.values())]


def _trial(
    library: Library,
    one: Workload,
    base: tuple[TaskSpec, Recipe],
    own: Submission,
    changes: Mapping[str, Any],
) -> Trial:
    """A workload under a submission's optimizer. Errors: InputError where anything else would change."""
    task, recipe = base
    table = settings.given("recipe", replace(recipe, optimizer=dict(own.optimizer)))
    about = {"id": own.id, "title": own.title, "origin": "inferred", "source": own.source}
    of_task, of_recipe = settings.divided(values.settings(changes))
    label = f"{own.id} on {one.id}"
    changed_task = library.task(task, of_task)
    changed = Recipe(**settings.changed("recipe", table | about, of_recipe, label))
    arms = [{**differences.of_task(a), **differences.fields(b)} for a, b in (base, (changed_task, changed))]
    beyond = [name for name, _ in differences.differing(arms) if not name.startswith(TABLE)]
    if beyond:
        raise InputError(
            f"{label} changes {', '.join(beyond)}; a submission may change nothing but the optimizer's table"
        )
    if changed.optimizer["kind"] == "none":
        raise InputError(f"{label} trains nothing; a submission brings an optimizer")
    return resolve_trial(Task(task), changed, alpha=one.alpha, seed=0, steps=one.steps, specs=library)


def block(path: Path, track: Track, word: str = "") -> Block:
    """The seeds that certify the submission in the file ``path``, of the commit that added it: the first in which it has a T*.

    Where there is no such commit, or what decides was changed since, they are drawn from the track's id and certify nothing.
    """
    here = content(path)
    commit, then = provenance.first(path, lambda text: bool(_document(text).get("workload")))
    why = ""
    if not commit:
        why = "no commit has added it here, or this is no clone with its whole history"
    elif _deciding(here) != _deciding(then):
        why = f"it was changed since commit {commit[:12]} added it; a changed submission is a new file"
    if why:
        return Block(blocks.drawn(track.id, track.seeds, word), word, "", why)
    return Block(blocks.drawn(commit, track.seeds, word), word, commit)


def _deciding(text: bytes) -> str:
    """A hash of what decides in a submission's file."""
    document = _document(text)
    return keys.digest({name: document.get(name) for name in DECIDES})


def _document(text: bytes) -> dict[str, Any]:
    """The table in a file of an earlier commit; an empty one where it cannot be read."""
    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}


def entries(library: Library, track: Track, word: str = "", only: Sequence[str] = ()) -> tuple[Entry, ...]:
    """Every submission to a track, the one that others are paired with first. only: names of those to take beside it.

    Errors: UnknownNameError for a name that there is not.
    """
    names = [name for name in library.ids("submission") if name.startswith(f"{track.id}/")]
    first = f"{track.id}/{track.baseline}"
    wanted = (
        [first, *(name if "/" in name else f"{track.id}/{name}" for name in only)]
        if only
        else [first, *names]
    )
    for name in wanted:
        library.file("submission", name)
    return tuple(entry(library, track, name, word) for name in dict.fromkeys(wanted))
