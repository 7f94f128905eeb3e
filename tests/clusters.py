"""A Dask scheduler and its workers, each a process of its own, as on a cluster; nothing leaves this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SCRIPT = """
import sys

from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(
        n_workers=int(sys.argv[1]), threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""
ROOT = Path(__file__).resolve().parents[1]


class Cluster(NamedTuple):
    """Its scheduler's process, and the address of that."""

    process: subprocess.Popen[str]
    address: str

    def kill(self) -> None:
        """End the scheduler as a machine does that goes down. Its workers end by themselves."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A scheduler with worker processes of one thread, whose caches and files lie in ``folder``."""
    script = folder / "cluster.py"
    script.write_text(SCRIPT)
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        "GROKBENCH_CACHE": str(folder / "cache"),
        "DASK_TEMPORARY_DIRECTORY": str(folder / "dask"),
        # A LocalCluster gives up a worker that is not back so soon after a kill; torch alone may take longer to load.
        "DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT": "1h",
    }
    with (folder / "cluster.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(script), str(workers)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        assert address, (folder / "cluster.log").read_text()
        yield Cluster(process, address)
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()
        process.wait()
