"""Errors whose text names the file, the key and the remedy, so that a user can act on it."""

from __future__ import annotations

import difflib
import errno
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SHOWN = 10  # names that a message lists; of the others it gives the number

_LISTS = {
    "task": "tasks",
    "baseline": "baselines",
    "paper": "papers",
    "claim": "claims",
    "id": "papers|tasks|baselines|claims",
}
"""What was looked for, by its first word, to what ``grokbench list`` takes."""


class GrokbenchError(Exception):
    """Anything a user can mend. The command line prints its text and exits with its ``status``.

    arguments: of Python calls that the text names, as its first word or as ``name=VALUE``; :meth:`calling` puts other names
    in their place.
    """

    status = 2

    def __init__(self, text: str = "", *arguments: str) -> None:
        super().__init__(text)
        self.arguments = arguments

    def calling(self, flags: Mapping[str, str]) -> str:
        """The text, with the flags of a command line in place of its arguments.

        flags: argument → flag; an argument without one keeps its name.

        >>> error = InputError("workers must be 1 or more; got 0", "workers")
        >>> error.calling({"workers": "--workers"})
        '--workers must be 1 or more; got 0'
        >>> InputError("no home folder; name one with store=DIR", "store").calling({"store": "--store"})
        'no home folder; name one with --store DIR'
        """
        text = str(self)
        for name in self.arguments:
            if name in flags:
                text = re.sub(rf"^{name}\b", flags[name], text)
                text = re.sub(rf"(?<![\w.]){name}=", f"{flags[name]} ", text)
        return text


class InputError(GrokbenchError):
    """A value given on the command line, in Python or in a spec that cannot be used."""


class UnknownNameError(GrokbenchError):
    """A name that nothing here carries; the text offers those that may have been meant, else the first of those known."""

    def __init__(self, what: str, name: str, known: Iterable[str], remedy: str = "", *arguments: str) -> None:
        names = sorted(known)
        meant = likely(name, names)[:SHOWN]
        hint = f"did you mean {_either(meant)}?" if meant else f"known: {_first(what, names)}"
        more = (
            f"{' ' if meant else '; '}{remedy[:1].upper() + remedy[1:] if meant else remedy}"
            if remedy
            else ""
        )
        super().__init__(f"unknown {what} {name!r}; {hint}{more}", *arguments)

    def __reduce__(self) -> tuple[type, tuple[str, ...]]:
        # Crosses process boundaries as its text and the arguments in it.
        return (GrokbenchError, (str(self), *self.arguments))


class NoRecordsError(InputError):
    """The records that a report was to be made of answer none of the paper's trials."""


class PartError(InputError):
    """A part that does not come with grokbench failed, or gave what it should not; the text names the part and its package."""


class LostError(GrokbenchError):
    """What ran the trials is gone, such as the scheduler of a cluster. Finished records stay."""

    status = 1


class FailedError(GrokbenchError):
    """So many trials failed that there is no result; the text says what became of them."""

    status = 1


class StoreError(GrokbenchError):
    """The store folder cannot be read or written."""


class FullError(StoreError):
    """The store's disk takes no more, so that further training would be lost. Finished records stay."""

    status = 1

    NUMBERS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
    """Of an OSError that says so: no space, no quota, a file that may not grow, or read-only by now."""


def unwritten(text: str, error: OSError) -> StoreError:
    """That something could not be written, by what the system said of it."""
    kind = FullError if error.errno in FullError.NUMBERS else StoreError
    return kind(f"{text} ({error.strerror})")


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


class SettingsError(SpecError):
    """The mistakes that settings make of a spec which had none; their paths are those of the settings (``task.domain.p``)."""


def likely(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known names most like ``name``, by themselves or by their part after the last ``/`` or ``.``; none when none is close.

    Several only where they have that part in common.

    >>> likely("additon", ["addition", "division"])
    ('addition',)
    >>> likely("adam", ["hu2024/adam", "power2022/adam", "hu2024.adam-groks"])
    ('hu2024/adam', 'power2022/adam')
    """
    forms: dict[str, list[str]] = {}
    for one in known:
        for form in {one, re.split(r"[/.]", one)[-1]}:
            forms.setdefault(form, []).append(one)
    found = difflib.get_close_matches(name, forms, n=1, cutoff=0.55)
    return tuple(forms[found[0]]) if found else ()


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The first of :func:`likely`, or None."""
    return next(iter(likely(name, known)), None)


def _either(names: Sequence[str]) -> str:
    *others, last = map(repr, names)
    return f"{', '.join(others)} or {last}" if others else last


def _first(what: str, names: Sequence[str]) -> str:
    text = ", ".join(names[:SHOWN]) or "none"
    if len(names) <= SHOWN:
        return text
    listed = _LISTS.get(what.split()[0])
    return f"{text} and {len(names) - SHOWN} more" + (f"; see `grokbench list {listed}`" if listed else "")
