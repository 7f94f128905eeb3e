"""The arithmetic of a run: whatever in the calling process could change a number is set while a trial trains, then put back.

A notebook that asked torch for reduced precision, a script under ``torch.inference_mode``, a default device or dtype, a thread
pool: a trial gives the same numbers in all of them. Some settings of torch and of the BLAS belong to the process, others to a
thread. Runs on several threads share one change of the former: the first sets it, the last puts it back.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

_lock = threading.Lock()
_inside = 0  # runs that hold the settings of the process
_process = ExitStack()
_threads_before = 1  # of torch, when the first of them began


@contextmanager
def fixed() -> Iterator[None]:
    """In here numbers are those of one thread, float32 in full precision, gradients on and denormals kept; any run may nest."""
    global _inside, _threads_before
    threads = (
        torch.get_num_threads()
    )  # of this thread: torch takes the process's number at the first call, and here it is
    with _lock:
        if not _inside:
            _threads_before = threads
            _set_process(_process)
        _inside += 1
    try:
        with ExitStack() as own:
            torch.set_num_threads(1)  # what OpenMP may use is each thread's own
            own.callback(lambda: torch.set_num_threads(_threads_before))
            own.enter_context(
                torch._C.DisableTorchFunction()
            )  # default devices and other modes of the caller
            own.enter_context(torch.autocast("cpu", enabled=False))
            own.enter_context(torch.inference_mode(False))
            own.enter_context(torch.enable_grad())
            own.enter_context(denormals(flushed=False))
            own.enter_context(np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"))
            yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _process.close()


def _set_process(stack: ExitStack) -> None:
    """Set what belongs to the process; ``stack`` puts it back."""
    stack.enter_context(threadpool_limits(limits=1))  # numpy's BLAS

    stack.callback(torch.set_default_dtype, torch.get_default_dtype())
    torch.set_default_dtype(torch.float32)

    # By its debug mode: use_deterministic_algorithms would import torch's compiler, which takes seconds.
    stack.callback(torch.set_deterministic_debug_mode, torch.get_deterministic_debug_mode())
    torch.set_deterministic_debug_mode("default")

    for restore in _full_products():
        stack.callback(restore)


def _full_products() -> Iterator[Callable[[], None]]:
    """Set float32 products to full precision, in torch's old words and its new ones; yields what undoes each change."""
    try:
        named = torch.get_float32_matmul_precision()
    except (
        RuntimeError
    ):  # the caller has mixed the old words with the new ones, so that only the new ones still answer
        named = None
    named_operations = (getattr(torch.backends.mkldnn, name, None) for name in ("matmul", "conv", "rnn"))
    operations: list[Any] = [one for one in named_operations if hasattr(one, "fp32_precision")]  # torch ≥ 2.9
    for operation in operations:
        yield functools.partial(setattr, operation, "fp32_precision", operation.fp32_precision)
    if named is not None:
        yield functools.partial(torch.set_float32_matmul_precision, named)
        torch.set_float32_matmul_precision("highest")
    for operation in operations:
        operation.fp32_precision = "ieee"


@contextmanager
def denormals(*, flushed: bool) -> Iterator[None]:
    """In here numbers too small for a normal float are 0, or are kept, on this thread.

    Once a network has generalised, probabilities of wrong classes and moments of idle weights underflow, and products with such
    numbers take several times as long. They are below 1e-38 in single precision: no curve shows the difference.
    """
    before = flushes()
    torch.set_flush_denormal(flushed)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


def flushes() -> bool:
    """Whether this thread flushes denormals."""
    return float(torch.tensor(1e-39, dtype=torch.float32, device="cpu") * 1) == 0


def stated(device: str = "cpu") -> str:
    """What a record says of its arithmetic, read off torch while the trial trains on a device."""
    operations = torch.backends.mkldnn
    products = getattr(getattr(operations, "matmul", None), "fp32_precision", None)
    if products is None:
        products = torch.get_float32_matmul_precision()
    return "; ".join(
        (
            f"float32 products {products}",
            f"autocast {'on' if torch.is_autocast_enabled('cpu') else 'off'}",
            f"denormals {'flushed' if flushes() else 'kept'}",
            f"deterministic algorithms {'on' if torch.are_deterministic_algorithms_enabled() else 'off'}",
            f"default {str(torch.get_default_dtype()).removeprefix('torch.')}",
            *(
                [f"TF32 {'on' if torch.backends.cuda.matmul.allow_tf32 else 'off'}"]
                if device == "cuda"
                else []
            ),
        )
    )
