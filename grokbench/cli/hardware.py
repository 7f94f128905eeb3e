"""The options that say how trials are trained, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from grokbench.cli.options import INTEGER, F
from grokbench.specs.errors import InputError

if TYPE_CHECKING:
    from grokbench.plan.executor import Executor


def workers(function: F) -> F:
    """``--workers N`` and ``--scheduler ADDRESS``."""
    own = click.option(
        "--workers", type=INTEGER, help="Worker processes of one thread each [default: one a core]."
    )
    elsewhere = click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Train on the workers of this Dask scheduler: tcp://HOST:PORT, or a scheduler file.",
    )
    return own(elsewhere(function))


def executor(workers: int | None, scheduler: str | None) -> Executor:
    """What trains, by the two options. Errors: InputError where both are given."""
    if scheduler is None:
        return "local"
    if workers is not None:
        raise InputError(
            "--workers counts processes on this machine, and a scheduler has workers of its own; give one"
        )
    from grokbench.plan.cluster import Dask

    return Dask(scheduler)


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
