"""The numbers of a record as pandas data frames."""

from __future__ import annotations

import subprocess
import sys

import pytest

import grokbench

SMALL = {"task.domain.p": 11, "model.width": 16}


@pytest.fixture(scope="module")
def record() -> grokbench.Record:
    return grokbench.run(
        "addition", "gromov2023/adamw", steps=30, settings=SMALL, probes=["ipr", "phases", "trace"]
    )


def test_curves_become_a_frame_with_a_row_for_each_evaluation(record: grokbench.Record) -> None:
    frame = record.to_frame()
    assert list(frame) == list(record.curves)
    assert frame["step"].tolist() == record.curves["step"].tolist()
    assert frame["test_loss"].iloc[-1] == record.curves["test_loss"][-1]


def test_every_probe_becomes_a_frame_and_a_series_of_many_numbers_many_columns(
    record: grokbench.Record,
) -> None:
    assert record.to_frame("trace")["step"].tolist() == list(range(31))
    assert record.to_frame("ipr")["ipr"].tolist() == record.probes["ipr"]["ipr"].tolist()
    histogram, frame = record.probes["phases"]["histogram"], record.to_frame("phases")
    assert [name for name in frame if name.startswith("histogram")] == [
        f"histogram_{i}" for i in range(histogram.shape[1])
    ]
    assert frame["histogram_1"].tolist() == histogram[:, 1].tolist()


def test_a_probe_that_was_not_recorded_is_one_sentence(record: grokbench.Record) -> None:
    with pytest.raises(
        grokbench.GrokbenchError, match="unknown probe of this record 'ip'; did you mean 'ipr'"
    ):
        record.to_frame("ip")


def test_without_pandas_the_sentence_says_how_to_get_it(
    record: grokbench.Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(grokbench.GrokbenchError, match=r"pip install 'grokbench\[pandas\]'"):
        record.to_frame()


def test_a_frame_loads_neither_matplotlib_nor_scipy() -> None:
    code = (
        "import sys, grokbench; "
        f"grokbench.run('addition', 'gromov2023/adamw', steps=2, settings={SMALL!r}).to_frame(); "
        "sys.exit(bool({'matplotlib', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
