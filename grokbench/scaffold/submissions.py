"""A submission's file: a new one, and what tuning writes into one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from grokbench.scaffold.toml import comment, fields, help_of, value
from grokbench.specs import schema
from grokbench.specs.errors import InputError
from grokbench.specs.files import text_of
from grokbench.specs.loader import Library
from grokbench.store.replacing import replaced

MARK = "# -- what tuning found: written by grokbench leaderboard"
OPTIMIZER: Mapping[str, Any] = {"kind": "adamw", "lr": 0.01, "weight_decay": 1.0}
GRID: Mapping[str, Any] = {"optimizer.lr": [0.003, 0.01], "optimizer.weight_decay": [0.1, 0.3, 1.0, 3.0]}


def submission(name: str, library: Library, source: str) -> dict[str, str]:
    """``tasks/tracks/TRACK/NAME.toml``: an optimizer and its grid, before it is tuned; ``source``: a submission to begin from."""
    track = name.partition("/")[0]
    library.file("track", track)
    document = schema.schema("submission")
    known = library.submission(source) if source else None
    about = {
        "id": name,
        "title": "One or two words, for tables",
        "authors": "Who submits it",
        "source": "Where the optimizer and its numbers come from",
        "tuned": f"8 settings on the track's tuning seeds, by grokbench leaderboard {track} --tune {name.partition('/')[2]}",
    }
    optimizer = dict(known.optimizer) if known else dict(OPTIMIZER)
    grid = {key: list(found) for key, found in known.grid.items()} if known else dict(GRID)
    leave = [key for key in document["properties"] if key not in about]
    branch = document["definitions"].get(f"optimizers.{optimizer['kind']}", {})
    lines = [
        *comment("A submission to a track of the leaderboard. RULES.md says what is allowed."),
        *fields(document, about, leave),
        "",
        *help_of(document["properties"]["optimizer"]),
        "[optimizer]",
        *fields(branch, optimizer, ("kind",)),
        "",
        *help_of(document["properties"]["grid"]),
        "[grid]",
        *(f"{value(key)} = {value(found)}" for key, found in grid.items()),
    ]
    head = "#:schema ../../../grokbench/specs/schemas/submission.schema.json"
    return {f"tasks/tracks/{name}.toml": "\n".join([head, "", *lines]) + "\n"}


def own_text(path: Path) -> str:
    """What stands in a submission's file before that which tuning wrote.

    Errors: InputError where tables of workloads that a person wrote are among it, so that tuning could not write its own.
    """
    kept = text_of(path).partition(MARK)[0].rstrip()
    if "workload" in tomllib.loads(kept):
        raise InputError(
            f"{path} has tables [workload.…] of its own; remove them, so that tuning can write them"
        )
    return kept


def rewritten(path: Path, found: Mapping[str, Mapping[str, Any]]) -> Path:
    """Put the T* and settings of each workload at the end of a submission's file, in place of those that tuning wrote before.

    Errors: as of ``own_text``.
    """
    kept = own_text(path)
    with replaced(path) as beside:
        beside.write_text("\n".join([kept, "", MARK, *_tables(found)]) + "\n", encoding="utf-8", newline="\n")
    return path


def _tables(found: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, own in found.items():
        yield ""
        yield f"[workload.{name}]"
        yield f"t_star = {own['t_star']}"
        yield f"set = {value(own['set'])}"
