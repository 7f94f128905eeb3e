"""A container with an arbitrary user id: no HOME, and no entry for the user among the system's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from grokbench.specs.errors import StoreError
from grokbench.store.folder import Store

RAISES = "def gone(*_, **__): raise RuntimeError('could not determine the home directory')"
UNEXPANDED = "from pathlib import Path; gone = lambda *_, **__: Path('~/.local/share/grokbench')"
"""What platformdirs does without a home: it raises from 4.10 on, and before that leaves the sign for it in the path."""
RUN = ["run", "--task", "addition", "--baseline", "gromov2023/adamw", "--steps", "1"]
SWEEP = ["sweep", "--task", "addition", "--baseline", "gromov2023/adamw", "--alphas", "0.5"]


def homeless(how: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    code = (
        f"{how}\nimport os, platformdirs; os.environ.pop('GROKBENCH_STORE', None)\n"
        "platformdirs.user_data_path = platformdirs.user_cache_path = gone\n"
        f"import sys; sys.argv = ['grokbench', *{list(words)!r}]\n"
        "from grokbench.cli import main; main()"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd, check=False)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (RAISES, RUN),
        (UNEXPANDED, RUN),
        (RAISES, SWEEP),
        (RAISES, ["reproduce", "gromov2023"]),
        (UNEXPANDED, ["report", "gromov2023"]),
    ],
)
def test_a_command_that_needs_the_store_asks_for_one(how: str, words: list[str], tmp_path: Path) -> None:
    result = homeless(how, *words, cwd=tmp_path)
    assert result.returncode == 2
    assert "--store DIR" in result.stderr
    assert "GROKBENCH_STORE" in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_doctor_calls_it_a_problem(tmp_path: Path) -> None:
    rest = (
        "\nfrom grokbench.cli import doctor_command; doctor_command._torch_facts = dict"  # which takes long
    )
    result = homeless(RAISES + rest, "doctor", "--json", cwd=tmp_path)
    assert result.returncode == 1, result.stderr
    found = json.loads(result.stdout)
    assert found["store"] is None
    assert "--store DIR" in found["why"]["store"]
    assert found["problems"] == [found["why"]["store"]]


@pytest.mark.parametrize("words", [["list"], ["show", "addition"], ["validate"]], ids=lambda words: words[0])
def test_commands_without_a_store_work(words: list[str], tmp_path: Path) -> None:
    assert homeless(RAISES, *words, cwd=tmp_path).returncode == 0


def test_a_store_that_is_named_needs_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_, **__: Path("~/x"))
    assert Store(tmp_path).root == tmp_path
    monkeypatch.setenv("GROKBENCH_STORE", str(tmp_path / "named"))
    assert Store().root == tmp_path / "named"
    monkeypatch.delenv("GROKBENCH_STORE")
    with pytest.raises(StoreError, match="no home folder"):
        Store()
