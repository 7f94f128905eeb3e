"""An estimate's experiments add up to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from grokbench.plan.estimate import START_SECONDS
from grokbench.reproduction import Reproduction


@pytest.mark.parametrize("force", [False, True])
def test_the_experiments_share_the_whole_cost_among_them(force: bool, tmp_path: Path) -> None:
    found = Reproduction("gromov2023", store=tmp_path, force=force).estimate(2)
    parts = found.experiments
    assert sum(part.to_train for part in parts) == found.to_train > 0
    assert sum(part.steps for part in parts) == found.steps
    assert sum(part.minutes for part in parts) + START_SECONDS / 60 == pytest.approx(found.minutes)


def test_a_trial_that_two_experiments_share_is_trained_for_one(tmp_path: Path) -> None:
    found = Reproduction("gromov2023", "paper", store=tmp_path).estimate(2)
    parts = {part.id: part for part in found.experiments}
    small = parts["analytic-small-widths"]
    assert 0 < small.to_train < small.trials
    assert small.stored == 0
    assert sum(part.trials for part in found.experiments) > found.trials
