"""LossSums of rows of a table in tiles: each row of the data once, and the products that dense matrices give."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grokbench.networks.fast.tiles import BLOCK, in_tiles

P, HEADS, WIDTH = 29, 3, 7


def data(n: int) -> np.ndarray:
    cells = np.random.default_rng(0).permutation(P * P)[:n]
    x, y = np.divmod(cells, P)
    return np.column_stack([x, y, (x + 2 * y) % P])


@pytest.mark.parametrize("n", [1, 15, BLOCK, BLOCK + 1, P * P])
def test_every_row_is_in_one_block_with_its_own_class(n):
    table = data(n)
    rows = in_tiles(table, P, HEADS, torch.float64)
    assert rows.n_rows == n
    assert sorted(rows.order) == list(range(n))
    ends = [block.rows.stop for block in rows.blocks]
    assert [block.rows.start for block in rows.blocks] == [0, *ends[:-1]]
    assert ends[-1] == n
    sizes = [block.rows.stop - block.rows.start for block in rows.blocks]
    assert max(sizes) <= BLOCK
    assert len(set(sizes[:-1])) <= 1
    assert all(size % 16 == 0 for size in sizes[:-1])  # whole cache lines
    ordered = table[rows.order.numpy()]
    assert np.array_equal(rows.x, ordered[:, 0])
    assert np.array_equal(rows.y, ordered[:, 1])
    assert np.array_equal(torch.cat([block.target[0] for block in rows.blocks]), ordered[:, 2])


def test_a_block_has_few_elements_on_either_side():
    x, y = np.divmod(np.random.default_rng(0).permutation(97 * 97), 97)
    rows = in_tiles(np.column_stack([x, y, x]), 97, HEADS, torch.float64)
    for block in rows.blocks:  # of √480 ≈ 22 at best
        assert max(len(rows.x[block.rows].unique()), len(rows.y[block.rows].unique())) <= 32


def test_sums_and_both_gradients_are_those_of_dense_products():
    table = data(700)
    rows = in_tiles(table, P, HEADS, torch.float64)
    generator = torch.Generator().manual_seed(9000)
    weights = torch.rand(700, 2 * HEADS, dtype=torch.float64, generator=generator)
    vectors = torch.randn(2 * P * HEADS + 1, WIDTH, dtype=torch.float64, generator=generator)
    d_sums = torch.randn(700, WIDTH, dtype=torch.float64, generator=generator)

    wanted, d_vectors = torch.empty(700, WIDTH, dtype=torch.float64), torch.ones_like(vectors)
    d_weights = torch.empty_like(weights)
    heads = torch.arange(HEADS)
    for i, (x, y, _) in enumerate(table[rows.order.numpy()]):
        summands = torch.cat([x * HEADS + heads, (P + y) * HEADS + heads])
        wanted[i] = weights[i] @ vectors[summands] + vectors[-1]
        d_vectors[summands] += weights[i, :, None] * d_sums[i]
        d_vectors[-1] += d_sums[i]
        d_weights[i] = vectors[summands] @ d_sums[i]

    into = torch.ones_like(vectors)  # gradients are added
    for block in rows.blocks:
        own = weights[block.rows]
        sums = torch.full((len(own), WIDTH), torch.nan, dtype=torch.float64)
        block.sums(own, vectors, out=sums)
        assert torch.allclose(sums, wanted[block.rows], rtol=1e-12, atol=1e-12)
        block.table_gradient(own, d_sums[block.rows], into)
        found = block.weights_gradient(vectors, d_sums[block.rows])
        assert torch.allclose(found, d_weights[block.rows], rtol=1e-12, atol=1e-12)
    assert torch.allclose(into, d_vectors, rtol=1e-12, atol=1e-12)
