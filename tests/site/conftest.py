"""A small site of committed reports: one paper whole, of another a sweep and the networks' phases, and a leaderboard."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from grokbench import findings
from grokbench.reports.site import Reported, boards, write
from grokbench.specs.loader import Library

REPORTS = Path(__file__).resolve().parents[2] / "reports"
WHOLE, PARTLY = "power2022", "gromov2023"
BOARD = "leaderboard-small"
SHOWN = ("adamw-alphas", "gd-addition")
"""The experiments that alone have records of the second paper."""


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("some") / "reports"
    (folder / WHOLE).mkdir(parents=True)
    for name in (WHOLE, f"{WHOLE}.seeds-200-205", PARTLY):
        shutil.copyfile(REPORTS / f"{name}.json", folder / f"{name}.json")
    (folder / WHOLE / "records").symlink_to(REPORTS / WHOLE / "records")
    own = folder / PARTLY / "records"
    own.mkdir(parents=True)
    for name in SHOWN:
        shutil.copyfile(REPORTS / PARTLY / "records" / f"{name}.zip", own / f"{name}.zip")
    shutil.copyfile(REPORTS / f"{BOARD}.json", folder / f"{BOARD}.json")
    (folder / BOARD).symlink_to(REPORTS / BOARD)
    other = json.loads((REPORTS / f"{BOARD}.json").read_text(encoding="utf-8")) | {"block": "again"}
    (folder / f"{BOARD}.again.json").write_text(json.dumps(other), encoding="utf-8")
    unknown = {**json.loads((folder / f"{WHOLE}.json").read_text(encoding="utf-8")), "paper": "mine2026"}
    (folder / "mine2026.json").write_text(json.dumps(unknown), encoding="utf-8")
    (folder / "old.json").write_text("{}", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def read(reports: Path) -> tuple[Sequence[Reported], Sequence[str]]:
    """What the reports say, and what was told while they were read."""
    notes: list[str] = []
    return findings.reported(reports, Library(), notes.append), notes


@pytest.fixture(scope="session")
def site(reports, read, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("jinja2")
    pytest.importorskip("plotly")
    return write(
        read[0], tmp_path_factory.mktemp("pages") / "site", boards.read(reports, lambda text: None)
    ).parent
