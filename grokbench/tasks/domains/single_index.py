"""Normal vectors whose answer is the square of one direction (Kumar et al., arXiv 2310.06110, §5, Eq. 3).

x ~ N(0, I/d) and y = factor · (β · x)². Each seed draws its own β ~ N(0, I), so that β · x is about N(0, 1). There is no table of
pairs: rows are samples.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grokbench.specs.errors import InputError
from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.tasks.domain import Domain
from grokbench.tasks.groups import check_degree

MOST = 10_000
OPERATION = "square"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fields:
    """normal vectors of length d, answered by the square of their product with a random direction (Kumar et al. 2023)"""

    d: int = field(help="numbers in a vector", least=1, most=MOST)
    factor: float = field(0.5, help="what the square is multiplied by", above=0.0)


@dataclass(frozen=True, eq=False)
class SingleIndex:
    """Vectors of ``width`` numbers, answered by one number. direction: β (width,), which a seed draws."""

    width: int
    factor: float
    direction: Floats | None = None
    classes = 0
    real = 1

    def of_seed(self, generator: np.random.Generator) -> SingleIndex:
        """The domain with a direction drawn for a seed."""
        return replace(self, direction=generator.standard_normal(self.width))

    def sample(self, operation: str, n: int, generator: np.random.Generator) -> tuple[Floats, Floats]:
        """See ``sources.samples.Sampled``. Errors: InputError for another operation than "square"."""
        if operation.strip() != OPERATION:
            raise InputError(f"operation {operation!r}: a single index has the operation {OPERATION!r} alone")
        inputs = generator.standard_normal((n, self.width)) / self.width**0.5
        direction = np.zeros(self.width) if self.direction is None else self.direction
        return inputs, self.factor * (inputs @ direction)[:, None] ** 2


def build(table: Section) -> SingleIndex:
    """Before a seed has drawn the direction."""
    check_degree("the number d", table["d"], 1, MOST)
    return SingleIndex(table["d"], table["factor"])


DOMAIN = Domain("single-index", Fields, build, example={"d": 5})
