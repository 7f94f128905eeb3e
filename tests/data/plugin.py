"""A network, loss, optimizer, wrapper, domain, source, corruption and figure as a stranger's script registers them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

import grokbench
from grokbench import (
    Architecture,
    Corruption,
    Decoding,
    Domain,
    FigureFields,
    FigureKind,
    Group,
    Loss,
    Network,
    Optimizer,
    Size,
    Source,
    Wrapper,
    field,
    load_task,
)


@dataclass(frozen=True)
class NetworkFields:
    """the sum of a learned row for x and one for y"""

    spread: float = field(0.1, help="standard deviation of the initial rows", above=0.0)


class Rows(Network):
    def __init__(self, weights):
        super().__init__()
        self.X, self.Y = nn.Parameter(weights["X"]), nn.Parameter(weights["Y"])

    def forward(self, inputs, noise=None):
        return self.X[inputs[:, 0]] + self.Y[inputs[:, 1]]


def build(model, n_elements, seed):
    generator = torch.Generator().manual_seed(seed)
    draw = [torch.randn(n_elements, n_elements, generator=generator, dtype=torch.float64) for _ in "XY"]
    return Rows({name: model["spread"] * rows for name, rows in zip("XY", draw, strict=True)})


def restore(model, weights):
    return Rows(weights)


def size(model, n):
    return Size(n, 2 * n * n)


@dataclass(frozen=True)
class LossFields:
    """absolute error against one-hot targets"""

    margin: float = field(0.0, help="errors below this count as none", least=0.0)


def absolute(outputs, targets, loss):
    onehot = nn.functional.one_hot(targets, outputs.shape[-1])
    return ((outputs - onehot).abs() - loss["margin"]).clamp(min=0).sum()


def mean(total, loss, n_rows, n_classes):
    return total / n_rows


@dataclass(frozen=True)
class SignFields:
    """a step of one length along each gradient's sign"""

    lr: float = field(help="length of a step", above=0.0)


class Sign:
    def __init__(self, lr):
        self.lr = lr

    def init(self, parameters, names):
        pass

    def update(self, parameters, gradients, step):
        for p, g in zip(parameters, gradients, strict=True):
            p.sub_(self.lr * g.sign())


@dataclass(frozen=True)
class ReverseFields:
    """turns the gradient around"""


class Reversed:
    def __init__(self, rule):
        self._rule = rule

    def init(self, parameters, names):
        self._rule.init(parameters, names)

    def update(self, parameters, gradients, step):
        self._rule.update(parameters, [-g for g in gradients], step)


@dataclass(frozen=True)
class BitFields:
    """strings of bits under exclusive or"""

    bits: int = field(3, help="bits of a string", least=1, most=10)


def exclusive_or(domain):
    n = 2 ** domain["bits"]
    every = np.arange(n)
    return Group(n, lambda: every[:, None] ^ every, lambda: (f"{i:b}" for i in every))


@dataclass(frozen=True)
class CornerFields:
    """the first rows of addition modulo 5"""


def corner(task, seed=0):
    from grokbench.tasks.table import Table

    return Table(load_task("addition", p=5).table()[:20], 5)


@dataclass(frozen=True)
class SmallestFields:
    """the class with the smallest output"""


def smallest(table, outputs, targets, kept):
    return outputs.argmin(-1) == targets


@dataclass(frozen=True)
class ShiftFields:
    """the first training rows get the next class"""

    count: int = field(3, help="rows", least=1)


def shifted(table, truth, train, n_classes, generator):
    chosen = np.arange(len(train)) < table["count"]
    return (truth[train] + chosen) % n_classes, chosen


@dataclass(frozen=True, kw_only=True)
class BlankFields(FigureFields):
    """axes without anything"""


def blank(own, cells):
    from grokbench.figures import layout, style

    shown = [cell for name in own.experiments for cell in cells.get(name, ())]
    if not shown:
        return None
    figure, axes = style.canvas(1, 1)
    axes[0].set_xlabel("nothing")
    axes[0].set_ylabel("nothing either")
    return layout.framed(figure, axes, own, cells, shown)


grokbench.register("figures", "blank", FigureKind(BlankFields, blank, panels=False))
grokbench.register("domains", "exclusive-or", Domain("exclusive-or", BitFields, exclusive_or))
grokbench.register(
    "sources", "corner", Source("corner", CornerFields, "pairs", lambda task: 5, lambda task: 20, corner)
)
grokbench.register(
    "decodings",
    "smallest",
    Decoding("smallest", SmallestFields, "classes", lambda table, answers: answers.classes, smallest),
)
grokbench.register("corruptions", "shift", Corruption("shift", ShiftFields, shifted))
grokbench.register("networks", "rows", Architecture("rows", NetworkFields, build, restore, size))
grokbench.register("losses", "absolute", Loss("absolute", LossFields, absolute, mean))
grokbench.register(
    "optimizers", "sign", Optimizer("sign", SignFields, lambda table, noise: Sign(table["lr"]))
)
grokbench.register(
    "wrappers", "reverse", Wrapper("reverse", ReverseFields, lambda table, rule: Reversed(rule))
)
