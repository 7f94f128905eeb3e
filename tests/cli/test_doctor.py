"""``grokbench doctor`` says what a bug report should, and what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grokbench import api
from grokbench.cli import doctor_command, group
from grokbench.plan import speed


def doctor(store: Path) -> tuple[int, dict[str, Any]]:
    result = subprocess.run(
        [sys.executable, "-m", "grokbench", "doctor", "--json", "--store", str(store)],
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, json.loads(result.stdout)


def test_a_sound_installation_has_no_problem(tmp_path: Path) -> None:
    status, facts = doctor(tmp_path / "store")
    assert (status, facts["problems"]) == (0, [])
    assert facts["GFLOP/s"] > 0.1
    assert facts["workers"] >= 1
    assert {"torch", "numpy", "cuda"} <= set(facts)


def test_a_store_that_cannot_be_written_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(doctor_command, "_torch_facts", dict)  # found above, where nothing is replaced
    monkeypatch.setattr(api, "validate", lambda *paths, **more: [])
    monkeypatch.setattr(speed, "measured", lambda: 1e11)
    words = ["doctor", "--json", "--store", str(tmp_path / "file" / "store")]
    result = CliRunner().invoke(group, words, standalone_mode=False)
    facts = json.loads(result.stdout)
    assert result.return_value == 1
    assert len(facts["problems"]) == 1
    assert "cannot be written" in facts["problems"][0]
