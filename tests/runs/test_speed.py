"""A plan's minutes follow the machine's measured speed."""

from __future__ import annotations

from pathlib import Path

import pytest

from grokbench.reproduction import Reproduction
from grokbench.runs import estimate, speed


def test_the_speed_is_measured_once() -> None:
    first = speed.slowdown()
    assert 0 < first < float("inf")
    assert speed.slowdown() == first


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
