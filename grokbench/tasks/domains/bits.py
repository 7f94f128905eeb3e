"""Strings of n bits with a target of the first k of them: sparse parity (Merrill, Tsilivis and Shukla, arXiv 2303.11873).

A bit is −1 or +1. The operation "parity" is the product of the first k; class 1 is +1 and class 0 is −1. The paper hides which
k bits count, its code takes the first k. There is no table of pairs: rows are samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grokbench.specs.errors import InputError
from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.tasks.domain import Domain
from grokbench.tasks.groups import check_degree

MOST = 1024
OPERATION = "parity"


@dataclass(frozen=True)
class Fields:
    """strings of n bits, −1 or +1 each, with a target of the first k"""

    n: int = field(help="bits of a string", least=1, most=MOST)
    k: int = field(help="how many bits the target reads, the first ones", least=1, most=MOST)


@dataclass(frozen=True)
class Bits:
    """Strings of ``width`` bits."""

    width: int
    k: int
    classes = 2

    def sample(
        self, operation: str, n: int, generator: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """See ``sources.samples.Sampled``. Errors: InputError for another operation than "parity"."""
        if operation.strip() != OPERATION:
            raise InputError(f"operation {operation!r}: bits have the operation {OPERATION!r} alone")
        inputs: NDArray[np.float64] = generator.integers(0, 2, (n, self.width)).astype(np.float64) * 2 - 1
        return inputs, self.parity(inputs)

    def parity(self, inputs: NDArray[np.floating]) -> NDArray[np.int64]:
        """1 where the product of the first k bits of (n, width) is +1, else 0: (n,)."""
        return np.asarray(inputs[:, : self.k].prod(axis=1) > 0, dtype=np.int64)


def build(table: Section) -> Bits:
    """Strings of n bits. Errors: InputError for k > n."""
    check_degree("the number n of bits", table["n"], 1, MOST)
    check_degree("the number k of bits that the target reads", table["k"], 1, table["n"])
    return Bits(table["n"], table["k"])


DOMAIN = Domain("bits", Fields, build, example={"n": 40, "k": 3})
