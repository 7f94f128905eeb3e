"""Executors: whoever runs the jobs, the store gets the same records, and one that is wrong is named in a sentence."""

from __future__ import annotations

import concurrent.futures
import contextlib
import errno
import multiprocessing
import os
import pickle
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import grokbench
from grokbench import parts
from grokbench.plan import executor, sent
from grokbench.plan.batch import Together
from grokbench.plan.cluster import Dask
from grokbench.plan.executor import Event
from grokbench.plan.resolve import resolve_trial
from grokbench.plan.together import How
from grokbench.plan.worker import Job, Work
from grokbench.specs.errors import FullError, InputError, LostError, PartError, UnknownNameError
from grokbench.specs.types import Trial
from grokbench.store import files
from grokbench.store.folder import Store
from tests.clusters import ROOT
from tests.parts.test_parts import nothing_registered  # noqa: F401
from tests.parts.test_watching_parts import PLUGIN


def trials(n: int, steps: int = 3) -> list[Trial]:
    settings = {"task.domain.p": 5, "model.width": 4}
    return [
        resolve_trial("addition", "gromov2023/adamw", seed=9000 + i, steps=steps, settings=settings)
        for i in range(n)
    ]


def ran(folder: Path, name: str, wanted: list[Trial]) -> tuple[list[str], list[Event], list[Any]]:
    store, events = Store(folder / name), list[Event]()
    failures = executor.execute(wanted, store, 2, events.append, executor=name)
    found = [store.find(trial) for trial in wanted]
    return [record.content if record else "" for record in found], events, failures


def test_every_executor_leaves_the_same_records_and_tells_of_all(tmp_path):
    parts.run_plugin(PLUGIN)
    wanted = trials(2)
    contents = {}
    for name in ("local", "here", "backwards"):
        contents[name], events, failures = ran(tmp_path, name, wanted)
        assert failures == []
        done = [event for event in events if event.kind == "done"]
        assert {event.trial for event in done} == set(wanted)
        assert {event.ended for event in done} == {"finished"}
        assert any(event.kind == "evaluated" for event in events)
    assert all(contents["local"])
    assert contents["local"] == contents["here"] == contents["backwards"]


def test_a_job_can_be_sent_elsewhere(tmp_path):
    (trial,) = trials(1)
    job = pickle.loads(pickle.dumps(Work(trial, Job(str(tmp_path)))))
    said: list[Any] = []
    answer = job(said.append)
    assert answer["ended"] == "finished"
    assert set(said[0]) == executor.EVALUATED
    assert Store(tmp_path).find(trial) is not None


def test_a_job_that_raises_answers_with_its_traceback(tmp_path):
    grokbench.register("executors", "mine", Runner(lambda jobs, workers, tell: tell(0, jobs[0]())))
    import dataclasses

    (trial,) = trials(1)
    broken = dataclasses.replace(trial, analyses=("nowhere",))
    _, _, (failure,) = ran(tmp_path, "mine", [broken])
    assert "unknown analysis 'nowhere'" in failure.sentence
    assert "Traceback" in Path(failure.path).read_text(encoding="utf-8")


class Runner:
    """An executor that does what it is told."""

    def __init__(self, run: Callable[..., None]) -> None:
        self.run = run


@pytest.mark.parametrize("number", sorted(FullError.NUMBERS))
def test_a_full_disk_ends_the_round_at_the_first_record_that_finds_it(number, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(number, os.strerror(number))

    tried = []

    def one_by_one(jobs, workers, tell):
        for index, job in enumerate(jobs):
            tried.append(index)
            tell(index, job())

    store = Store(tmp_path)
    executor.execute(trials(1), store, 1, lambda event: None, executor=Runner(one_by_one), how=How("fast"))
    monkeypatch.setattr(files, "write", full)
    tried.clear()
    with pytest.raises(FullError, match="the record cannot be written to"):
        executor.execute(trials(5)[1:], store, 1, print, executor=Runner(one_by_one), how=How("fast"))
    assert tried == [0]
    assert store.find(trials(1)[0]) is not None


def test_a_full_disk_ends_a_batch_too(tmp_path, monkeypatch):
    def full(*arguments):
        tried.append(arguments)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    tried = []
    monkeypatch.setattr(files, "write", full)
    answers = Together(tuple(trials(5)), Job(str(tmp_path), how=How("batched")))()["together"]
    assert len(tried) == 1
    assert [answer["full"] for answer in answers] == [True] * 5


def test_a_full_disk_of_a_worker_that_does_not_see_the_store_is_its_own_matter(tmp_path, monkeypatch):
    write = files.write

    def full(folder, record):
        if tmp_path / "worker" in folder.parents:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(folder, record)

    monkeypatch.setattr(files, "write", full)
    monkeypatch.setattr(sent, "own_folder", lambda: tmp_path / "worker")
    monkeypatch.setattr(sent, "marked", lambda root: contextlib.nullcontext("seen by nobody"))
    for wanted, how in ((trials(2), How("fast")), (trials(4), How("batched"))):
        store = Store(tmp_path / "here")
        failures = executor.execute(wanted, store, 1, lambda event: None, executor=Inline(), how=how)
        assert {failure.trial.seed for failure in failures} == {trial.seed for trial in wanted}
        assert all(failure.sentence.startswith(f"on {platform.node()}: ") for failure in failures)


def test_a_record_that_cannot_be_written_for_another_reason_fails_alone(tmp_path, monkeypatch):
    write = files.write

    def wrong(folder, record):
        if record.trial.seed == trials(1)[0].seed:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        write(folder, record)

    monkeypatch.setattr(files, "write", wrong)

    def one_by_one(jobs, workers, tell):
        for index, job in enumerate(jobs):
            tell(index, job())

    failures = executor.execute(
        trials(3), Store(tmp_path), 1, lambda event: None, executor=Runner(one_by_one), how=How("fast")
    )
    assert [failure.trial for failure in failures] == trials(1)
    assert len(list(Store(tmp_path).each())) == 2


def test_a_job_without_an_answer_is_handed_over_again(tmp_path):
    rounds = []

    def one_at_a_time(jobs, workers, tell):
        rounds.append(len(jobs))
        tell(0, jobs[0]())

    grokbench.register("executors", "mine", Runner(one_at_a_time))
    contents, _, _ = ran(tmp_path, "mine", trials(3))
    assert all(contents)
    assert rounds == [3, 2, 1]


def twice(jobs: Any, workers: int, tell: Any) -> None:
    for _ in range(2):
        tell(0, {"trace": "", "sentence": ""})


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda jobs, workers, tell: 1 / 0, r"failed \(ZeroDivisionError: division by zero\)"),
        (lambda jobs, workers, tell: None, "ended without a word on any of its 1 jobs"),
        (lambda jobs, workers, tell: tell(0, "text"), "tells 'text' of job 0; expected what one of its 1 jobs"),
        (lambda jobs, workers, tell: tell(0, {"step": 1}), r"tells \{'step': 1\} of job 0; expected what the job"),
        (lambda jobs, workers, tell: tell(7, {}), r"tells \{\} of job 7; expected what one of its 1 jobs"),
        (lambda jobs, workers, tell: tell("0", {}), r"tells \{\} of job '0'; expected what one of its 1 jobs"),
        (twice, "answers for job 0 twice"),
    ],
    ids=["raises", "silent", "text", "wrong shape", "no such job", "text for a place", "twice"],
)  # fmt: skip
def test_an_executor_that_does_what_it_should_not_is_named(tmp_path, run, message):
    grokbench.register("executors", "mine", Runner(run))
    with pytest.raises(PartError, match=rf"the executor 'mine' of .*test_executors\.py {message}"):
        ran(tmp_path, "mine", trials(1))


def test_an_executor_that_there_is_not_or_a_name_that_is_taken_is_refused(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'local'"):
        ran(tmp_path, "locl", trials(1))
    with pytest.raises(grokbench.GrokbenchError, match="the executor 'here'; grokbench has one already"):
        grokbench.register("executors", "here", Runner(lambda *given: None))


def test_a_reproduction_and_a_sweep_take_the_name_of_an_executor(tmp_path):
    found = grokbench.sweep(
        "addition",
        "gromov2023/adamw",
        alphas=[0.5],
        seeds=1,
        steps=2,
        settings={"task.domain.p": 7, "model.width": 8},
        store=tmp_path,
        executor="here",
    )
    assert len(found.records) == 1
    assert multiprocessing.active_children() == []
    with pytest.raises(UnknownNameError, match="did you mean 'here'"):
        grokbench.reproduce(
            "gromov2023", tier="smoke", claims="init-loss-1-over-p", store=tmp_path / "s", executor="there"
        )


# -- executors of Python's own kind ------------------------------------------------------------------------


class Inline(concurrent.futures.Executor):
    """Runs what it is given at once; the first calls lose their worker."""

    def __init__(self, dies: int = 0) -> None:
        self.dies, self.calls = dies, list[int]()

    def submit(self, call: Any, /, *args: Any, **named: Any) -> concurrent.futures.Future[Any]:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self.calls.append(len(call.jobs))
        if self.dies:
            self.dies -= 1
            future.set_exception(RuntimeError("the worker died"))
        else:
            future.set_result(call())
        return future


def given(folder: Path, runner: Any, wanted: list[Trial]) -> tuple[list[str], list[Any]]:
    store = Store(folder)
    failures = executor.execute(wanted, store, 1, lambda event: None, executor=runner, how=How("fast"))
    found = [store.find(trial) for trial in wanted]
    return [record.content if record else "" for record in found], failures


def test_any_executor_leaves_the_same_records_in_chunks_and_stays_open(tmp_path):
    inline = Inline()
    contents, failures = given(tmp_path / "inline", inline, trials(8))
    assert failures == []
    assert sum(inline.calls) == 8
    assert len(inline.calls) < 8  # once it is known how short they are they travel together
    assert contents == ran(tmp_path, "here", trials(8))[0]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert given(tmp_path / "threads", pool, trials(8)) == (contents, [])
        assert pool.submit(int, "7").result() == 7


def test_a_worker_that_dies_costs_one_retry_and_a_second_time_its_trial(tmp_path):
    contents, failures = given(tmp_path / "once", Inline(dies=1), trials(2))
    assert all(contents)
    assert failures == []
    contents, failures = given(tmp_path / "twice", Inline(dies=3), trials(2))
    assert sum(map(bool, contents)) == 1
    (failure,) = failures
    assert "the worker process ended without a word" in failure.trace
    assert "RuntimeError: the worker died" in failure.trace


def test_an_executor_that_takes_no_more_jobs_is_lost_and_what_was_finished_stays(tmp_path):
    pool = concurrent.futures.ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(LostError, match="the executor takes no more trials"):
        given(tmp_path, pool, trials(1))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", "no scheduler is named"),
        ("nowhere.json", "nowhere.json: no such scheduler file"),
        ("tcp://127.0.0.1:9", "no scheduler answers at tcp://127.0.0.1:9"),
        ("nonsense", "nonsense: missing port number .*; expected an address such as tcp://"),
        ("carrier-pigeon://10.0.0.1:8786", "unknown address scheme"),
    ],
)
def test_a_scheduler_that_there_is_not_is_a_sentence(address, message, tmp_path, monkeypatch):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    monkeypatch.setattr("grokbench.plan.cluster.CONNECT_SECONDS", 1)
    with pytest.raises(InputError, match=message):
        given(tmp_path, Dask(address), trials(1))


def test_something_that_listens_and_says_nothing_is_no_scheduler(tmp_path, monkeypatch):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    monkeypatch.setattr("grokbench.plan.cluster.CONNECT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(InputError, match=f"no scheduler answers at {address} \\("):
            given(tmp_path, Dask(address), trials(1))
        assert time.monotonic() - began < 10


EARLY = """
import os
import signal
import sys
from multiprocessing import forkserver

from grokbench.plan import local

if __name__ == "__main__":
    context = local._context()
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGINT)  # it imports torch at this moment
    process = context.Process(target=print, args=("here",))
    process.start()
    process.join()
    sys.exit(process.exitcode)
"""
WHILE_A_WORKER_BEGINS = """
import os
import signal
import threading
import time
from multiprocessing import forkserver

from grokbench.plan import local


def job(tell):
    return {}


def interrupt():
    while forkserver._forkserver._forkserver_pid is None:
        time.sleep(0.01)
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)  # the server imports torch, and the command waits for its first worker


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    threading.Thread(target=interrupt).start()
    try:
        local.LOCAL.run([job], 1, lambda index, news: print("begun"))
    except KeyboardInterrupt:
        print("interrupted")
"""


def said_by(script: str, folder: Path) -> tuple[int, str, str]:
    """Exit status, errors and output of a script, once every process that writes there is gone."""
    (folder / "early.py").write_text(script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(folder / "early.py")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr, done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX signals")
def test_an_interruption_while_the_server_of_workers_begins_is_no_traceback(tmp_path):
    assert said_by(EARLY, tmp_path) == (0, "", "here\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX signals")
def test_an_interruption_while_the_first_worker_begins_leaves_no_process_that_prints_a_traceback(tmp_path):
    assert said_by(WHILE_A_WORKER_BEGINS, tmp_path) == (0, "", "interrupted\n")


def test_a_command_ends_at_once_where_dask_refuses_the_scheduler(tmp_path):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    began = time.monotonic()
    words = ("reproduce", "gromov2023", "--tier", "smoke", "--dry-run", "--scheduler", "tls://127.0.0.1:9")
    done = subprocess.run(  # TLS without a certificate
        [sys.executable, "-m", "grokbench", *words, "--store", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert time.monotonic() - began < 50  # a client that was made by half waited for a minute


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "it names no address"),
        ('{"address": 5}', "it names no address"),
        ("[]", "it names no address"),
        ("no JSON", "is no scheduler file"),
        ('{"address": "nonsense"}', "missing port number"),
    ],
)
def test_a_scheduler_file_without_an_address_is_a_sentence(text, message, tmp_path):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    file = tmp_path / "scheduler.json"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        given(tmp_path, Dask(file), trials(1))
