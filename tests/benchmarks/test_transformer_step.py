"""How fast one full-batch step of Nanda's network is: the hand-written one against the plain one over all positions.

Run with ``pytest tests/benchmarks --benchmark-only``; a plain pytest skips it.
"""

from __future__ import annotations

import time
from statistics import median

import numpy as np
import pytest
import torch

from grokbench.networks.registry import build
from grokbench.training.engines import Engine
from tests.networks import drawn

P, N_TRAIN = 113, 3830
MODEL = {"kind": "one-layer-transformer", "d_model": 128, "heads": 4, "d_head": 32, "d_mlp": 512}
FASTER = 6.0  # the least ratio of plain to fast


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def network(engine: str) -> Engine:
    x, y = np.divmod(np.arange(P * P), P)
    rows = np.column_stack([x, y, (x + y) % P])
    order = np.random.default_rng(9000).permutation(P * P)
    train, test = rows[np.sort(order[:N_TRAIN])], rows[np.sort(order[N_TRAIN:])]
    loss = {"kind": "cross-entropy", "precision": "float64"}
    return drawn.engine(engine, build(MODEL, P, 9000), MODEL["kind"], loss, train, test, torch.float32)


@pytest.mark.benchmark(group="nanda2023 step")
def test_the_hand_written_step_is_six_times_as_fast(benchmark, one_thread):
    plain, fast = network("plain"), network("fast")
    seconds: dict[str, list[float]] = {"plain": [], "fast": []}
    for _ in range(
        5
    ):  # in turn, so that a busy moment falls on both; the first step after a change only warms the cache
        for net, steps in ((plain, 3), (fast, 12)):
            for i in range(steps):
                start = time.process_time()
                net.train_pass(accuracy=False)
                if i:
                    seconds[net.name].append(time.process_time() - start)
    benchmark.pedantic(fast.train_pass, kwargs={"accuracy": False}, rounds=20, iterations=1)
    ratio = median(seconds["plain"]) / median(seconds["fast"])
    benchmark.extra_info["plain_ms"] = 1e3 * median(seconds["plain"])
    benchmark.extra_info["fast_ms"] = 1e3 * median(seconds["fast"])
    benchmark.extra_info["ratio"] = ratio
    assert ratio >= FASTER, (
        f"plain {1e3 * median(seconds['plain']):.1f} ms, fast {1e3 * median(seconds['fast']):.1f} ms"
    )
