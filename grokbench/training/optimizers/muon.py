"""Muon: momentum made orthogonal by Newton–Schulz (Jordan et al. 2024, KellerJordan/Muon), for matrices; AdamW for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grokbench.specs.fields import field
from grokbench.specs.types import Section
from grokbench.training.kinds import Optimizer, Trained

DIRECTIONS = ("orthogonal", "normalised", "raw")
SCALES = ("original", "match_rms_adamw", "none")
AXES = ("rows", "columns")
NAMED = {"type": "string", "minLength": 1}
OWN_ADAMW = {
    "type": "object",
    "additionalProperties": False,
    "required": ["parameters", "lr", "weight_decay"],
    "properties": {
        "parameters": NAMED | {"description": "names of weights; * and ? stand for others' letters"},
        "lr": {"type": "number", "exclusiveMinimum": 0.0, "description": "AdamW's learning rate of these"},
        "weight_decay": {"type": "number", "minimum": 0.0, "description": "AdamW's decay of these"},
    },
}
JOINED = {
    "type": "object",
    "additionalProperties": False,
    "required": ["parameters", "axis"],
    "properties": {
        "parameters": {
            "type": "array",
            "minItems": 1,
            "items": NAMED,
            "description": "names of weights, in the order in which they are joined",
        },
        "axis": {
            "type": "string",
            "enum": [*AXES],
            "description": "whether their matrices lie below one another or beside one another",
        },
    },
}


@dataclass(frozen=True, kw_only=True)
class Fields(Trained):
    """Muon, orthogonalised momentum for matrices, and AdamW for all other weights (Jordan et al. 2024)"""

    lr: float = field(help="learning rate of matrices", above=0.0)
    momentum: float = field(0.95, help="decay of the momentum", least=0.0, below=1.0)
    nesterov: bool = field(True, help="whether the gradient is added once more to the momentum that is used")
    damped: bool = field(True, help="whether a gradient enters the momentum times 1 − momentum")
    newton_schulz: int = field(
        5, help="Newton–Schulz steps, in the weights' own floating-point type", least=1
    )
    direction: str = field(
        "orthogonal",
        choices=DIRECTIONS,
        help="what a matrix moves along: its momentum made orthogonal, its momentum with the Frobenius norm of an "
        "orthogonal matrix, or its momentum as it is",
    )
    scale: str = field(
        "original",
        choices=SCALES,
        help="factor γ of the step: √max(1, rows/columns); 0.2 √max(rows, columns), as large as AdamW's steps; or 1",
    )
    weight_decay: float = field(0.0, help="decoupled decay, multiplied by the learning rate", least=0.0)
    joined: list[Any] = field(
        (),
        help="weights that are treated as one matrix, such as the heads of an attention that the paper's code fuses",
        schema={"type": "array", "items": JOINED},
    )
    adamw_weights: list[Any] = field(
        (),
        help="names of matrices that AdamW updates too, such as embeddings; * and ? stand for others' letters",
        schema={"type": "array", "items": NAMED},
    )
    adamw_groups: list[Any] = field(
        (),
        help="weights that AdamW updates with a rate and a decay of their own; one belongs to the first that names it",
        schema={"type": "array", "items": OWN_ADAMW},
    )
    adamw_lr: float = field(3e-4, help="AdamW's learning rate", above=0.0)
    adamw_beta1: float = field(0.9, help="AdamW's decay of the first moment", least=0.0, below=1.0)
    adamw_beta2: float = field(0.95, help="AdamW's decay of the second moment", least=0.0, below=1.0)
    adamw_eps: float = field(1e-10, help="AdamW's addition to the root of the second moment", above=0.0)


MUON = Optimizer("muon", Fields, "grokbench.training.optimizers.muon:build", elementwise=False)

# ---- from here on with torch

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

import torch
from torch import Tensor

from grokbench.specs.errors import InputError
from grokbench.training.optimizers.adam import Adam
from grokbench.training.updates import Grouped, Rule

QUINTIC = (3.4445, -4.7750, 2.0315)  # a, b, c of a x + b x³ + c x⁵, which draws singular values towards 1


def orthogonalised(matrix: Tensor, steps: int) -> Tensor:
    """U Vᵀ of ``matrix`` = U S Vᵀ (…, m, n), nearly: singular values end between about 0.7 and 1.2."""
    a, b, c = QUINTIC
    x = matrix.mT if matrix.shape[-2] > matrix.shape[-1] else matrix
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if matrix.shape[-2] > matrix.shape[-1] else x


def normalised(matrix: Tensor) -> Tensor:
    """``matrix`` (…, m, n) with the Frobenius norm √min(m, n), which an orthogonal one of its shape has."""
    size = min(matrix.shape[-2:]) ** 0.5
    return matrix * (size / (matrix.norm(dim=(-2, -1), keepdim=True) + 1e-7))


class Block(NamedTuple):
    """Weights that are one matrix to Muon: their places, and whether they lie below or beside one another; "" as they are."""

    which: tuple[int, ...]
    axis: str = ""

    def join(self, tensors: Sequence[Tensor]) -> Tensor:
        """Stacks (…, m, n) → one matrix; a weight by itself stays a stack."""
        if not self.axis:
            return tensors[0]
        if self.axis == "rows":
            return torch.cat([x.reshape(-1, x.shape[-1]) for x in tensors])
        return torch.cat([x.movedim(-2, 0).reshape(x.shape[-2], -1) for x in tensors], dim=1)

    def split(self, matrix: Tensor, like: Sequence[Tensor]) -> Sequence[Tensor]:
        """What ``join`` made, in the shapes of ``like``."""
        if not self.axis:
            return [matrix]
        sizes = [x.numel() // x.shape[-1 if self.axis == "rows" else -2] for x in like]
        pieces = zip(matrix.split(sizes, dim=0 if self.axis == "rows" else 1), like, strict=True)
        if self.axis == "rows":
            return [piece.view(x.shape) for piece, x in pieces]
        return [piece.unflatten(1, [*x.shape[:-2], x.shape[-1]]).movedim(0, -2) for piece, x in pieces]


class Muon:
    """m ← μ m + (1 − μ) g,  u = orthogonalised((1 − μ) g + μ m),  p ← (1 − lr λ) p − lr γ u;  γ = √max(1, rows/columns).

    Weights of more than two axes are stacks of matrices, unless ``joined`` makes one matrix of them. Without ``damped`` g enters
    m whole, and u is that of g + μ m. ``rest`` updates vectors, and what ``left_out`` names. ``direction`` and ``scale``:
    see ``Fields``.
    """

    KEPT = ("_m", "_rest")

    def __init__(
        self,
        lr: float,
        momentum: float,
        weight_decay: float,
        rest: Rule,
        left_out: Sequence[str] = (),
        *,
        nesterov: bool = True,
        damped: bool = True,
        newton_schulz: int = 5,
        direction: str = "orthogonal",
        scale: str = "original",
        joined: Sequence[Section] = (),
    ) -> None:
        self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
        self.nesterov, self.damped, self.newton_schulz = nesterov, damped, newton_schulz
        self.direction, self.scale = direction, scale
        self._rest, self._left_out, self._joined = rest, left_out, joined

    def init(self, parameters: Sequence[Tensor], names: Sequence[str]) -> None:
        """See ``Rule``. Errors: InputError for joined weights that are not there, or of shapes that do not fit."""
        matrices = [
            i
            for i, (p, name) in enumerate(zip(parameters, names, strict=True))
            if p.dim() > 1 and not any(fnmatchcase(name, pattern) for pattern in self._left_out)
        ]
        self._blocks = _blocks(self._joined, matrices, parameters, names)
        self._others = [i for i in range(len(names)) if i not in matrices]
        self._m = {
            block.which[0]: torch.zeros_like(block.join([parameters[i] for i in block.which]))
            for block in self._blocks
        }
        self._rest.init([parameters[i] for i in self._others], [names[i] for i in self._others])

    def update(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], step: int) -> None:
        """See ``Rule``."""
        for block in self._blocks:
            own, m = [parameters[i] for i in block.which], self._m[block.which[0]]
            g = block.join([gradients[i] for i in block.which])
            moved = self._direction(self._momentum(m, g))
            stretch = self._stretch(*m.shape[-2:])
            for p, u in zip(own, block.split(moved, own), strict=True):
                p.mul_(1 - self.lr * self.weight_decay)
                p.add_(u, alpha=-self.lr * stretch)
        self._rest.update([parameters[i] for i in self._others], [gradients[i] for i in self._others], step)

    def _momentum(self, m: Tensor, g: Tensor) -> Tensor:
        if self.damped:
            m.lerp_(g, 1 - self.momentum)
            return g.lerp(m, self.momentum) if self.nesterov else m
        m.mul_(self.momentum).add_(g)
        return g.add(m, alpha=self.momentum) if self.nesterov else m

    def _direction(self, used: Tensor) -> Tensor:
        if self.direction == "raw":
            return used
        return (
            normalised(used) if self.direction == "normalised" else orthogonalised(used, self.newton_schulz)
        )

    def _stretch(self, rows: int, columns: int) -> float:
        if self.scale == "none":
            return 1.0
        if self.scale == "match_rms_adamw":
            return float(0.2 * max(rows, columns) ** 0.5)
        return float(max(1.0, rows / columns) ** 0.5)


def _blocks(
    joined: Sequence[Section], matrices: Sequence[int], parameters: Sequence[Tensor], names: Sequence[str]
) -> list[Block]:
    """The joined weights, then every other matrix by itself, in their own order."""
    place = {names[i]: i for i in matrices}
    found: dict[int, Block] = {}
    for own in joined:
        if missing := [name for name in own["parameters"] if name not in place]:
            raise InputError(
                f"optimizer.joined: {missing[0]!r} is no matrix that is left; there are {', '.join(place) or 'none'}"
            )
        block = Block(tuple(place.pop(name) for name in own["parameters"]), own["axis"])
        shared = -1 if block.axis == "rows" else -2
        if len({parameters[i].shape[shared] for i in block.which}) > 1:
            raise InputError(
                f"optimizer.joined: {', '.join(own['parameters'])} have unlike sides and cannot be joined by {block.axis}"
            )
        found[min(block.which)] = block
    found |= {i: Block((i,)) for i in place.values()}
    return [found[i] for i in sorted(found)]


def build(table: Section, noise: object) -> Muon:
    """From a recipe's table."""
    lr, beta1, beta2, eps = (table[f"adamw_{name}"] for name in ("lr", "beta1", "beta2", "eps"))
    groups = [
        (own["parameters"], Adam(own["lr"], beta1, beta2, eps, own["weight_decay"]))
        for own in table["adamw_groups"]
    ]
    rest: Rule = Adam(lr, beta1, beta2, eps, table["weight_decay"])
    return Muon(
        table["lr"],
        table["momentum"],
        table["weight_decay"],
        Grouped(groups, rest) if groups else rest,
        [*table["adamw_weights"], *(pattern for pattern, _ in groups)],
        **{
            name: table[name]
            for name in ("nesterov", "damped", "newton_schulz", "direction", "scale", "joined")
        },
    )
