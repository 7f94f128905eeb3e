"""A plan's minutes follow the machine's measured speed."""

from __future__ import annotations

from pathlib import Path

import pytest

from grokbench.reproduction import Reproduction
from grokbench.runs import estimate, speed
from grokbench.runs.cost import FLOPS_PER_SECOND


def test_the_speed_is_measured_once() -> None:
    first = speed.flops_per_second()
    assert 0 < first < float("inf")
    assert speed.flops_per_second() == first


def test_half_the_reference_rate_takes_twice_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "flops_per_second", lambda: FLOPS_PER_SECOND / 2)
    assert speed.slowdown() == 2


def test_a_machine_half_as_fast_is_told_twice_the_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Reproduction("gromov2023", store=tmp_path)
    minutes = []
    for factor in (1.0, 2.0):
        monkeypatch.setattr(estimate, "slowdown", lambda factor=factor: factor)
        minutes.append(
            job.estimate(2).minutes - estimate.START_SECONDS / 60
        )  # the workers' start is not training
    assert minutes[1] == pytest.approx(2 * minutes[0])
