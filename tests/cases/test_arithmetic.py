"""Nothing in the calling process changes a number: not torch's settings, nor threads, nor modes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

import grokbench
from grokbench.store.folder import Store
from grokbench.training import arithmetic
from grokbench.training.record import Record

SETTINGS = {"task.domain.p": 13, "model.width": 16}


def run(**more: object) -> Record:
    return grokbench.run("addition", "gromov2023/adamw", steps=30, settings=SETTINGS, **more)  # type: ignore[arg-type]


@contextlib.contextmanager
def precision(name: str) -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(name)
    try:
        yield
        assert torch.get_float32_matmul_precision() == name
    finally:
        torch.set_float32_matmul_precision(before)


@contextlib.contextmanager
def new_precision() -> Iterator[None]:
    matmul = torch.backends.mkldnn.matmul
    before, matmul.fp32_precision = matmul.fp32_precision, "bf16"
    try:
        yield
        assert matmul.fp32_precision == "bf16"
    finally:
        matmul.fp32_precision = before


@contextlib.contextmanager
def double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    try:
        yield
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


@contextlib.contextmanager
def meta_device() -> Iterator[None]:
    torch.set_default_device("meta")
    try:
        yield
        assert torch.get_default_device().type == "meta"
    finally:
        torch.set_default_device(None)


@contextlib.contextmanager
def flushing() -> Iterator[None]:
    torch.set_flush_denormal(True)
    try:
        yield
        assert arithmetic.flushes()
    finally:
        torch.set_flush_denormal(False)


@contextlib.contextmanager
def deterministic() -> Iterator[None]:
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled()
    finally:
        torch.use_deterministic_algorithms(False)


@contextlib.contextmanager
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        yield
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


CALLERS = {
    "medium products": lambda: precision("medium"),
    "products in the new words": new_precision,
    "double by default": double,
    "another default device": meta_device,
    "a device context": lambda: torch.device("meta"),
    "flushed denormals": flushing,
    "deterministic algorithms": deterministic,
    "two threads": threads,
    "inference mode": torch.inference_mode,
    "no gradients": torch.no_grad,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "numpy that raises": lambda: np.errstate(all="raise"),
}


@pytest.fixture(scope="module")
def alone() -> Record:
    return run()


@pytest.mark.parametrize("name", CALLERS)
@pytest.mark.parametrize("baseline", ["gromov2023/adamw", "nanda2023/transformer"])
def test_a_run_is_the_same_whatever_its_caller_has_set(name: str, baseline: str) -> None:
    settings = {"task.domain.p": 13} | ({"model.width": 16} if "gromov" in baseline else {})
    plain = grokbench.run("addition", baseline, steps=12, settings=settings)
    with CALLERS[name]():
        inside = grokbench.run("addition", baseline, steps=12, settings=settings)
    assert inside.content == plain.content
    assert inside.environment["arithmetic"] == plain.environment["arithmetic"]
    assert inside.environment["threads"] == 1


def test_while_it_trains_every_setting_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    # Not every CPU computes other numbers under other settings, so what is set is looked at too.
    from grokbench.training import engine

    seen: dict[str, object] = {}
    stated = arithmetic.stated

    def look() -> str:
        seen.update(
            precision=torch.backends.mkldnn.matmul.fp32_precision,
            dtype=torch.get_default_dtype(),
            device=torch.zeros(1).device.type,
            grad=torch.is_grad_enabled(),
            inference=torch.is_inference_mode_enabled(),
            autocast=torch.is_autocast_enabled("cpu"),
            deterministic=torch.are_deterministic_algorithms_enabled(),
            threads={pool["num_threads"] for pool in threadpool_info()},
            flushes=arithmetic.flushes(),
        )
        return stated()

    monkeypatch.setattr(engine.arithmetic, "stated", look)
    with contextlib.ExitStack() as stack:
        for enter in CALLERS.values():
            stack.enter_context(enter())
        record = run()
    assert seen == {
        "precision": "ieee",
        "dtype": torch.float32,
        "device": "cpu",
        "grad": True,
        "inference": False,
        "autocast": False,
        "deterministic": False,
        "threads": {1},
        "flushes": record.environment["arithmetic"].find("flushed") > 0,
    }


def test_two_runs_on_two_threads_are_what_they_are_alone_and_leave_the_threads_as_they_were() -> None:
    with threads():
        jobs = [(seed, steps) for seed, steps in ((0, 10), (1, 40), (2, 10), (3, 40))]

        def go(job: tuple[int, int]) -> str:
            seed, steps = job
            record = grokbench.run("addition", "gromov2023/adamw", seed=seed, steps=steps, settings=SETTINGS)
            assert record.environment["threads"] == 1
            return record.content

        alone = [go(job) for job in jobs]
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(go, jobs)) == alone
            assert set(pool.map(lambda _: torch.get_num_threads(), range(2))) == {2}


def test_a_run_that_fails_puts_everything_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from grokbench.training import engine

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(engine, "drawn", broken)
    with precision("medium"), double(), threads(), pytest.raises(ZeroDivisionError):
        run()


def test_a_stored_record_that_does_not_state_its_arithmetic_is_no_hit(tmp_path: Path, alone: Record) -> None:
    from grokbench.store import keys

    told: list[str] = []
    store = Store(tmp_path, told.append)
    folder = store.save(alone)
    assert store.find(alone.trial) is not None
    document = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    del document["environment"]["arithmetic"]
    sums = document.pop("checksums")
    del document["checksum"]
    sealed = {
        **document,
        "checksums": sums,
        "checksum": keys.digest({"document": document, "checksums": sums}),
    }
    (folder / "record.json").write_text(json.dumps(sealed), encoding="utf-8")
    assert store.find(alone.trial) is None
    assert store.trained(alone.trial) is None
    assert len(told) == 1
    assert "does not say in which arithmetic" in told[0]
