"""The smoke tier of every paper: everything is wired together, exact claims hold, statistical ones can be computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from grokbench.specs import schema
from grokbench.specs.loader import Library
from tests import processes

LIBRARY = Library()
CLAIMS = [(paper, claim.id) for paper in LIBRARY.paper_ids() for claim in LIBRARY.paper(paper).claims]


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory, shared_folder: Path) -> dict[str, dict[str, Any]]:
    out = tmp_path_factory.mktemp("smoke")
    found = {}
    for paper in LIBRARY.paper_ids():
        words = [
            "reproduce",
            paper,
            "--tier",
            "smoke",
            "--out",
            str(out),
            "--store",
            str(shared_folder / "store"),  # everyone's: other tests read its trials
            "--json",
        ]
        result = processes.grokbench(*words, cwd=out)
        assert result.returncode == 0, result.stderr
        found[paper] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("paper", LIBRARY.paper_ids())
def test_the_document_follows_its_schema_and_names_every_claim(
    paper: str, documents: dict[str, dict[str, Any]]
) -> None:
    document = documents[paper]
    jsonschema.Draft7Validator(schema.schema("report")).validate(document)
    assert document["paper"] == paper
    assert document["tier"] == "smoke"
    assert [entry["id"] for entry in document["claims"]] == [name for own, name in CLAIMS if own == paper]
    needed = {"id", "verdict", "n_seeds", "statistic", "interval", "accepted", "reason", "source"}
    assert all(needed <= entry.keys() for entry in document["claims"])


@pytest.mark.parametrize(("paper", "claim_id"), CLAIMS)
def test_a_claim_is_computed_and_decided_only_if_exact(
    paper: str, claim_id: str, documents: dict[str, dict[str, Any]]
) -> None:
    claim = next(one for one in LIBRARY.paper(paper).claims if one.id == claim_id)
    entry = next(one for one in documents[paper]["claims"] if one["id"] == claim_id)
    expected = (claim.known or "REPRODUCED") if claim.kind == "exact" else "INCONCLUSIVE"
    assert entry["verdict"] == expected, entry["reason"]
    assert entry["n_seeds"] >= 1
