"""The table of verdicts is as wide as the terminal, and calls a verdict what the page calls it."""

from __future__ import annotations

import sys

import pytest

from grokbench.claims.verdict import NAMES, Verdict
from grokbench.cli.reproduce_command import _table
from tests.reports import synthetic

REASON = "None of 6 seeds meets the rule, whose accepted region is at least one half of all seeds. " * 3
VERDICTS = [
    synthetic.verdict("a-claim-with-a-name-that-is-rather-long", "NOT REPRODUCED", under_our_reading=True, reason=REASON),
    synthetic.verdict("short", "REPRODUCED"),
]  # fmt: skip


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    _table(VERDICTS)
    return capsys.readouterr().out.splitlines()


def test_off_a_terminal_it_is_plain_and_a_hundred_columns_wide(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    lines = printed(capsys)
    assert 90 <= max(map(len, lines)) <= 100
    assert "\x1b" not in "".join(lines)
    assert any(
        line.startswith("NOT REPRODUCED ") and "a-claim-with-a-name-that-is-rather-long" in line
        for line in lines
    )
    assert any(line.startswith("under our reading ") for line in lines)


@pytest.mark.parametrize("width", [60, 80, 140])
def test_on_a_terminal_it_follows_the_width_in_colour(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    text = "\n".join(printed(capsys))
    assert "\x1b[32mREPRODUCED" in text
    import re

    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    assert width - 10 <= max(map(len, lines)) <= width
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in "\n".join(printed(capsys))


@pytest.mark.parametrize("ours", [True, False])
def test_a_verdict_has_one_name(ours: bool) -> None:
    found: Verdict = synthetic.verdict("x", "NOT REPRODUCED", under_our_reading=ours)
    assert found.name == ("NOT REPRODUCED under our reading" if ours else "NOT REPRODUCED")
    assert {
        synthetic.verdict("x", one, under_our_reading=ours).name for one in ("REPRODUCED", "ERROR")
    } <= set(NAMES)
