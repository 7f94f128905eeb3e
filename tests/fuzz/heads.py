"""Records whose checksums hold and in which anything else may stand."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

from grokbench.store import codec, keys
from grokbench.training.record import Record
from grokbench.training.taken import End, Taken
from tests.store.test_keys_and_store import make_record, make_trial

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def whole() -> Record:
    """A record with all that its head can have, and an end from where a larger budget goes on."""
    task = dataclasses.replace(make_trial().task, thresholds={"t_mem": 0.95, "t_gen": 0.9})
    record = make_record(make_trial(task=task, probes=("ipr",), horizon=None))
    cost = {"seconds": 1.5, "cpu_seconds": 1.25, "train_seconds": 1.0, "ms_per_step": 10.0}
    return dataclasses.replace(record, cost=cost, end=End(Taken({"object": {"step": 100}}), {}))


HEAD = codec.head(whole())


def places(table: dict[str, Any], *outer: str) -> Iterator[tuple[str, ...]]:
    """Where something stands in a table, and in the tables in it."""
    for name, value in table.items():
        yield (*outer, name)
        if isinstance(value, dict):
            yield from places(value, *outer, name)


PLACES = list(places(HEAD))


class Change(NamedTuple):
    """What stands at a place of a head instead of its own."""

    place: tuple[str, ...]
    value: Any

    def made(self, folder: Path) -> None:
        """Change the record in a folder."""
        document = json.loads((folder / "record.json").read_text())
        inner = document
        for name in self.place[:-1]:
            inner = inner[name]
        inner[self.place[-1]] = self.value
        write_head(folder, document)


HEADS = st.builds(Change, st.sampled_from(PLACES), JSON)


def write_head(folder: Path, document: dict[str, Any]) -> None:
    """Write the head of a record with the checksum that it should have."""
    rest = {name: value for name, value in document.items() if name not in ("checksum", "checksums")}
    sums = document["checksums"]
    try:
        own = keys.digest({"document": rest, "checksums": sums})
    except ValueError:  # NaN has no canonical form
        own = ""
    (folder / "record.json").write_text(json.dumps({**rest, "checksums": sums, "checksum": own}))
