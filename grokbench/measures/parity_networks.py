"""Networks of a few ReLU neurons that compute a parity, as a computation (Merrill, Tsilivis and Shukla 2023, appendix D)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from grokbench.measures.computation import Computation
from grokbench.specs.fields import field
from grokbench.specs.types import Section

KINDS = ("general", "six", "four")
ROWS_OF_A_PATTERN = 16  # with random signs on the bits that do not count


@dataclass(frozen=True)
class Fields:
    """f = u·ReLU(W x + b), whose sign is to be the product of the first k of n signs; the other bits have no weight"""

    network: str = field(
        "general",
        choices=KINDS,
        help="2^k neurons, one for each pattern of the k bits; or the paper's six, or four, for k = 3",
    )
    k: int = field(3, help="bits that count", least=1, most=10)
    n: int = field(40, help="bits of a string", least=1, most=1024)
    flipped: bool = field(False, help="whether the sign of the first output weight is changed")


def faults(fields: Section) -> Iterator[tuple[str, str]]:
    """Two of the networks are for three bits, and no more bits count than there are."""
    if fields["network"] != "general" and fields["k"] != 3:
        yield "k", f"expected 3 for the network {fields['network']!r}; got {fields['k']}"
    if fields["k"] > fields["n"]:
        yield "k", f"expected at most n = {fields['n']}; got {fields['k']}"


def neurons(network: str, k: int) -> tuple[Any, Any, Any]:
    """W (m, k), b (m) and u (m) of a network: the paper's appendix D."""
    import numpy as np

    if network == "general":  # ReLU(s·x − k + 1) is 1 on the pattern s and 0 on every other one
        patterns = signs(k)
        return patterns, np.full(len(patterns), 1.0 - k), patterns.prod(axis=1)
    if network == "six":
        W = [[-1, -1, 10], [-1, -1, 1], [1, 1, 1], [1, -1, -10], [-1, 1, -1], [1, -1, -1]]
        b, u = [-9, -2, -2, -9, -2, -2], [-1, 10, 10, -1, 10, 10]
    else:  # of the sum X: 1 + 2 ReLU(X − 1) − ReLU(X + 1) − ReLU(−X − 1); the first neuron is the constant
        W, b, u = [[0, 0, 0], [1, 1, 1], [1, 1, 1], [-1, -1, -1]], [1, -1, 1, -1], [1, 2, -1, -1]
    return np.array(W, dtype=np.float64), np.array(b, dtype=np.float64), np.array(u, dtype=np.float64)


def signs(k: int) -> Any:
    """All patterns of k signs, (2^k, k)."""
    import numpy as np

    return 1.0 - 2.0 * ((np.arange(2**k)[:, None] >> np.arange(k)) & 1)


def compute(fields: Section, seed: int) -> dict[str, float]:
    """See ``NUMBERS``; the seed draws the bits that do not count."""
    import numpy as np

    k, n = int(fields["k"]), int(fields["n"])
    W, b, u = neurons(fields["network"], k)
    if fields["flipped"]:
        u = u * np.where(np.arange(len(u)) == 0, -1, 1)
    whole = np.zeros((len(W), n))
    whole[:, :k] = W
    rng = np.random.default_rng(seed)
    counted = np.repeat(signs(k), ROWS_OF_A_PATTERN, axis=0)
    x = np.hstack([counted, 1.0 - 2.0 * rng.integers(0, 2, (len(counted), n - k))])
    f = np.maximum(x @ whole.T + b, 0) @ u
    return {
        "wrong-answers": float(np.mean((f > 0) != (counted.prod(axis=1) > 0))),
        "network-neurons": float(len(u)),
    }


NUMBERS = {
    "wrong-answers": "share of strings that are answered wrongly, over all patterns of the bits that count",
    "network-neurons": "neurons of the network",
}
PARITY_NETWORKS = Computation(
    "parity-networks",
    Fields,
    NUMBERS,
    compute="grokbench.measures.parity_networks:compute",
    faults=faults,
)
