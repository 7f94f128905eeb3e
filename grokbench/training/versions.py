"""Analyses of weights by name: the version of their numbers, and the trials that each is for."""

from __future__ import annotations

from grokbench.analysis import spectra
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import Recipe, TaskSpec

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


def check_analysis(name: str, task: TaskSpec, recipe: Recipe) -> int:
    """p of a trial that the analysis ``name`` is for; cheap enough to ask before training.

    Raises UnknownNameError for another name; InputError for another kind of network, another domain, an even p, or an
    operation that the analysis does not assume.
    """
    if name not in ANALYSES:
        raise UnknownNameError("analysis", name, ANALYSES)
    kind, domain = recipe.model.get("kind"), task.domain
    if kind != MODELS[name]:
        raise InputError(f"analysis {name!r} is for the model kind {MODELS[name]!r}, not {kind!r}")
    if domain.get("kind") != "integers-mod":
        raise InputError(
            f"analysis {name!r} is for tasks on the domain 'integers-mod', not {domain.get('kind')!r}"
        )
    spectra.n_frequencies(int(domain["p"]))
    if name in SUMS and "".join(task.operation.split()) != "x+y":
        raise InputError(f"analysis {name!r} is for the operation 'x + y', not {task.operation!r}")
    return int(domain["p"])
