"""Whatever would fail while training fails in validate, all of it at once, with its file and dotted key."""

from __future__ import annotations

import pytest

from tests.cases.commands import GIVEN, PAPER, paper, recipe, task, write

NANDA = {"baseline": "nanda2023/transformer", "set": '{ "task.domain.p" = 13 }'}
FAULTS = {
    "experiment a.set.task.operation: operation 'min(x, y)'": {"set": '{ "task.operation" = "min(x, y)" }'},
    "experiment a.set.task.domain.p: p = 9000 makes a table": {"set": '{ "task.domain.p" = 9000 }'},
    "experiment a.set.model.width: expected integer; got 'wide'": {"set": '{ "model.width" = "wide" }'},
    "experiment a.set.model.widht: unknown key": {"set": '{ "model.widht" = 20 }'},
    "experiment a.set.optimiser.lr: unknown setting": {"set": '{ "optimiser.lr" = 1 }'},
    "experiment a.vary.model.heads: 3 does not divide model.d_model": {
        "baseline": "power2022/transformer",
        "set": "{}",
        "fields": 'vary = { "model.heads" = [4, 3] }',
    },
    "experiment a: the vocabulary of 239 tokens": {
        "baseline": "power2022/transformer",
        "set": '{ "task.domain.p" = 113 }',
    },
    "experiment a.vary.task.domain.p: 'x / y' divides": {
        "task": "division-or-subtraction",
        "set": "{}",
        "fields": 'vary = { "task.domain.p" = [11, 12] }',
    },
    "experiment a.tier.quick.alphas: alpha = 0.001 of 121 rows": {
        "quick": "{ seeds = 6, steps = 30, alphas = [0.001, 0.5] }"
    },
    "experiment a.tier.smoke.alphas: alpha = 0.9999 of 121 rows leaves the test set empty": {
        "alphas": "[0.9999]",
        "set": '{ "task.domain.p" = 11, "data.rounding" = "half-even" }',
    },
    "experiment a.probes: probe 'ipr' is for the model kind 'quadratic-mlp' or 'analytic-quadratic-mlp', not": {
        **NANDA,
        "fields": 'probes = ["ipr"]',
    },
    "experiment a.analyses: analysis 'neuron-phases' is for the model kind 'quadratic-mlp' or": {
        **NANDA,
        "fields": 'analyses = ["neuron-phases"]',
    },
    "experiment a.analyses: analysis 'progress' is for the model kind": {"fields": 'analyses = ["progress"]'},
    "experiment a.analyses: the Fourier measures need an odd p": {
        **NANDA,
        "set": '{ "task.domain.p" = 14 }',
        "fields": 'analyses = ["circuit"]',
    },
    "claim it-groks.rule[0].measure: no measure 'groksx'": {"measure": "groksx"},
    "claim it-groks.rule[0].args.phase: missing": {"measure": "phase-end"},
    "claim it-groks.rule[0].args.phase: expected one of 'memorisation', 'formation'": {
        "measure": "phase-end",
        "rule": 'min = 1\nargs = { phase = "memorising" }',
    },
    "claim it-groks.rule[0].args.level: expected a number; got 'high'": {
        "measure": "rise-ratio",
        "rule": 'min = 1\nargs = { level = "high" }',
    },
    "claim it-groks.rule[0].args.arm: expected an integer, 0 or more; got -1": {
        "rule": "min = 1\nargs = { arm = -1 }"
    },
    "claim it-groks.rule[0]: grokking reads arm 1": {"rule": "min = 1\nargs = { arm = 1 }"},
    "claim it-groks.rule[0]: time-ratio reads arm 1": {"measure": "time-ratio"},
    "claim it-groks.rule[0]: phase-spread-difference compares more experiments than the claim has: 1 experiment": {
        "measure": "phase-spread-difference"
    },
    "claim it-groks.rule[0]: alpha-threshold-change compares more experiments": {
        "measure": "alpha-threshold-change"
    },
    "claim it-groks.rule[0]: t-gen: this measure reads one record per seed and arm": {
        "measure": "t-gen",
        "quick": "{ seeds = 6, steps = 30, alphas = [0.4, 0.5] }",
    },
    "claim it-groks.rule[0]: width-threshold needs 'model.width' varied": {"measure": "width-threshold"},
    "claim it-groks.rule[0]: min 2 lies above max 1": {"rule": "min = 2\nmax = 1"},
    "claim it-groks.rule[0]: neither min nor max": {"rule": ""},
    "claim it-groks.figure: no figure 'curvs'": {"claim": 'figure = "curvs"'},
    "claim it-groks.kind: expected one of exact": {"kind": "evnt"},
    "claim it-groks.control: missing": {"kind": "never"},
    "claim it-groks.budget: a has 30 steps at its highest tier, quick": {
        "kind": "never",
        "claim": "budget = 100",
    },
    "claim it-groks.budget: only a claim of kind never": {"claim": "budget = 100"},
}


@pytest.mark.parametrize("start", FAULTS)
def test_a_claims_file_is_checked_by_experiment_tier_and_setting(grokbench, tmp_path, start):
    path = paper(tmp_path, **FAULTS[start])
    done = grokbench("validate", str(path))
    assert done.status == 2, done.out
    lines = done.err.removeprefix("Error: ").splitlines()
    wanted = start.replace("claim it-groks.kind", "claim[0].kind")
    assert any(line.startswith(f"{path}: {wanted}") for line in lines), lines


def test_the_nearest_figure_is_offered(grokbench, tmp_path):
    done = grokbench("validate", str(paper(tmp_path, claim='figure = "curvs"')))
    assert "(did you mean 'curves'?)" in done.err


def test_all_mistakes_of_all_files_are_told_at_once(grokbench, tmp_path):
    paper(tmp_path, measure="groksx", claim='figure = "curvs"', set='{ "model.width" = 0 }')
    task(tmp_path, "zero", "x / 0")
    done = grokbench("validate", str(tmp_path))
    for text in ("groksx", "curvs", "set.model.width", "divides by zero on every row"):
        assert text in done.err
    assert len(done.err.splitlines()) == 4


@pytest.mark.parametrize(
    ("operation", "kind", "size", "sentence"),
    [
        ("x * y", "symmetric-group", "n = 1", "domain.n: expected a number ≥ 2"),
        ("x / 0", "integers-mod", "p = 97", "operation: operation 'x / 0' divides by zero on every row"),
        ("x + y", "integers-mod", "p = 200000", "domain.p: p = 200000 makes a table of 40,000,000,000 rows"),
        ("x + y", "symmetric-group", "n = 3", "operation: in a group only '*' and '**'"),
        ("x / y", "integers-mod", "p = 12", "operation: 'x / y' divides, for which p must be prime"),
    ],
)
def test_a_task_is_checked_over_its_own_domain(grokbench, tmp_path, operation, kind, size, sentence):
    path = task(tmp_path, "t", operation, size, kind)
    done = grokbench("validate", str(path))
    assert (done.status, done.err.strip()) == (2, done.err.strip())
    assert done.err.startswith(f"Error: {path}: {sentence}")


@pytest.mark.parametrize(
    ("rest", "sentence"),
    [
        (
            'extends = "power2022/transformer"\n[model]\nheads = 3',
            "model.heads: 3 does not divide model.d_model",
        ),
    ],
)
def test_a_recipe_is_checked_by_itself(grokbench, tmp_path, rest, sentence):
    path = recipe(tmp_path, "mine/it", rest)
    done = grokbench("validate", str(path))
    assert done.status == 2
    assert done.err.startswith(f"Error: {path}: {sentence}")
    ran = grokbench("run", "--task", "addition", "--baseline", str(path), "--steps", "2")
    assert ran.status == 2
    assert sentence in ran.err


def test_a_folder_is_a_folder_of_specs_a_papers_or_one_of_files(grokbench, tmp_path):
    root = tmp_path / "specs"
    paper(root, baseline="mine/own", task="own")
    task(root, "own", "2 * x + y")
    recipe(root, "mine/own", 'extends = "gromov2023/gd"')
    write(root / "notes.toml", "this is no spec")
    flat = tmp_path / "mine"
    write(flat / "claims.toml", PAPER.format(**GIVEN | {"baseline": "mine/own", "task": "own"}))
    write(flat / "own2.toml", (root / "tasks/own.toml").read_text().replace('"own"', '"own2"'))
    assert grokbench("validate", str(root)).out == "3 files, no mistakes\n"
    assert grokbench("validate", str(root / "baselines" / "mine")).out == "2 files, no mistakes\n"
    done = grokbench("validate", str(flat))
    assert "no task 'own' (did you mean 'own2'?)" in done.err
    write(flat / "own2.toml", "x = 1")
    assert "own2.toml: top level: neither a task" in grokbench("validate", str(flat)).err


def test_what_is_no_file_folder_or_id_is_told(grokbench, tmp_path):
    (tmp_path / "empty").mkdir()
    write(tmp_path / "a.txt", "")
    assert "no spec file (*.toml) lies in this folder" in grokbench("validate", str(tmp_path / "empty")).err
    assert "ends in .toml" in grokbench("validate", str(tmp_path / "a.txt")).err
    assert "no such file" in grokbench("validate", str(tmp_path / "b.toml")).err
    assert "did you mean 'addition'" in grokbench("validate", "additon").err
    assert grokbench("validate", "addition", "gromov2023").out == "3 files, no mistakes\n"  # figures, too


def test_reproduce_checks_the_paper_and_what_it_uses_before_it_trains(grokbench, tmp_path):
    paper(tmp_path, measure="groksx", task="own")
    task(tmp_path, "own", "min(x, y)")
    task(tmp_path, "other", "also wrong")
    words = ("--specs", str(tmp_path), "--tier", "smoke", "--out", str(tmp_path / "out"))
    done = grokbench("reproduce", "mine", *words)
    assert done.status == 2
    assert "no measure 'groksx'" in done.err
    assert "own.toml: operation: operation 'min(x, y)'" in done.err
    assert "other" not in done.err
    assert not (tmp_path / "out").exists()


def test_reproduce_all_checks_every_paper_before_it_trains_one(grokbench, tmp_path):
    paper(tmp_path, id="zzz", measure="groksx")
    words = ("--tier", "smoke", "--out", str(tmp_path / "out"), "--store", str(tmp_path / "store"))
    done = grokbench("reproduce", "--all", "--specs", str(tmp_path), *words)
    assert done.status == 2
    assert "no measure 'groksx'" in done.err
    assert "to train" not in done.err
    assert not (tmp_path / "out").exists()


def test_a_file_of_another_kind_is_told_in_one_sentence(grokbench, tmp_path):
    own = str(recipe(tmp_path, "mine/ok", 'extends = "gromov2023/gd"'))
    done = grokbench("reproduce", own, "--dry-run")
    assert done.err == f"Error: {own}: the file of a baseline; the file of a paper is expected here\n"
    done = grokbench("run", "--task", own, "--baseline", own)
    assert done.err == f"Error: {own}: the file of a baseline; the file of a task is expected here\n"


def test_a_setting_is_named_as_it_is_written(grokbench):
    words = ("--task", "addition", "--baseline", "gromov2023/gd", "--set", "task.domain.p=1")
    assert "addition with its settings: task.domain.p: expected a number ≥ 2" in grokbench("run", *words).err
