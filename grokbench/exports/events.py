"""Runs and claims as TensorBoard's event files: a folder for each run, and one for the claims."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from grokbench.exports import tables
from grokbench.exports.columns import CURVES
from grokbench.exports.tables import Run, Table
from grokbench.store.replacing import replaced

FILE = "events.out.tfevents.0.grokbench"
"""TensorBoard reads what has ``tfevents`` in its name; the rest is the same each time, so that a folder has one such file."""
CLAIMS = "claims"
"""The folder with what is known of claims."""
Scalar = tuple[str, int, float]  # tag, step, value


def write(found: Iterable[Run], kinds: Iterable[str], of_claims: Iterable[Table], folder: Path) -> list[Path]:
    """Write a file of events for each run, and one for claims; returns them.

    kinds: what of a run is written, ``curves`` or ``probes``. A number of a claim stands at the seed that it is of. Numbers
    are kept in single precision, and no time of day stands beside them.
    """
    asked, written = set(kinds), []
    for one in found:
        scalars = [*(_curves(one) if "curves" in asked else ()), *(_probes(one) if "probes" in asked else ())]
        if scalars:
            written.append(_file(folder / name(one), scalars))
    own = {table.kind: table for table in of_claims}
    if own:
        scalars = list(_measures(own["measures"])) if "measures" in own else []
        texts = [("verdicts", markdown(own["verdicts"]))] if "verdicts" in own else []
        written.append(_file(folder / CLAIMS, scalars, texts))
    return written


def name(one: Run) -> str:
    """What TensorBoard calls a run: its task, recipe, what differs from it, α, seed, and the first digits of its key."""
    cells = one.identity
    words = [
        cells["task"],
        cells["baseline"],
        *cells["changes"].split(),
        f"alpha={cells['alpha']:.6g}",
        f"seed={cells['seed']}",
        cells["run"],
    ]
    return "_".join(re.sub(r"[^\w.=+-]+", "-", word).strip("-") for word in words)


def _curves(one: Run) -> Iterator[Scalar]:
    own = one.record.curves
    for column in CURVES[1:]:
        if column.name in own:
            yield from _series(f"curves/{column.name}", own["step"].tolist(), own[column.name].tolist())


def _probes(one: Run) -> Iterator[Scalar]:
    for probe, series, index, steps, values in tables.series(one.record):
        tag = f"{probe}/{series}" + ("" if index is None else f"_{index}")
        yield from _series(tag, steps.tolist(), values.tolist())


def _measures(table: Table) -> Iterator[Scalar]:
    own = table.columns
    keys = ("paper", "claim", "of", "measure", "arguments", "seed", "value")
    for paper, claim, of, measure, arguments, seed, value in zip(*(own[key] for key in keys), strict=True):
        if value is not None:
            asked = "" if arguments == "{}" else f" {arguments}"
            control = " on the control" if of == "control" else ""
            yield f"{paper}.{claim}/{measure}{asked}{control}", seed, value


def _series(tag: str, steps: list[int], values: list[float]) -> Iterator[Scalar]:
    return ((tag, step, value) for step, value in zip(steps, values, strict=True))


def markdown(table: Table) -> str:
    """The verdicts as a table of Markdown."""
    head = ("claim", "title", "name", "yes", "seeds", "median", "paper_says")
    columns = [table.columns[one] for one in head]
    rows = (
        ["" if cell is None else str(cell).replace("|", r"\|") for cell in row]
        for row in zip(*columns, strict=True)
    )
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def _file(folder: Path, scalars: Iterable[Scalar], texts: Iterable[tuple[str, str]] = ()) -> Path:
    from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2
    from tensorboard.summary.writer.record_writer import RecordWriter

    path = folder / FILE

    def event(**fields: Any) -> bytes:
        made: bytes = event_pb2.Event(wall_time=0.0, **fields).SerializeToString()
        return made

    def summary(step: int, **fields: Any) -> bytes:
        return event(step=step, summary=summary_pb2.Summary(value=[summary_pb2.Summary.Value(**fields)]))

    with replaced(path) as beside, beside.open("wb") as out:
        writer = RecordWriter(out)
        writer.write(event(file_version="brain.Event:2"))
        for tag, step, value in scalars:
            writer.write(summary(step, tag=tag, simple_value=value))
        for tag, text in texts:
            plugin = summary_pb2.SummaryMetadata.PluginData(plugin_name="text")
            tensor = tensor_pb2.TensorProto(dtype="DT_STRING", string_val=[text.encode()])
            tensor.tensor_shape.dim.add(size=1)
            about = summary_pb2.SummaryMetadata(plugin_data=plugin)
            writer.write(summary(0, tag=tag, metadata=about, tensor=tensor))
        writer.flush()
    return path
