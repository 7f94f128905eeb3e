"""The page, the JSON and the figures of a leaderboard, from made runs."""

from __future__ import annotations

import json
import math
import re
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from grokbench import figures
from grokbench.plan.leaderboard import Leaderboard
from grokbench.plan.standings import Standings
from grokbench.reports import standings
from grokbench.reports.standings_document import document
from grokbench.specs.types import Trial
from tests import processes, prose, tracks

SCHEMA = json.loads((files("grokbench") / "specs/schemas/leaderboard.schema.json").read_text("utf-8"))


def truth(one: Trial) -> float:
    """Lion is faster on the MLP, where AdamW does not generalise on every fourth seed, and slower on parity."""
    lion = one.recipe.optimizer["kind"] == "lion"
    if one.task.id == "addition":
        return 20.0 if lion else (math.inf if one.seed % 4 == 0 else 50.0)
    return -36.0 if lion else 24.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tracks.written(tmp_path_factory.mktemp("track"))


@pytest.fixture(scope="module")
def result(home: Path) -> Standings:
    return tracks.board(home, truth).result()


def test_the_document_is_what_its_schema_says(result: Standings) -> None:
    found = document(result, {})
    jsonschema.Draft7Validator(SCHEMA).validate(found)
    assert [own["name"] for own in found["entries"]] == ["adamw", "lion"]
    mlp, parity = found["entries"][1]["workloads"]
    assert (mlp["kept"], mlp["n"], mlp["certificate"]) == (12, 12, "CERTIFIED")
    assert (parity["kept"], parity["certificate"]) == (0, "NOT CERTIFIED")
    assert parity["runs"][0]["t_gen"] == 36.0
    assert mlp["differs_in"] == ["optimizer.beta2", "optimizer.kind"]
    assert mlp["weights"] == 3 * 7 * 32
    assert mlp["gradients"] == mlp["steps"] == 12 * 100
    assert [one["chosen"] for one in mlp["tuning"]] == [True, False]


def test_the_page_says_more_than_half_grinding_and_every_setting(result: Standings) -> None:
    text = standings.page(result, {}, {})
    assert "**more than half of seeds**" in text
    assert "**Grinding is possible.**" in text
    assert "grokbench leaderboard toy --block maintainer" in text
    assert len(re.findall(r"^\| Lion \| (mlp|parity) \| lr 0\.0[13] \|", text, re.M)) == 4
    (overall,) = [line for line in text.splitlines() if line.startswith("| Lion | 1 of 2 |")]
    assert "12 of 24" in overall
    assert f"`{result.entries[0].block.commit}`" in text


def test_every_sentence_of_the_page_is_short(result: Standings) -> None:
    assert prose.too_long(standings.page(result, {}, {})) == []


def test_the_median_of_censored_times_is_beyond_the_budget_and_a_fall_is_counted(result: Standings) -> None:
    text = standings.page(result, {}, {})
    lines = [line for line in text.splitlines() if line.startswith("| Lion | 40 | 0 of 12 | NOT CERTIFIED |")]
    assert len(lines) == 1
    assert "| 12 of 12 |" in lines[0]  # all dip below 0.9
    never = tracks.record(next(iter(result.records.values())).trial, math.inf)
    lost = Standings(result.track, result.entries, dict.fromkeys(result.records, never), result.tuning)
    assert "| > 100 | > 100 to > 100 |" in standings.page(lost, {}, {})


def test_it_is_written_with_figures_and_records_and_made_again_from_these(
    home: Path, result: Standings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "_save", processes.unrendered)
    page = standings.write(result, tmp_path / "out")
    names = {
        path.relative_to(tmp_path / "out").as_posix()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert {"leaderboard-toy.md", "leaderboard-toy.json"} <= names
    assert {
        f"leaderboard-toy/records/{own}-{name}.zip" for own in ("adamw", "lion") for name in ("mlp", "parity")
    } <= names
    again = Leaderboard(
        "toy", specs=home, store=tmp_path / "empty", records=tmp_path / "out/leaderboard-toy/records"
    )
    assert again.untrained() == ()
    other = standings.write(again.result(), tmp_path / "again")
    assert other.read_text("utf-8") == page.read_text("utf-8")
    assert other.with_suffix(".json").read_text("utf-8") == page.with_suffix(".json").read_text("utf-8")


def test_another_block_has_a_page_of_its_own_and_stands_on_the_first_ones(
    home: Path, result: Standings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "_save", processes.unrendered)
    other = tracks.board(home, truth, word="maintainer").result()
    assert not set(other.entries[0].block.seeds) & set(result.entries[0].block.seeds)
    page = standings.write(other, tmp_path)
    assert page.name == "leaderboard-toy.maintainer.md"
    assert "grokbench leaderboard toy --block maintainer" in page.read_text("utf-8")
    text = standings.write(result, tmp_path).read_text("utf-8")
    assert "| entry | workload | this block | `maintainer` |" in text
    assert "| Lion | mlp | 12 of 12, CERTIFIED | 12 of 12, CERTIFIED |" in text


def test_the_scoreboard_beside_it_names_its_entries(
    result: Standings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "_save", processes.unrendered)
    standings.write(result, tmp_path)
    assert not (tmp_path / "README.md").exists()
    (tmp_path / "verdicts.json").write_text('{"claims": []}', encoding="utf-8")
    standings.write(result, tmp_path)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "- [A toy](leaderboard-toy.md): certified, of 2 workloads: Adamw 2, Lion 1." in text
