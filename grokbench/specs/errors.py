"""Errors whose text names the file, the key and the remedy, so that a user can act on it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class GrokbenchError(Exception):
    """Anything a user can mend. The command line prints its text and exits with status 2."""


class InputError(GrokbenchError):
    """A value given on the command line, in Python or in a spec that cannot be used."""


class UnknownNameError(GrokbenchError):
    """A name that nothing here carries; the text offers the nearest one that something does."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = nearest(name, names)
        hint = f"did you mean {near!r}?" if near else f"known: {', '.join(names) or 'none'}"
        super().__init__(f"unknown {what} {name!r}; {hint}")
        self.what, self.name, self.near = what, name, near

    def __reduce__(self) -> tuple[type, tuple[str]]:
        # Crosses process boundaries as its text alone.
        return (GrokbenchError, (str(self),))


class StoreError(GrokbenchError):
    """The store folder cannot be read or written."""


@dataclass(frozen=True)
class Mistake:
    """One thing wrong in one file: where it is, and what was expected there."""

    file: str
    path: str
    expected: str
    near: str | None = None

    def __str__(self) -> str:
        hint = f" (did you mean {self.near!r}?)" if self.near else ""
        return f"{self.file}: {self.path or 'top level'}: {self.expected}{hint}"


class SpecError(GrokbenchError):
    """All the mistakes found in the files that were read, one per line."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(str(m) for m in mistakes))
        self.mistakes = tuple(mistakes)

    def __reduce__(self) -> tuple[type, tuple[tuple[Mistake, ...]]]:
        return (SpecError, (self.mistakes,))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like ``name``, or None when nothing is close.

    >>> nearest("additon", ["addition", "division"])
    'addition'
    """
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.55)
    return found[0] if found else None
