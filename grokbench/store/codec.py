"""Records as bytes: JSON for what a person reads, NPZ for curves, safetensors for weights."""

from __future__ import annotations

import dataclasses
import io
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from grokbench.specs.types import Array, Recipe, TaskSpec, Trial
from grokbench.store import keys
from grokbench.training.record import Record
from grokbench.training.versions import ANALYSES

FORMAT_VERSION = 1
_WATCHED = ("probes", "snapshots", "portraits", "analyses")
_GROUPS = ("probes", "portraits", "analyses")


def trial_to_json(trial: Trial) -> dict[str, Any]:
    """A trial as a JSON document; ``rows``, ``learner`` and ``source`` only where the trial has another than every old one."""
    document = dataclasses.asdict(trial)
    if trial.task.source == {"kind": "table"}:
        del document["task"]["source"]
    if trial.rows is None:
        del document["rows"]
    if not trial.recipe.learner:
        del document["recipe"]["learner"]
    return document


def trial_from_json(document: Mapping[str, Any]) -> Trial:
    """The trial that :func:`trial_to_json` wrote."""
    optional: dict[str, Any] = {name: tuple(document[name]) for name in _WATCHED if name in document}
    if "rows" in document:
        optional["rows"] = document["rows"]
    return Trial(
        task=TaskSpec(**document["task"]),
        recipe=Recipe(**document["recipe"]),
        alpha=document["alpha"],
        seed=document["seed"],
        budget=document["budget"],
        horizon=document["horizon"],
        **optional,
    )


def head(record: Record) -> dict[str, Any]:
    """Everything of a record but its arrays."""
    return {
        "format_version": FORMAT_VERSION,
        "key": keys.key(record.trial),
        "trial": trial_to_json(record.trial),
        "outcome": record.ended,
        "analyses": {name: ANALYSES[name] for name in record.analyses},
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
    """Curves, probes, portraits and analyses under slash-separated names."""
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
    """The record that :func:`head` and :func:`arrays` came from, less analyses of another version."""
    groups: dict[str, dict[str, dict[str, Array]]] = {group: {} for group in _GROUPS}
    curves: dict[str, Array] = {}
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        for name in stored.files:
            group, *rest = name.split("/")
            if group == "curves":
                curves[rest[0]] = stored[name]
            else:
                groups[group].setdefault(rest[0], {})[rest[1]] = _single(stored[name])
    current = {
        name for name, version in document.get("analyses", {}).items() if version == ANALYSES.get(name)
    }
    return Record(
        trial=trial_from_json(document["trial"]),
        curves=curves,
        weights=weights or {},
        snapshots=snapshots or {},
        probes=groups["probes"],
        portraits=groups["portraits"],
        analyses={name: arrays for name, arrays in groups["analyses"].items() if name in current},
        ended=document["outcome"],
        **{name: document[name] for name in ("facts", "environment", "cost", "error", "content")},
    )
