"""Norms of weights and gradients, from the every-step probe "trace"."""

from __future__ import annotations

import math

import numpy as np

from grokbench.analysis.statistics import running_median
from grokbench.measures.cells import SeedView
from grokbench.measures.curves import peak_step
from grokbench.measures.needed import ONSET, RISE, T_GEN, probe
from grokbench.measures.reading import column, generalised, one, onset
from grokbench.measures.requiring import requires

MATRICES = ("1", "2")


@requires(ONSET, T_GEN, probe("trace", "weight_norm_1", "weight_norm_2"))
def weight_growth_ratio(view: SeedView, arm: int = 0) -> float:
    """Mean slope of ‖W‖ on [onset, T_gen] over that on [0, onset/2], the smaller of both matrices.

    inf where a norm grows late without growing early, 0 where it does not grow late; nan without landmarks.
    """
    record = one(view, arm)
    start, end = onset(record), generalised(record)
    if not (0 < start < end < math.inf):
        return math.nan
    ratios = []
    for matrix in MATRICES:
        series = column(record, "trace", f"weight_norm_{matrix}")
        if series is None:
            return math.nan
        first, middle, begun, done = np.interp([0, start / 2, start, end], *series)
        early, late = (middle - first) / (start / 2), (done - begun) / (end - start)
        ratios.append(late / early if early > 0 else math.inf if late > 0 else 0.0)
    return float(max(0.0, min(ratios)))


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
