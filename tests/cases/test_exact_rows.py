"""α is rounded after its rows were counted; a number of rows can be said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import grokbench
from grokbench.cli import group
from grokbench.plan.expand import expand
from grokbench.specs import parse, schema
from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from grokbench.store import codec, keys
from grokbench.training.record import Record

SMALL = {"model.width": 16}


def run(**more: object) -> Record:
    return grokbench.run("addition", "gromov2023/adamw", steps=0, settings=SMALL, **more)  # type: ignore[arg-type]


def test_a_fraction_of_3000_rows_trains_on_3000(tmp_path: Path) -> None:
    record = run(alpha=3000 / 9409, store=tmp_path)
    assert (record.facts["n_train"], record.trial.alpha, record.trial.rows) == (3000, 0.3188436603, 3000)
    assert run(alpha=0.3188436603).facts["n_train"] == 2999  # ten digits alone
    again = run(rows=3000, store=tmp_path)
    assert again.trial == record.trial
    assert again.content == record.content


def test_rows_that_ten_digits_give_are_no_part_of_the_key() -> None:
    by_rows, by_alpha = run(rows=2822), run(alpha=0.3)
    assert by_rows.facts["n_train"] == by_alpha.facts["n_train"] == 2822
    assert by_alpha.trial.rows is None
    half = grokbench.run("s5-product", "gromov2023/adamw", rows=7200, steps=0, settings=SMALL)
    assert (half.trial.alpha, half.trial.rows) == (0.5, None)


def test_every_number_of_rows_of_a_table_can_be_had() -> None:
    settings = {**SMALL, "task.domain.p": 23}
    for rows in (1, 2, 45, 264, 265, 527, 528):
        for words in ({"rows": rows}, {"alpha": rows / 529}):
            record = grokbench.run("addition", "gromov2023/adamw", steps=0, settings=settings, **words)  # type: ignore[arg-type]
            assert record.facts["n_train"] == rows


def test_a_trial_with_rows_survives_its_document_and_has_a_key_of_its_own() -> None:
    trial = run(rows=3000).trial
    assert codec.trial_from_json(json.loads(json.dumps(codec.trial_to_json(trial)))) == trial
    assert keys.key(trial) != keys.key(run(alpha=0.3188436603).trial)
    assert "rows" not in codec.trial_to_json(run(alpha=0.3).trial)


@pytest.mark.parametrize("rows", [0, -5, 9409])
def test_rows_that_leave_a_side_empty_are_one_sentence(rows: int) -> None:
    with pytest.raises(InputError, match="set empty"):
        run(rows=rows)


def test_the_command_line_takes_rows_and_refuses_both(tmp_path: Path) -> None:
    words = ["run", "--task", "addition", "--baseline", "gromov2023/adamw", "--set", "model.width=16"]
    words += ["--steps", "0", "--store", str(tmp_path), "--rows", "3000"]
    done = CliRunner().invoke(group, [*words, "--json"], standalone_mode=False)
    assert done.exception is None
    with pytest.raises(InputError, match="--alpha and --rows"):
        CliRunner().invoke(group, [*words, "--alpha", "0.3"], standalone_mode=False, catch_exceptions=False)


def test_a_tier_takes_rows_in_place_of_alphas() -> None:
    document = {
        "paper": {"id": "mine", "title": "t", "authors": "a"},
        "experiment": [
            {
                "id": "a",
                "title": "t",
                "task": "addition",
                "baseline": "gromov2023/adamw",
                "tier": {"quick": {"seeds": 1, "steps": 5, "rows": [2822, 3000]}},
            }
        ],
        "claim": [],
    }
    paper = parse.paper(schema.completed("paper", document))
    trials = [planned.trial for planned in expand(Library(), paper.experiments[0], "quick")]
    assert [(trial.alpha, trial.rows) for trial in trials] == [
        (round(2822 / 9409, 10), 2822),
        (0.3188436603, 3000),
    ]
    both = {"seeds": 1, "steps": 5, "rows": 3000, "alphas": [0.3]}
    document["experiment"][0]["tier"]["quick"] = both  # type: ignore[index]
    assert any("exclude each other" in str(one) for one in schema.mistakes("paper", document, "f"))


def test_a_tiers_fraction_counts_its_rows_before_it_is_rounded() -> None:
    entry = {"seeds": 1, "steps": 5, "alphas": [3000 / 9409]}
    document = {
        "id": "a",
        "title": "t",
        "task": "addition",
        "baseline": "gromov2023/adamw",
        "tier": {"quick": entry},
    }
    whole = {"paper": {"id": "m", "title": "t", "authors": "a"}, "experiment": [document], "claim": []}
    paper = parse.paper(schema.completed("paper", whole))
    (planned,) = expand(Library(), paper.experiments[0], "quick")
    assert planned.trial.rows == 3000


def test_a_sweep_counts_rows_before_it_rounds(tmp_path: Path) -> None:
    found = grokbench.sweep(
        "addition",
        "gromov2023/adamw",
        alphas=[8 / 529],
        seeds=1,
        steps=2,
        settings={"model.width": 8, "task.domain.p": 23},
        store=tmp_path,
        workers=1,
    )
    (record,) = found.records.values()
    assert record.facts["n_train"] == 8
    assert repr(8 / 529) in found.command
