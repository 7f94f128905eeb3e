"""``verdicts.json`` holds every claim of the reports beside it, and makes a document's table of findings."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from grokbench.reports import verdicts
from grokbench.reports.overview import scoreboard
from grokbench.specs.errors import UnknownNameError
from grokbench.specs.locate import PACKAGE, VERDICTS, committed
from tests.rewrite import README, readme

REPORTS = PACKAGE.parent / "reports"
TABLE = "before\n<!-- findings: p.b p.a -->\nold\n<!-- end of findings -->\nafter\n"


def row(paper: str, claim: str, **cells: str) -> dict[str, object]:
    said = {"paper says": "—", "here": "—", "seeds": "6/6", "verdict": "REPRODUCED", **cells}
    return {
        "paper": paper,
        "claim": claim,
        "title": claim.upper(),
        "page": f"{paper}.md#{claim}",
        "cells": said,
    }


KNOWN = {f"p.{name}": row("p", name, **cells) for name, cells in (("a", {}), ("b", {"here": "3 [2, 4]"}))}


def test_the_committed_file_is_made_of_the_committed_reports(tmp_path: Path) -> None:
    for path in REPORTS.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    scoreboard(tmp_path)
    assert (tmp_path / VERDICTS).read_text("utf-8") == (REPORTS / VERDICTS).read_text("utf-8")


def test_every_claim_of_a_report_has_a_row_with_its_numbers() -> None:
    known = verdicts.read()
    for name in ("gromov2023", "nanda2023"):
        for claim in json.loads((REPORTS / f"{name}.json").read_text(encoding="utf-8"))["claims"]:
            own = known[f"{name}.{claim['id']}"]
            assert (own["verdict"], own["median"], own["n_seeds"]) == (
                claim["verdict"],
                claim["median"],
                claim["n_seeds"],
            )
            assert own["page"].startswith(f"{name}.md#")


def test_a_documents_table_is_made_of_the_claims_that_its_comment_names() -> None:
    made = verdicts.with_findings(TABLE, KNOWN, "reports")
    lines = [line for line in made.splitlines() if line.startswith("| p")]
    assert lines == [
        "| paper | claim | paper says | here | verdict |",
        "| p | [B](reports/p.md#b) | — | 3 [2, 4] · 6/6 | REPRODUCED |",
        "| p | [A](reports/p.md#a) | — | 6/6 | REPRODUCED |",
    ]
    assert made.startswith("before\n<!-- findings: p.b p.a -->\n\n|")
    assert made.endswith("|\n\n<!-- end of findings -->\nafter\n")
    assert verdicts.with_findings(made, KNOWN, "reports") == made
    assert verdicts.with_findings("no table\n", KNOWN, "reports") == "no table\n"


def test_the_findings_of_readme_are_those_of_the_committed_verdicts() -> None:
    assert readme() == README.read_text(encoding="utf-8")
    assert README.read_text(encoding="utf-8").count("](reports/") > 9


def test_readme_names_the_address_of_the_repository_that_the_package_has() -> None:
    address = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))["project"]["urls"][
        "Repository"
    ]
    found = re.findall(r"git clone (\S+)", README.read_text(encoding="utf-8"))
    assert found == [address]


def test_a_finding_without_a_verdict_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"'p\.c'.*p\.a|p\.b"):
        verdicts.with_findings(TABLE.replace("p.a", "p.c"), KNOWN, "reports")


def test_the_file_is_found_in_the_wheel_first_and_beside_the_package_else(tmp_path: Path) -> None:
    package = tmp_path / "grokbench"
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / VERDICTS).write_text("{}", encoding="utf-8")
    assert committed(VERDICTS, package) == tmp_path / "reports" / VERDICTS
    (package / "_specs").mkdir(parents=True)
    (package / "_specs" / VERDICTS).write_text("{}", encoding="utf-8")
    assert committed(VERDICTS, package) == package / "_specs" / VERDICTS
    assert committed("no-such-file.json", package) is None
    assert verdicts.read(tmp_path / "none.json") == {}
