"""Training on a Dask cluster: a scheduler and workers in processes of their own, which die as those of a real one do."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import grokbench
from grokbench.plan import executor, sent, worker
from grokbench.plan.cluster import Dask
from grokbench.plan.executor import Event
from grokbench.plan.resolve import resolve_trial
from grokbench.plan.together import How
from grokbench.specs.errors import LostError, PartError
from grokbench.specs.types import Trial
from grokbench.store import keys
from grokbench.store.folder import Store
from tests import processes
from tests.clusters import ROOT, Cluster, cluster
from tests.parts.test_parts import nothing_registered  # noqa: F401
from tests.plan.test_chaos import trials
from tests.test_reproduction import SPECS

pytest.importorskip("distributed", reason="the extra dask is not installed")
pytestmark = pytest.mark.thorough
FAST = How("fast")


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


def contents(root: Path, wanted: list[Trial]) -> dict[str, str]:
    store = Store(root)
    return {keys.key(trial): record.content for trial in wanted if (record := store.find(trial))}


def ran(wanted: list[Trial], root: Path, runner: Any, tell: Any = lambda event: None, how: How = FAST) -> Any:
    return executor.execute(wanted, Store(root), 2, tell, executor=runner, how=how)


RUN = """
import sys

from grokbench.plan import executor
from grokbench.plan.cluster import Dask
from grokbench.plan.together import How
from grokbench.store.folder import Store
from tests.plan.test_chaos import trials

if __name__ == "__main__":
    events = []
    failures = executor.execute(
        trials(4), Store(sys.argv[1]), 2, events.append, executor=Dask(sys.argv[2]), how=How("fast")
    )
    print(len(failures), sum(event.kind == "done" for event in events), "torch" in sys.modules)
"""


def test_a_cluster_leaves_the_records_of_this_machine_and_the_command_loads_no_torch(
    two_workers: Cluster, tmp_path: Path
) -> None:
    said = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path / "dask"), two_workers.address],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == ["0", "4", "False"], said.stderr
    assert ran(trials(4), tmp_path / "here", "here") == []
    assert contents(tmp_path / "dask", trials(4)) == contents(tmp_path / "here", trials(4))
    assert list((tmp_path / "dask").glob(f"{sent.MARK}*")) == []


@pytest.mark.parametrize("how", [FAST, How("batched")], ids=["one by one", "together"])
def test_records_come_back_from_workers_that_do_not_see_the_store(
    how: How, two_workers: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextlib.contextmanager
    def unseen(root: str) -> Iterator[str]:
        yield "nowhere"

    monkeypatch.setattr(sent, "marked", unseen)
    wanted = trials(6, steps=30 if how == FAST else 31)  # a worker's own folder may still have the others
    assert ran(wanted, tmp_path / "dask", Dask(two_workers.address), how=how) == []
    assert ran(wanted, tmp_path / "here", "here", how=how) == []
    assert contents(tmp_path / "dask", wanted) == contents(tmp_path / "here", wanted)
    assert not (tmp_path / "dask" / "locks").exists()


def test_a_reproduction_trains_on_the_scheduler_that_is_named(two_workers: Cluster, tmp_path: Path) -> None:
    words = ["reproduce", "tiny", "--specs", str(SPECS), "--scheduler", two_workers.address, "--json"]
    said = processes.grokbench(
        *words, "--store", str(tmp_path / "store"), "--out", str(tmp_path / "out"), check=True
    )
    found = {claim["id"]: claim["verdict"] for claim in json.loads(said.stdout)["claims"]}
    assert found["generalises"] == "REPRODUCED"
    assert "2 worker(s)" in said.stderr


def holders(root: Path) -> list[int]:
    """The processes that train trials of a store now."""
    found = []
    for path in root.glob("locks/*.json"):
        with contextlib.suppress(OSError, ValueError):
            found.append(int(json.loads(path.read_text())["pid"]))
    return found


def test_a_worker_that_is_killed_in_mid_trial_costs_one_retry(two_workers: Cluster, tmp_path: Path) -> None:
    killed: list[int] = []

    def tell(event: Event) -> None:
        if not killed and event.kind == "evaluated":
            for pid in holders(tmp_path)[:1]:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    wanted = trials(2, steps=4000)
    assert ran(wanted, tmp_path, Dask(two_workers.address), tell) == []
    assert killed
    assert len(contents(tmp_path, wanted)) == 2


def test_a_lost_scheduler_leaves_what_was_finished_and_the_same_command_goes_on(tmp_path: Path) -> None:
    import dask

    wanted, done = trials(12, steps=300), list[Trial]()
    with cluster(tmp_path, workers=1) as first, dask.config.set({"distributed.comm.timeouts.connect": "2s"}):

        def tell(event: Event) -> None:
            if event.kind == "done" and not done:
                done.append(event.trial)
                first.kill()

        with pytest.raises(LostError, match="is gone"):
            ran(wanted, tmp_path / "store", Dask(first.address), tell)
    assert set(contents(tmp_path / "store", wanted)) >= {keys.key(trial) for trial in done}
    with cluster(tmp_path, workers=1) as second:
        assert ran(wanted, tmp_path / "store", Dask(second.address)) == []
    assert len(contents(tmp_path / "store", wanted)) == 12


def test_an_interrupted_command_leaves_no_worker_training(two_workers: Cluster, tmp_path: Path) -> None:
    def tell(event: Event) -> None:
        raise KeyboardInterrupt

    (wanted,) = trials(1, steps=100_000_000)
    with pytest.raises(KeyboardInterrupt):
        ran([wanted], tmp_path, Dask(two_workers.address), tell)
    while Store(tmp_path).lock(wanted).holder() is not None:
        pass
    assert list(tmp_path.glob("checkpoints/*"))  # it goes on from here
    assert ran(trials(1), tmp_path, Dask(two_workers.address)) == []  # the worker is free again


def test_a_part_that_workers_lack_is_named_before_anything_is_trained(
    two_workers: Cluster, tmp_path: Path
) -> None:
    from grokbench.training.losses import MSE

    grokbench.register("losses", "mine", MSE)
    wanted = resolve_trial(
        "addition", "gromov2023/adamw", seed=9000, steps=3, settings={"loss.kind": "mine", "task.domain.p": 5}
    )
    with pytest.raises(
        PartError, match=r"worker tcp://.* cannot train this: it has not the loss 'mine' of .*test_dask"
    ):
        ran([wanted], tmp_path, Dask(two_workers.address))
    assert not (tmp_path / "records").exists()


def test_a_script_of_parts_travels_along(two_workers: Cluster, tmp_path: Path) -> None:
    script = tmp_path / "loss.py"
    script.write_text(
        "import grokbench\nfrom grokbench.training.losses import MSE\ngrokbench.register('losses', 'sent', MSE)\n"
    )
    from grokbench import parts

    parts.run_plugin(script)
    wanted = resolve_trial(
        "addition", "gromov2023/adamw", seed=9000, steps=3, settings={"loss.kind": "sent", "task.domain.p": 5}
    )
    text = script.read_text()
    chosen = sent.wanted([worker.Work(wanted, worker.Job(str(tmp_path / "store"), plugins=(str(script),)))])
    assert chosen.scripts == {str(script): text}
    assert [part.name for part in chosen.parts] == ["sent"]
    assert ran([wanted], tmp_path / "store", Dask(two_workers.address)) == []
