"""What pandas and TensorBoard find in exported files is what the record and the verdicts have."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import grokbench
from grokbench.claims.verdict import called
from grokbench.cli import group
from grokbench.exports import events, tables
from grokbench.exports.columns import CURVES, TABLES
from grokbench.specs.loader import Library
from grokbench.store import archive, keys
from grokbench.store.folder import Store
from grokbench.training.record import Record
from tests.exports.records import record, stored, trial

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "reports" / "power2022" / "records"


def read(folder: Path, kind: str, format: str) -> pd.DataFrame:
    if format == "csv":
        return pd.read_csv(folder / f"{kind}.csv")
    return pd.read_parquet(folder / f"{kind}.parquet")


def needs(format: str) -> None:
    module = {"parquet": "pyarrow", "tensorboard": "tensorboard"}.get(format)
    if module is not None:
        pytest.importorskip(module, reason="the extra export is not installed")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    place = stored(tmp_path / "store", trial(seed=0))
    place.save(record(trial(seed=1), groks=False))
    return tmp_path / "store"


def same(column: pd.Series[Any], values: Any) -> bool:
    return bool(np.array_equal(column.to_numpy(dtype=np.float64), np.asarray(values), equal_nan=True))


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_pandas_reads_the_numbers_of_the_record(format: str, store: Path, tmp_path: Path) -> None:
    needs(format)
    grokbench.export(task="addition", store=store, out=tmp_path / "out", format=format)
    curves, probes, runs = (read(tmp_path / "out", kind, format) for kind in ("curves", "probes", "runs"))
    for one in grokbench.records(store=store):
        own: Record = one.read()
        mine = curves[curves.run == one.run[:12]]
        for column in CURVES:
            if column.name in own.curves:
                assert same(mine[column.name], own.curves[column.name])
            else:
                assert mine[column.name].isna().all()
        assert set(mine.baseline) == {"gromov2023/adamw"}
        assert set(mine.changes) == {"model.width=16 task.domain.p=11"}
        looked = probes[probes.run == one.run[:12]]
        resultant = looked[looked.series == "resultant"]
        assert same(resultant.value, own.probes["phases"]["resultant"].astype(np.float64))
        assert resultant["index"].isna().all()
        second = looked[(looked.series == "histogram") & (looked["index"] == 1)]
        assert same(second.value, own.probes["phases"]["histogram"][:, 1])
        assert same(looked[looked.probe == "progress"].value, [1.5, 0.25])
        assert "circles" not in set(looked.probe)  # which has no steps
        (row,) = runs[runs.key == one.run].to_dict("records")
        assert (row["t_mem"], row["t_gen"]) == (one.t_mem, one.t_gen)
        assert row["outcome"] == own.outcome


@pytest.mark.parametrize("format", ["csv", "parquet", "tensorboard"])
def test_the_same_records_make_the_same_bytes(format: str, store: Path, tmp_path: Path) -> None:
    needs(format)
    first, second = (
        grokbench.export(task="addition", store=store, out=tmp_path / name, format=format)
        for name in ("a", "a")
    )
    assert first == second
    before = [path.read_bytes() for path in first]
    again = grokbench.export(task="addition", store=store, out=tmp_path / "a", format=format)
    assert [path.read_bytes() for path in again] == before


def test_a_folder_that_is_used_again_keeps_no_table_of_the_export_before(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words: dict[str, Any] = {"task": "addition", "store": store, "out": out}
    (first, *_) = grokbench.export(**words)
    before = first.read_bytes()
    (out / "mine.csv").write_text("a table of one's own")
    (tmp_path / "curves.csv").write_text("outside")
    package = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))
    for name in ("mine.csv", "../curves.csv", str(tmp_path / "curves.csv"), 3):
        package["resources"].append({"path": name})
    (out / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    written = grokbench.export(**words, only="runs")
    assert [path.name for path in written] == ["runs.csv", "datapackage.json"]
    assert sorted(path.name for path in out.iterdir()) == ["datapackage.json", "mine.csv", "runs.csv"]
    assert (out / "runs.csv").read_bytes() == before
    assert (tmp_path / "curves.csv").is_file()


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"created_by": "another", "resources": [{"path": "curves.csv"}]}']
)
def test_tables_that_another_program_describes_stay(text: str, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    grokbench.export(task="addition", store=store, out=out)
    (out / "datapackage.json").write_text(text, encoding="utf-8")
    grokbench.export(task="addition", store=store, out=out, only="runs")
    assert (out / "curves.csv").is_file()


def test_tensorboard_reads_the_numbers_of_the_record(store: Path, tmp_path: Path) -> None:
    needs("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    files = grokbench.export(task="addition", seed=0, store=store, out=tmp_path, format="tensorboard")
    own = record(trial(seed=0))
    (file,) = files
    assert file.parent.name == events.name(tables.Run(own, grokbench_names(own)))
    found = EventAccumulator(str(file.parent))
    found.Reload()
    wanted = {
        f"curves/{name}": (own.curves["step"], own.curves[name]) for name in own.curves if name != "step"
    }
    phases = own.probes["phases"]
    wanted["phases/resultant"] = phases["step"], phases["resultant"]
    wanted |= {f"phases/histogram_{i}": (phases["step"], phases["histogram"][:, i]) for i in (0, 1)}
    wanted["progress/test_loss"] = own.analyses["progress"]["step"], own.analyses["progress"]["test_loss"]
    assert set(found.Tags()["scalars"]) == set(wanted)
    for tag, (steps, values) in wanted.items():
        scalars = found.Scalars(tag)
        assert [one.step for one in scalars] == steps.tolist()
        assert [one.value for one in scalars] == values.astype(np.float32).tolist()


def grokbench_names(own: Record) -> Any:
    from grokbench.exports.naming import Names

    return Names(Library()).of(own.trial)


@pytest.fixture(scope="module")
def power(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("power2022")
    grokbench.export("power2022", records=RECORDS, out=folder)
    return folder


def test_the_verdicts_of_a_paper_are_those_of_its_report(power: Path) -> None:
    said = json.loads((ROOT / "reports" / "power2022.json").read_text(encoding="utf-8"))["claims"]
    verdicts, measures = read(power, "verdicts", "csv"), read(power, "measures", "csv")
    assert verdicts.claim.tolist() == [one["id"] for one in said]
    assert verdicts.name.tolist() == [called(one["verdict"], one["under_our_reading"]) for one in said]
    assert "REPRODUCED under our reading" in verdicts.name.tolist()
    assert same(verdicts["median"], [math.nan if one["median"] is None else one["median"] for one in said])
    for one in said:
        mine = measures[(measures.claim == one["id"]) & (measures.of == "claim")]
        finite = [number for row in one["values"] for number in row["measured"] if number is not None]
        assert mine.value[np.isfinite(mine.value)].tolist() == finite
        assert mine.seed.tolist() == [row["seed"] for row in one["values"] for _ in row["measured"]]


def test_a_paper_has_every_run_that_its_report_rests_on_once(power: Path) -> None:
    runs = read(power, "runs", "csv")
    kept = {one.key: one for one in archive.Archive(RECORDS).each()}
    assert runs.key.is_unique
    assert set(runs.key) <= {keys.key(one.record.trial) for one in kept.values()}
    experiments = {one.id for one in Library().paper("power2022").experiments}
    assert {name for cell in runs.experiments for name in cell.split()} <= experiments


def test_a_claim_is_exported_with_its_own_runs_alone(power: Path, tmp_path: Path) -> None:
    name = "delayed-generalization-2"
    grokbench.export(f"power2022.{name}", records=RECORDS, out=tmp_path)
    assert read(tmp_path, "verdicts", "csv").claim.tolist() == [name]
    claim = next(one for one in Library().paper("power2022").claims if one.id == name)
    runs, whole = read(tmp_path, "runs", "csv"), read(power, "runs", "csv")
    assert set(runs.key) < set(whole.key)
    assert {one for cell in runs.experiments for one in cell.split()} == {
        *claim.experiments,
        claim.control,
    } - {None}


def test_claims_stand_in_tensorboard_by_seed_and_their_verdicts_as_text(tmp_path: Path) -> None:
    needs("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    name = "power2022.delayed-generalization-2"
    only = ("measures", "verdicts")
    (file,) = grokbench.export(name, records=RECORDS, out=tmp_path, format="tensorboard", only=only)
    found = EventAccumulator(str(file.parent))
    found.Reload()
    said = json.loads((ROOT / "reports" / "power2022.json").read_text(encoding="utf-8"))["claims"]
    one = next(claim for claim in said if f"power2022.{claim['id']}" == name)
    tag = next(tag for tag in found.Tags()["scalars"] if tag.startswith(f"{name}/") and "control" not in tag)
    assert [(x.step, x.value) for x in found.Scalars(tag)] == [
        (row["seed"], float(np.float32(row["measured"][0]))) for row in one["values"]
    ]
    (text,) = found.Tensors("verdicts")[0].tensor_proto.string_val
    assert one["name"] in text.decode()
    assert "verdicts" in found.PluginTagToContent("text")


def test_each_column_is_described_beside_the_files(power: Path) -> None:
    package = json.loads((power / "datapackage.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in package["resources"]] == list(TABLES)
    for one in package["resources"]:
        with (power / one["path"]).open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        fields = one["schema"]["fields"]
        assert head == [field["name"] for field in fields]
        assert len(rows) == one["rows"]
        assert all(field["description"] for field in fields)
        types = {field["name"]: field["type"] for field in fields}
        for row in rows[:50]:
            for name, cell in zip(head, row, strict=True):
                if types[name] == "integer" and cell:
                    int(cell)
                elif types[name] == "number" and cell:
                    float(cell)
                elif types[name] == "boolean":
                    assert cell in ("true", "false", "")


def test_parquet_has_units_and_meanings_in_its_schema(store: Path, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="the extra export is not installed")
    grokbench.export(task="addition", store=store, out=tmp_path, format="parquet", only="curves")
    schema = pq.read_schema(tmp_path / "curves.parquet")
    assert schema.field("step").metadata[b"unit"] == b"optimizer steps"
    assert all(schema.field(column.name).metadata[b"meaning"] for column in TABLES["curves"])
    assert [path.name for path in sorted(tmp_path.glob("*.*"))] == ["curves.parquet", "datapackage.json"]


def test_a_seed_of_an_older_grokbench_that_parquet_cannot_hold_is_one_sentence(tmp_path: Path) -> None:
    needs("parquet")
    stored(tmp_path / "store", dataclasses.replace(trial(), seed=2**63))
    words: dict[str, Any] = {"task": "addition", "store": tmp_path / "store", "out": tmp_path / "out"}
    with pytest.raises(grokbench.GrokbenchError, match="which parquet cannot hold; write it as csv"):
        grokbench.export(**words, format="parquet")
    assert grokbench.export(**words, format="csv")


def test_every_curve_that_training_leaves_has_a_column() -> None:
    settings = {"task.domain.p": 5, "model.width": 8, "data.corruption": {"kind": "labels", "share": 0.2}}
    left = grokbench.run("addition", "gromov2023/adamw", steps=1, settings=settings)
    assert {column.name for column in CURVES} == set(left.curves)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, "name a paper or a claim, or choose runs"),
        ({"what": "power2022", "seed": 0}, "write paper=power2022"),
        ({"what": "power2023"}, "did you mean 'power2022'"),
        ({"what": "power2022.nothing"}, "unknown claim of power2022"),
        ({"seed": 0, "only": "verdicts"}, "verdicts are of claims"),
        ({"seed": 0, "only": "curve"}, "did you mean 'curves'"),
        ({"seed": 0, "format": "parket"}, "did you mean 'parquet'"),
        ({"seed": 5}, "is what was asked for, so nothing was written"),
        ({"what": "power2022"}, "so nothing was written; name its folder as records=DIR"),
    ],
    ids=str,
)
def test_what_cannot_be_exported_is_one_sentence(
    words: dict[str, Any], said: str, store: Path, tmp_path: Path
) -> None:
    with pytest.raises(grokbench.GrokbenchError, match=said):
        grokbench.export(**words, store=store, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_probes_alone_are_no_export_to_tensorboard_where_no_run_has_any(store: Path, tmp_path: Path) -> None:
    needs("tensorboard")
    bare = dataclasses.replace(record(trial(seed=3)), probes={}, analyses={})
    Store(store).save(bare)
    words: dict[str, Any] = {
        "store": store,
        "out": tmp_path / "out",
        "format": "tensorboard",
        "only": "probes",
    }
    with pytest.raises(grokbench.GrokbenchError, match="none of these runs has a probe"):
        grokbench.export(seed=3, **words)
    assert len(grokbench.export(seed=[0, 3], **words)) == 1


@pytest.mark.parametrize(("format", "module"), [("parquet", "pyarrow"), ("tensorboard", "tensorboard")])
def test_without_its_package_a_format_says_how_to_get_it(
    format: str, module: str, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(grokbench.GrokbenchError, match=r"pip install 'grokbench\[export\]'"):
        grokbench.export(seed=0, store=store, out=tmp_path / "out", format=format)


def test_the_command_prints_its_files_and_speaks_of_flags(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["export", "--seed", "0", "--store", str(store), "--out", str(out), "--only", "curves"]
    done = CliRunner().invoke(group, words)
    assert done.stdout.split() == [str(out / "curves.csv"), str(out / "datapackage.json")]
    assert json.loads(CliRunner().invoke(group, [*words, "--json"]).stdout) == done.stdout.split()
    wrong = CliRunner().invoke(group, ["export", "power2022", "--seed", "0", "--store", str(store)])
    assert "write --paper power2022" in str(wrong.exception)
