"""Norms of weights and gradients, from the every-step probe "trace"."""

from __future__ import annotations

import math

import numpy as np

from grokbench.analysis.statistics import running_median
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.curves import peak_step
from grokbench.measures.needed import ONSET, RISE, T_GEN, probe, without_landmarks
from grokbench.measures.reading import column, generalised, one, onset
from grokbench.measures.requiring import Arguments, each, requires
from grokbench.training.record import Record

MATRICES = ("1", "2")


def _norms(record: Record, steps: list[float]) -> list[list[float]]:
    """‖W‖ of each matrix at these steps, nan beyond the last row; empty without the probe."""
    found = [column(record, "trace", f"weight_norm_{matrix}") for matrix in MATRICES]
    return [[float(v) for v in np.interp(steps, *series, right=math.nan)] for series in found if series]


def _reached(cell: Cell, chosen: Arguments) -> bool:
    end = chosen["horizon"] * generalised(cell.record)
    norms = _norms(cell.record, [end])
    return bool(norms) and not any(math.isnan(norm) for (norm,) in norms)


_NORMS_UP_TO = each("the probe trace up to {horizon} T_gen", _reached, without_landmarks)


@requires(ONSET, T_GEN, probe("trace", "weight_norm_1", "weight_norm_2"), _NORMS_UP_TO)
def norm_growth_after_onset(view: SeedView, horizon: float = 1.2, arm: int = 0) -> float:
    """Share of the growth of ‖W‖ from step 0 to horizon · T_gen that comes after the onset, the smaller of both matrices.

    0 where a norm does not grow after the onset, inf where it does and has not grown over all.
    """
    record = one(view, arm)
    start, end = onset(record), horizon * generalised(record)
    shares = []
    for first, begun, done in _norms(record, [0, start, end]):
        late, all_of_it = done - begun, done - first
        shares.append(_over(late, all_of_it))
    return float(np.min(shares))


@requires(ONSET, T_GEN, probe("trace", "weight_norm_1", "weight_norm_2"))
def norm_slope_at_onset(view: SeedView, arm: int = 0) -> float:
    """Mean slope of ‖W‖ from the onset to T_gen over that just before it, over as many steps; the smaller of both matrices.

    0 where a norm does not grow after the onset, inf where it does and did not grow before.
    """
    record = one(view, arm)
    start, end = onset(record), generalised(record)
    before = max(0.0, 2 * start - end)
    ratios = []
    for first, begun, done in _norms(record, [before, start, end]):
        ratios.append(_over((done - begun) / (end - start), (begun - first) / (start - before)))
    return float(np.min(ratios))


def _over(late: float, early: float) -> float:
    """late / early: 0 where there is no late growth, inf where there is no early one."""
    if late <= 0:
        return 0.0
    return late / early if early > 0 else math.inf


@requires(T_GEN, probe("trace", "weight_norm_1", "weight_norm_2"))
def max_weight_jump(view: SeedView, arm: int = 0) -> float:
    """Largest |Δ‖W‖| / ‖W‖ in one step up to T_gen, over both matrices; nan without T_gen."""
    record = one(view, arm)
    end, jumps = generalised(record), []
    for matrix in MATRICES:
        series = column(record, "trace", f"weight_norm_{matrix}")
        if series is None or math.isinf(end):
            return math.nan
        norms = series[1][series[0] <= end]
        if norms.size < 2:
            return math.nan
        jumps.append(float(np.max(np.abs(np.diff(norms)) / norms[:-1])))
    return max(jumps)


@requires(RISE, T_GEN, probe("trace", "gradient_norm_1", "gradient_norm_2"))
def gradient_norm_peak_position(view: SeedView, arm: int = 0, horizon: float = 1.5) -> float:
    """(peak of the gradient norm − peak of the test loss) / (T_gen − peak of the test loss).

    The gradient is that of all weights, its norm's running median of 5, up to horizon · T_gen. nan without
    T_gen.
    """
    record = one(view, arm)
    peak, end = peak_step(record), generalised(record)
    norms = [column(record, "trace", f"gradient_norm_{matrix}") for matrix in MATRICES]
    if norms[0] is None or norms[1] is None or not peak < end < math.inf:
        return math.nan
    steps = norms[0][0]
    kept = steps <= horizon * end
    total = np.hypot(norms[0][1], norms[1][1])[kept]
    top = float(steps[kept][int(np.argmax(running_median(total, 5)))])
    return (top - peak) / (end - peak)
