"""Tables as CSV or Parquet files, and beside them what their columns mean."""

from __future__ import annotations

import csv
import importlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from grokbench import __version__
from grokbench.exports.columns import BOOLEAN, INTEGER, MEANINGS, NUMBER, TABLES
from grokbench.exports.tables import Table
from grokbench.specs.errors import InputError
from grokbench.store.replacing import replaced

PACKAGE = "datapackage.json"
"""The file that describes the others: a data package of Frictionless Data."""
MEDIA = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


NEEDS = {"parquet": "pyarrow", "tensorboard": "tensorboard"}
"""Format → the package that writes it."""


def check(format: str) -> None:
    """Errors: InputError where the format's package is not installed."""
    if format in NEEDS:
        try:
            importlib.import_module(NEEDS[format])
        except ImportError:
            raise InputError(
                f"the format {format} needs {NEEDS[format]}, which is not installed; install it with "
                "pip install 'grokbench[export]'"
            ) from None


def write(tables: Iterable[Table], format: str, folder: Path) -> list[Path]:
    """Write each table as ``<kind>.csv`` or ``<kind>.parquet`` and describe them; returns the files, the description last.

    The same tables always make the same bytes. Tables of an earlier export that are not written again are removed, so that the
    description tells of all tables in the folder.
    """
    earlier = _earlier(folder)
    one = {"csv": _csv, "parquet": _parquet}[format]
    written, described = [], []
    for table in tables:
        path = folder / f"{table.kind}.{format}"
        with replaced(path) as beside:
            one(table, beside)
        written.append(path)
        described.append(_resource(table, format, path.name))
    for path in earlier:
        if path not in written:
            path.unlink(missing_ok=True)
    document = {
        "name": folder.resolve().name.lower(),
        "created_by": f"grokbench {__version__}",
        "resources": described,
    }
    with replaced(folder / PACKAGE) as beside:
        beside.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return [*written, folder / PACKAGE]


def _earlier(folder: Path) -> list[Path]:
    """The tables in a folder that its description says grokbench has exported. Only names of tables count."""
    try:
        document = json.loads((folder / PACKAGE).read_text(encoding="utf-8"))
        ours = str(document["created_by"]).startswith("grokbench ")
        listed = [one["path"] for one in document["resources"]] if ours else []
    except (OSError, ValueError, LookupError, TypeError, RecursionError):  # none, or one that is not ours
        return []
    names = [f"{kind}.{format}" for kind in TABLES for format in MEDIA]
    return [folder / name for name in names if name in listed and not (folder / name).is_dir()]


def _resource(table: Table, format: str, name: str) -> dict[str, Any]:
    fields = [
        {
            "name": column.name,
            "type": column.type,
            "description": column.meaning,
            **({"unit": column.unit} if column.unit else {}),
        }
        for column in TABLES[table.kind]
    ]
    return {
        "name": table.kind,
        "path": name,
        "description": MEANINGS[table.kind],
        "format": format,
        "mediatype": MEDIA[format],
        "encoding": "utf-8",
        "rows": table.rows,
        "schema": {"fields": fields, "missingValues": [""]},
    }


def _csv(table: Table, path: Path) -> None:
    """Numbers in the shortest decimal that is read back as the same float; ``true`` and ``false``; empty for what is missing."""
    columns = [
        [None if value is None else str(value).lower() for value in table.columns[column.name]]
        if column.type == BOOLEAN
        else table.columns[column.name]
        for column in TABLES[table.kind]
    ]
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(column.name for column in TABLES[table.kind])
        writer.writerows(zip(*columns, strict=True))


def _parquet(table: Table, path: Path) -> None:
    """Each field has its ``unit`` and ``meaning`` as metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types: dict[str, Callable[[], Any]] = {INTEGER: pa.int64, NUMBER: pa.float64, BOOLEAN: pa.bool_}
    columns = TABLES[table.kind]
    fields = [
        pa.field(
            column.name,
            types.get(column.type, pa.string)(),
            metadata={"unit": column.unit, "meaning": column.meaning},
        )
        for column in columns
    ]
    try:
        arrays = [
            pa.array(table.columns[column.name], field.type)
            for column, field in zip(columns, fields, strict=True)
        ]
    except OverflowError:  # a seed of an older grokbench, which set it no bound
        raise InputError(
            f"the table {table.kind} has a whole number of 2^63 or more, which parquet cannot hold; write it as csv"
        ) from None
    about = {"grokbench": __version__, "meaning": MEANINGS[table.kind]}
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=about)), path)
