"""What every test runs under: no shared store, no display, and no deadline that a busy machine could miss."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import hypothesis
import hypothesis.configuration
import pytest

# The same examples each time, so that a commit is judged by what it changed; `-m fuzz` looks for new ones.
hypothesis.settings.register_profile(
    "grokbench", deadline=None, max_examples=60, database=None, derandomize=True
)
hypothesis.settings.load_profile("grokbench")
hypothesis.configuration.set_hypothesis_home_dir(tempfile.mkdtemp(prefix="hypothesis-"))
pytest_plugins = ["pytester"]


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """All cores for the whole suite; one process for files that are named, and for claims, whose trials have workers."""
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return None if whole and not config.getoption("grokbench_papers") else 0


LONGEST = (
    "claims/test_smoke_tier.py",  # whose trials the next ones read
    "reports/test_committed_reports.py",
    "test_documents.py",
    "cases/test_report_finds_nothing.py",
    "training/test_training_version.py",
    "test_reproduction.py",
)
"""Files that take longest. They come first, so that no process works on one of them at the end while the others are idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in the order of ``LONGEST``, then of their names; each file in one piece."""
    places = {path: place for place, path in enumerate(LONGEST)}
    items.sort(
        key=lambda item: places.get(item.nodeid.partition("::")[0].removeprefix("tests/"), len(places))
    )


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run of pytest, the same in each of its processes."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(autouse=True)
def _own_store(shared_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands under test write to a folder of their own."""
    monkeypatch.setenv("GROKBENCH_STORE", str(shared_folder / "store"))
    monkeypatch.setenv("GROKBENCH_CACHE", str(shared_folder / "cache"))
    monkeypatch.setenv("MPLBACKEND", "Agg")


@pytest.fixture
def repository() -> Path:
    """The checkout that these tests belong to."""
    return Path(__file__).resolve().parent.parent
