"""How fast one full-batch step of Hu's two networks is: the hand-written ones against autograd over all rows.

Run with ``pytest tests/benchmarks --benchmark-only``; a plain pytest skips it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np
import pytest
import torch
from torch import nn

from grokbench.networks.fast.lstm import FastLSTM
from grokbench.networks.fast.relu_mlp import FastReluMLP
from grokbench.networks.lstm import LSTM
from grokbench.networks.operands import ENCODINGS
from tests.networks.drawn import initial_lstm, initial_relu_mlp

P, HIDDEN = 97, 20
LSTM_FASTER, MLP_FASTER = 2.0, 1.0  # the least ratios of plain to fast

Step = Callable[[], object]


@pytest.fixture
def as_in_training():
    """One thread, and numbers too small to be normal are 0: at first, scalars make such numbers in the softmax."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    yield
    torch.set_flush_denormal(False)
    torch.set_num_threads(before)


def table(alpha: float) -> np.ndarray:
    x, y = np.divmod(np.arange(P * P), P)
    trained = np.random.default_rng(9000).permutation(P * P)[: int(alpha * P * P)]
    return np.column_stack([x, y, (x + y) % P])[np.sort(trained)]


class TorchLSTM(nn.Module):
    """The same network out of torch's own parts, over all rows; one-hot vectors are made once."""

    def __init__(self, plain: LSTM, pairs: torch.Tensor) -> None:
        super().__init__()
        self.learned = plain.encoding == "embedding"
        if self.learned:
            self.embedding = nn.Embedding.from_pretrained(plain.W_E.detach().clone(), freeze=False)
        self.tokens = plain.tokens(pairs)
        self.encoded = plain.encode(self.tokens).detach()
        self.lstm = nn.LSTM(plain.W_ih.shape[1], plain.hidden, batch_first=True)
        self.out = nn.Linear(plain.hidden, plain.n_elements)

    def forward(self, _: torch.Tensor) -> torch.Tensor:
        inputs = self.embedding(self.tokens) if self.learned else self.encoded
        return self.out(self.lstm(inputs)[0][:, -1])


def autograd_step(net: nn.Module, rows: np.ndarray) -> Step:
    pairs, target = torch.from_numpy(rows[:, :2].copy()), torch.from_numpy(rows[:, 2].copy())
    weights = list(net.parameters())
    return lambda: torch.autograd.grad(nn.functional.cross_entropy(net(pairs), target), weights)


def seconds(steps: dict[str, tuple[Step, int]]) -> dict[str, float]:
    """Median CPU time of each, taken in turn, so that a busy moment falls on all; the first step after a change is a warm-up."""
    found: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(5):
        for name, (step, times) in steps.items():
            for i in range(times):
                start = time.process_time()
                step()
                if i:
                    found[name].append(time.process_time() - start)
    return {name: median(times) for name, times in found.items()}


def report(benchmark, found: dict[str, float]) -> None:
    for name, spent in found.items():
        benchmark.extra_info[f"{name}_ms"] = 1e3 * spent
        if name != "fast":
            benchmark.extra_info[f"{name}_ratio"] = spent / found["fast"]


@pytest.mark.benchmark(group="hu2024 lstm step")
@pytest.mark.parametrize("alpha", [0.3, 0.6])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_hand_written_lstm_step_is_twice_as_fast(benchmark, as_in_training, encoding, alpha):
    rows = table(alpha)
    net = initial_lstm({"hidden": HIDDEN, "encoding": encoding}, P, 9000).float()
    theirs = TorchLSTM(net, torch.from_numpy(rows[:, :2].copy()))
    fast = FastLSTM(net, torch.float32)
    prepared = fast.rows(rows)
    found = seconds(
        {
            "torch": (autograd_step(theirs, rows), 4),
            "plain": (autograd_step(net, rows), 4),
            "fast": (lambda: fast.gradient(prepared), 16),
        }
    )
    benchmark.pedantic(fast.gradient, args=(prepared,), rounds=20, iterations=1)
    report(benchmark, found)
    assert min(found["torch"], found["plain"]) / found["fast"] >= LSTM_FASTER, found


@pytest.mark.benchmark(group="hu2024 mlp step")
@pytest.mark.parametrize("hidden_layers", [1, 2])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_hand_written_mlp_step_is_not_slower(benchmark, as_in_training, encoding, hidden_layers):
    rows = table(0.3)
    net = initial_relu_mlp({"hidden_layers": hidden_layers, "encoding": encoding}, P, 9000).float()
    fast = FastReluMLP(net, torch.float32)
    prepared = fast.rows(rows)
    found = seconds(
        {"plain": (autograd_step(net, rows), 3), "fast": (lambda: fast.gradient(prepared), 4)},
    )
    benchmark.pedantic(fast.gradient, args=(prepared,), rounds=5, iterations=1)
    report(benchmark, found)
    assert found["plain"] / found["fast"] >= MLP_FASTER, found
