"""What every test runs under: no shared store, no display, and no deadline that a busy machine could miss."""

from __future__ import annotations

import tempfile
from pathlib import Path

import hypothesis
import hypothesis.configuration
import pytest

hypothesis.settings.register_profile("grokbench", deadline=None, max_examples=60, database=None)
hypothesis.settings.load_profile("grokbench")
hypothesis.configuration.set_hypothesis_home_dir(tempfile.mkdtemp(prefix="hypothesis-"))
pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def _own_store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands under test write to a folder of their own."""
    monkeypatch.setenv("GROKBENCH_STORE", str(tmp_path_factory.getbasetemp() / "store"))
    monkeypatch.setenv("GROKBENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setenv("MPLBACKEND", "Agg")


@pytest.fixture
def repository() -> Path:
    """The checkout that these tests belong to."""
    return Path(__file__).resolve().parent.parent
