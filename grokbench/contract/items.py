"""Promises as pytest items, for ``--grokbench-contract``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grokbench import contract
from grokbench.specs.errors import GrokbenchError


def of(session: pytest.Session, package: str) -> list[PromiseItem]:
    """A test for each promise of each part of a package. Errors: as of ``contract.checks``."""
    return [PromiseItem.from_parent(session, name=one.name, check=one) for one in contract.checks(package)]


class PromiseItem(pytest.Item):
    """One promise of one part: passes when the part keeps it."""

    def __init__(self, *, check: contract.Check, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check = check

    def runtest(self) -> None:
        """Ask the part."""
        self.check.run()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A sentence for a promise that is broken; pytest's own traceback for anything unforeseen."""
        if isinstance(excinfo.value, contract.BrokenError | GrokbenchError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the report says this test is."""
        return self.path, None, self.name
