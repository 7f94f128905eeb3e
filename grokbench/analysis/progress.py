"""Progress measures of modular addition (Nanda et al. 2023, arXiv 2301.05217, §5): restricted and excluded loss, phases.

``logits`` are (p, p, C): the C = p classes at the answer position for every pair (a, b); the right class is (a + b) mod p.
``rows`` names the pairs that count: None for the whole table, a boolean mask (p, p), or whole numbers (n, 2) or (n, 3) that begin
with a, b (a task's rows). Losses are means over those pairs, in nats, in float64.

The directions of a frequency are u_k and v_k of ``spectra.sum_directions``. They are functions of a + b alone, so a projection
onto them is one onto the waves of the mean over pairs of equal sum.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from grokbench.analysis.spectra import Array, square, sum_waves, sums, table
from grokbench.specs.errors import InputError

_SETTLED = 0.05  # Σw² within 5 % of its last value ends the cleanup


def cross_entropy(logits: ArrayLike, labels: ArrayLike) -> Array:
    """−log softmax at the label, for logits (…, C) and labels (…) -> (…)."""
    values, right = np.asarray(logits, dtype=np.float64), np.asarray(labels, dtype=np.int64)
    at_label = np.take_along_axis(values, right[..., None], axis=-1)  # (…, 1)
    # Measured from the label's own logit: a loss of 1e-9 then keeps its digits (log1p of what the other classes add).
    others = values - at_label
    np.put_along_axis(others, right[..., None], -np.inf, axis=-1)
    top = np.maximum(others.max(axis=-1), 0.0)  # 0 is the label's own
    np.exp(others - top[..., None], out=others)
    rest = others.sum(axis=-1)
    return np.asarray(np.where(top > 0, top + np.log(rest + np.exp(-top)), np.log1p(rest)))


def table_loss(logits: ArrayLike, rows: ArrayLike | None = None) -> float:
    """Mean cross-entropy of (p, p, C) logits against (a + b) mod p on ``rows``; NaN where there is no row."""
    values = _logits(logits)
    if rows is not None:
        a, b = pairs(rows, len(values))
        return float(cross_entropy(values[a, b], (a + b) % len(values)).mean()) if len(a) else math.nan
    return float(pair_losses(values).mean())


def pair_losses(logits: ArrayLike) -> Array:
    """Cross-entropy of (p, p, C) logits against (a + b) mod p, each pair's -> (p, p)."""
    values = _logits(logits)
    # One value of a at a time: what exp() needs stays in the cache.
    return np.stack([cross_entropy(*both) for both in zip(values, sums(len(values)), strict=True)])


def by_sum(grid: ArrayLike) -> Array:
    """Mean over the p pairs with a + b ≡ s (mod p): (p, p, …) -> (p, …)."""
    values = square(grid)
    total = np.zeros(values.shape[1:])
    for a, over_b in enumerate(values):
        total[a:] += over_b[: len(values) - a]  # s = a + b
        total[:a] += over_b[len(values) - a :]  # s = a + b − p
    return total / len(values)


def sum_projection(grid: ArrayLike, frequencies: ArrayLike) -> Array:
    """Projection of (p, p, …) onto u_k and v_k of the frequencies, at each a + b: -> (p, …).

    ``sum_projection(G, keys)[sums(p)]`` is the projected grid itself.
    """
    means = by_sum(grid)
    waves = sum_waves(len(means), frequencies).reshape(-1, len(means))  # (2K, p)
    return np.asarray(np.tensordot(waves.T, np.tensordot(waves, means, axes=1), axes=1))


def restricted_logits(logits: ArrayLike, frequencies: ArrayLike) -> Array:
    """What restricted loss keeps, at each a + b: the mean over the table of each class and the directions -> (p, C).

    Index with ``sums(p)`` for the whole table.
    """
    values = _logits(logits)
    return np.asarray(values.mean(axis=(0, 1)) + sum_projection(values, frequencies))


def restricted_loss(logits: ArrayLike, frequencies: ArrayLike, rows: ArrayLike | None = None) -> float:
    """Loss of the logits projected on the sum directions of the key frequencies, the mean kept (§5.1).

    All pairs of one sum then have the same logits. The paper's text counts 20 terms (four a frequency), its code projects on the
    10 sum directions, as here. NaN where there is no row. Raises InputError for a frequency outside 1 … (p − 1)/2.
    """
    kept = restricted_logits(logits, frequencies)
    p = len(kept)
    a, b = pairs(rows, p)
    if not len(a):
        return math.nan
    count = np.bincount((a + b) % p, minlength=p)
    return float(np.average(cross_entropy(kept, np.arange(p)), weights=count))


def excluded_loss(logits: ArrayLike, frequencies: ArrayLike, rows: ArrayLike) -> float:
    """Loss on the training ``rows`` after the sum directions of the key frequencies are taken out, the mean kept (§5.1).

    ``rows`` is asked for because the measure is defined on the training pairs. Errors and NaN as in ``restricted_loss``.
    """
    values = _logits(logits)
    p = len(values)
    a, b = pairs(rows, p)
    if not len(a):
        return math.nan
    s = (a + b) % p
    return float(cross_entropy(values[a, b] - sum_projection(values, frequencies)[s], s).mean())


def pairs(rows: ArrayLike | None, p: int) -> tuple[Array, Array]:
    """The pairs that ``rows`` names (see the module), as a (n,) and b (n,).

    Raises InputError for any other shape, or a number outside 0 … p − 1.
    """
    if rows is None:
        a, b = np.divmod(np.arange(p * p), p)
        return a, b
    given = np.asarray(rows)
    if given.dtype == np.bool_ and given.shape == (p, p):
        a, b = np.nonzero(given)
        return a, b
    if given.ndim == 2 and given.shape[1] in (2, 3) and np.issubdtype(given.dtype, np.integer):
        if given.size and (given[:, :2].min() < 0 or given[:, :2].max() >= p):
            raise InputError(f"rows name elements outside 0 … {p - 1}")
        return given[:, 0], given[:, 1]
    raise InputError(
        f"rows are a boolean mask ({p}, {p}) or whole numbers (n, 2) that begin with a, b; "
        f"got {given.dtype} {given.shape}"
    )


class TrainingPhases(NamedTuple):
    """Steps at which the phases of §5.2 end; NaN for one that is not to be seen."""

    memorization_end: float  # m: argmin of the excluded loss
    circuit_formation_end: float  # c: first step after the peak of the test loss with test loss ≤ ln p
    cleanup_end: float  # d: first step from which Σw² stays within 5 % of its last value


def phase_boundaries(
    steps: ArrayLike, excluded: ArrayLike, test_loss: ArrayLike, sum_squares: ArrayLike, p: int
) -> TrainingPhases:
    """Where memorization, circuit formation and cleanup end (§5.2), by rule; each curve (n,), one row a step.

    Values that are not finite are left out of the minimum and the peak; of equal ones the first counts. Σw² whose last value is
    not finite has no end of cleanup.
    """
    at, held_out, leaving_out, norm = (
        np.asarray(c, dtype=np.float64) for c in (steps, test_loss, excluded, sum_squares)
    )
    m = c = d = math.nan
    if np.isfinite(leaving_out).any():
        m = float(at[np.argmin(np.where(np.isfinite(leaving_out), leaving_out, np.inf))])
    if np.isfinite(held_out).any():
        peak = int(np.argmax(np.where(np.isfinite(held_out), held_out, -np.inf)))
        fallen = np.flatnonzero((held_out <= math.log(p)) & (np.arange(at.size) > peak))
        c = float(at[fallen[0]]) if fallen.size else math.nan
    if norm.size and np.isfinite(norm[-1]):
        away = np.flatnonzero(~(np.abs(norm - norm[-1]) <= _SETTLED * abs(norm[-1])))
        d = float(at[away[-1] + 1]) if away.size else float(at[0])
    return TrainingPhases(m, c, d)


def _logits(logits: ArrayLike) -> Array:
    values = table(logits)
    if values.shape[2] < len(values):
        raise InputError(f"logits over the table have shape (p, p, C) with C ≥ p, not {values.shape}")
    return values
