"""Say which files of the checkout are missing from the wheel and the sdist in a folder; exit status 1 when any is.

python .ci/contents.py dist
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

WHEEL = {
    "grokbench/": "grokbench/",
    "tasks/": "grokbench/_specs/tasks/",
    "baselines/": "grokbench/_specs/baselines/",
    "reports/costs.json": "grokbench/_specs/costs.json",
    "reports/verdicts.json": "grokbench/_specs/verdicts.json",
}
"""What of the checkout is in the wheel → where it lies there."""
SDIST = (
    "grokbench/",
    "tasks/",
    "baselines/",
    "docs/",
    "examples/",
    "tests/",
    "reports/costs.json",
    "reports/verdicts.json",
)
SDIST_TOO = ("pyproject.toml", "README.md", "LICENSE", "constraints.txt")
NAMED = (
    "grokbench/py.typed",
    "grokbench/specs/schemas/task.schema.json",
    "grokbench/scaffold/templates/network.txt",
    "grokbench/reports/site/assets/site.js",
    "grokbench/reports/site/templates/claim.html",
)
"""Files that must be in the checkout itself, so that a moved folder is noticed."""


def main(folder: Path) -> int:
    """Compare both archives with the files that git knows."""
    known = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    in_wheel = set(zipfile.ZipFile(wheel).namelist())
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    missing = [f"checkout: {name}" for name in NAMED if name not in known]
    for name in known:
        for inside, there in WHEEL.items():
            if name.startswith(inside) and there + name.removeprefix(inside) not in in_wheel:
                missing.append(f"{wheel.name}: {there + name.removeprefix(inside)}")
        if (name.startswith(SDIST) or name in SDIST_TOO) and name not in in_sdist:
            missing.append(f"{sdist.name}: {name}")
    print(
        "\n".join(missing)
        or f"{len(in_wheel)} files in the wheel, {len(in_sdist)} in the sdist; none is missing"
    )
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
