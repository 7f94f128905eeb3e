"""What a person sees while trials train: a bar on a terminal, plain lines elsewhere. Everything goes to stderr."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console, RenderableType

    from grokbench.plan.executor import Event
    from grokbench.plan.expand import PlannedTrial
    from grokbench.plan.job import Job


def describe(event: Event) -> str:
    """The trial in a few words: recipe, task, α and seed."""
    trial = event.trial
    width = trial.recipe.model.get("width")
    return (
        f"{trial.recipe.id} {trial.task.id} α={trial.alpha:g}"
        + (f" N={width}" if width else "")
        + f" seed={trial.seed}"
    )


class Board:
    """What is told of a job's batches and events, and may print above the bar. This one does nothing."""

    def begin(self, batch: Sequence[PlannedTrial]) -> None:
        """Before a batch is trained."""

    def event(self, event: Event) -> None:
        """What became of a trial."""

    def settle(self) -> None:
        """After a batch."""

    def attach(self, console: Console | None) -> None:
        """The bar's console once it runs, on which lines go above it; None where there is no terminal, and at its end."""

    def words(self) -> str:
        """A line between what was printed and the bar; "" for none."""
        return ""


class TrainingBar:
    """Takes the executor's events. ``work``: for the id() of each trial, its estimated seconds on one core and its steps.

    board: may print lines above the bar on a terminal; the bar is then wiped away at the end.
    """

    LINE_EVERY = 15.0  # seconds between plain lines while nothing ends

    def __init__(
        self,
        total: int,
        work: Mapping[int, tuple[float, int]],
        workers: int,
        board: Board | None = None,
    ) -> None:
        import sys

        self._total, self._work, self._workers = total, work, max(1, workers)
        self._budget = (
            next(iter(work.values()))[1] if total == 1 and work else 0
        )  # a lone trial's bar counts its steps
        self._done, self._failed = 0, 0
        self._finished_work, self._all_work = 0.0, sum(seconds for seconds, _ in work.values())
        self._begin = self._last_line = time.monotonic()
        self._behind, self._clock_set = 0.0, False  # work that was done when the clock was set
        self._terminal = sys.stderr.isatty()
        self._bar: Any = None
        self._board = board
        self._latest: dict[int, Event] = {}

    def __enter__(self) -> TrainingBar:
        if self._terminal:
            self._bar = _bar("steps" if self._budget else "trials", self._board)
            self._bar.start()
            self._row = self._bar.add_task("starting workers", total=self._budget or self._total)
            if self._board is not None:
                self._board.attach(self._bar.console)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            if self._board is not None:
                self._board.attach(None)
            self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Take one event."""
        name = id(event.trial)
        if event.kind == "waiting":
            self._note(f"{describe(event)} is being trained by {event.holder}; this command will wait for it")
            return
        if event.kind == "evaluated":
            self._latest[name] = event
            self._set_clock(event)
        else:
            self._latest.pop(name, None)
            self._done += 1
            self._failed += event.kind == "failed"
            self._finished_work += self._work.get(name, (0.0, 0))[0]
        if self._bar is not None:
            completed = min(event.step, self._budget) if self._budget else self._done
            self._bar.update(self._row, completed=completed, description=self._words(event))
        elif event.kind != "evaluated" or time.monotonic() - self._last_line > self.LINE_EVERY:
            self._line(event)

    def _note(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(text)
        else:
            click.echo(text, err=True)

    def _set_clock(self, event: Event) -> None:
        """At the first step of a lone trial: until then its worker was loading, which says nothing of its speed."""
        if self._budget and not self._clock_set:
            self._clock_set, self._begin, self._behind = True, time.monotonic(), self._part(event)

    def _left(self) -> str:
        elapsed = time.monotonic() - self._begin
        done = self._finished_work + sum(map(self._part, self._latest.values())) - self._behind
        if done <= 0:
            return "time left unknown"
        left = elapsed * max(0.0, (self._all_work - self._behind) / done - 1)
        return f"about {left / 60:.1f} min left"

    def _part(self, event: Event) -> float:
        """Estimated seconds of a running trial that are behind it."""
        seconds, steps = self._work.get(id(event.trial), (0.0, 0))
        return seconds * min(1.0, event.step / steps) if steps else 0.0

    def _words(self, e: Event) -> str:
        if self._budget and e.kind != "failed":
            return f"train {e.train_accuracy:.2f} test {e.test_accuracy:.2f} · {self._left()}"
        running = " · ".join(
            f"{e.trial.recipe.id.split('/')[-1]} s{e.trial.seed} @{e.step}: "
            f"train {e.train_accuracy:.2f} test {e.test_accuracy:.2f}"
            for e in list(self._latest.values())[-self._workers :]
        )
        return f"{self._left()}  {running}"

    def _line(self, event: Event) -> None:
        quiet = event.kind == "done" and event.seconds < 0.5 and self._done % 50 and self._done != self._total
        if quiet:
            return
        self._last_line = time.monotonic()
        accuracies = f"train {event.train_accuracy:.3f} test {event.test_accuracy:.3f}"
        what = {
            "evaluated": f"at step {event.step}: {accuracies}",
            "done": f"{event.ended} at step {event.step}: {accuracies} ({event.seconds:.1f} s)",
            "failed": f"FAILED: {event.trace.strip().splitlines()[-1] if event.trace.strip() else 'no traceback'}",
        }[event.kind]
        click.echo(f"[{self._done}/{self._total}, {self._left()}] {describe(event)} {what}", err=True)


def _bar(unit: str, board: Board | None) -> Any:
    """A bar as wide as the terminal, on stderr, under the words of a board."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.table import Column
    from rich.text import Text

    class Bar(Progress):
        def get_renderables(self) -> Iterable[RenderableType]:
            if board is not None and (words := board.words()):
                yield Text(words, no_wrap=True, overflow="ellipsis")
            yield from super().get_renderables()

    last = Column(ratio=3, no_wrap=True, overflow="ellipsis")
    return Bar(
        TextColumn(unit),
        MofNCompleteColumn(),
        BarColumn(bar_width=None, table_column=Column(ratio=1)),
        TimeElapsedColumn(),
        TextColumn("{task.description}", table_column=last),
        console=Console(stderr=True),
        refresh_per_second=4,
        redirect_stdout=False,  # which may be a file
        expand=True,
        transient=board is not None,
    )


def train(
    job: Job,
    workers: int,
    before: Callable[[Sequence[PlannedTrial]], None] | None = None,
    board: Board | None = None,
) -> bool:
    """Train a job's batches, a bar for each, and name the files of what failed; whether there was anything to train.

    before: is shown each batch before it is trained. board: is told of everything, and stands above the bar.
    """
    some, watch = False, board or Board()
    while batch := job.next_batch(workers):
        some, known = True, len(job.failures)
        if before is not None:
            before(batch)
        watch.begin(batch)
        work = {id(planned.trial): (planned.seconds, planned.expected_steps) for planned in batch}
        with TrainingBar(len(batch), work, min(workers, len(batch)), board) as bar:

            def tell(event: Event, bar: TrainingBar = bar) -> None:
                bar(event)
                watch.event(event)

            job.train(batch, workers, tell)
            watch.settle()
        for failure in job.failures[known:]:
            click.echo(f"a trial failed; its traceback is in {failure.path}", err=True)
    if not some:
        watch.begin(())
    return some
