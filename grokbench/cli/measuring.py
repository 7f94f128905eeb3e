"""What a command says before its plan where it first has to time steps that no record has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from grokbench.cli import options

if TYPE_CHECKING:
    from grokbench.plan.expand import PlannedTrial


def measure(todo: Iterable[PlannedTrial]) -> None:
    """Time the kinds of step among ``todo`` whose cost no one knows; a few seconds. What cannot be timed stays a guess."""
    from grokbench.plan import probe

    chosen = probe.unmeasured(todo)
    if not chosen:
        return
    options.note(f"no record has the time of a step of {_names(chosen)}; timing some steps first")
    for kind, why in probe.measure(chosen).items():
        options.note(f"the cost of a step of {kind.network} is unknown ({why}); the plan guesses it")


def guessed(count: int) -> str:
    """A plan's words on trials with an unknown cost."""
    return f"; the cost of {count} trial(s) is a guess" if count else ""


def _names(kinds: Iterable[tuple[str, ...]]) -> str:
    return ", ".join(" ".join(filter(None, kind)) for kind in kinds)
