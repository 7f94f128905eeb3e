"""Measures by name: found, their arguments checked, called, and what they return checked.

A measure is a function of a ``SeedView`` and its arguments, which gives a float or a ``Between``. Its arguments are annotated
as ``int`` (an arm), ``float``, ``str``, ``bool`` or a ``Literal`` of words.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

import numpy as np

from grokbench import parts
from grokbench.measures import requiring
from grokbench.measures.cells import SeedView
from grokbench.measures.reading import Between, Measured
from grokbench.specs.errors import PartError, nearest

Measure = Callable[..., Measured]


def measure(name: str) -> Measure:
    """The measure called ``name``; its module alone is loaded. Raises UnknownNameError."""
    found: Measure = parts.find("measures", name)
    return found


def measure_names() -> tuple[str, ...]:
    """All names, sorted; no measure is loaded."""
    return parts.names("measures")


def measured(name: str, view: SeedView, given: Mapping[str, Any]) -> Measured:
    """What the measure called ``name`` says of one seed.

    Errors: UnknownNameError; InputError from a measure that refuses the view. PartError where one from outside raises, and
    where one returns anything but a number or a ``Between``.
    """
    part = parts.part("measures", name)
    function, chosen = parts.load(part), arguments(name, given)
    try:
        value = function(view, **chosen)
    except Exception as error:
        if not parts.outsiders([part]):
            raise
        raise PartError(f"{part} failed ({type(error).__name__}: {error})") from error
    if isinstance(value, Between) and all(map(_is_number, value)):
        return Between(*map(float, value))
    if _is_number(value):
        return float(value)
    shape = f" of shape {value.shape}" if isinstance(value, np.ndarray) else ""
    raise PartError(f"{part} returns a {type(value).__name__}{shape} where a float or a Between is expected")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating | np.bool_)


def _own(name: str) -> Measure:
    """The measure called ``name``; one from outside is blamed where it cannot be looked into."""
    part = parts.part("measures", name)
    with parts.blamed(parts.outsiders([part])):
        function: Measure = parts.load(part)
        requiring.parameters(function)
        return function


def lacking(name: str, view: SeedView, given: Mapping[str, Any]) -> str:
    """What the records of one seed lack of what the measure ``name`` needs, in words; "" where they lack nothing."""
    return requiring.lacking(_own(name), view, arguments(name, given))


def needs(name: str, given: Mapping[str, Any] | None = None) -> str:
    """What the measure ``name`` needs of its records, in words; "" where it needs nothing."""
    return requiring.needs_text(_own(name), given or {})


def argument_names(name: str) -> tuple[str, ...]:
    """The arguments that a rule may give to the measure ``name``."""
    return tuple(requiring.parameters(_own(name)))


def signature(name: str) -> str:
    """The measure's arguments as a rule's author reads them: ``level = 0.1, arm = 0``; one without a value must be given."""
    return ", ".join(
        p.name if p.default is p.empty else f"{p.name} = {json.dumps(p.default, default=repr)}"
        for p in requiring.parameters(_own(name)).values()
    )


def arguments(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` with whole numbers as ints where the measure takes ints, however they are written."""
    hints = requiring.hints(_own(name))
    whole = {key for key, value in given.items() if isinstance(value, float) and value.is_integer()}
    return {key: int(v) if key in whole and hints.get(key) is int else v for key, v in given.items()}


def arms_read(name: str, given: Mapping[str, Any]) -> tuple[int, ...]:
    """The arms that the measure's arguments name, given or by default."""
    function = _own(name)
    return requiring.arms_named(function, {**requiring.defaults(function), **arguments(name, given)})


def argument_faults(name: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    """Argument, sentence and nearest word for each argument that is missing, that there is not, or that has a wrong value."""
    parameters, hints = requiring.parameters(_own(name)), requiring.hints(_own(name))
    for key in sorted(set(given) - set(parameters)):
        text = f"unknown argument of {name}; expected one of {', '.join(parameters) or 'none'}"
        yield key, text, nearest(key, parameters)
    for key, parameter in parameters.items():
        if key not in given:
            if parameter.default is inspect.Parameter.empty:
                yield key, f"missing; {name} needs it", None
            continue
        value, hint = arguments(name, given)[key], hints.get(key)
        if get_origin(hint) is Literal:
            words = get_args(hint)
            if value not in words:
                text = f"expected one of {', '.join(map(repr, words))}; got {value!r}"
                yield key, text, nearest(value, words) if isinstance(value, str) else None
        elif hint in TYPES and not _is(value, hint):
            yield key, f"expected {TYPES[hint]}; got {value!r}", None


TYPES = {int: "an integer, 0 or more", float: "a number", str: "text", bool: "true or false"}


def _is(value: Any, hint: type) -> bool:
    if isinstance(value, bool):
        return hint is bool
    if hint is int:  # they count a claim's arms
        return isinstance(value, int) and value >= 0
    return isinstance(value, int | float if hint is float else hint)
