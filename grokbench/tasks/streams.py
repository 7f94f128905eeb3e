"""Random streams keyed by name, so that no consumer of randomness can disturb another.

Names in use: ("split", task id), ("init", parameter name), ("corruption", task id), ("samples", task id),
("test-samples", task id), ("online", task id), ("online-noise", task id), ("order",), ("noise",), ("update-noise",).
"""

from __future__ import annotations

import hashlib
import json
import operator

import numpy as np

from grokbench.specs.errors import InputError


def stream(seed: int, *name: str) -> np.random.Generator:
    """The generator that belongs to this seed and this name, fresh from its start.

    The Philox key is the first 128 bits of SHA-256 over the JSON list ``[seed, *name]``. Streams of different
    names or seeds are independent, whatever order they are asked for in.

    Raises InputError when no name is given, or when the seed is not an integer.
    """
    if not name:
        raise InputError("a random stream needs a name beside its seed, such as ('split', 'addition')")
    try:
        number = operator.index(seed)
    except TypeError:
        raise InputError(f"a seed must be an integer, not {seed!r}") from None
    text = json.dumps([number, *name], ensure_ascii=True, separators=(",", ":"))
    key = int.from_bytes(hashlib.sha256(text.encode("ascii")).digest()[:16], "big")
    return np.random.Generator(np.random.Philox(key=key))
