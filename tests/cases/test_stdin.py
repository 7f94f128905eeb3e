"""Workers read the calling script again: where there is none, or no worker can start, one sentence says so and nothing runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SWEEP = """
import multiprocessing, grokbench
SMALL = {"task.domain.p": 7, "model.width": 8}

def sweep(_=None):
    try:
        found = grokbench.sweep("addition", "gromov2023/adamw", alphas=0.5, seeds=1, steps=3, settings=SMALL, workers=1)
        return f"records {len(found.records)} failures {len(found.failures)}"
    except grokbench.GrokbenchError as error:
        return f"{type(error).__name__}: {error}"

def run(_=None):
    return grokbench.run("addition", "gromov2023/adamw", steps=3, settings=SMALL).ended
"""
GUARD = """
if __name__ == "__main__":
    print({})
"""


def python(tmp_path: Path, *words: str, given: str | None = None) -> str:
    environment = {**os.environ, "GROKBENCH_STORE": str(tmp_path / "store")}
    result = subprocess.run(
        [sys.executable, *words],
        input=given,
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        check=False,
    )
    assert "Traceback" not in result.stderr
    return result.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe has no name there")
def test_a_script_on_standard_input_is_told_so_and_nothing_is_trained(tmp_path: Path) -> None:
    told = python(tmp_path, "-", given=SWEEP + GUARD.format("sweep()"))
    assert told.startswith("InputError: training on workers needs a script that they can read again")
    assert "put the script into a file, or call grokbench.run" in told
    assert not (tmp_path / "store").exists()


def test_a_single_run_needs_no_file(tmp_path: Path) -> None:
    assert python(tmp_path, "-", given=SWEEP + GUARD.format("run()")) == "finished\n"


def test_without_a_script_workers_start_as_at_a_prompt_and_in_a_notebook(tmp_path: Path) -> None:
    assert python(tmp_path, "-c", SWEEP + GUARD.format("sweep()")) == "records 1 failures 0\n"


@pytest.mark.thorough
def test_a_worker_of_a_pool_starts_no_workers_and_the_script_that_made_it_does(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        SWEEP
        + GUARD.format("multiprocessing.get_context('spawn').Pool(1).map(sweep, [0])[0]")
        + "    print(sweep())\n",
        encoding="utf-8",
    )
    told, own = python(tmp_path, str(script)).splitlines()
    assert told.startswith(
        "InputError: a daemonic process, such as a worker of multiprocessing.Pool, can start no workers"
    )
    assert own == "records 1 failures 0"
