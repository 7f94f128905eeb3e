"""Analyses of weights by name: the version of their numbers, and the trials that each is for."""

from __future__ import annotations

from grokbench.analysis import spectra
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import Recipe, TaskSpec
from grokbench.tasks.domain import modulus
from grokbench.tasks.trained import check_true_labels

ANALYSES = {"progress": 1, "circuit": 1, "circles": 1}
"""Name → version; raise it whenever the numbers of that analysis change."""

MODELS = {
    "progress": "one-layer-transformer",
    "circuit": "one-layer-transformer",
    "circles": "decoder-transformer",
}
"""Analysis → the kind of network whose weights it reads."""
SUMS = ("progress", "circuit")
"""Analyses whose sum directions assume the operation x + y."""

ROWS = ("progress",)
"""Analyses that measure training rows against x∘y, and not against the labels that were trained on."""


def check_analysis(name: str, task: TaskSpec, recipe: Recipe) -> int:
    """p of a trial that the analysis ``name`` is for; cheap enough to ask before training.

    Raises UnknownNameError for another name; InputError for another kind of network, another domain, an even p, an operation
    that the analysis does not assume, or corrupted labels where it cannot honour them.
    """
    if name not in ANALYSES:
        raise UnknownNameError("analysis", name, ANALYSES)
    kind, p = recipe.model.get("kind"), modulus(task)
    if kind != MODELS[name]:
        raise InputError(f"analysis {name!r} is for the model kind {MODELS[name]!r}, not {kind!r}")
    if p is None:
        raise InputError(
            f"analysis {name!r} is for residues modulo p ('integers-mod'), not for {task.domain['kind']!r}"
        )
    if name in ROWS:
        check_true_labels(recipe, f"analysis {name!r}")
    spectra.n_frequencies(p)
    if name in SUMS and "".join(task.operation.split()) != "x+y":
        raise InputError(f"analysis {name!r} is for the operation 'x + y', not {task.operation!r}")
    return p
