"""A command of grokbench in a process of its own, which need not load torch and matplotlib anew: it is forked from a server.

Tests of how a process starts, of what it loads and of what it leaves when it is killed start one with ``subprocess``.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["torch", "matplotlib.pyplot", "scipy.stats"])


def forked(target: Callable[..., None], *given: object) -> BaseProcess:
    """A process that calls ``target`` with torch loaded already."""
    process = _SERVER.Process(target=target, args=given)
    process.start()
    return process


def grokbench(
    *words: str, cwd: Path | None = None, check: bool = False, render: bool = False
) -> CompletedProcess[str]:
    """``grokbench WORDS`` in the folder ``cwd``, its workers forked in turn; what it prints, and its exit status.

    check: whether a failure raises. render: whether figures become pictures, which takes the most of a short command, or
    empty files; a site then has none.
    """
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder, "stdout"), Path(folder, "stderr")
        process = _SERVER.Process(
            target=_command, args=(words, str(cwd or Path.cwd()), *map(str, said), dict(os.environ), render)
        )
        process.start()
        process.join()
        assert process.exitcode is not None
        stdout, stderr = (path.read_text(encoding="utf-8") for path in said)
    done = CompletedProcess(["grokbench", *words], process.exitcode, stdout, stderr)
    if check:
        done.check_returncode()
    return done


def unrendered(figure: Figure, path: Path, draft: bool = False) -> None:
    """In place of ``figures._save``: an empty file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def _command(
    words: tuple[str, ...], cwd: str, stdout: str, stderr: str, environ: dict[str, str], render: bool
) -> None:
    """Runs in the new process: the command with these files for its streams."""
    for path, stream in ((stdout, 1), (stderr, 2)):
        os.dup2(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), stream)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(cwd)

    from grokbench import cli, figures
    from grokbench.plan import local

    if not render:
        figures._save = unrendered
        figures.charted = lambda *_: None
    local._context = lambda: multiprocessing.get_context("fork")  # nothing has been computed in here
    sys.argv = ["grokbench", *words]
    cli.main()
