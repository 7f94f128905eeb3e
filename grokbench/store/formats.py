"""The format of records in files, and what makes a record of an older format one of this.

Raise ``FORMAT_VERSION`` where a file that is written now means something else to the code before. Add an ``Upgrade`` from the
version before, and keep a small record of that version in ``tests/data``, as docs/store.md says. Keys and numbers stay what
they were: they have ``keys.TRAINING_VERSION``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from grokbench.specs.errors import StoreError

FORMAT_VERSION = 2
Head = dict[str, Any]


class NewerFormatError(StoreError):
    """A record that a later grokbench wrote. It may be sound, and stays what it is."""


class Upgrade(NamedTuple):
    """From one version to the next. head: everything but arrays → the same in the next version. array: name → name."""

    head: Callable[[Head], Head]
    array: Callable[[str], str]


def version(head: Mapping[str, Any], place: object) -> int:
    """The format of a record. Errors: NewerFormatError; ValueError for none that there is."""
    found = head["format_version"]
    if type(found) is not int or found < 1:
        raise ValueError(f"{found!r} is no format of records")
    if found > FORMAT_VERSION:
        raise NewerFormatError(
            f"{place} was written by a newer grokbench, in format {found} of records; this one reads formats up to "
            f"{FORMAT_VERSION}. Update grokbench to read it"
        )
    return found


def upgraded(head: Mapping[str, Any], place: object = "the record") -> Head:
    """The head of a record in the present format. Errors: as of :func:`version`; KeyError where it is damaged."""
    found = dict(head)
    for old in range(version(head, place), FORMAT_VERSION):
        found = {**UPGRADES[old].head(found), "format_version": old + 1}
    return found


def array_name(name: str, version: int) -> str:
    """The present name of an array in a record of a version."""
    for old in range(version, FORMAT_VERSION):
        name = UPGRADES[old].array(name)
    return name


# -- from 1 to 2: two analyses stood apart as "portraits", under other names and without a version

_FROM_PORTRAITS = {"phases": "neuron-phases", "spectrum": "preactivation-power"}


def _trial_1(trial: Mapping[str, Any]) -> Head:
    found = dict(trial)
    own = [_FROM_PORTRAITS[name] for name in found.pop("portraits", ())]
    found["analyses"] = sorted([*found.get("analyses", ()), *own])
    if "start" in found:
        found["start"] = {**found["start"], "trial": _trial_1(found["start"]["trial"])}
    return found


def _head_1(head: Head) -> Head:
    own = {_FROM_PORTRAITS[name]: 1 for name in head["trial"].get("portraits", ())}
    return {**head, "trial": _trial_1(head["trial"]), "analyses": {**head.get("analyses", {}), **own}}


def _array_1(name: str) -> str:
    group, _, rest = name.partition("/")
    if group != "portraits":
        return name
    own, _, column = rest.partition("/")
    return f"analyses/{_FROM_PORTRAITS[own]}/{column}"


UPGRADES = {1: Upgrade(_head_1, _array_1)}
