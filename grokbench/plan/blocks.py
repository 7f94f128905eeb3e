"""The seeds that certify a submission: drawn from the commit that adds its file, so that nobody could tune on them."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass

FIRST, END = 10_000, 1_000_000
"""Certifying seeds lie here, beyond those of claims (below 1000), of tuning (1000 to 8999) and of pilots (9000 to 9999)."""


@dataclass(frozen=True)
class Block:
    """Seeds of one submission, and what they were drawn from.

    word: of a further block, such as "maintainer"; "" for the one that certifies. commit: the one that added the file; "" where
    there is none that counts, and ``why`` says the reason: the seeds are then drawn from the track's id.
    """

    seeds: tuple[int, ...]
    word: str = ""
    commit: str = ""
    why: str = ""

    @property
    def certifies(self) -> bool:
        """Whether its seeds came from a commit."""
        return bool(self.commit)


def drawn(source: str, count: int, word: str = "") -> tuple[int, ...]:
    """``count`` distinct seeds from a commit's hash, or from another text, and a word.

    Seed i is FIRST + (SHA-256 of "source/word/i", its first 8 bytes as a number) mod (END - FIRST); one that came before is
    passed over.

    >>> drawn("0" * 40, 3), drawn("0" * 40, 3, "maintainer")
    ((784952, 87884, 510900), (199078, 594781, 515988))
    """
    found: dict[int, None] = {}
    for i in itertools.count():
        if len(found) == count:
            return tuple(found)
        digest = hashlib.sha256(f"{source}/{word}/{i}".encode()).digest()
        found[FIRST + int.from_bytes(digest[:8], "big") % (END - FIRST)] = None
    raise AssertionError
