"""Two circuits that compete under weight decay, as computations (Varma et al. 2023, arXiv 2309.02390, appendices C and D)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from grokbench.measures.computation import Computation
from grokbench.specs.fields import field
from grokbench.specs.types import Section


@dataclass(frozen=True)
class ToyFields:
    """each circuit is a product of two weights, 0 where that is negative; both vote for the label on training rows"""

    cost_generaliser: float = field(
        1.0, help="P of the circuit that generalises: its norm per vote", above=0.0
    )
    cost_memoriser: float = field(2.0, help="P of the circuit that memorises", above=0.0)
    kappa: float = field(1.2, help="κ: a vote w costs (P w^(1/κ))²", above=0.0)
    decay: float = field(0.005, help="α, the weight of these costs in the loss", least=0.0)
    classes: int = field(113, help="q, the number of classes", least=3)
    start_generaliser: float = field(
        0.005, help="second weight of the circuit that generalises; the first one starts at 0", above=0.0
    )
    start_memoriser: float = field(1.0, help="second weight of the circuit that memorises", above=0.0)
    lr: float = field(0.1, help="learning rate", above=0.0)
    steps: int = field(2000, help="updates", least=1)


@dataclass(frozen=True)
class SplitFields:
    """the cheapest split of one vote between the two circuits"""

    cost_generaliser: float = field(1.0, help="P of the circuit that generalises", above=0.0)
    cost_memoriser: float = field(2.0, help="P of the circuit that memorises", above=0.0)
    kappa: float = field(1.2, help="κ: a vote w costs (P w^(1/κ))²", above=0.0)


@dataclass(frozen=True)
class ScalingFields:
    """drawn logits, all multiplied by a factor"""

    rows: int = field(1000, help="rows", least=1)
    classes: int = field(113, help="classes", least=2)
    wrong: float = field(
        0.0,
        help="share of the rows whose label has the least logit; it has the largest elsewhere",
        least=0.0,
        most=1.0,
    )
    factor: float = field(1.01, help="what every logit is multiplied by", above=0.0)


FITTED, GENERAL = 0.2, 0.2  # losses at which rows count as learned


def compute_toy(fields: Section, seed: int) -> dict[str, float]:
    """Gradient descent on −log p(label) + α Σ P² w^(2/κ); the seed changes nothing.

    On a test row the circuit that generalises votes for the label and the other one for one wrong class.
    """
    q, kappa = int(fields["classes"]), fields["kappa"]
    cost = (fields["cost_generaliser"], fields["cost_memoriser"])
    first, second = [0.0, 0.0], [fields["start_generaliser"], fields["start_memoriser"]]
    fitted = generalised = math.inf
    at_fit, least, highest = math.nan, math.inf, 0.0
    vote = [0.0, 0.0]
    for step in range(int(fields["steps"]) + 1):
        vote = [max(a * b, 0.0) for a, b in zip(first, second, strict=True)]
        other = (q - 1) * math.exp(-sum(vote))
        train = math.log1p(other)
        test = math.log1p((math.exp(vote[1]) + q - 2) * math.exp(-vote[0]))
        least, highest = min(least, test), max(highest, test)
        if math.isinf(fitted) and train <= FITTED:
            fitted, at_fit = step, test
        if math.isinf(generalised) and test <= GENERAL:
            generalised = step
        pull = other / (1 + other)  # −d loss / d vote
        for i, w in enumerate(vote):
            slope = 2 / kappa * fields["decay"] * cost[i] ** 2 * w ** (2 / kappa - 1) if w > 0 else 0.0
            push = fields["lr"] * (pull - slope)
            first[i], second[i] = first[i] + push * second[i], second[i] + push * first[i]
    return {
        "toy-test-loss-at-fit": at_fit,
        "toy-least-test-loss": least,
        "toy-highest-test-loss": highest,
        "toy-final-test-loss": test,
        "toy-delay-ratio": generalised / fitted if math.isfinite(fitted) else math.nan,
        "toy-vote-ratio": vote[0] / vote[1] if vote[1] > 0 else math.inf,
    }


def compute_split(fields: Section, seed: int) -> dict[str, float]:
    """The share of the generaliser in the cheapest split, found by search; the seed changes nothing."""
    from scipy.optimize import minimize_scalar

    kappa, own, other = fields["kappa"], fields["cost_generaliser"] ** 2, fields["cost_memoriser"] ** 2

    def price(share: float) -> float:
        return float(own * share ** (2 / kappa) + other * (1 - share) ** (2 / kappa))

    inside = minimize_scalar(price, bounds=(0, 1), method="bounded", options={"xatol": 1e-12})
    share = min((0.0, 1.0, float(inside.x)), key=price)
    return {"generaliser-share": share, "vote-ratio": share / (1 - share) if share < 1 else math.inf}


def compute_scaling(fields: Section, seed: int) -> dict[str, float]:
    """Draw logits, and compare losses before and after the factor."""
    import numpy as np

    from grokbench.analysis.progress import cross_entropy

    rng, n = np.random.default_rng(seed), int(fields["rows"])
    logits = np.sort(rng.standard_normal((n, int(fields["classes"]))) * rng.uniform(0.1, 10), axis=1)
    label = np.full(n, logits.shape[1] - 1)
    label[: round(fields["wrong"] * n)] = 0
    before, after = (cross_entropy(scale * logits, label).mean() for scale in (1.0, fields["factor"]))
    return {"scaled-loss-change": float(after - before)}


_HERE = "grokbench.measures.circuit_toy"
CIRCUIT_TOY = Computation(
    "circuit-toy",
    ToyFields,
    {
        "toy-test-loss-at-fit": "test loss when the training loss has first fallen to 0.2",
        "toy-least-test-loss": "least test loss of all steps",
        "toy-highest-test-loss": "highest test loss of all steps; it begins at the logarithm of the classes",
        "toy-final-test-loss": "test loss in the end",
        "toy-delay-ratio": "first step with a test loss of 0.2 over that with such a training loss; infinite: never",
        "toy-vote-ratio": "vote of the circuit that generalises over that of the other, in the end",
    },
    compute=f"{_HERE}:compute_toy",
)
CIRCUIT_SPLIT = Computation(
    "circuit-split",
    SplitFields,
    {
        "generaliser-share": "share of the circuit that generalises in the cheapest way to cast one vote",
        "vote-ratio": "its vote over that of the circuit that memorises; infinite: it has all",
    },
    compute=f"{_HERE}:compute_split",
)
SCALED_LOGITS = Computation(
    "scaled-logits",
    ScalingFields,
    {"scaled-loss-change": "loss of the logits times the factor, less that of the logits"},
    compute=f"{_HERE}:compute_scaling",
)
