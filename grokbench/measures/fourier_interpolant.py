"""A kernel machine that is the Fourier algorithm, as a computation: Mallinar et al. 2024 (arXiv 2407.20199), Theorem 5.1."""

from __future__ import annotations

from dataclasses import dataclass

from grokbench.measures.computation import Computation
from grokbench.specs.fields import field
from grokbench.specs.types import Section


@dataclass(frozen=True)
class Fields:
    """the quadratic kernel on all p² pairs, with a circulant feature matrix for each answer of x − y"""

    p: int = field(7, help="the modulus", least=2, most=20)


def compute(fields: Section, seed: int) -> dict[str, float]:
    """See ``NUMBERS``; the seed changes nothing.

    M_l couples x with y where x − y = l, so that k((x, y), (u, v)) = (1[x − v = l] + 1[u − y = l])². The theorem's coefficients
    are A(u, v) = ½ 1[u − v = l] − 1/(2(p + 1)).
    """
    import numpy as np

    p = int(fields["p"])
    x, y = np.divmod(np.arange(p * p), p)
    errors, least = [], []
    for answer in range(p):
        meets = ((x[:, None] - y) % p == answer).astype(np.float64)  # [i, j]: x_i − y_j is the answer
        kernel = (meets + meets.T) ** 2
        right = ((x - y) % p == answer).astype(np.float64)
        errors.append(np.abs(kernel @ (right / 2 - 1 / (2 * (p + 1))) - right).max())
        least.append(np.abs(np.linalg.eigvalsh(kernel)).min())
    return {"interpolation-error": float(max(errors)), "least-eigenvalue": float(min(least))}


NUMBERS = {
    "interpolation-error": "largest error on any pair of the machine with the theorem's coefficients",
    "least-eigenvalue": "least absolute eigenvalue of a kernel matrix; above 0 no other coefficients interpolate",
}
FOURIER_INTERPOLANT = Computation(
    "fourier-interpolant", Fields, NUMBERS, compute="grokbench.measures.fourier_interpolant:compute"
)
