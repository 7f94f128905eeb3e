from __future__ import annotations

import pytest

from tests.cases.commands import Shell


@pytest.fixture
def grokbench(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Shell:
    """The command line, in this process."""
    return Shell(monkeypatch, capfd)
