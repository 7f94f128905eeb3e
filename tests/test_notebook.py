"""The notebook for a first grok: committed with what it prints, in plain English, and run anew where the marker asks for it."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from grokbench.specs.loader import Library
from tests import prose
from tests.notebook import NOTEBOOK

MOST_BYTES = 200_000  # of the whole file


@pytest.fixture(scope="module")
def cells() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return found


def printed(cells: list[Any]) -> str:
    outputs = [one for cell in cells for one in cell.get("outputs", ())]
    return "".join("".join(one.get("text", "")) for one in outputs if one["output_type"] == "stream")


def pictures(cells: list[Any]) -> list[bytes]:
    data = [one["data"] for cell in cells for one in cell.get("outputs", ()) if "data" in one]
    return [base64.b64decode(one["image/png"]) for one in data if "image/png" in one]


def test_it_is_committed_small_and_as_it_ran_from_top_to_bottom(cells: list[dict[str, Any]]) -> None:
    counts = [cell["execution_count"] for cell in cells if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert len(pictures(cells)) == 2
    assert NOTEBOOK.stat().st_size < MOST_BYTES
    assert "Error" not in printed(cells)
    assert str(Path.home()) not in NOTEBOOK.read_text(encoding="utf-8")


def test_every_sentence_of_it_is_short(cells: list[dict[str, Any]]) -> None:
    text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert prose.sentences(text)
    assert prose.too_long(text) == []


def test_the_claim_that_it_shows_is_the_papers_own(cells: list[dict[str, Any]]) -> None:
    text = "".join("".join(cell["source"]) for cell in cells)
    claim = next(one for one in Library().paper("gromov2023").claims if one.id == "adamw-groks-2")
    assert f"*{claim.title}*" in text
    assert [condition.min for condition in claim.rule] == [1, 1.5]
    for condition in claim.rule:
        assert f'"{condition.measure}"' in text
    assert claim.control is None


@pytest.mark.notebook
def test_it_runs_and_finds_what_it_says(monkeypatch: pytest.MonkeyPatch, cells: list[dict[str, Any]]) -> None:
    """Of another machine's run the words agree, not every digit."""
    pytest.importorskip("nbclient", reason="the extra notebook is not installed")
    pytest.importorskip("ipykernel", reason="the extra notebook is not installed")
    from tests.notebook import executed

    monkeypatch.delenv("MPLBACKEND")  # a notebook has its own
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(NOTEBOOK.parent.parent), os.environ.get("PYTHONPATH", "")])
    )
    before = sorted(NOTEBOOK.parent.iterdir())
    made = executed().cells
    assert sorted(NOTEBOOK.parent.iterdir()) == before
    assert len(pictures(made)) == len(pictures(cells))
    ours, theirs = printed(made).splitlines(), printed(cells).splitlines()
    assert len(ours) == len(theirs)
    assert "T_gen not reached" not in ours[5]
    assert ours[:5] == theirs[:5]
    assert "grokking, 1 is yes:         1.0" in ours
    assert ours[-2:] == theirs[-2:]
