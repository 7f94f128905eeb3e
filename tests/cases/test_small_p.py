"""Every network on the smallest tables: numbers that are finite unless the run diverged, or one sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import grokbench

DECODER = {"model.d_model": 8, "model.heads": 2}
SMALL: dict[str, dict[str, Any]] = {
    "gromov2023/gd": {"model.width": 8},
    "gromov2023/adamw": {"model.width": 8},
    "gromov2023/analytic": {"model.width": 24},
    "gromov2023/analytic-squares": {"model.width": 24},
    "gromov2023/analytic-one-root": {"model.width": 24},
    "gromov2023/analytic-forward": {"model.width": 24},
    "nanda2023/transformer": {**DECODER, "model.d_mlp": 8, "model.d_head": 4},
    "power2022/answer": {**DECODER, "model.layers": 1},
    "hu2024/lstm-one-hot": {"model.hidden": 4},
    "hu2024/lstm-scalars": {"model.hidden": 4},
    "hu2024/mlp-one-hot": {"model.width": 4},
    "hu2024/mlp-scalars": {"model.width": 4},
    "hu2024/mlp-embedding": {"model.width": 4, "model.d_embedding": 4},
}
TABLES = [
    ("addition", 2),
    ("addition", 3),
    ("division", 2),
    ("division", 3),
    ("addition", 4),
    ("sum-of-squares", 6),
]


@pytest.mark.parametrize("baseline", SMALL)
def test_the_smallest_tables_give_finite_numbers(baseline: str) -> None:
    words: dict[str, Any] = {} if "analytic" in baseline else {"steps": 7}
    if baseline.startswith("gromov"):
        words["probes"] = ("ipr", "phases", "spectrum", "trace")
    refused = []
    for task, p in TABLES:
        settings = {**SMALL[baseline], "task.domain.p": p}
        try:
            record = grokbench.run(task, baseline, alpha=0.6, seed=0, settings=settings, **words)
        except grokbench.GrokbenchError as error:
            refused.append((task, p, str(error)))
            continue
        assert record.ended == "diverged" or all(np.isfinite(c).all() for c in record.curves.values())
        assert 0 <= record.facts["memoriser_baseline"] <= 1
        assert record.facts["n_train"] + record.facts["n_test"] == len(grokbench.load_task(task, p=p).table())
    # A table of two elements is too small for the waves of the analytic networks, and they say so.
    assert [(task, p) for task, p, _ in refused] == (
        [("addition", 2), ("division", 2)] if "analytic" in baseline else []
    )
    assert all("p >= 3" in text for _, _, text in refused)
