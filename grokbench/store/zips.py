"""Zip files and NPZ of strangers, read without more memory than they may take, and without pickle.

Nothing is ever unpacked to a disk, so that a member's name leads nowhere.
"""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
import zlib
from typing import Any

from numpy.lib import format as npy

from grokbench.specs.types import Array

MOST_BYTES = 2**30  # that the members of one file may unpack to
MOST_MEMBERS = 200_000
DAMAGE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    RuntimeError,  # an encrypted member
    TypeError,
    ValueError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)
"""What reading a damaged or malicious file may raise, besides OSError."""


def opened(data: bytes, most: int = MOST_BYTES) -> zipfile.ZipFile:
    """A zip file in memory whose members may be read. Errors: ValueError where they unpack to more than ``most`` bytes."""
    stored = zipfile.ZipFile(io.BytesIO(data))
    members = stored.infolist()
    if len(members) > MOST_MEMBERS:
        raise ValueError(f"it has {len(members)} members; the limit is {MOST_MEMBERS}")
    declared = sum(member.file_size for member in members)
    if declared > most:
        raise ValueError(f"it unpacks to {declared} bytes; the limit is {most}")
    if len({member.filename for member in members}) < len(members):
        raise ValueError("two of its members have one name")
    return stored


def member(stored: zipfile.ZipFile, name: str, most: int = MOST_BYTES) -> bytes:
    """A member of an ``opened`` file. Errors: one of ``DAMAGE``, also where it unpacks to more than it declares."""
    declared = stored.getinfo(name).file_size
    if declared > most:
        raise ValueError(f"{name} unpacks to {declared} bytes; the limit is {most}")
    with stored.open(name) as source:
        data = source.read(declared + 1)
    if len(data) != declared:
        raise ValueError(f"{name} does not unpack to the {declared} bytes that it declares")
    return data


def arrays(data: bytes, most: int = MOST_BYTES) -> dict[str, Array]:
    """The arrays of an NPZ, whose members may unpack to ``most`` bytes. Errors: one of ``DAMAGE``."""
    with opened(data, most) as stored:
        return {name.removesuffix(".npy"): array(member(stored, name)) for name in stored.namelist()}


def array(data: bytes) -> Array:
    """An array from the bytes of an NPY file. Errors: ValueError where they are not as many as it declares, or hold objects."""
    source = io.BytesIO(data)
    version = npy.read_magic(source)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"{version} is no version of arrays that is read")
    header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = header(source)
    left = len(data) - source.tell()
    if dtype.hasobject or dtype.kind not in "biufc":
        raise ValueError(f"an array of {dtype} is not read")
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != left:
        raise ValueError(f"an array of shape {shape} does not have {left} bytes")
    found: Array = npy.read_array(io.BytesIO(data), allow_pickle=False)
    return found


def document(text: str | bytes) -> dict[str, Any]:
    """A JSON document that is an object. Errors: ValueError, also where it nests too deep."""
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("it nests too deep") from None
    if not isinstance(found, dict):
        raise ValueError("it holds no table")
    return found
