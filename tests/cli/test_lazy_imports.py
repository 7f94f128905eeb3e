"""Commands that do not train never load torch, and the light ones neither scipy nor matplotlib."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RECORDS = str(Path(__file__).parents[2] / "reports" / "power2022" / "records")
HEAVY = ("torch", "scipy", "matplotlib")


def loaded(code: str) -> set[str]:
    tail = f"; import sys; print('LOADED', *[m for m in {HEAVY!r} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, check=True)
    return set(result.stdout.splitlines()[-1].split()[1:])


def command(*words: str) -> str:
    return f"from grokbench.cli import group; group.main({list(words)!r}, standalone_mode=False)"


@pytest.mark.parametrize(
    "code",
    [
        "import grokbench",
        "import grokbench.pytest_plugin",
        "import grokbench; grokbench.load_task('division').table()",
        command("--help"),
        command("run", "--help"),
        command("list", "claims"),
        command("list", "networks"),
        command("list", "optimizers"),
        command("show", "division", "--resolved"),
        command("validate"),
        command("runs"),
        command("runs", "--records", RECORDS, "--paper", "power2022"),
        command("reproduce", "gromov2023", "--dry-run"),
        command(
            *(
                "sweep",
                "--task",
                "addition",
                "--baseline",
                "gromov2023/gd",
                "--alphas",
                "0.3:0.5:0.1",
                "--dry-run",
            )
        ),
    ],
)
def test_light_commands_load_nothing_heavy(code: str) -> None:
    assert loaded(code) == set()


def test_an_export_of_a_paper_loads_no_torch(tmp_path: Path) -> None:
    words = ("export", "power2022", "--records", RECORDS, "--only", "verdicts", "--out", str(tmp_path))
    assert loaded(command(*words)) <= {"scipy"}


def test_training_loads_neither_torchs_compiler_nor_what_that_loads() -> None:
    code = "import grokbench; grokbench.run('addition', 'gromov2023/adamw', alpha=0.5, seed=0, steps=1); import sys"
    found = subprocess.run(
        [sys.executable, "-c", code + "; print([m for m in ('torch._dynamo', 'sympy') if m in sys.modules])"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.splitlines()[-1] == "[]"
