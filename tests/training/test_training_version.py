"""TRAINING_VERSION follows the numbers: when the code that trains changes, golden trajectories say whether they did.

``python -m tests.rewrite`` writes ``tests/data/golden.json`` again; it refuses when the trajectories changed and the version
did not.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import grokbench
from grokbench.store.keys import TRAINING_VERSION

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "data" / "golden.json"
ROOMS = ("tasks", "networks", "training")
SMALL = {"task.domain.p": 23, "model.d_model": 16, "model.d_head": 4, "model.d_mlp": 32}
DECODER = {"model.d_model": 16, "evaluation.spacing": 10}
HU = {"task.domain.p": 23, "model.d_embedding": 8}
RUNS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "gd": ("addition", "gromov2023/gd", {"model.width": 24}),
    "gd-momentum": ("division", "gromov2023/gd-momentum", {"model.width": 24}),
    "adamw": ("s5-product", "gromov2023/adamw-wd5", {"model.width": 24}),
    "nanda": ("addition", "nanda2023/transformer", SMALL),
    "nanda-dropout": ("addition", "nanda2023/dropout-02", SMALL),
    "nanda-l1": ("addition", "nanda2023/l1", SMALL),
    "power": ("division", "power2022/transformer", DECODER),
    "power-noise": ("s5-product", "power2022/weight-noise", DECODER | {"model.dropout": 0.1}),
    "power-update-noise": ("addition", "power2022/update-noise", DECODER | {"task.domain.p": 13}),
    "hu-lstm": ("addition", "hu2024/lstm-embedding", HU | {"model.hidden": 8, "loss.precision": "float64"}),
    "hu-mlp": ("addition", "hu2024/mlp-one-hot", HU | {"model.width": 32, "loss.precision": "float64"}),
    "hu-minibatch": ("addition", "hu2024/adam-minibatch-128", SMALL | {"training.batch": 32}),
    "power-to-initial": ("division", "power2022/decay-to-initial", DECODER | {"data.split": "mirrored"}),
}


def outline(node: Any) -> Any:
    """A syntax tree without docstrings, positions and empty fields: the same on every Python version."""
    if isinstance(node, ast.AST):
        fields = {name: outline(value) for name, value in ast.iter_fields(node) if value not in (None, [])}
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            fields["body"] = [outline(item) for item in body[1:]]
        return [type(node).__name__, fields]
    if isinstance(node, list):
        return [outline(item) for item in node]
    return repr(node)


def trees() -> str:
    """One hash over the syntax trees of everything that trains."""
    files = sorted(path for room in ROOMS for path in (ROOT / "grokbench" / room).rglob("*.py"))
    outlines = [
        [path.relative_to(ROOT).as_posix(), outline(ast.parse(path.read_text(encoding="utf-8")))]
        for path in files
    ]
    return hashlib.sha256(json.dumps(outlines, sort_keys=True).encode()).hexdigest()


def trajectories() -> dict[str, Any]:
    """Losses of 50 float64 steps of small networks."""
    out = {}
    for name, (task, baseline, own) in RUNS.items():
        settings = {**own, "training.dtype": "float64"}
        record = grokbench.run(task, baseline, alpha=0.5, seed=0, steps=50, settings=settings)
        out[name] = {
            column: record.curves[column].tolist() for column in ("train_loss", "test_loss", "test_accuracy")
        }
    return out


def agree(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether every trajectory of ``old`` is as it was in ``new``, which may have more."""
    return old.keys() <= new.keys() and all(
        np.allclose(old[name][column], new[name][column], rtol=1e-7, atol=0)
        for name in old
        for column in ("train_loss", "test_loss")
    )


def test_golden_trajectories_hold_for_this_training_version() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert golden["training_version"] == TRAINING_VERSION, "run python -m tests.rewrite"
    assert golden["trajectories"].keys() == RUNS.keys()
    assert agree(golden["trajectories"], trajectories()), "the numbers changed: raise TRAINING_VERSION"


def test_the_code_that_trains_is_the_code_that_was_checked() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert golden["trees"] == trees(), "tasks, networks or training changed: run python -m tests.rewrite"


def rewrite() -> None:
    """Write the golden file again."""
    new = {"training_version": TRAINING_VERSION, "trees": trees(), "trajectories": trajectories()}
    if GOLDEN.exists():
        old = json.loads(GOLDEN.read_text(encoding="utf-8"))
        same_version = old["training_version"] == TRAINING_VERSION
        if same_version and not agree(old["trajectories"], new["trajectories"]):
            sys.exit(
                "the golden trajectories changed: raise TRAINING_VERSION in grokbench/store/keys.py first"
            )
        if same_version:  # the old ones stay, lest many small changes add up
            new["trajectories"] |= old["trajectories"]
    GOLDEN.write_text(json.dumps(new, indent=1) + "\n", encoding="utf-8")
