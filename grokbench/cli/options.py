"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from grokbench.specs.errors import InputError

F = TypeVar("F", bound=Callable[..., Any])

PATH = click.Path(path_type=Path)


def specs(function: F) -> F:
    """``--specs DIR``, repeatable."""
    return click.option(
        "--specs", "specs", multiple=True, type=PATH, help="A further folder with tasks/ and baselines/."
    )(function)


def store(function: F) -> F:
    """``--store DIR``."""
    text = "Folder of records [default: $GROKBENCH_STORE, else the platform's user data folder]."
    return click.option("--store", "store", type=PATH, help=text)(function)


def as_json(function: F) -> F:
    """``--json``."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document on stdout and nothing else there."
    )(function)


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def settings(pairs: Sequence[str]) -> dict[str, Any]:
    """``key=value`` pairs of ``--set`` as dotted paths and TOML values.

    Errors: InputError for a pair without ``=``, a value that is no TOML, or a path given twice.

    >>> settings(["optimizer.lr=1e-3", 'model.convention="folded"'])
    {'optimizer.lr': 0.001, 'model.convention': 'folded'}
    """
    out: dict[str, Any] = {}
    for pair in pairs:
        path, equals, value = pair.partition("=")
        path = path.strip()
        if not equals or not path:
            raise InputError(f"--set {pair}: expected key=value, as in --set optimizer.lr=1e-3")
        if path in out:
            raise InputError(f"--set {path} is given twice")
        try:
            out[path] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            raise InputError(
                f"--set {pair}: the value is not TOML (text needs quotes: --set {path}='\"{value}\"')"
            ) from None
    return out
