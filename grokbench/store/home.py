"""Where the store lies when none is named."""

from __future__ import annotations

import os
from pathlib import Path

from grokbench.specs import values
from grokbench.specs.errors import StoreError


def default_path() -> Path:
    """``$GROKBENCH_STORE``, or a folder in the platform's place for a user's data. Errors: StoreError without a home."""
    from platformdirs import user_data_path

    named = os.environ.get("GROKBENCH_STORE")
    if named:
        return values.path("GROKBENCH_STORE", named)
    try:
        folder = user_data_path("grokbench", appauthor=False)
    except RuntimeError:  # neither HOME nor an entry for this user among the system's
        folder = Path()
    if not folder.is_absolute():
        raise StoreError(
            "the store has no default place, because this user has no home folder; "
            "name a folder with store=DIR or in the environment variable GROKBENCH_STORE",
            "store",
        )
    return folder / "store"
