"""Every JSON has one convention for what has no number: null, and beside it a word for why. Columns stay numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grokbench
from grokbench.claims.wording import NOT_REACHED
from grokbench.reports.document import document, dumps
from grokbench.reports.sweep import document as sweep_document
from tests.reports import synthetic

SETTINGS = {"task.domain.p": 7, "model.width": 32}


def numbers(column: list[Any]) -> bool:
    """Whether a data frame reads the column as floats: nothing but numbers and null."""
    return all(value is None or (isinstance(value, int | float) and value == value) for value in column)


def test_the_trials_of_a_sweep_are_columns_of_numbers() -> None:
    found = grokbench.sweep(
        "addition", "gromov2023/adamw", alphas=(0.3, 0.9), seeds=1, steps=60, settings=SETTINGS, workers=1,
        exhaustive=True,
    )  # fmt: skip
    trials = json.loads(dumps(sweep_document(found)))["trials"]
    assert numbers([one["t_gen"] for one in trials])
    assert (trials[0]["t_gen"], trials[0]["why"]) == (None, NOT_REACHED)
    assert all((one["t_gen"] is None) == (one["why"] is not None) for one in trials)
    assert {one["ended"] for one in trials} <= {"finished", "stopped"}
    assert trials[0]["outcome"] in {"memorisation", "underfit", "partial"}


def test_the_seeds_of_a_report_are_columns_of_numbers(tmp_path: Path) -> None:
    claims = json.loads(dumps(document(synthetic.report())))["claims"]
    rows = [row for claim in claims for row in claim["values"]]
    assert numbers([value for row in rows for value in row["measured"]])
    assert all(
        (value is None) == (why is not None)
        for row in rows
        for value, why in zip(row["measured"], row["why"], strict=True)
    )
    assert '"inf"' not in dumps(document(synthetic.report()))
