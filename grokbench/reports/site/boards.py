"""The pages of leaderboards, as values that templates print: what each track's document says, under no other rule."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grokbench.claims import phrases as w
from grokbench.claims.certificates import CERTIFIED, MEANS, PROVISIONAL
from grokbench.reports import standings
from grokbench.reports.compare_rows import middle
from grokbench.reports.comparing import ratio
from grokbench.reports.document import LEADERBOARD
from grokbench.reports.standings_document import SCHEMA_VERSION
from grokbench.reports.standings_rows import WORKLOAD_HEAD, exact, verdict_of


@dataclass(frozen=True)
class Board:
    """A track as its document stands on disk. others: word of another block of seeds → the document of its page."""

    document: Mapping[str, Any]
    figures: Mapping[str, Path]  # what it shows → drawing
    others: Mapping[str, Mapping[str, Any]]


def read(folder: Path, on_note: Callable[[str], None]) -> list[Board]:
    """The leaderboards that lie in a folder of reports. on_note: takes a sentence on each that cannot be used."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for path in sorted(folder.glob(f"{LEADERBOARD}*.json")):
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            document = None
        if isinstance(document, dict) and document.get("schema_version") == SCHEMA_VERSION:
            found.setdefault(document["track"], {})[document["block"]] = document
        else:
            on_note(f"{path} is left out: it is no leaderboard of this version")
    return [
        Board(blocks[""], _figures(folder, blocks[""]), {name: own for name, own in blocks.items() if name})
        for blocks in found.values()
        if "" in blocks
    ]


def _figures(folder: Path, document: Mapping[str, Any]) -> dict[str, Path]:
    drawn = {
        standings.FIGURES[name]: (folder / link).with_suffix(".svg")
        for name, link in document["figures"].items()
    }
    return {title: path for title, path in drawn.items() if path.is_file()}


def shown(board: Board) -> dict[str, Any]:
    """What a track's page and its card on the first page say."""
    own = board.document
    entries = [_entry(board, one) for one in own["entries"]]
    return {
        "id": own["track"],
        "title": own["title"],
        "page": f"tracks/{own['track']}.html",
        "command": own["command"],
        "trials": own["trials"],
        "cpu": w.seconds(own["cpu_seconds"]),
        "workloads": [{"id": one["id"], "title": one["title"]} for one in own["workloads"]],
        "entries": entries,
        "tables": [_workload(board, one) for one in own["workloads"]],
        "notes": own["notes"],
        "reading": standings.READING.replace("**", ""),
        "grinding": standings.GRINDING.replace("**", ""),
        "means": [(name, text) for name, text in MEANS.items()],
        "others": sorted(board.others),
    }


def _entry(board: Board, own: Mapping[str, Any]) -> dict[str, Any]:
    cells = [_certificate(one) for one in own["workloads"]]
    return {
        "name": own["name"],
        "title": own["title"],
        "source": own["source"],
        "certified": sum(cell["verdict"] == CERTIFIED for cell in cells),
        "cells": cells,
        "again": {
            word: [_certificate(one) for one in again["workloads"]]
            for word, other in board.others.items()
            for again in other["entries"]
            if again["name"] == own["name"]
        },
    }


def _certificate(own: Mapping[str, Any]) -> dict[str, Any]:
    said = own["certificate"]
    return {
        "verdict": PROVISIONAL if said.startswith(PROVISIONAL) else said,
        "kept": own["kept"],
        "n": own["n"],
        "t_star": own["t_star"],
    }


def _workload(board: Board, workload: Mapping[str, Any]) -> dict[str, Any]:
    """The entries on a workload, in the order of the page."""
    lines = []
    for entry in board.document["entries"]:
        own = next(one for one in entry["workloads"] if one["id"] == workload["id"])
        times = [
            math.inf if run["t_gen"] is None else run["t_gen"]
            for run in own["runs"]
            if run["kept"] is not None
        ]
        lines.append(
            [
                entry["title"],
                w.number(own["t_star"]),
                f"{own['kept']} of {own['n']}",
                own["certificate"],
                middle(times, workload["steps"]),
                exact(times, workload["steps"]),
                *_against(own),
            ]
        )
    return {
        "title": workload["title"],
        "said": f"Task {workload['task']}, recipe {workload['baseline']}, α = {w.number(workload['alpha'])}, "
        f"budget {w.steps(workload['steps'])}.",
        "head": HEAD,
        "groups": [("", lines)],
    }


HEAD = (*WORKLOAD_HEAD[:6], "baseline / entry", "the entry is")


def _against(own: Mapping[str, Any]) -> tuple[str, str]:
    """The ratio of T_gen to the baseline's, and what rule D says of pairs that differ by more than the margin."""
    beats = own["beyond_margin"]
    if beats is None:
        return w.DASH, "the baseline"
    ends = own["paired"]["t_gen"]["ratio"]
    known = None if ends is None else (ends[0] or 0.0, math.inf if ends[1] is None else ends[1])
    return ratio(known), verdict_of(beats["n"], beats["faster"], beats["slower"])
