"""What a plan says of a trial's seconds: from the committed records, for every network that they have."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from grokbench.plan import costs, worker
from grokbench.plan.costs import Kind, Line
from grokbench.plan.resolve import resolve_trial
from grokbench.specs.types import Trial
from tests import costs as fitting


@pytest.fixture(scope="module")
def samples() -> list[fitting.Sample]:
    return list(fitting.samples())


def trial(baseline: str = "gromov2023/gd", alpha: float = 0.5, **settings: Any) -> Trial:
    return resolve_trial("addition", baseline, alpha=alpha, seed=0, steps=1000, settings=settings)


def seconds(trial: Trial, steps: int) -> float:
    return costs.seconds(costs.work(trial, steps))


def test_the_committed_costs_are_those_of_the_committed_records(samples: list[fitting.Sample]) -> None:
    assert fitting.FILE.read_text(encoding="utf-8") == fitting.text(samples), "run python -m tests.costs"


def test_an_experiment_is_predicted_by_the_records_of_all_others(samples: list[fitting.Sample]) -> None:
    """Equal work took up to twice as long where a machine was busy; the plan is for one that is not."""
    ratios: dict[str, list[float]] = {}
    for equal, found in fitting.left_out(samples).items():
        trials = sum(map(len, found.values()))
        ratios.setdefault(equal.kind.network, []).extend([fitting.undisturbed(found)] * trials)
    assert {*ratios} > {"decoder-transformer", "one-layer-transformer", "quadratic-mlp", "relu-mlp"}
    for network, found in ratios.items():
        assert 1 / 1.3 < np.median(found) < 1.3, network


def test_a_line_goes_through_points_that_lie_on_one_and_a_slow_one_hardly_moves_it() -> None:
    points = [(10.0, 3.0, 6), (20.0, 5.0, 6), (40.0, 9.0, 6)]
    assert fitting.line(points) == Line(1.0, 0.2)
    assert fitting.line([*points, (30.0, 21.0, 6)]) == Line(1.0, 0.2)
    assert fitting.line(points[:1]) == Line(0.0, 0.3)
    assert fitting.line(points) == fitting.line(points[::-1])


HEAD_COST = {
    "seconds": 12.0,
    "train_seconds": 10.0,
    "evaluation_seconds": 1.0,
    "probe_seconds": 0.5,
    "ms_per_step": 10.0,
}


def head(environment: dict[str, Any], **cost: float) -> dict[str, Any]:
    from grokbench.store import codec

    return {
        "trial": json.loads(json.dumps(codec.trial_to_json(trial()))),
        "facts": {"steps": 400},  # of a cut record: its cost is that of all 1000 passes
        "environment": {"cpu": "unheard of", "cpu_capability": "AVX2", **environment},
        "cost": HEAD_COST | cost,
    }


def test_a_records_time_is_scaled_by_the_rate_of_its_machine_and_freed_of_other_work() -> None:
    (found,) = fitting.sample("x/y", head({"flops_per_second": 2 * costs.CORE}))
    assert (found.step, found.work.steps) == (20, 999)
    assert found.seconds == pytest.approx(2 * 11.5)
    (busy,) = fitting.sample("x/y", head({"flops_per_second": 2 * costs.CORE}, cpu_seconds=6.0))
    assert busy.step == 10
    assert list(fitting.sample("x/y", head({}))) == []  # nobody knows how fast it was


def test_work_counts_rows_steps_and_evaluations() -> None:
    own = trial()
    work = costs.work(own, 1000)
    row = 97 * 500 / 1e6
    assert work.step == pytest.approx(4704 * row)
    assert work.evaluation == pytest.approx((9409 - 4704) * row)  # of training rows the step itself counts
    assert work.evaluations == costs.looks(1000, 1.02, 1, 1000)
    batches = costs.work(trial(**{"training.batch": 512}), 1000)
    assert batches.step == pytest.approx(512 * row)
    assert batches.evaluation == pytest.approx(9409 * row)
    assert costs.work(trial(**{"training.weight_noise": 0.01}), 1000).evaluation == pytest.approx(9409 * row)


def test_evaluations_are_those_of_the_cadence() -> None:
    assert [costs.looks(steps, 1.5, 1) for steps in (0, 1, 4, 13)] == [1, 2, 5, 8]
    assert costs.looks(20, 1.5, 4) == 5
    assert costs.looks(7, 1.5, 4, 7) == 3


def test_seconds_grow_with_rows_width_and_steps() -> None:
    one = seconds(trial(), 1000)
    assert 15 < one < 40  # 10 s on a core of twice the rate, in the records
    assert seconds(trial(), 2000) == pytest.approx(2 * one, rel=0.05)
    assert seconds(trial(alpha=0.9), 1000) > 1.5 * one
    assert seconds(trial(**{"model.width": 1000}), 1000) == pytest.approx(2 * one, rel=0.15)


def test_a_kind_without_records_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    own = trial("hu2024/lstm-one-hot")
    others = {kind: cost for kind, cost in costs.recorded().items() if kind != costs.kind(own)}
    monkeypatch.setattr(costs, "recorded", lambda: others)
    assert 0 < seconds(own, 1000) < 100


def test_another_precision_is_another_kind() -> None:
    assert costs.kind(trial()) in costs.recorded()
    assert costs.kind(trial(**{"training.dtype": "float64"})) not in costs.recorded()
    assert costs.kind(trial("nanda2023/transformer")) == Kind(
        "one-layer-transformer", "cross-entropy", "float64", "float32"
    )


def test_analyses_cost_passes_over_the_table() -> None:
    own = trial("nanda2023/transformer")
    watched = replace(own, analyses=("progress",), snapshots=tuple(range(0, 1000, 100)))
    assert costs.work(own, 1000).tables == 0 < costs.work(watched, 1000).tables
    assert seconds(watched, 1000) > seconds(own, 1000)


def test_a_new_record_says_how_fast_its_machine_is_and_how_long_it_had_the_core(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "flops_per_second", lambda: 7.2345e10)
    own = resolve_trial("addition", "gromov2023/gd", alpha=0.5, seed=0, steps=2, settings={"model.width": 4})
    record = worker.train_here(own, None, worker.Job(""))
    assert record.environment["flops_per_second"] == 7.2e10
    assert record.cost["cpu_seconds"] > 0
