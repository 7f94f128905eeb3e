"""How fast a minibatch step of the network of sparse parity is: the hand-written one against autograd.

Run with ``pytest tests/benchmarks --benchmark-only``; a plain pytest skips it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import pytest
import torch

from grokbench.networks.vector_mlp import ARCHITECTURE
from grokbench.plan.resolve import resolve_trial
from grokbench.tasks.source import shape_of
from grokbench.training.engine import checked_rows, set_up
from grokbench.training.engines import make_engine

FASTER = 2.0  # the least ratio of plain to fast


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def step(name: str) -> Callable[[], object]:
    trial = resolve_trial("sparse-parity", "parity/merrill", rows=1000, seed=9000, steps=1)
    assert shape_of(trial.task).width == 40
    net = make_engine(name, ARCHITECTURE, set_up(trial, checked_rows(trial)[0]))
    return lambda: net.train_pass(accuracy=False)


def timed(work: Callable[[], object], times: int = 100) -> float:
    start = time.perf_counter()
    for _ in range(times):
        work()
    return time.perf_counter() - start


def test_the_hand_written_step_is_faster_than_autograd(benchmark, one_thread):
    plain, fast = step("plain"), step("fast")
    timed(plain), timed(fast)
    pairs = [(timed(plain), timed(fast)) for _ in range(9)]
    ratio = median(a for a, _ in pairs) / median(b for _, b in pairs)
    benchmark.extra_info["plain over fast"] = ratio
    benchmark(fast)
    assert ratio > FASTER
