"""A lock a trial, so that commands on one store share the work: a file with the host, the process and the time of its holder.

Training the same trial twice does no harm, since records are renamed into place. So a lock only saves time: it may be lost, and
one whose holder is gone is taken over.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

BEAT_SECONDS = 20.0  # a holder touches its lock as often
STALE_SECONDS = 180.0  # a lock that nobody touched for so long has lost its holder


@dataclass(frozen=True)
class Holder:
    """Who trains a trial."""

    host: str
    pid: int
    since: str  # local time

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since}"


UNKNOWN = Holder("an unknown host", 0, "an unknown time")


class Lock:
    """The lock in the file ``path``. ``take`` and ``release`` raise OSError where the folder cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._token = ""
        self._done = threading.Event()

    def take(self) -> Holder | None:
        """Take it; None when it is held by the caller now, else who holds it. A stale one is taken over."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                self._create()
                return None
            except FileExistsError:
                holder = self.holder()
                if holder is not None:
                    return holder
                self.path.unlink(missing_ok=True)

    def holder(self) -> Holder | None:
        """Who holds it; None where nobody does any more."""
        try:
            age = time.time() - self.path.stat().st_mtime
            written = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError:  # another user's, in a folder that is open to both
            return None if abs(age) > STALE_SECONDS else UNKNOWN
        try:
            document = json.loads(written)
            found = Holder(document["host"], int(document["pid"]), document["since"])
        except (ValueError, KeyError, TypeError):  # not written to its end yet, or cut off
            found = UNKNOWN
        gone = found.host == socket.gethostname() and not _runs(found.pid)
        return None if gone or abs(age) > STALE_SECONDS else found  # from the future: the clock was set back

    def release(self) -> None:
        """Give it back; one that another process has taken over stays."""
        self._done.set()
        try:
            if self._token in self.path.read_text(encoding="utf-8"):
                self.path.unlink()
        except OSError:
            pass

    def _create(self) -> None:
        self._token = uuid.uuid4().hex
        document = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "since": time.strftime("%Y-%m-%d %H:%M:%S"),
            "token": self._token,
        }
        try:
            with self.path.open("x", encoding="utf-8") as out:
                json.dump(document, out)
        except FileExistsError:
            raise
        except OSError:  # a full disk holds an empty one, which would be waited for
            self.path.unlink(missing_ok=True)
            raise
        self._done.clear()
        threading.Thread(target=self._beat, args=(self._done,), daemon=True).start()

    def _beat(self, done: threading.Event) -> None:
        while not done.wait(BEAT_SECONDS):
            try:
                os.utime(self.path)
            except OSError:
                return


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # it is another user's
        return True
    return True
