"""What users pass, as plain Python values: numpy's and other numbers, paths, lists of one, tables of settings.

Every converter takes the name of the field first and raises InputError, one sentence that says what the field takes.
The command line puts its own flags in place of these names: ``GrokbenchError.calling``.
"""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.files import MOST_NUMBER

SHOWN = 60  # characters of a refused value that a message repeats


def shown(value: object) -> str:
    """A refused value as messages print it: short, on one line."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # Python writes no number of more than some thousand digits
        return "a number of thousands of digits"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def integer(name: str, value: object, least: int | None = None, most: int | None = None) -> int:
    """A whole number, whatever its type: 3, numpy's 3, 3.0. No truth value and no text.

    >>> integer("seed", 3.0), integer("steps", 1e2)
    (3, 100)
    """
    found = _whole(value)
    if found is None:
        raise InputError(f"{name} must be a whole number; got {shown(value)}", name)
    if least is not None and found < least:
        raise InputError(f"{name} must be {least} or more; got {shown(found)}", name)
    if most is not None and found > most:
        raise InputError(f"{name} must be at most {most}; got {shown(found)}", name)
    return found


def seed(name: str, value: object) -> int:
    """A whole number from 0 on, below the bound of those in specs, which tables of other programs can hold."""
    found = integer(name, value, least=0)
    if found >= MOST_NUMBER:
        raise InputError(f"{name} must be below 2^63; got {shown(found)}", name)
    return found


def _whole(value: Any) -> int | None:
    """The integer that ``value`` equals; None where there is none."""
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        pass
    value = _scalar(value)
    if not isinstance(value, numbers.Real | Decimal) or not math.isfinite(value):
        return None
    whole: Any = math.floor(value)
    return int(whole) if whole == value else None


def number(name: str, value: Any) -> float:
    """A number as a float. One of less precision means its shortest decimal: numpy's float32 0.3 is 0.3.

    >>> from fractions import Fraction
    >>> number("alpha", Fraction(1, 4))
    0.25
    """
    value = _scalar(value)
    if _of_numpy(value) and isinstance(value, numbers.Real):
        return float(str(value))
    if isinstance(value, numbers.Real | Decimal) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise InputError(f"{name} must be a number; got {shown(value)}", name)


def seeds(name: str, values: object, example: str) -> tuple[int, ...]:
    """Seeds; one number is a list of one. ``example`` shows a list to who passes text."""
    return tuple(seed(name, value) for value in _listed(name, values, example))


def distinct(name: str, values: object) -> tuple[int, ...]:
    """Seeds, none twice; none at all is allowed. Errors: InputError."""
    found = seeds(name, values, "[0, 3, 7]")
    twice = sorted({value for value in found if found.count(value) > 1})
    if twice:
        raise InputError(f"{name}: {twice[0]} is named twice", name)
    return found


def fractions(name: str, values: object, example: str) -> tuple[float, ...]:
    """Numbers; one number is a list of one. ``example`` shows a list to who passes text."""
    return tuple(number(name, value) for value in _listed(name, values, example))


def _of_numpy(value: Any) -> bool:
    """Whether it is an array or a number of numpy, which is not imported for this."""
    return type(value).__module__ == "numpy"


def _scalar(value: Any) -> Any:
    """The number in an array without axes; anything else as it is."""
    is_array = _of_numpy(value) and not isinstance(value, str | bytes)
    return value[()] if is_array and value.ndim == 0 else value


def _listed(name: str, values: Any, example: str) -> list[Any]:
    if isinstance(values, str | bytes | Mapping):
        raise InputError(f"{name} must be numbers, as in {name}={example}; got {shown(values)}", name)
    if _of_numpy(values):
        return list(values.ravel())
    return list(values) if isinstance(values, Iterable) else [values]


def text(name: str, value: object) -> str:
    """A text, such as a name."""
    if not isinstance(value, str):
        raise InputError(f"{name} must be text; got {shown(value)}", name)
    return value


def name(field: str, value: object) -> str:
    """An id, or the path of a file in place of one."""
    if not isinstance(value, str | Path):
        raise InputError(f"{field} must be an id or a file; got {shown(value)}", field)
    return str(path(field, value)) if str(value).endswith(".toml") else str(value)


def texts(name: str, values: object) -> tuple[str, ...]:
    """Texts; one text is a list of one."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        return (text(name, values),)
    return tuple(text(name, value) for value in values)


def chosen(name: str, what: str, values: object, known: Iterable[str]) -> tuple[str, ...]:
    """Texts among ``known``, sorted, each once; one text is a list of one. ``what`` one of them is called in messages."""
    found, offered = texts(name, values), tuple(known)
    for value in found:
        if value not in offered:
            raise UnknownNameError(what, value, offered)
    return tuple(sorted(set(found)))


def path(name: str, value: object) -> Path:
    """A path, with ``~`` as the home folder. An empty one would be the working directory, which nobody meant."""
    if not isinstance(value, str | Path):
        raise InputError(f"{name} must be a path; got {shown(value)}", name)
    if not str(value):
        raise InputError(f"{name} is an empty path; name one, or leave it out", name)
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise InputError(
            f"{name} {value}: there is no home folder to stand for ~; write the path out", name
        ) from None


def paths(name: str, values: object) -> tuple[Path, ...]:
    """Paths; one path is a list of one."""
    if isinstance(values, str | Path) or not isinstance(values, Iterable):
        return (path(name, values),)
    return tuple(path(name, value) for value in values)


def settings(table: object) -> dict[str, Any]:
    """Dotted fields and their plain values, from dotted and nested tables.

    >>> settings({"optimizer": {"kind": "sgd", "lr": 0.01}, "task.domain.p": 11})
    {'optimizer.kind': 'sgd', 'optimizer.lr': 0.01, 'task.domain.p': 11}
    """
    if not isinstance(table, Mapping):
        raise InputError(f'settings must be a table, as in {{"optimizer.lr": 0.01}}; got {shown(table)}')
    out: dict[str, Any] = {}
    _flatten("", table, out)
    return out


def _flatten(prefix: str, table: Mapping[Any, Any], out: dict[str, Any]) -> None:
    for key, value in table.items():
        name = f"{prefix}{text('a field of settings', key)}"
        if isinstance(value, Mapping) and value:
            _flatten(f"{name}.", value, out)
        elif name in out:
            raise InputError(f"settings give {name} twice")
        else:
            out[name] = plain(value)


def plain(value: Any) -> Any:
    """A value without numpy's types: what TOML and JSON can write."""
    value = _scalar(value)
    if _of_numpy(value) and value.ndim:
        return [plain(item) for item in value]
    if _of_numpy(value) and not isinstance(value, numbers.Real):
        return value.item()
    if isinstance(value, numbers.Integral) and not isinstance(value, int):
        return int(value)
    if isinstance(value, numbers.Real | Decimal) and not isinstance(value, int):
        return number("a value of settings", value)
    if isinstance(value, Path):
        return str(value)
    return [plain(item) for item in value] if isinstance(value, tuple | list) else value
