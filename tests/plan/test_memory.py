"""What was measured on a machine is kept in the cache, and a cache that is no good does no harm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grokbench.plan import memory

DAY = 86_400.0


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GROKBENCH_CACHE", str(tmp_path / "deep"))
    return tmp_path / "deep" / "speed.json"


def test_a_number_is_believed_for_so_long(file: Path) -> None:
    assert memory.recall("rate", DAY) is None
    assert memory.keep("rate", 5e10, lambda: 1000.0) == 5e10
    assert memory.recall("rate", DAY, lambda: 1000.0 + 86_399) == 5e10
    assert memory.recall("rate", DAY, lambda: 1000.0 + 86_401) is None
    assert memory.recall("rate", DAY, lambda: 999.0) is None  # the clock was set back
    assert [one.name for one in file.parent.iterdir()] == ["speed.json"]


def test_numbers_do_not_push_each_other_out(monkeypatch: pytest.MonkeyPatch) -> None:
    memory.keep("one", 1.0)
    memory.keep("two", 2.0)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(memory, "cpu", lambda fact: "another one")
        memory.keep("one", 3.0)
        assert memory.recall("one", DAY) == 3.0
    assert (memory.recall("one", DAY), memory.recall("two", DAY)) == (1.0, 2.0)


@pytest.mark.parametrize(("name", "value"), [("cpu", "another one"), ("_version", "0.0")])
def test_another_cpu_or_library_is_measured_afresh(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.keep("rate", 5e10)
    monkeypatch.setattr(memory, name, lambda *_: value)
    assert memory.recall("rate", DAY) is None


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"x": 1}', "{machine: 3}", '{machine: {"rate": {"value": "x"}}}']
)
def test_a_cache_that_cannot_be_read_is_written_again(content: str, file: Path) -> None:
    file.parent.mkdir()
    file.write_text(content.replace("machine", json.dumps(memory.machine())), encoding="utf-8")
    assert memory.recall("rate", DAY) is None
    memory.keep("rate", 5e10)
    assert memory.recall("rate", DAY) == 5e10


def test_a_cache_that_cannot_be_written_is_no_fault(file: Path) -> None:
    file.parent.touch()
    assert memory.keep("rate", 5e10) == 5e10


def test_without_a_home_nothing_is_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GROKBENCH_CACHE")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: Path("~/.cache/grokbench"))
    monkeypatch.chdir(tmp_path)
    assert memory.keep("rate", 5e10) == 5e10
    assert list(tmp_path.iterdir()) == []
