"""How fast one full-batch step of Gromov's network is: the hand-written one against the plain dense one.

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
from grokbench.training.optimizers.gd import GradientDescent
from tests.networks import drawn

P, WIDTH, ALPHA = 97, 500, 0.49
FASTER = 3.0  # the least ratio of plain to fast


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
    n_train = int(ALPHA * P * P)
    train, test = rows[np.sort(order[:n_train])], rows[np.sort(order[n_train:])]
    model = {"kind": "quadratic-mlp", "width": WIDTH, "convention": "mean-field"}
    return drawn.engine(
        engine, build(model, P, 9000), model["kind"], {"kind": "mse"}, train, test, torch.float32
    )


@pytest.mark.benchmark(group="gromov2023 step")
def test_the_hand_written_step_is_three_times_as_fast(benchmark, one_thread):
    rule = GradientDescent(lr=5e5, momentum=0.0, weight_decay=0.0)
    plain, fast = network("plain"), network("fast")
    rule.init(plain.parameters, plain.names)

    def step(net: Engine) -> None:
        net.train_pass(accuracy=False)
        rule.update(net.parameters, net.gradients, 0)

    seconds: dict[str, list[float]] = {"plain": [], "fast": []}
    for _ in range(
        10
    ):  # in turn, so that a busy moment falls on both; the first step after a change only warms the cache
        for net in (plain, fast):
            for i in range(5):
                start = time.process_time()
                step(net)
                if i:
                    seconds[net.name].append(time.process_time() - start)
    benchmark.pedantic(step, args=(fast,), rounds=20, iterations=1)
    ratio = median(seconds["plain"]) / median(seconds["fast"])
    benchmark.extra_info["plain_ms"] = 1e3 * median(seconds["plain"])
    benchmark.extra_info["fast_ms"] = 1e3 * median(seconds["fast"])
    benchmark.extra_info["ratio"] = ratio
    assert ratio >= FASTER, (
        f"plain {1e3 * median(seconds['plain']):.1f} ms, fast {1e3 * median(seconds['fast']):.1f} ms"
    )
