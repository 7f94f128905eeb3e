"""Whatever text is read as an operation or a spec, it is read or refused: no crash, no hang, no code.

`pytest -m fuzz` goes on for ten minutes with each; GROKBENCH_FUZZ_MINUTES asks for another time.
"""

from __future__ import annotations

import contextlib
import copy
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import grokbench
from grokbench.plan import worker
from grokbench.specs.errors import InputError, NoRecordsError
from grokbench.specs.loader import Library
from grokbench.store import merging, survey
from grokbench.store.folder import Store
from grokbench.tasks.domain import make_domain
from grokbench.tasks.expression import parse
from tests.fuzz.guard import harmless, minutes, some
from tests.fuzz.heads import HEADS, Change, whole
from tests.fuzz.texts import OPERATIONS, SPECS, Spec, written

MINUTES = float(os.environ.get("GROKBENCH_FUZZ_MINUTES", "10"))
DOMAINS = [
    make_domain({"kind": "integers-mod", "p": 7}),
    make_domain({"kind": "integers-mod", "p": 8}),
    make_domain({"kind": "symmetric-group", "n": 3}),
]


def operation(text: str) -> None:
    """Parse an operation and work it out in a few domains, each of which may refuse it."""
    tree = parse(text)
    for domain in DOMAINS:
        with contextlib.suppress(InputError):
            domain.answers(tree)


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Spec], None]:
    """Reads a spec as a command does that is given its file."""
    folder, library = tmp_path_factory.mktemp("specs"), Library()
    for name in ("addition",):
        library.task(name)
    library.recipe("gromov2023/gd")
    library.paper("gromov2023")

    def read(given: Spec) -> None:
        path, own = written(given, folder), copy.copy(library)
        own._documents, own._whole, own._papers, own._beside = {}, {}, {}, {}
        loaders = {"task": own.task, "baseline": own.recipe, "paper": own.paper}
        try:
            if given[0] in loaders:
                loaders[given[0]](str(path))  # type: ignore[operator]
            else:
                own._figures(path)
        finally:
            path.unlink()

    return read


@pytest.fixture
def head(tmp_path: Path) -> Callable[[Change], None]:
    """Reads a store in which a record has a changed head, in every way in which stores are read."""
    record = whole()
    longer = replace(record.trial, budget=10 * record.trial.budget)

    def read(change: Change) -> None:
        # a folder for each: where a record of a newer format lies, a store rightly refuses to write
        with tempfile.TemporaryDirectory(dir=tmp_path) as root:
            store = Store(Path(root, "store"))
            change.made(store.save(record))
            found = [store.find(record.trial), *(kept.record for kept in store.each())]
            found += [lying.record for lying in survey.survey(store)]
            for one in found:
                if one is not None:
                    assert one.outcome
                    assert one.t_gen >= 0
                    worker.ended(worker.Made(one, elsewhere=False))
            store.begun([record.trial, longer], [False, True])
            store.shorter(longer)
            list(merging.merge(Store(Path(root, "other")), store))
            with contextlib.suppress(NoRecordsError):
                grokbench.export(task=record.trial.task.id, store=store.root, out=Path(root, "out"))

    read(Change(("error",), None))  # as it is: imports what is imported when it is needed, which runs code
    return read


def test_any_operation_is_worked_out_or_refused() -> None:
    assert some(OPERATIONS, operation, 300) >= 100


def test_any_spec_is_read_or_refused(spec: Callable[[Spec], None]) -> None:
    assert some(SPECS, spec, 150) >= 100


def test_a_record_with_any_head_is_read_or_passed_over(head: Callable[[Change], None]) -> None:
    assert some(HEADS, head, 60) >= 60


@pytest.mark.fuzz
def test_a_record_with_any_head_is_read_or_passed_over_for_minutes(head: Callable[[Change], None]) -> None:
    count = minutes(HEADS, head, MINUTES)
    print(f"{count} heads in {MINUTES:g} minutes")
    assert count > 0


@pytest.mark.fuzz
def test_any_operation_is_worked_out_or_refused_for_minutes(
    record_property: Callable[[str, object], None],
) -> None:
    count = minutes(OPERATIONS, operation, MINUTES)
    print(f"{count} operations in {MINUTES:g} minutes")
    assert count > 0


@pytest.mark.fuzz
def test_any_spec_is_read_or_refused_for_minutes(spec: Callable[[Spec], None]) -> None:
    count = minutes(SPECS, spec, MINUTES)
    print(f"{count} specs in {MINUTES:g} minutes")
    assert count > 0


@pytest.mark.parametrize("event", ["hang", "memory", "code", "crash"])
def test_the_guard_sees_what_it_guards_against(event: str) -> None:
    def hang(text: str) -> None:
        while True:
            pass

    def memory(text: str) -> None:
        bytes(2**30)

    def code(text: str) -> None:
        exec(text)

    def crash(text: str) -> None:
        raise KeyError(text)

    with pytest.raises((TimeoutError, MemoryError, AssertionError, KeyError)):
        harmless(locals()[event], "1 + 1")
