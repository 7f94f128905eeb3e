"""What a stranger's text may not do while it is read: crash, hang, fill the memory, or run code."""

from __future__ import annotations

import contextlib
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy

from grokbench.specs.errors import GrokbenchError

SECONDS = 1.0  # of a core, for one text
BYTES = 2**29  # of memory, for one text
RUN = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "subprocess.Popen",
    "socket.connect",
    "pickle.find_class",
)
"""Audit events of a Python that starts something."""

_seen: list[str] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _seen is None:
        return
    written = event == "exec" and str(getattr(arguments[0], "co_filename", "")).startswith("<")
    if written or event in RUN:
        _seen.append(f"{event} {arguments!r}")


sys.addaudithook(_hook)


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """In here no code is run that no file holds, and nothing is started. Errors: AssertionError."""
    global _seen
    _seen = seen = []  # type: list[str]
    try:
        yield
    finally:
        _seen = None
    assert seen == []


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """In here a second of a core is the most. Errors: TimeoutError."""

    def late(signum: int, frame: object) -> None:
        raise TimeoutError(f"it took more than {SECONDS} s of a core")

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)


@contextlib.contextmanager
def small() -> Iterator[None]:
    """In here half a GiB more memory is the most, where the platform tells how much there is. Errors: MemoryError."""
    table = Path("/proc/self/statm")
    if not table.exists():
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    now = int(table.read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def harmless(read: Callable[[Any], object], text: Any) -> None:
    """Read a text; it is read, or refused by grokbench's own error, whose text is not empty."""
    refusal = "read"
    with watched(), small(), quick():
        try:
            read(text)
        except GrokbenchError as error:
            refusal = str(error)
    assert refusal


def some(strategy: SearchStrategy[Any], read: Callable[[Any], object], examples: int, first: int = 0) -> int:
    """Read so many texts, other ones for another ``first``; their number."""
    count = 0

    @seed(first)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=[*HealthCheck])
    @given(strategy)
    def once(text: Any) -> None:
        nonlocal count
        count += 1
        harmless(read, text)

    once()
    return count


def minutes(strategy: SearchStrategy[Any], read: Callable[[Any], object], minutes: float) -> int:
    """Read texts for so many minutes, others each time; their number."""
    until, count, first = time.monotonic() + 60 * minutes, 0, time.time_ns()
    print(f"first seed {first}")
    while time.monotonic() < until:
        count += some(strategy, read, 500, first=first + count)
    return count
