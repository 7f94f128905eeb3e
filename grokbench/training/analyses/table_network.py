"""A one-layer transformer over the whole table of pairs at once, in float64, with its parts apart.

At the answer position attention and what it carries depend on one token each, so they are worked out per token and added up per
pair. The definition that reads like the paper is ``networks/one_layer_transformer.py``; this one is tested against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from grokbench.analysis import spectra
from grokbench.analysis.spectra import Array
from grokbench.training.analyses.weights import Weights, finite

CHUNK = 16  # values of x whose hidden layer is held at a time where only the logits are asked for


@dataclass(frozen=True)
class TableNetwork:
    """Weights in float64 (shapes as in networks/one_layer_transformer.py) and the number p of elements; id p is "="."""

    weights: Mapping[str, Tensor]
    p: int

    @classmethod
    def of(cls, weights: Weights, p: int) -> TableNetwork:
        """From arrays of any float type; a bias that is left out is 0."""
        found = {name: torch.from_numpy(np.array(w, dtype=np.float64)) for name, w in weights.items()}
        for bias, reader in (("b_in", "W_in"), ("b_out", "W_out")):
            found.setdefault(bias, found[reader].new_zeros(len(found[reader])))
        return cls(found, p)

    @property
    def logit_map(self) -> Tensor:
        """W_L = W_U W_out, its p classes (p, n)."""
        return self.weights["W_U"][: self.p] @ self.weights["W_out"]

    def tokens(self) -> tuple[Tensor, Tensor, Tensor]:
        """Embedding and position of every x (p, d), every y (p, d) and "=" (1, d)."""
        elements, equals = self.weights["W_E"][: self.p], self.weights["W_E"][self.p :]
        first, second, last = self.weights["W_pos"]
        return elements + first, elements + second, equals + last

    def attention(self) -> Tensor:
        """What the answer position pays to x, y and "=": (p, p, H, 3), softmax over the last axis."""
        w = self.weights
        query = w["W_Q"] @ self.embedding()  # (H, d_head)
        to_key = torch.einsum("hk,hkd->hd", query, w["W_K"]) / w["W_K"].shape[1] ** 0.5  # (H, d)
        x, y, equals = (token @ to_key.T for token in self.tokens())  # (p, H), (p, H), (1, H)
        scores = torch.broadcast_tensors(x[:, None], y[None, :], equals[None])  # each (p, p, H)
        return torch.softmax(torch.stack(scores, dim=-1), dim=-1)

    def attention_output(self) -> Tensor:
        """What the heads add to the residual stream at the answer position, (p, p, d)."""
        attention = self.attention()
        through = torch.einsum("hdk,hke->hde", self.weights["W_O"], self.weights["W_V"])  # (H, d, d)
        x, y, equals = (torch.einsum("hde,te->thd", through, t) for t in self.tokens())  # (p or 1, H, d)
        ours = torch.cat([x, equals.expand_as(x)], dim=1)  # (p, 2H, d): one product for each x
        out = torch.bmm(torch.cat([attention[..., 0], attention[..., 2]], dim=2), ours)
        out += torch.bmm(attention[..., 1].transpose(0, 1), y).transpose(0, 1)  # and one for each y
        return out  # (p, p, d)

    def logits(self, residual: Tensor | None = None) -> Tensor:
        """Of the p classes for every pair, (p, p, p): W_L h + W_U (r + b_out).

        ``residual`` (p, p, d) is put in the place of the stream that attention leaves.
        """
        out = torch.empty(self.p, self.p, self.p, dtype=torch.float64)
        residual = self.embedding() + self.attention_output() if residual is None else residual
        logit_map = self.logit_map.T
        # A few values of x at a time: the hidden layer of a large table is large.
        for some in range(0, self.p, CHUNK):
            part = residual[some : some + CHUNK]
            out[some : some + CHUNK] = self.skip(part) + self.hidden(part) @ logit_map
        return out

    def embedding(self) -> Tensor:
        """The residual stream at the answer position before attention, (d,)."""
        return self.tokens()[2][0]

    def hidden(self, residual: Tensor) -> Tensor:
        """ReLU(W_in r + b_in) of residual streams (…, d) -> (…, n)."""
        w = self.weights
        return torch.relu_(torch.nn.functional.linear(residual, w["W_in"], w["b_in"]))

    def skip(self, residual: Tensor | float) -> Tensor:
        """What reaches the p logits around the neurons: W_U (r + b_out), (…, p)."""
        return (residual + self.weights["b_out"]) @ self.weights["W_U"][: self.p].T


def key_frequencies(weights: Weights, p: int) -> Array:
    """Key frequencies of the network with these weights; none where a weight is not finite."""
    if not finite(weights):
        return np.empty(0, dtype=np.int64)
    return spectra.key_frequencies(TableNetwork.of(weights, p).logit_map.numpy())
