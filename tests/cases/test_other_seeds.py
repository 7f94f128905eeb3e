"""``reproduce --seeds``: a tier on other seeds, beside the report and never onto it, with what the two agree on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grokbench.reports import agreement
from grokbench.reproduction import Reproduction
from grokbench.specs.errors import InputError
from tests.test_reproduction import SPECS, by_id, reproduce


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict, dict]:
    root = tmp_path_factory.mktemp("seeds")
    first, _ = reproduce(root)
    second, _ = reproduce(root, "--seeds", "200:205")
    return root, first, second


def test_it_lies_beside_the_report_and_leaves_that_alone(both: tuple[Path, dict, dict]) -> None:
    root, first, second = both
    out = root / "out"
    assert json.loads((out / "tiny.json").read_text(encoding="utf-8")) == first
    assert json.loads((out / "tiny.seeds-200-205.json").read_text(encoding="utf-8")) == second
    assert (out / "tiny.seeds-200-205.md").is_file()
    assert (out / "tiny.seeds-200-205" / "records" / "train.zip").is_file()
    assert [row["seed"] for row in by_id(second)["generalises"]["values"]] == [200, 201, 202, 203, 204, 205]
    assert "--seeds 200,201,202,203,204,205," in second["command"]


def test_the_agreement_is_told(both: tuple[Path, dict, dict]) -> None:
    root, first, second = both
    found = agreement.rows(root / "out", "tiny", "tiny.seeds-200-205")
    assert [row.claim for row in found] == ["generalises", "generalises-untrained"]
    assert {row.says for row in found} == {agreement.SAME}
    assert agreement.told(found) == "2 of 2 claims say the same on both blocks of seeds."
    board = (root / "out" / "README.md").read_text(encoding="utf-8")
    assert "## tiny on seeds 200-205" in board
    assert "| generalises | REPRODUCED 6/6 | REPRODUCED 6/6 | the same |" in board
    assert agreement.blocks(root / "out", "tiny") == ["tiny.seeds-200-205"]
    turned = {**second, "claims": [{**c, "verdict": "INCONCLUSIVE"} for c in second["claims"]]}
    path = root / "out" / "tiny.seeds-7.json"
    path.write_text(json.dumps(turned), encoding="utf-8")
    other = agreement.rows(root / "out", "tiny", "tiny.seeds-7")
    path.unlink()
    assert [row.says for row in other] == [agreement.UNDECIDED] * 2
    assert by_id(first)["generalises"]["verdict"] == "REPRODUCED"


def test_an_untrained_experiment_keeps_its_number_of_draws(tmp_path: Path) -> None:
    job = Reproduction("gromov2023", store=tmp_path, seeds=[200, 201, 202, 203, 204, 205])
    seeds = {name: {one.seed for one in grid} for (name, tier), grid in job.grids.items() if tier == "quick"}
    assert seeds["analytic-addition"] == set(range(200, 300))
    assert seeds["gd-addition"] == set(range(200, 206))
    assert job.tiers == ("quick",)


def test_a_seed_that_is_named_twice_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="seeds: 3 is named twice"):
        Reproduction("tiny", store=tmp_path, specs=[SPECS], seeds=[3, 4, 3])
