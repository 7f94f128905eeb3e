"""Two linear teachers whose class is the sign of wᵀx (Lyu, Jin, Li, Du, Lee and Hu, arXiv 2311.18817, §3.2.3).

``sparse-linear``: x is uniform over {−1, +1}^d, and w has k ones, in front. The paper draws a random sign for each of the k; a
network that treats x_k and −x_k alike sees the same problem. ``dense-linear``: x ~ N(0, I), w is a unit vector in a random
direction, and x is then moved by gap/2 along w, away from the boundary. w is drawn once and is the same for every seed.
Class 1 is wᵀx > 0. There is no table of pairs: rows are samples.
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
from grokbench.tasks.streams import stream

MOST = 1_000_000
OPERATION = "sign"


@dataclass(frozen=True)
class SparseFields:
    """vectors of d signs; the class is the sign of the sum of the first k"""

    d: int = field(help="numbers in a vector", least=1, most=MOST)
    k: int = field(help="how many of them the class reads, the first ones; odd, so that no sum is 0", least=1)


@dataclass(frozen=True)
class DenseFields:
    """normal vectors of length d, moved away from a random plane; the class is the side they lie on"""

    d: int = field(help="numbers in a vector", least=1, most=MOST)
    gap: float = field(0.0, help="γ: every vector lies at least γ/2 from the plane", least=0.0)


@dataclass(frozen=True, eq=False)
class Linear:
    """Vectors of ``width`` numbers, and the teacher w (width,). gap: None for vectors of signs."""

    width: int
    teacher: NDArray[np.float64]
    gap: float | None
    classes = 2

    def sample(
        self, operation: str, n: int, generator: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """See ``sources.samples.Sampled``. Errors: InputError for another operation than "sign"."""
        if operation.strip() != OPERATION:
            raise InputError(
                f"operation {operation!r}: linear teachers have the operation {OPERATION!r} alone"
            )
        if self.gap is None:
            inputs = generator.integers(0, 2, (n, self.width)).astype(np.float64) * 2 - 1
            return inputs, np.asarray(inputs @ self.teacher > 0, dtype=np.int64)
        inputs = generator.standard_normal((n, self.width))
        positive = inputs @ self.teacher > 0  # (n,)
        inputs += np.where(positive, 1.0, -1.0)[:, None] * (self.gap / 2) * self.teacher
        return inputs, positive.astype(np.int64)


def sparse(table: Section) -> Linear:
    """Signs with a sparse teacher. Errors: InputError for k > d, or an even k."""
    check_degree("the number d of signs", table["d"], 1, MOST)
    check_degree("the number k of signs that the class reads", table["k"], 1, table["d"])
    if not table["k"] % 2:
        raise InputError(f"the number k of signs that the class reads must be odd, not {table['k']}")
    return Linear(table["d"], (np.arange(table["d"]) < table["k"]).astype(np.float64), None)


def dense(table: Section) -> Linear:
    """Normal vectors with a dense teacher."""
    check_degree("the number d of numbers in a vector", table["d"], 1, MOST)
    drawn: NDArray[np.float64] = stream(0, "teacher", "dense-linear").standard_normal((table["d"],))
    return Linear(table["d"], drawn / np.linalg.norm(drawn), float(table["gap"]))


SPARSE = Domain("sparse-linear", SparseFields, sparse, example={"d": 4096, "k": 3})
DENSE = Domain("dense-linear", DenseFields, dense, example={"d": 4096})
