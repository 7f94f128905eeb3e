"""Files written beside their place and renamed into it, so that no reader meets half of one and no two writers meet."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A file of a new name beside ``path``; what is written to it in here takes the place of ``path`` at the end.

    Whoever the umask lets in may read it. Where something is raised in here ``path`` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
