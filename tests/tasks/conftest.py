import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from grokbench.specs.types import TaskSpec

FOLDER = Path(__file__).parents[2] / "tasks"


@pytest.fixture(scope="session")
def load() -> Callable[[str], TaskSpec]:
    def from_file(name: str) -> TaskSpec:
        return TaskSpec(**tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8")))

    return from_file
