"""The identity of a trial: a hash of every field that the trainer reads, and of nothing else."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from typing import Any

from grokbench import parts
from grokbench.specs import schema
from grokbench.specs.types import Recipe, TaskSpec, Trial

TRAINING_VERSION = 1
"""Raised when the numbers that a trial leaves change; a test of golden trajectories says when."""
PORTRAITS = {"neuron-phases": "phases", "preactivation-power": "spectrum"}
"""Analyses that only figures read → their names in ``portraits``, where keys and files have them. Other analyses join no key."""


def canonical(value: Any) -> str:
    """Canonical JSON: sorted keys, no spaces, floats in their shortest form."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(value: Any) -> str:
    """SHA-256 of a value's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def family_fields(trial: Trial) -> dict[str, Any]:
    """What makes two trials the same training run, however long it is watched: task, recipe, α and seed.

    A part from outside, a probe as well, brings its distribution's version and the hash of its source, whatever
    ``TRAINING_VERSION`` says.
    """
    task, recipe, outside = _pruned(trial.task, trial.recipe)
    probes = (parts.outside("probes", name) for name in sorted(trial.probes))
    strangers = [
        [part.kind, part.name, part.label, part.digest]
        for part in (*outside, *(probe for probe in probes if probe is not None))
    ]
    return {
        "training_version": TRAINING_VERSION,
        "task": task,
        "recipe": recipe,
        "alpha": round(trial.alpha, 10),
        "seed": trial.seed,
        **({} if trial.rows is None else {"rows": trial.rows}),
        **({} if trial.start is None else {"start": [key(trial.start.trial), trial.start.state]}),
        **({"parts": strangers} if strangers else {}),
    }


Pruned = tuple[dict[str, Any], dict[str, Any], tuple[parts.Part, ...]]

_known: OrderedDict[tuple[int, int, int], tuple[TaskSpec, Recipe, Pruned]] = OrderedDict()
"""By the identity of task and recipe, which are kept alive here: 1 and 1.0 are equal, and write different keys."""
MOST_KNOWN = 16384


def _pruned(task: TaskSpec, recipe: Recipe) -> Pruned:
    """A task and a recipe less what stands at its default, and the parts of both that come from elsewhere."""
    name = (id(task), id(recipe), parts.registrations())
    if name not in _known:
        _known[name] = (task, recipe, _prune(task, recipe))
        if len(_known) > MOST_KNOWN:
            _known.popitem(last=False)
    return _known[name][2]


def _prune(task: TaskSpec, recipe: Recipe) -> Pruned:
    own = {
        name: getattr(recipe, name)
        for name in ("model", "loss", "optimizer", "learner", "data", "training", "evaluation")
        if getattr(recipe, name)
    }
    full = {"id": recipe.id, "title": "", "origin": "", "source": "", **own}
    pruned = schema.without_defaults("recipe", full)
    told_of = ("id", "operation", "domain", "source", "decode", "thresholds")
    named = {name: getattr(task, name) for name in told_of}
    told = schema.without_defaults("task", {"title": "", **named})
    return (
        {name: told[name] for name in named if name in told},
        {name: pruned[name] for name in own if name in pruned},
        parts.strangers(recipe, task),
    )


def family(trial: Trial) -> str:
    """Hash of :func:`family_fields`."""
    return _named(trial)[0]


def key(trial: Trial) -> str:
    """The trial's key: its family, and how long and how closely it is watched."""
    return _named(trial)[1]


_names: OrderedDict[tuple[int, int], tuple[Trial, tuple[str, str]]] = OrderedDict()
"""Family and key, by the identity of a trial, as in ``_known``: a plan asks for them again and again."""


def _named(trial: Trial) -> tuple[str, str]:
    name = (id(trial), parts.registrations())
    if name not in _names:
        fields = family_fields(trial)
        _names[name] = trial, (digest(fields), digest({**fields, **_watched(trial)}))
        if len(_names) > MOST_KNOWN:
            _names.popitem(last=False)
    return _names[name][1]


def _watched(trial: Trial) -> dict[str, Any]:
    """How long and how closely a trial is watched."""
    watched = {
        "horizon": trial.horizon,
        "probes": sorted(trial.probes) or None,
        "snapshots": sorted(trial.snapshots) or None,
        "portraits": sorted(PORTRAITS[name] for name in trial.analyses if name in PORTRAITS) or None,
    }
    kept = {name: value for name, value in watched.items() if value is not None}
    return {"budget": trial.budget, **kept}


def request(trial: Trial) -> str:
    """The trial's key and the analyses asked of its record, which can be made later and are no part of the key.

    An analysis from outside brings its distribution's version and the hash of its source.
    """
    later = sorted(name for name in trial.analyses if name not in PORTRAITS)
    outside = {name: parts.outside("analyses", name) for name in later}
    named = (
        name if (part := outside[name]) is None else f"{name} ({part.label} {part.digest})" for name in later
    )
    return " ".join([key(trial), *named])
