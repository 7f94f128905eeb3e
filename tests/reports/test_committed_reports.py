"""What is committed under reports/ comes from its records, and anyone can make it again without training."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import grokbench
from grokbench import figures
from grokbench.claims.phrases import anchor
from grokbench.reports.document import LEADERBOARD
from grokbench.specs import schema
from grokbench.specs.locate import COSTS, VERDICTS
from tests import processes

REPORTS = Path(__file__).resolve().parents[2] / "reports"
PAPERS = sorted(
    path.stem
    for path in REPORTS.glob("*.json")
    if "." not in path.stem and path.name not in (VERDICTS, COSTS) and not path.name.startswith(LEADERBOARD)
)
MOST_BYTES, BYTES_EACH = (
    1_000_000,
    14_000,
)  # a paper's records grow with its trainings alone, but for a few that keep long traces
SAME = (
    "id",
    "verdict",
    "tier",
    "n_seeds",
    "statistic",
    "interval",
    "accepted",
    "source",
    "values",
    "control",
    "runs",
)


RELATIVE, LEFT = 1e-9, 1e-12  # the second for what is left where numbers of order one cancel in a computation
NUMBER = re.compile(r"(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)")


def alike(new: Any, old: Any, absolute: float = 0.0) -> bool:
    """Whether two documents are equal but for the last digits of numbers, which a computation has from this machine's CPU."""
    if isinstance(new, dict) and isinstance(old, dict):
        return new.keys() == old.keys() and all(alike(new[name], old[name], absolute) for name in new)
    if isinstance(new, list) and isinstance(old, list):
        return len(new) == len(old) and all(alike(*pair, absolute) for pair in zip(new, old, strict=True))
    if isinstance(new, float) and isinstance(old, float):
        return math.isclose(new, old, rel_tol=RELATIVE, abs_tol=absolute)
    if absolute and isinstance(new, str) and isinstance(old, str):
        (text, numbers), (text_, numbers_) = (
            (parts[::2], list(map(float, parts[1::2]))) for parts in map(NUMBER.split, (new, old))
        )
        return text == text_ and alike(numbers, numbers_, absolute)
    return bool(new == old)


@pytest.mark.parametrize(
    ("new", "old", "same"),
    [
        ([0.3], [0.3 + 1e-13], True),
        ([0.3], [0.3 + 1e-8], False),
        ([4.3e-16], [4.6e-16], True),
        ([1e-7], [1.1e-7], False),
        ("gave [4.3e-16, 1]", "gave [4.6e-16, 1]", True),
        ("gave [0.3, 1]", "gave [0.3, 2]", False),
        ("gave 1", "took 1", False),
        ({"a": 1.0}, {"b": 1.0}, False),
        ([1.0], [1.0, 2.0], False),
        (1, 2, False),
    ],
)
def test_alike_knows_a_machines_last_digits_from_other_numbers(new: Any, old: Any, same: bool) -> None:
    assert alike(new, old, LEFT) == same


def test_without_a_computation_what_is_left_of_numbers_is_compared_too() -> None:
    assert alike([0.3], [0.3 + 1e-13])
    assert not alike([4.3e-16], [4.6e-16])
    assert not alike("gave 4.3e-16", "gave 4.6e-16")


@pytest.mark.parametrize("render", [False, pytest.param(True, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("paper", PAPERS)
def test_the_report_is_made_again_from_its_records(
    paper: str, render: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not render:
        monkeypatch.setattr(figures, "_save", processes.unrendered)
    committed = json.loads((REPORTS / f"{paper}.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema.schema("report")).validate(committed)
    records = REPORTS / paper / "records"
    source = {"records": records} if records.is_dir() else {"store": tmp_path / "store"}  # nothing is trained
    page = grokbench.report(paper, **source, out=tmp_path)
    again = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert len(again["claims"]) == len(committed["claims"])
    for new, old in zip(again["claims"], committed["claims"], strict=True):
        # What a claim that was not run lacks depends on what else the store had begun.
        names = SAME if old["verdict"] == "NOT RUN" else (*SAME, "reason")
        absolute = 0.0 if old["runs"] else LEFT  # nothing was trained: a claim on a computation alone
        assert alike(*({name: one.get(name) for name in names} for one in (new, old)), absolute), (new, old)
    drawn = {path.name for path in (tmp_path / paper / "figures").glob("*.png")}
    assert drawn == {path.name for path in (REPORTS / paper / "figures").glob("*.png")}


@pytest.mark.parametrize("paper", PAPERS)
def test_committed_records_stay_small(paper: str) -> None:
    trainings = json.loads((REPORTS / f"{paper}.json").read_text(encoding="utf-8"))["trainings"]
    size = sum(path.stat().st_size for path in (REPORTS / paper / "records").glob("*"))
    assert size <= MOST_BYTES + BYTES_EACH * (trainings or 0)


def test_the_scoreboard_names_every_paper() -> None:
    text = (REPORTS / "README.md").read_text(encoding="utf-8")
    assert PAPERS
    assert all(f"{paper}.md" in text for paper in PAPERS)


def anchors(path: Path) -> set[str]:
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.M)}


@pytest.mark.parametrize("name", ["README", *PAPERS])
def test_links_of_the_committed_pages_lead_somewhere(name: str) -> None:
    page = REPORTS / f"{name}.md"
    links = re.findall(r"\]\((?!http)([^)#]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8"))
    assert links
    for target, place in links:
        file = REPORTS / target if target else page
        assert file.is_file(), target
        assert not place or place in anchors(file), (target, place)
