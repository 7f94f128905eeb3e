"""N [z, 1] and its gradients are autograd's, in either order of multiplication."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grokbench.networks.fast.head_sums import HeadSums, RowsFirst, TableFirst
from grokbench.networks.fast.tiles import BLOCK, in_tiles

P, HEADS, D_HEAD, K = 29, 3, 5, 11
SIZE = (P, HEADS, D_HEAD, K, torch.float64)
ORDERS = pytest.mark.parametrize("order", [TableFirst, RowsFirst])


def draw(*shape: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


@ORDERS
def test_sums_and_gradients_are_those_of_the_plain_products(
    order: type[TableFirst] | type[RowsFirst],
) -> None:
    x, y = np.divmod(np.random.default_rng(0).permutation(P * P)[: BLOCK + 100], P)
    rows = in_tiles(np.column_stack([x, y, x]), P, HEADS, torch.float64)
    assert len(rows.blocks) == 2
    weights = draw(rows.n_rows, 2 * HEADS, seed=9000).requires_grad_()
    values = draw(2 * P + 1, HEADS, D_HEAD, seed=9001).requires_grad_()
    n = draw(K, HEADS * D_HEAD + 1, seed=9002).requires_grad_()
    d_sums = draw(rows.n_rows, K, seed=9003)

    to_x, to_y = weights.view(-1, 2, HEADS, 1).unbind(1)
    z = (to_x * values[rows.x] + to_y * values[P + rows.y]).flatten(1) + values[-1].flatten()
    wanted = z @ n[:, :-1].t() + n[:, -1]
    wanted.backward(d_sums)

    sums: HeadSums = order(*SIZE)
    for _ in range(2):  # the second time on buffers that were used
        sums.start(values.detach(), n.detach())
        d_weights = torch.full_like(weights, torch.nan)
        for block in rows.blocks:
            own, out = weights.detach()[block.rows], torch.full((BLOCK, K), torch.nan, dtype=torch.float64)
            out = out[: len(own)]
            sums.sums(block, own, out=out)
            assert torch.allclose(out, wanted[block.rows], rtol=1e-12, atol=1e-12)
            d_weights[block.rows] = sums.backward(block, own, d_sums[block.rows])
        d_values, d_n = sums.finish()
        for found, leaf in ((d_weights, weights), (d_values, values), (d_n, n)):
            assert leaf.grad is not None
            assert torch.allclose(found, leaf.grad, rtol=1e-12, atol=1e-11)
