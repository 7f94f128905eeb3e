"""What the shell offers for ids: click calls these as the user presses tab. Broken specs offer nothing and say nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from grokbench.specs.errors import GrokbenchError
from grokbench.specs.loader import Library

Names = Callable[[Library, click.Context], Iterable[str]]
Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _offer(names: Names, *, files: bool = False) -> Complete:
    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            known = list(names(Library(context.params.get("specs") or ()), context))
        except (GrokbenchError, OSError):
            known = []
        found = [CompletionItem(name) for name in known if name.startswith(incomplete)]
        return found or ([CompletionItem(incomplete, type="file")] if files else [])

    return complete


def _claims(library: Library, context: click.Context) -> list[str]:
    """A paper's claims where one is named before, else all of them with their paper."""
    # An option that still lacks its value keeps click from reading the arguments: they are left over then.
    paper = context.params.get("paper") or next(iter(context.args), None)
    if paper in library.paper_ids():
        return [claim.id for claim in library.paper(paper).claims]
    papers = [library.paper(name) for name in library.paper_ids()]
    return [f"{one.id}.{claim.id}" for one in papers for claim in one.claims]


def _all(library: Library, context: click.Context) -> list[str]:
    kinds = ("task", "baseline", "paper", "track", "submission")
    return [*(name for kind in kinds for name in library.ids(kind)), *_claims(library, context)]


def _wholes(library: Library, context: click.Context) -> list[str]:
    papers = library.paper_ids()
    return [*papers, *(f"{name}.{claim.id}" for name in papers for claim in library.paper(name).claims)]


tasks = _offer(lambda library, _: library.task_ids(), files=True)
baselines = _offer(lambda library, _: library.recipe_ids(), files=True)
tracks = _offer(lambda library, _: library.ids("track"), files=True)
papers = _offer(lambda library, _: library.paper_ids())
claims = _offer(_claims)
wholes = _offer(_wholes, files=True)
anything = _offer(_all, files=True)


def words(*known: str) -> Complete:
    """Offer these words."""
    return _offer(lambda library, context: known)
