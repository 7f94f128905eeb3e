"""How much memory a pass takes, so that as many trials as fit make it at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

SHARE = 0.25
"""Of the memory of a CUDA device, for what a pass makes and drops. The whole counts, not what is free now: what else runs must
not change in what groups numbers are added up."""
CACHE = 16 << 20
"""Bytes of the same on the CPU. Larger arrays leave its caches and are asked of the system anew (PERFORMANCE.md)."""


class _Made(TorchDispatchMode):
    """Counts the bytes of the tensors that are made."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {
            one.untyped_storage().data_ptr() for one in tree_leaves((args, kwargs)) if type(one) is Tensor
        }
        found = func(*args, **(kwargs or {}))
        for one in tree_leaves(found):
            if type(one) is Tensor and one.untyped_storage().data_ptr() not in given:
                self.bytes += one.numel() * one.element_size()
        return found


def bytes_of(work: Callable[[], object]) -> int:
    """Bytes of all tensors that ``work`` makes; it holds no more than that at once."""
    with _Made() as made:
        work()
    return made.bytes


def room(device: torch.device) -> int:
    """Bytes that a pass may take."""
    if device.type == "cuda":
        return int(SHARE * torch.cuda.get_device_properties(device).total_memory)
    return CACHE


def exhausted(error: BaseException) -> bool:
    """Whether an error says that memory ran out."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def forget(device: torch.device) -> None:
    """Give back what the allocator holds."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
