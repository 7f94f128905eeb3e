"""Greatest common divisors of random pairs, as computations (Charton 2023, arXiv 2308.15594, sections 2 and 3 and appendix C).

Two numbers drawn at large have the greatest common divisor k with probability 6 / (π² k²). A model that answers the largest
divisor it has learned is right where the answer itself is learned, so that its accuracy is the sum over what it has learned.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grokbench.measures.computation import Computation
from grokbench.specs.fields import field
from grokbench.specs.types import Section

MOST = 100  # divisors up to here are counted, as in the paper
_PRIMES = {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 2}}
ROW = {
    "type": "object",
    "additionalProperties": False,
    "required": ["primes"],
    "properties": {
        "primes": {**_PRIMES, "description": "primes whose powers are learned"},
        "powers": {
            **_PRIMES,
            "description": "the highest power of each that is learned, in the same order; without it all are",
        },
        "accuracy": {"type": "number", "description": "the accuracy that the paper prints, in per cent"},
        "count": {"type": "integer", "description": "how many divisors up to 100 the paper says are learned"},
    },
}
EXAMPLE = {"primes": [2, 5], "accuracy": 88.6}


@dataclass(frozen=True)
class AccuracyFields:
    """rows of a printed table, each with the primes that are learned"""

    rows: list[Any] = field(
        help="tables of primes, powers, accuracy and count",
        schema={"type": "array", "minItems": 1, "items": ROW, "examples": [[EXAMPLE]]},
    )


@dataclass(frozen=True)
class LawFields:
    """pairs of numbers, drawn from 1 to most"""

    operands: str = field(
        "uniform", choices=("uniform", "log-uniform"), help="how either number is drawn from 1 to most"
    )
    most: int = field(1_000_000, help="the largest number", least=100)
    pairs: int = field(100_000, help="pairs that are drawn", least=100)


@dataclass(frozen=True)
class DigitsFields:
    """pairs of numbers in a base, answered by the largest divisor of a power of the base that their last digits show"""

    base: int = field(10, help="the base", least=2)
    digits: int = field(4, help="how many of the last digits are read", least=1, most=8)
    most: int = field(1_000_000, help="the largest number", least=100)
    pairs: int = field(10_000, help="pairs that are drawn", least=100)


def faults(fields: Section) -> Iterator[tuple[str, str]]:
    """Powers are powers of their primes, and a row prints something."""
    for index, row in enumerate(fields["rows"]):
        powers = row.get("powers", row["primes"])
        if len(powers) != len(row["primes"]) or any(
            q != p ** round(math.log(q, p)) for p, q in zip(row["primes"], powers, strict=False)
        ):
            yield f"rows[{index}].powers", "expected a power of each prime, in the order of primes"
        if not {"accuracy", "count"} & set(row):
            yield f"rows[{index}]", "expected an accuracy or a count"


def learned(primes: Sequence[int], powers: Sequence[int]) -> list[int]:
    """The products up to 100 of these primes, each at most to its power."""
    found = {1}
    for p, most in zip(primes, powers, strict=True):
        found = {d * p**k for d in found for k in range(round(math.log(most, p)) + 1)}
    return sorted(d for d in found if d <= MOST)


def accuracy(row: Mapping[str, Any]) -> float:
    """Σ 6/(π² k²) over what is learned, in per cent; over all products of the primes it is 6/π² Π 1/(1 − p⁻²)."""
    if "powers" in row:
        total = sum(1 / k**2 for k in learned(row["primes"], row["powers"]))
    else:
        total = math.prod(1 / (1 - p**-2) for p in row["primes"])
    return 600 / math.pi**2 * total


def compute_accuracy(fields: Section, seed: int) -> dict[str, float]:
    """The seed changes nothing; nan where no row prints an accuracy, or a count."""
    rows = fields["rows"]
    errors = [abs(accuracy(row) - row["accuracy"]) for row in rows if "accuracy" in row]
    counts = [
        abs(
            len(
                learned(
                    row["primes"], row.get("powers", [p ** int(math.log(MOST, p)) for p in row["primes"]])
                )
            )
            - row["count"]
        )
        for row in rows
        if "count" in row
    ]
    return {
        "largest-accuracy-error": max(errors, default=math.nan),
        "least-accuracy-error": min(errors, default=math.nan),
        "largest-count-error": float(max(counts, default=math.nan)),
    }


def compute_law(fields: Section, seed: int) -> dict[str, float]:
    """Draw pairs and count their greatest common divisors."""
    import numpy as np

    rng, most, n = np.random.default_rng(seed), fields["most"], fields["pairs"]
    if fields["operands"] == "uniform":
        drawn = rng.integers(1, most + 1, (2, n))
    else:
        drawn = np.rint(np.exp(rng.uniform(0, math.log(most), (2, n)))).astype(np.int64)
    found = np.bincount(np.gcd(*drawn), minlength=11)[1:11] / n
    law = 6 / (math.pi * np.arange(1, 11)) ** 2
    return {"law-deviation": float((np.abs(found - law) / np.sqrt(law * (1 - law) / n)).max())}


def compute_digits(fields: Section, seed: int) -> dict[str, float]:
    """Draw pairs and answer them."""
    import numpy as np

    from grokbench.tasks.digits import trailing

    base, count = fields["base"], fields["digits"]
    drawn = np.random.default_rng(seed).integers(1, fields["most"] + 1, (2, fields["pairs"]))
    shown = np.gcd.reduce([*trailing(drawn, base, count), np.full(drawn.shape[1], base**count)])
    return {"digits-accuracy": float(100 * (shown == np.gcd(*drawn)).mean())}


_HERE = "grokbench.measures.common_divisors"
GCD_ACCURACY = Computation(
    "gcd-accuracy",
    AccuracyFields,
    {
        "largest-accuracy-error": "largest difference of a printed accuracy from the sum over what is learned, in points",
        "least-accuracy-error": "least such difference",
        "largest-count-error": "largest difference of a printed count from that of products up to 100",
    },
    compute=f"{_HERE}:compute_accuracy",
    faults=faults,
)
GCD_LAW = Computation(
    "gcd-law",
    LawFields,
    {
        "law-deviation": "largest deviation of the share of a divisor up to 10 from 6/(π²k²), in standard errors"
    },
    compute=f"{_HERE}:compute_law",
)
GCD_BY_DIGITS = Computation(
    "gcd-by-digits",
    DigitsFields,
    {"digits-accuracy": "per cent of the pairs whose greatest common divisor the last digits show"},
    compute=f"{_HERE}:compute_digits",
)
