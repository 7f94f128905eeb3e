"""``run`` writes what a file's ending says or refuses, and its JSON holds all that was asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import grokbench
from grokbench import figures
from grokbench.store.folder import Store

SMALL = ["--set", "task.domain.p=11", "--set", "model.width=16", "--steps", "5"]
STARTS = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}


def run(store: Path, *more: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "grokbench", "run", "--task", "addition", "--baseline", "gromov2023/adamw"]
    return subprocess.run(
        [*words, *SMALL, "--store", str(store), *more],
        capture_output=True,
        text=True,
        check=False,
        cwd=store.parent,
    )


def in_process(monkeypatch: pytest.MonkeyPatch, capsys: Any, store: Path, *more: str) -> tuple[int, str, str]:
    """The command in this process, its trial trained here."""
    from grokbench import cli
    from grokbench.plan import executor, worker

    def here(trials: Any, place: Store, *_: Any, **__: Any) -> list[Any]:
        for trial in trials:
            worker.train_here(trial, place, worker.Job(str(place.root)))
        return []

    monkeypatch.setattr(executor, "execute", here)
    words = ["grokbench", "run", "--task", "addition", "--baseline", "gromov2023/adamw", *SMALL]
    monkeypatch.setattr(sys, "argv", [*words, "--store", str(store), *more])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--save", "w.pt"], ".safetensors"),
        (["--save", "w"], ".safetensors"),
        (["--plot", "x.jpg"], ".png, .svg or .pdf"),
        (["--plot", "x"], ".png, .svg or .pdf"),
    ],
)
def test_an_ending_that_is_not_written_is_refused(words: list[str], expected: str, tmp_path: Path) -> None:
    result = run(tmp_path / "store", *words)
    assert result.returncode == 2
    assert f"ends in {expected}" in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_python_refuses_them_too(tmp_path: Path) -> None:
    with pytest.raises(grokbench.GrokbenchError, match="safetensors"):
        grokbench.run("addition", "gromov2023/adamw", steps=2, save=tmp_path / "w.pt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", STARTS)
def test_the_document_and_the_plot_come_together(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    target = tmp_path / f"x{ending}"
    status, out, err = in_process(monkeypatch, capsys, tmp_path / "store", "--json", "--plot", str(target))
    assert status == 0, err
    assert json.loads(out)["plot"] == str(target)
    assert target.read_bytes().startswith(STARTS[ending])


def test_the_probes_are_in_the_document_and_summarised_in_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    probes = ["--probe", "ipr", "--probe", "trace", "--probe", "phases"]
    _, out, _ = in_process(monkeypatch, capsys, tmp_path / "store", "--json", *probes)
    found = json.loads(out)
    assert list(found["probes"]) == ["ipr", "phases", "trace"]
    assert found["probes"]["trace"]["step"] == [0, 1, 2, 3, 4, 5]
    assert len(found["probes"]["phases"]["histogram"][0]) == 32
    assert all(isinstance(value, float) for value in found["probes"]["ipr"]["ipr"])
    assert (found["plot"], found["why"]["plot"]) == (None, "not asked for")
    assert (found["t_gen"], found["why"]["t_gen"]) == (None, "not reached within 5 steps")
    _, out, _ = in_process(monkeypatch, capsys, tmp_path / "store", *probes)
    line = next(line for line in out.splitlines() if line.split()[:2] == ["probe", "trace"])
    last = found["probes"]["trace"]["loss"][-1]
    assert f"6 rows, the last: step 5, loss {last:.6g}" in line
    assert "histogram (32 numbers)" in out


def test_a_plot_that_cannot_lie_beside_the_record_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def refuse(record: object, path: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(figures, "draw_curves", refuse)
    status, out, err = in_process(monkeypatch, capsys, tmp_path / "store")
    assert status == 0
    assert "final_test_accuracy" in out
    assert "note: the plot cannot be written" in err
    status, _, err = in_process(monkeypatch, capsys, tmp_path / "store", "--plot", str(tmp_path / "x.png"))
    assert status == 2
