"""Slingshots counted in records: within the budget, and only where a record was looked at often enough."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

import grokbench
from grokbench.measures import measure
from grokbench.training.record import Record
from tests.claims.claim_records import record, view
from tests.claims.test_hu2024 import watched

COUNT, CHANGE = measure("slingshots"), measure("slingshots-change")


def test_a_run_has_as_many_slingshots_as_its_curves_show() -> None:
    assert (COUNT(view(watched(4))), COUNT(view(watched(0)))) == (4, 0)
    assert CHANGE(view(watched(0), watched(4))) == -4


def test_slingshots_after_the_budget_do_not_count() -> None:
    cut = watched(4)
    assert COUNT(view(replace(cut, trial=replace(cut.trial, budget=1500)))) == 2


def _sparse(record: Record) -> Record:
    return replace(record, curves={name: curve[::2] for name, curve in record.curves.items()})


@pytest.mark.parametrize(
    "blind", [replace(watched(4), probes={}), _sparse(watched(4))], ids=["probe", "cadence"]
)
def test_a_record_that_was_not_looked_at_often_enough_has_no_number(blind: Record) -> None:
    assert math.isnan(COUNT(view(blind)))
    assert math.isnan(CHANGE(view(watched(4), blind)))


def test_the_share_of_evaluations_that_lost_the_training_set_counts_from_the_fit_to_the_budget() -> None:
    steps = [0, 100, 200, 300, 400, 500]
    lost = record(steps, [0, 1, 0.98, 1, 1, 0], 0, budget=400)  # one of three, the last after the budget
    change = measure("unfitted-share-change")
    assert change(view(lost, record(steps, [0, 1, 1, 1, 1, 1], 0))) == pytest.approx(1 / 3)
    assert math.isnan(change(view(lost, record(steps, 0, 0))))


def test_the_probe_is_the_norm_of_the_matrix_that_gives_the_outputs() -> None:
    fields = {"task.domain.p": 7, "evaluation.probe_growth": 1.0001}
    run = grokbench.run("addition", "hu2024/adam", seed=8999, steps=3, settings=fields, probes=["last-layer"])
    assert run.probes["last-layer"]["step"].tolist() == [0, 1, 2, 3]
    norm = math.sqrt(float((run.weights["W_U"].astype(float) ** 2).sum()))
    assert run.probes["last-layer"]["norm"][-1] == pytest.approx(norm, rel=1e-6)
