"""What a command says where it has to time steps before it can print a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from grokbench.cli import measuring
from grokbench.plan import probe
from grokbench.plan.costs import Kind
from grokbench.plan.expand import PlannedTrial

LSTM = Kind("lstm", "cross-entropy", "float32", "float32")


def chosen(found: dict[Kind, object], monkeypatch: pytest.MonkeyPatch, failed: Mapping[Kind, str]) -> None:
    def unmeasured(todo: Iterable[PlannedTrial]) -> dict[Kind, object]:
        return found

    monkeypatch.setattr(probe, "unmeasured", unmeasured)
    monkeypatch.setattr(probe, "measure", lambda kinds: dict(failed))


def test_nothing_is_said_where_records_have_every_kind(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen({}, monkeypatch, {})
    measuring.measure([])
    assert capsys.readouterr() == ("", "")
    assert measuring.guessed(0) == ""


def test_what_is_timed_and_what_could_not_be_is_said_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen({LSTM: None}, monkeypatch, {LSTM: "no room"})
    measuring.measure([])
    out, err = capsys.readouterr()
    assert out == ""
    assert "no record has the time of a step of lstm cross-entropy float32 float32" in err
    assert "the cost of a step of lstm is unknown (no room); the plan guesses it" in err
    assert measuring.guessed(3) == "; the cost of 3 trial(s) is a guess"
