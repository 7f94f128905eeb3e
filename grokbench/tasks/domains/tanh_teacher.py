"""Normal vectors, answered by a random network: teacher and student of Omnigrok's Fig 2 (arXiv 2210.01117, §3).

x ~ N(0, I_d); the teacher is a tanh network d–m–m–c with biases, every weight and bias drawn from U(±1/√fan_in) as torch's linear
layers are. Each seed has a teacher of its own. There is no table of pairs: rows are samples.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from grokbench.specs.errors import InputError
from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.tasks.domain import Domain
from grokbench.tasks.groups import check_degree

MOST = 10_000
OPERATION = "teacher"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fields:
    """normal vectors of length d, answered by a random tanh network of two hidden layers (Liu, Michaud and Tegmark 2022)"""

    d: int = field(help="numbers in a vector", least=1, most=MOST)
    outputs: int = field(help="numbers in an answer", least=1, most=MOST)
    width: int = field(100, help="units of each of the teacher's two hidden layers", least=1, most=MOST)


@dataclass(frozen=True, eq=False)
class Teacher:
    """Vectors of ``width`` numbers, answered by ``real`` numbers. layers: (W (fan_out, fan_in), b (fan_out,)) of each."""

    width: int
    hidden: int
    real: int
    layers: tuple[tuple[Floats, Floats], ...] = ()
    classes = 0

    def of_seed(self, generator: np.random.Generator) -> Teacher:
        """The domain with a teacher drawn for a seed."""
        layers = []
        for fan_in, fan_out in pairwise((self.width, self.hidden, self.hidden, self.real)):
            bound = fan_in**-0.5
            layers.append(
                (
                    generator.uniform(-bound, bound, (fan_out, fan_in)),
                    generator.uniform(-bound, bound, fan_out),
                )
            )
        return replace(self, layers=tuple(layers))

    def answered(self, inputs: Floats) -> Floats:
        """Outputs of the teacher, (n, width) → (n, real)."""
        h = inputs
        for weight, bias in self.layers[:-1]:
            h = np.tanh(h @ weight.T + bias)
        weight, bias = self.layers[-1]
        return np.asarray(h @ weight.T + bias)

    def sample(self, operation: str, n: int, generator: np.random.Generator) -> tuple[Floats, Floats]:
        """See ``sources.samples.Sampled``. Errors: InputError for another operation than "teacher"."""
        if operation.strip() != OPERATION:
            raise InputError(
                f"operation {operation!r}: a random teacher has the operation {OPERATION!r} alone"
            )
        inputs = generator.standard_normal((n, self.width))
        return inputs, self.answered(inputs)


def build(table: Section) -> Teacher:
    """Before a seed has drawn the teacher."""
    for name in ("d", "outputs", "width"):
        check_degree(f"the number {name}", table[name], 1, MOST)
    return Teacher(table["d"], table["width"], table["outputs"])


DOMAIN = Domain("tanh-teacher", Fields, build, example={"d": 5, "outputs": 5})
