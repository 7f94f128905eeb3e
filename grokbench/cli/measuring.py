"""What a command says before its plan where it first has to time steps on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from grokbench.cli import options

if TYPE_CHECKING:
    from grokbench.plan.costs import Kind
    from grokbench.plan.expand import PlannedTrial
    from grokbench.plan.together import Batches, How


def measure(todo: Sequence[PlannedTrial], workers: int, how: How) -> None:
    """Time the steps of ``todo`` that were not timed on this machine; a few seconds. The rest is planned by records."""
    from grokbench.plan import probe

    chosen = probe.unmeasured(todo, workers, how)
    if not chosen:
        return
    kinds = dict.fromkeys(one.work.kind for one in chosen)
    options.note(f"timing some steps of {_names(kinds)} on this machine first; later plans remember them")
    for kind, why in probe.measure(chosen, device=how.device).items():
        options.note(f"a step of {kind.network} could not be timed ({why}); {_instead(kind)}")


def _instead(kind: Kind) -> str:
    from grokbench.plan import costs

    return (
        "the plan goes by records from other machines" if kind in costs.recorded() else "the plan guesses it"
    )


def guessed(count: int) -> str:
    """A plan's words on trials with an unknown cost."""
    return f"; the cost of {count} trial(s) is a guess" if count else ""


def batched(found: Batches, how: How) -> str:
    """A plan's words on trials that train together."""
    words = [f"{n} singly: {why.rstrip('.')}" for why, n in found.singly.items()]
    if found.trials:
        words.insert(
            0, f"{found.trials} of them in {found.batches} batch(es) of the batched engine on {how.device}"
        )
    return "".join(f"; {word}" for word in words)


def _names(kinds: Iterable[tuple[str, ...]]) -> str:
    return ", ".join(" ".join(filter(None, kind)) for kind in kinds)
