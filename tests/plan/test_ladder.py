"""A ladder adds as many seeds to an open claim as may decide it, and none to one that is decided."""

from __future__ import annotations

from pathlib import Path

import grokbench
from grokbench.reproduction import Reproduction
from tests.test_reproduction import SPECS

PAPER = """
[paper]
id = "rungs"
title = "A claim that six seeds leave open"
authors = "Nobody"
year = 2000
url = "https://example.org"

[[experiment]]
id = "short"
title = "Fifty steps"
task = "tiny-addition"
baseline = "tiny/adamw"
tier.quick = {{ seeds = 6, steps = 50, alphas = [0.8] }}

[[claim]]
id = "falls"
title = "The loss falls"
source = "nowhere"
statement = "The test loss falls."
experiment = "short"
kind = "event"
grade = "A"
rule = [{{ measure = "test-loss-end-over-start", max = {bound}, reason = "Made for this test." }}]
"""


def reproduction(root: Path, bound: float, *, ladder: bool = True) -> Reproduction:
    file = root / "specs" / "baselines" / "rungs" / "claims.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(PAPER.format(bound=bound), encoding="utf-8")
    return Reproduction("rungs", store=root / "store", specs=[SPECS, root / "specs"], ladder=ladder)


def shares(job: Reproduction) -> list[float]:
    """What the claim's rule measured, by seed."""
    (verdict,) = grokbench.reproduce(
        "rungs",
        store=job.store.root,
        specs=job.spec_library,
        executor="here",
        ladder=job.ladder,
    )
    return [measured[0] for _, measured, _ in verdict.values]


def test_five_of_six_go_to_twelve(tmp_path: Path) -> None:
    six = sorted(shares(reproduction(tmp_path, 1.0, ladder=False)))
    assert len(six) == 6
    job = reproduction(tmp_path, (six[4] + six[5]) / 2)
    ahead = job.estimate(1)
    assert (ahead.trials, ahead.stored, ahead.to_train) == (12, 6, 6)
    found = shares(job)
    assert len(found) in (12, 20)
    assert sorted(found[:6]) == six


def test_three_of_six_go_to_twenty_at_once_as_twelve_cannot_decide(tmp_path: Path) -> None:
    six = sorted(shares(reproduction(tmp_path, 1.0, ladder=False)))
    job = reproduction(tmp_path, (six[2] + six[3]) / 2)
    ahead = job.estimate(1)
    assert (ahead.trials, ahead.stored, ahead.to_train) == (20, 6, 14)
    assert len(shares(job)) == 20
    assert reproduction(tmp_path, (six[2] + six[3]) / 2).estimate(1).to_train == 0


def test_six_of_six_are_decided(tmp_path: Path) -> None:
    shares(reproduction(tmp_path, 1.0, ladder=False))
    assert reproduction(tmp_path, 100.0).estimate(1).to_train == 0
