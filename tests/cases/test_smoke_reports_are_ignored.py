"""What the README's commands leave in a clone is not offered to git, and what is committed still is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

IGNORED = (
    "reports/gromov2023.smoke.md",
    "reports/gromov2023.smoke.json",
    "reports/gromov2023.smoke/figures/training.png",
    "sweeps/division-power2022-answer-01234567.json",
    "nanda.safetensors",
)
KEPT = ("reports/gromov2023.md", "reports/gromov2023/figures/training.png", "tests/data/w.safetensors")


def test_smoke_reports_sweeps_and_saved_weights_are_ignored(repository: Path, tmp_path: Path) -> None:
    shutil.copy(repository / ".gitignore", tmp_path)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    found = subprocess.run(
        ["git", "check-ignore", "--no-index", *IGNORED, *KEPT],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.splitlines() == list(IGNORED)
