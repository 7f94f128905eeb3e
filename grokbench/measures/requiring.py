"""What a measure needs of the records that it reads: declared beside it, printed with each rule that names it, and tested.

``@requires(T_GEN, probe("trace"))`` above a measure makes it give nan on records that lack any of these. Such a seed is
unknown, never a no, and ``lacking`` says why. A measure refuses words that its annotation does not list.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, get_args, get_origin, get_type_hints

from grokbench.measures.cells import Cell, SeedView
from grokbench.specs.errors import UnknownNameError

Arguments = Mapping[str, Any]
Arms = tuple[tuple[Cell, ...], ...]
Given = ParamSpec("Given")
Said = TypeVar("Said")
NO_ARMS = ("leaders", "until", "parts")  # counts and a step; every other integer names an arm


@dataclass(frozen=True)
class Requirement:
    """Something that the records of one seed must have.

    text: completes "needs …"; an argument of the measure in braces stands for its value. met: whether the arms that the
    measure reads have it, given its arguments. broken: the same arms without it, which tests feed to the measure.
    """

    text: str
    met: Callable[[Arms, Arguments], bool]
    broken: Callable[[Arms], Arms]


def requires(
    *needed: Requirement,
) -> Callable[[Callable[Concatenate[SeedView, Given], Said]], Callable[Concatenate[SeedView, Given], Said]]:
    """Declare what a measure needs. It is then asked only where the records have it, and gives nan elsewhere."""

    def declared(
        function: Callable[Concatenate[SeedView, Given], Said],
    ) -> Callable[Concatenate[SeedView, Given], Said]:
        @functools.wraps(function)
        def asked(view: SeedView, /, *args: Given.args, **kwargs: Given.kwargs) -> Said:
            given = dict(zip(parameters(function), args, strict=False)) | kwargs
            if lacking(asked, view, given):
                unknown: Any = math.nan
                return unknown  # type: ignore[no-any-return]
            return function(view, *args, **kwargs)

        vars(asked)["requires"] = needed
        return asked

    return declared


def needs(function: Callable[..., Any]) -> tuple[Requirement, ...]:
    """What a measure declares that it needs; nothing for one that declares nothing."""
    return tuple(getattr(function, "requires", ()))


def lacking(function: Callable[..., Any], view: SeedView, given: Arguments) -> str:
    """The first requirement that the records do not meet, in words; "" where they meet all.

    Errors: UnknownNameError for a word that the measure's annotation does not list.
    """
    chosen = {**defaults(function), **given}
    for name, hint in hints(function).items():
        if get_origin(hint) is Literal and name in chosen and chosen[name] not in get_args(hint):
            raise UnknownNameError(name, str(chosen[name]), get_args(hint))
    read = arms_named(function, chosen)
    arms = tuple(view.arms[arm] for arm in read if arm < len(view.arms)) if read else view.arms
    unmet = (own.text for own in needs(function) if not own.met(arms, chosen))
    return filled(next(unmet, ""), chosen)


def filled(text: str, chosen: Arguments) -> str:
    """The text with the values of the arguments that it names in braces."""
    for name, value in chosen.items():
        text = text.replace(f"{{{name}}}", f"{value:g}" if isinstance(value, float) else str(value))
    return text


def needs_text(function: Callable[..., Any], given: Arguments) -> str:
    """All that a measure with these arguments needs, as one phrase; "" for nothing."""
    chosen = {**defaults(function), **given}
    return ", ".join(filled(own.text, chosen) for own in needs(function))


def arms_named(function: Callable[..., Any], chosen: Arguments) -> tuple[int, ...]:
    """The arms that a measure's arguments name."""
    kinds = hints(function)
    return tuple(v for key, v in chosen.items() if kinds.get(key) is int and key not in NO_ARMS)


def parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a measure beside the view."""
    return _signed(function)[0]


def hints(function: Callable[..., Any]) -> Mapping[str, Any]:
    """The annotations of a measure's parameters; one without any takes whatever it is given."""
    return _signed(function)[1]


def defaults(function: Callable[..., Any]) -> dict[str, Any]:
    """The values of the arguments that have one of their own."""
    return {key: p.default for key, p in parameters(function).items() if p.default is not p.empty}


Signed = tuple[Mapping[str, inspect.Parameter], Mapping[str, Any]]
_known: dict[int, tuple[Callable[..., Any], Signed]] = {}
"""By identity: a measure from outside need not be hashable."""


def _signed(function: Callable[..., Any]) -> Signed:
    """Parameters and annotations of a measure. Every rule asks for them, and Python takes long to find them."""
    if id(function) not in _known:
        taken = dict(list(inspect.signature(function).parameters.items())[1:])
        _known[id(function)] = function, (taken, get_type_hints(inspect.unwrap(function)))
    return _known[id(function)][1]


def each(text: str, met: Callable[[Cell, Arguments], bool], broken: Callable[[Cell], Cell]) -> Requirement:
    """A requirement on every record by itself."""

    def all_met(arms: Arms, chosen: Arguments) -> bool:
        return all(met(cell, chosen) for arm in arms for cell in arm)

    def all_broken(arms: Arms) -> Arms:
        return tuple(tuple(broken(cell) for cell in arm) for arm in arms)

    return Requirement(text, all_met, all_broken)
