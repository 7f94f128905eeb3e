"""Bad input gets exit status 2, one clear sentence, no traceback, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import processes

TASK = (
    'id = "{name}"\ntitle = "T"\noperation = "{operation}"\ndomain = {{ kind = "integers-mod", p = {p} }}\n'
)


def grokbench(*words: str, store: Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    place = ["--store", str(store)] if words[0] in {"run", "reproduce"} else []
    return processes.grokbench(*words, *place, cwd=cwd or store.parent)


def run_words(
    task: str = "addition", baseline: str = "gromov2023/gd", alpha: str = "0.5", *more: str
) -> list[str]:
    return ["run", "--task", task, "--baseline", baseline, "--alpha", alpha, "--steps", "10", *more]


CASES = {
    "unknown task": (run_words("additon"), "did you mean 'addition'"),
    "unknown baseline": (run_words(baseline="gromov2023/gb"), "did you mean 'gromov2023/gd'"),
    "unknown paper": (["reproduce", "gromov2032"], "did you mean 'gromov2023'"),
    "unknown claim": (["reproduce", "gromov2023", "--claim", "gd-grok"], "did you mean"),
    "a recipe without its paper": (["show", "gd"], "did you mean 'gromov2023/gd'?"),
    "a claim without its paper": (["show", "b30-groks-2"], "did you mean 'hu2024.b30-groks-2'?"),
    "an id like no other": (["show", "qqqq"], "more; see `grokbench list papers|tasks|baselines|claims`"),
    "a recipe like no other": (run_words(baseline="qqqq"), "more; see `grokbench list baselines`"),
    "a claim of another paper": (
        ["reproduce", "gromov2023", "--claim", "hu2024.qqqqqq"],
        "unknown claim of gromov2023",
    ),
    "a claim of no paper": (
        ["reproduce", "--all", "--claim", "qqqq"],
        "unknown claim 'qqqq'; known: charton2023.",
    ),
    "a claim of no paper beside one": (
        ["reproduce", "--all", "--claim", "b30-groks-2", "--claim", "b31-groks-2"],
        "did you mean 'hu2024.b30-groks-2'?",
    ),
    "unknown tier": (["reproduce", "gromov2023", "--tier", "quik"], "did you mean 'quick'"),
    "a shard that there is not": (
        ["reproduce", "gromov2023", "--shard", "9/8"],
        "--shard 9/8: expected i/n, the part i of n from 1 on, such as 1/8",
    ),
    "seeds at the smoke tier": (
        ["reproduce", "gromov2023", "--tier", "smoke", "--seeds", "9000:9001"],
        "the smoke tier has one seed of its own",
    ),
    "a shard of a ladder": (
        ["reproduce", "gromov2023", "--shard", "1/8", "--ladder"],
        "a ladder adds seeds",
    ),
    "workers and a scheduler": (
        ["reproduce", "gromov2023", "--workers", "2", "--scheduler", "tcp://127.0.0.1:9"],
        "give one",
    ),
    "unknown command": (["reproduc"], "did you mean 'reproduce'"),
    "unknown option": (["run", "--tsk", "addition"], "No such option"),
    "misspelt key": (
        run_words("addition", "gromov2023/gd", "0.5", "--set", "optimizer.momentun=0.9"),
        "did you mean 'momentum'",
    ),
    "setting without a value": (
        run_words("addition", "gromov2023/gd", "0.5", "--set", "optimizer.lr"),
        "expected key=value",
    ),
    "setting that is no TOML": (
        run_words("addition", "gromov2023/gd", "0.5", "--set", "model.convention=folded"),
        "not TOML",
    ),
    "alpha 0": (run_words(alpha="0"), "between 0 and 1"),
    "alpha 1": (run_words(alpha="1"), "between 0 and 1"),
    "alpha nan": (run_words(alpha="nan"), "between 0 and 1"),
    "empty training set": (run_words(alpha="0.00001"), "empty"),
    "division over composite p": (
        run_words("division", "gromov2023/gd", "0.5", "--set", "task.domain.p=4"),
        "prime",
    ),
    "p = 1": (run_words("addition", "gromov2023/gd", "0.5", "--set", "task.domain.p=1"), "≥ 2"),
    "a table too large": (
        run_words("addition", "gromov2023/gd", "0.5", "--set", "task.domain.p=200000"),
        "rows",
    ),
    "negative steps": (
        ["run", "--task", "addition", "--baseline", "gromov2023/gd", "--steps", "-5"],
        "Error: --steps must be 0 or more; got -5",
    ),
    "negative seed": (
        run_words("addition", "gromov2023/gd", "0.5", "--seed", "-1"),
        "--seed must be 0 or more",
    ),
    "a seed beyond every table": (
        run_words("addition", "gromov2023/gd", "0.5", "--seed", "99999999999999999999999"),
        "Error: --seed must be below 2^63; got 99999999999999999999999",
    ),
    "a list with such a seed": (
        ["reproduce", "gromov2023", "--seeds", "0,9223372036854775808"],
        "Error: --seeds must be below 2^63",
    ),
    "a wrapper that there is not": (
        run_words("addition", "nanda2023/transformer", "0.5", "--set", "optimizer.wrapper.kind='grokfast'"),
        "did you mean 'grokfast-ma'",
    ),
    "a group of weights without a name": (
        run_words("addition", "nanda2023/transformer", "0.5", "--set", "optimizer.groups=[{lr=0.1}]"),
        "optimizer.groups[0].parameters: missing",
    ),
    "a probe of another network": (
        run_words("addition", "nanda2023/transformer", "0.5", "--probe", "ipr"),
        "probe 'ipr' is for the model kind 'quadratic-mlp' or 'analytic-quadratic-mlp', not 'one-layer-transformer'",
    ),
    "elements that the vocabulary lacks": (
        run_words("addition", "power2022/answer", "0.5", "--set", "task.domain.p=113"),
        "the vocabulary of 239 tokens",
    ),
    "heads that do not divide": (
        run_words("addition", "power2022/answer", "0.5", "--set", "model.heads=3"),
        "does not divide model.d_model",
    ),
    "an empty batch": (run_words("addition", "power2022/answer", "0.5", "--set", "training.batch=0"), "≥ 1"),
    "half a row": (
        run_words("addition", "power2022/answer", "0.5", "--set", "training.batch=2.5"),
        "'full' or integer ≥ 1",
    ),
    "more steps than there is time": (
        ["run", "--task", "addition", "--baseline", "gromov2023/gd", "--steps", "99999999999999"],
        "at most 1000000000",
    ),
    "a sweep of what cannot be trained": (
        [
            "sweep",
            "--task",
            "addition",
            "--baseline",
            "power2022/answer",
            "--alphas",
            "0.5",
            "--set",
            "task.domain.p=113",
        ],
        "the vocabulary of 239 tokens",
    ),
    "a sweep beyond the table": (
        ["sweep", "--task", "addition", "--baseline", "gromov2023/gd", "--alphas", "0:9e999999:1e-9"],
        "between 0 and 1",
    ),
    "a sweep without end": (
        [
            "sweep",
            "--task",
            "addition",
            "--baseline",
            "gromov2023/gd",
            "--alphas",
            "0.1:0.9:0.001",
            "--seeds",
            "1000",
        ],
        "more than 10000 trials",
    ),
    "no workers": (
        ["reproduce", "gromov2023", "--workers", "0"],
        "Error: --workers must be 1 or more; got 0",
    ),
    "no workers for a sweep": (
        [
            "sweep",
            "--task",
            "addition",
            "--baseline",
            "gromov2023/gd",
            "--alphas",
            "0.5",
            "--workers",
            "0",
        ],
        "Error: --workers must be 1 or more; got 0",
    ),
    "steps for what is not trained": (
        run_words(baseline="gromov2023/analytic"),
        "Error: --steps must be 0 or left out; gromov2023/analytic is not trained",
    ),
    "a save folder that is not there": (
        run_words("addition", "gromov2023/gd", "0.5", "--save", "no/w.safetensors"),
        "no such folder",
    ),
    "an infinite setting": (
        run_words("addition", "gromov2023/gd", "0.5", "--set", "optimizer.lr=inf"),
        "finite",
    ),
    "a setting that is no field": (
        run_words("addition", "gromov2023/gd", "0.5", "--set", "extends='x/y'"),
        "only fields",
    ),
    "a plot that is a folder": (run_words("addition", "gromov2023/gd", "0.5", "--plot", "."), "is a folder"),
    "a missing spec file": (["show", "nope.toml"], "no such file"),
    "a missing claims file": (["show", "nope/claims.toml"], "no such file"),
    "parts beside no folder of specs": (["list", "networks", "--specs", "nope"], "no such folder of specs"),
    "probes beside no folder of specs": (["list", "probes", "--specs", "nope"], "no such folder of specs"),
    "an empty store": (
        ["runs", "--store", ""],
        "Error: --store is an empty path; name one, or leave it out",
    ),
    "an empty store among others": (["store", "merge", ""], "Error: FROM… is an empty path"),
    "an empty folder for files": (["export", "gromov2023", "--out", ""], "Error: --out is an empty path"),
    "an empty folder of specs": (["list", "tasks", "--specs", ""], "Error: --specs is an empty path"),
    "no records": (["report", "gromov2023", "--records", "."], "holds no records"),
    "no paper": (["reproduce"], "name one paper"),
    "missing file": (run_words("nothing.toml"), "no such file"),
}


@pytest.mark.parametrize("case", CASES, ids=lambda name: name.replace(" ", "-"))
def test_bad_input_is_answered_with_a_sentence(case: str, tmp_path: Path) -> None:
    words, expected = CASES[case]
    result = grokbench(*words, store=tmp_path / "store")
    assert result.returncode == 2, result.stderr
    assert expected in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert "unknown" not in expected or len(result.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("operation", "p", "expected"),
    [
        ("__import__('os')", 97, "__import__"),
        ("x ** y", 97, "exponent"),
        ("x / y", 9, "prime"),
        ("x + z", 97, "z"),
    ],
)
def test_a_bad_operation_is_refused(operation: str, p: int, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TASK.format(name="mine", operation=operation, p=p), encoding="utf-8")
    result = grokbench(*run_words(str(path)), store=tmp_path / "store")
    assert result.returncode == 2
    assert expected in result.stderr
    assert "Traceback" not in result.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["mine.toml"]


def test_a_huge_exponent_is_answered_fast(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TASK.format(name="mine", operation="x**10**9 + y", p=97), encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "grokbench", "show", str(path), "--resolved"],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert f"[2, 0, {pow(2, 10**9, 97)}]" in result.stdout or "rows = 9409" in result.stdout


def test_validate_prints_every_mistake(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TASK.format(name="mine", operation="x", p=1) + "colour = 3\n", encoding="utf-8")
    result = grokbench("validate", str(path), store=tmp_path / "store")
    assert result.returncode == 2
    assert "domain.p" in result.stderr
    assert "colour" in result.stderr


def test_a_store_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    result = grokbench(*run_words(), store=blocked / "store", cwd=tmp_path)
    assert result.returncode == 2
    assert "cannot be written" in result.stderr
    assert "Traceback" not in result.stderr
