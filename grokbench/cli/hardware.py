"""The options that say how trials are trained, and where."""

from __future__ import annotations

import click

from grokbench.cli.options import F


def engine(function: F) -> F:
    """``--engine NAME``."""
    return click.option(
        "--engine",
        type=click.Choice(["auto", "fast", "plain", "batched"]),
        default="auto",
        show_default=True,
        help="How to train: auto takes hand-written steps where there are any, and batches of small trials.",
    )(function)


def device(function: F) -> F:
    """``--device NAME``."""
    return click.option(
        "--device",
        type=click.Choice(["cpu", "cuda", "auto"]),
        default="auto",
        show_default=True,
        help="Where to train; auto takes the CPU. What can't train in a batch stays on the CPU.",
    )(function)
