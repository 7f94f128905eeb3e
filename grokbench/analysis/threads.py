"""Numbers of one thread, whatever cores there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """In here numpy and scipy multiply on one thread. On a busy machine threads would wait for each other, many times as long."""
    import scipy.linalg  # noqa: F401  its own BLAS can be limited only once it is loaded

    with threadpool_limits(limits=1):
        yield
