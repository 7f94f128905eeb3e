"""Records as bytes: JSON for what a person reads, NPZ for curves, safetensors for weights."""

from __future__ import annotations

import dataclasses
import functools
import io
import json
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from grokbench.analysis.timing import Levels
from grokbench.specs.fields import default_of
from grokbench.specs.types import Array, Recipe, Start, TaskSpec, Trial
from grokbench.store import formats, keys, zips
from grokbench.training.record import Record
from grokbench.training.watching import version

_GROUPS = ("probes", "analyses")
CURVES = (
    "step",
    "train_loss",
    "train_accuracy",
    "test_loss",
    "test_accuracy",
)  # ``training.run``'s, without torch
FACTS = ("n_train", "n_test", "n_elements", "memoriser_baseline", "steps")  # of every record, all numbers
MOST_SPECS = 4096  # that are kept
ENDED = ("finished", "stopped", "diverged")


def trial_to_json(trial: Trial) -> dict[str, Any]:
    """A trial as a JSON document; what came later, such as ``rows``, only where the trial has another than every old one."""
    document = dataclasses.asdict(trial)
    for name in ("source", "decode", "thresholds"):
        if document["task"][name] == default_of(TaskSpec.__dataclass_fields__[name]):
            del document["task"][name]
    if trial.rows is None:
        del document["rows"]
    del document["start"]
    if trial.start is not None:
        document["start"] = {"trial": trial_to_json(trial.start.trial), "state": trial.start.state}
    if not trial.recipe.learner:
        del document["recipe"]["learner"]
    return document


def trial_from_json(document: Mapping[str, Any]) -> Trial:
    """The trial that :func:`trial_to_json` wrote. Errors: one of ``zips.DAMAGE`` where it wrote none of this."""
    before = document.get("start")
    trial = Trial(
        task=_task(json.dumps(document["task"])),
        recipe=_recipe(json.dumps(document["recipe"])),
        alpha=document["alpha"],
        seed=document["seed"],
        budget=document["budget"],
        horizon=document["horizon"],
        rows=document.get("rows"),
        probes=tuple(document.get("probes", ())),
        snapshots=tuple(document.get("snapshots", ())),
        analyses=tuple(sorted(document.get("analyses", ()))),
        start=None if before is None else Start(trial_from_json(before["trial"]), before["state"]),
    )
    keys.key(_fitting(trial))
    return trial


@functools.lru_cache(MOST_SPECS)
def _task(text: str) -> TaskSpec:
    """One value for all records of a task, so that what is worked out for it is worked out once."""
    found = _fitting(TaskSpec(**json.loads(text)))
    if not all(_fits(level, float) for level in Levels(**found.thresholds)):
        raise ValueError("its thresholds are no numbers")
    return found


@functools.lru_cache(MOST_SPECS)
def _recipe(text: str) -> Recipe:
    return _fitting(Recipe(**json.loads(text)))


_T = TypeVar("_T", TaskSpec, Recipe, Trial)

_KINDS = {kind: typing.get_type_hints(kind) for kind in (TaskSpec, Recipe, Trial)}


def _fitting(made: _T) -> _T:
    """What was made of a document, if each field is of its declared kind. Errors: ValueError where one is not."""
    for name, kind in _KINDS[type(made)].items():
        if not _fits(getattr(made, name), kind):
            raise ValueError(f"its {name!r} cannot be {getattr(made, name)!r:.100}")
    return made


def _fits(value: object, kind: Any) -> bool:
    """Whether a value is of an annotated kind; a whole number is a float, and a truth value no number."""
    if isinstance(kind, types.UnionType):
        return any(_fits(value, one) for one in typing.get_args(kind))
    plain = typing.get_origin(kind) or kind
    if plain is tuple:
        return isinstance(value, tuple) and all(_fits(one, typing.get_args(kind)[0]) for one in value)
    if plain in (int, float):
        return type(value) in (int, plain)
    return isinstance(value, plain)


def head(record: Record) -> dict[str, Any]:
    """Everything of a record but its arrays."""
    return {
        "format_version": formats.FORMAT_VERSION,
        "key": keys.key(record.trial),
        "trial": trial_to_json(record.trial),
        "outcome": record.ended,
        "analyses": {name: version(name) for name in record.analyses},
        "facts": _plain(record.facts),
        "environment": _plain(record.environment),
        "cost": _plain(record.cost),
        "error": record.error,
        "content": record.content,
        "training_version": keys.TRAINING_VERSION,
    }


def _plain(table: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in table.items():
        item = value.item() if isinstance(value, np.generic) else value
        out[name] = None if isinstance(item, float) and not math.isfinite(item) else item
    return out


def label(record: Record, step: int | None = None) -> dict[str, str]:
    """What a file of weights says of itself: enough to build its network, and where it came from."""
    trial = record.trial
    described = {
        "model": dict(trial.recipe.model),
        **({"learner": dict(trial.recipe.learner)} if trial.recipe.learner else {}),
        "n_elements": record.facts["n_elements"],
        "task": {"operation": trial.task.operation, "domain": dict(trial.task.domain)},
        "recipe": trial.recipe.id,
        "alpha": trial.alpha,
        "seed": trial.seed,
        "step": record.facts["steps"] if step is None else step,
    }
    return {"grokbench": json.dumps(described, sort_keys=True)}


def pack_weights(record: Record, step: int | None = None) -> bytes:
    """The final weights, or the snapshot at ``step``, as a safetensors file that says whose they are."""
    from safetensors.numpy import save

    weights = record.weights if step is None else record.snapshots[step]
    return save(dict(weights), label(record, step))


def arrays(record: Record) -> dict[str, Array]:
    """Curves, probes and analyses under slash-separated names."""
    flat = {f"curves/{name}": np.asarray(column) for name, column in record.curves.items()}
    for group in _GROUPS:
        for name, columns in getattr(record, group).items():
            for column, values in columns.items():
                flat[f"{group}/{name}/{column}"] = _single(np.asarray(values))
    return flat


def _single(values: Array) -> Array:
    """What was looked at is kept in single precision, curves in double."""
    return values.astype(np.float32) if values.dtype == np.float64 else values


def pack_arrays(flat: Mapping[str, Array], *, compress: bool) -> bytes:
    """NPZ bytes; without compression where something around them compresses."""
    buffer = io.BytesIO()
    (np.savez_compressed if compress else np.savez)(buffer, allow_pickle=False, **flat)
    return buffer.getvalue()


def unpack(
    document: Mapping[str, Any],
    data: bytes,
    weights: Mapping[str, Array] | None = None,
    snapshots: Mapping[int, Mapping[str, Array]] | None = None,
) -> Record:
    """The record that :func:`head` and :func:`arrays` came from, less analyses of another version.

    Analyses whose arrays an archive left out are there, without arrays. An older format is read as well. Errors:
    NewerFormatError; one of ``zips.DAMAGE`` where it is damaged.
    """
    format_, document = document["format_version"], formats.upgraded(document)
    _check(document)
    groups: dict[str, dict[str, dict[str, Array]]] = {group: {} for group in _GROUPS}
    curves: dict[str, Array] = {}
    for name, values in zips.arrays(data).items():
        group, *rest = formats.array_name(name, format_).split("/")
        if group == "curves":
            curves[rest[0]] = values
        else:
            groups[group].setdefault(rest[0], {})[rest[1]] = _single(values)
    _check_curves(curves)
    made_by = document["analyses"]
    current = {name: groups["analyses"].get(name, {}) for name in made_by if made_by[name] == version(name)}
    return Record(
        trial=trial_from_json(document["trial"]),
        curves=curves,
        weights=weights or {},
        snapshots=snapshots or {},
        probes=groups["probes"],
        analyses=current,
        ended=document["outcome"],
        **{name: document[name] for name in ("facts", "environment", "cost", "error", "content")},
    )


def _check(document: Mapping[str, Any]) -> None:
    """That what every reader of a record takes for granted is there. Errors: ValueError, KeyError or TypeError where not."""
    for name in ("facts", "environment", "cost", "analyses"):
        if not isinstance(document[name], dict):
            raise ValueError(f"its {name!r} is no table")
    numbers = [*document["cost"].values(), *(document["facts"][name] for name in FACTS)]
    if not all(_fits(value, float) for value in numbers):
        raise ValueError("a fact, or what it cost, is no number")
    if document["outcome"] not in ENDED:
        raise ValueError(f"{document['outcome']!r} is no way for a trial to end")
    if not isinstance(document["content"], str) or not isinstance(document["error"], str | None):
        raise ValueError("its 'content' or its 'error' is no text")


def _check_curves(curves: Mapping[str, Array]) -> None:
    """Errors: ValueError or KeyError where a curve of every record is missing, or not as long as the others."""
    if {curves[name].shape for name in CURVES} != {(len(curves["step"]),)} or not len(curves["step"]):
        raise ValueError("its curves are not of one length")
