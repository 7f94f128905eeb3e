"""What a command says where it has to time steps before it can print a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace

import pytest

from grokbench.cli import measuring
from grokbench.plan import costs, probe
from grokbench.plan.costs import Kind
from grokbench.plan.expand import PlannedTrial
from grokbench.plan.together import AUTO, How

LSTM = Kind("lstm", "cross-entropy", "float32", "float32")


QUADRATIC = Kind("quadratic-mlp", "mse", "", "float32")


def chosen(found: list[Kind], monkeypatch: pytest.MonkeyPatch, failed: Mapping[Kind, str]) -> None:
    def unmeasured(todo: Iterable[PlannedTrial], workers: int, how: How) -> list[object]:
        return [SimpleNamespace(work=SimpleNamespace(kind=kind)) for kind in found]

    monkeypatch.setattr(probe, "unmeasured", unmeasured)
    monkeypatch.setattr(probe, "measure", lambda kinds, device: dict(failed))


def test_nothing_is_said_where_every_step_was_timed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen([], monkeypatch, {})
    measuring.measure([], 2, AUTO)
    assert capsys.readouterr() == ("", "")
    assert measuring.guessed(0) == ""


def test_what_is_timed_and_what_could_not_be_is_said_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only = {QUADRATIC: costs.recorded()[QUADRATIC]}
    monkeypatch.setattr(costs, "recorded", lambda: only)
    chosen([LSTM, QUADRATIC, LSTM], monkeypatch, {LSTM: "no room", QUADRATIC: "no time"})
    measuring.measure([], 2, AUTO)
    out, err = capsys.readouterr()
    assert out == ""
    assert "timing some steps of lstm cross-entropy float32 float32, quadratic-mlp mse float32 on this" in err
    assert "a step of lstm could not be timed (no room); the plan guesses it" in err
    assert "quadratic-mlp could not be timed (no time); the plan goes by records from other machines" in err
    assert measuring.guessed(3) == "; the cost of 3 trial(s) is a guess"
