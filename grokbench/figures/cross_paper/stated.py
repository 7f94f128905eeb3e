"""The experiments that the figures show, and what tells their arms apart."""

from __future__ import annotations

import math

from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.curves import loss_peak_position
from grokbench.specs.types import Recipe

PEAKS = {  # experiment → network and optimizer, a line each
    "gd": "Gromov, mean-field\ngradient descent",
    "gd-30": "Gromov, mean-field\ngradient descent",
    "adamw-mean-field": "Gromov, mean-field\nAdamW",
    "adamw": "Gromov, folded\nAdamW",
    "adamw-wd5": "Gromov, folded\nAdamW, decay 5",
    "transformer": "Nanda\nAdamW, decay 1",
    "transformer-first": "Nanda, earlier seeds\nAdamW, decay 1",  # those of gd-30
}
LATE, EARLY = 0.75, 0.5  # what Gromov's claim asks of the place of the peak, at least, and Nanda's, at most

SQUARES = ("adamw", "adamw-wd5", "adamw-wd5-80")
RELU = ("relu-no-decay", "relu", "relu-90", "relu-embedding", "relu-embedding-90", "relu-scalars")
HU = (
    "mlp-half",
    "mlp-decay-half",
    "mlp-embedding-decay-half",
    "mlp-embedding-decay-90",
    "mlp-scalars-decay-half",
    "mlp-30",
    "mlp-decay-30",
)

DECAY = {  # pair → experiments with weight decay and without
    "Gromov's network,\ngradient descent": (None, "gd"),
    "Gromov's network,\nAdamW": ("adamw-wd5", "adamw"),
    "Nanda's\nTransformer": ("transformer", "transformer-no-decay"),
    "Power's decoder\non division": ("division", "division-no-decay"),
}
DECAY_AT_END = ("b-adamw-half", "b-adam-half")

QUADRATIC = {  # experiment → network and optimizer
    "quadratic-decay": "Gromov, AdamW, decay 5",
    "decoder-quadratic": "Power's decoder",
    "gd-quadratic": "Gromov, gradient descent",
    "gd-quadratic-half": "Gromov, gradient descent",
}

FRACTIONS = {"decoder-fractions": "Power's decoder", "b-fractions": "Hu's Transformer"}
NEAR_HALF = (0.45, 0.6)  # where Hu et al. have the largest delay, as the claims ask

_ENCODINGS = {"one-hot": "unit vectors", "scalars": "numbers", "embedding": "embedding"}


def view(cell: Cell, *more: Cell) -> SeedView:
    """What a measure reads: cells of one seed as its only arm."""
    return SeedView(cell[0], ((cell, *more),))


def peak_place(cell: Cell) -> float:
    """Step of the test loss's peak over the onset step, as the claims take it; nan without an onset."""
    place = loss_peak_position(view(cell))
    assert isinstance(place, float)
    return place if math.isfinite(place) else math.nan


def decay_of(recipe: Recipe) -> float:
    """The weight decay of a recipe."""
    return float(recipe.optimizer["weight_decay"])


def network(recipe: Recipe) -> str:
    """What an MLP is made of, a line each: encoding, activation and loss, weight decay."""
    squares = recipe.model["kind"] == "quadratic-mlp"
    encoding = "unit vectors" if squares else _ENCODINGS[str(recipe.model["encoding"])]
    loss = {"mse": "squared error", "cross-entropy": "cross-entropy"}[str(recipe.loss["kind"])]
    decay = decay_of(recipe)
    return "\n".join(
        (encoding, "squares" if squares else "ReLU", loss, f"decay {decay:g}" if decay else "no decay")
    )
