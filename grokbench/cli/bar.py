"""What a person sees while trials train: a bar on a terminal, plain lines elsewhere. Everything goes to stderr."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from grokbench.cli import InterruptionError
from grokbench.specs.errors import FullError, LostError

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console, RenderableType

    from grokbench.plan.executor import Event, Executor
    from grokbench.plan.expand import PlannedTrial
    from grokbench.plan.job import Job
    from grokbench.plan.pace import Expected


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
    """Takes the executor's events. ``work``: for the id() of each trial, what its plan says.

    board: may print lines above the bar on a terminal; the bar is then wiped away at the end.
    """

    LINE_EVERY = 15.0  # seconds between plain lines while nothing ends

    def __init__(
        self,
        total: int,
        work: Mapping[int, Expected],
        workers: int,
        board: Board | None = None,
    ) -> None:
        from grokbench.plan.pace import Pace

        self._total, self._workers, self._pace = total, max(1, workers), Pace(work, workers)
        self._budget = (
            next(iter(work.values()))[1] if total == 1 and work else 0
        )  # a lone trial's bar counts its steps
        self._done, self._failed = 0, 0
        self._last_line = time.monotonic()
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
            self._pace.evaluated(name, event.step, time.monotonic(), event.together)
        else:
            self._latest.pop(name, None)
            self._done += 1
            self._failed += event.kind == "failed"
            if event.kind == "failed" or event.elsewhere:
                self._pace.gone(name)
            else:
                self._pace.done(name, event.step, event.seconds, time.monotonic())
        if self._bar is not None:
            completed = min(event.step, self._budget) if self._budget else self._done
            self._bar.update(self._row, completed=completed, description=self._words(event))
        elif event.kind != "evaluated" or time.monotonic() - self._last_line > self.LINE_EVERY:
            self._line(event)

    def kept(self, running: bool = True) -> str:
        """What an interruption leaves, and the command that goes on. running: whether what had begun is kept too."""
        done = self._done - self._failed
        begun = ", and running ones as far as they came" if running else ""
        return (
            f"{done} of {self._total} trials of this round are done and kept{begun}. "
            f"This goes on:\n  {shlex.join(['grokbench', *sys.argv[1:]])}"
        )

    def _note(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(text)
        else:
            click.echo(text, err=True)

    def _left(self) -> str:
        return f"about {self._pace.seconds_left(time.monotonic()) / 60:.1f} min left"

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


STOPS = (LostError, FullError)
"""Errors that end a round before its time, as an interruption does."""


def train(
    job: Job,
    workers: int,
    before: Callable[[Sequence[PlannedTrial]], None] | None = None,
    board: Board | None = None,
    executor: Executor = "local",
) -> bool:
    """Train a job's batches, a bar for each, and name the files of what failed; whether there was anything to train.

    before: is shown each batch before it is trained. board: is told of everything, and stands above the bar.
    """
    from grokbench.plan import speed, together
    from grokbench.plan.pace import Expected

    def expected(batch: Sequence[PlannedTrial]) -> Iterator[Expected]:
        trials, works = [one.trial for one in batch], together.works(batch, workers, job.how)
        shared = together.shared(trials, workers, job.how)
        begun = job.begun(trials, [i in shared for i in range(len(trials))])
        for one, work, step in zip(batch, works, begun, strict=True):
            like, most = together.but_seed(one.trial), one.trial.budget
            yield Expected(speed.seconds(work), one.expected_steps, work.kind, like, step, most)

    some, watch = False, board or Board()
    while batch := job.next_batch(workers):
        some, known = True, len(job.failures)
        if before is not None:
            before(batch)
        watch.begin(batch)
        work = dict(zip((id(one.trial) for one in batch), expected(batch), strict=True))
        with TrainingBar(len(batch), work, min(workers, len(batch)), board) as bar:

            def tell(event: Event, bar: TrainingBar = bar) -> None:
                bar(event)
                watch.event(event)

            try:
                job.train(batch, workers, tell, executor)
            except (KeyboardInterrupt, *STOPS) as error:
                text = str(error)
                why = f"{text[0].upper()}{text[1:]}. " if isinstance(error, STOPS) else ""
                raise InterruptionError(
                    f"{why}{bar.kept(running=not isinstance(error, FullError))}"
                ) from None
            watch.settle()
        for failure in job.failures[known:]:
            click.echo(f"a trial failed; its traceback is in {failure.path}", err=True)
    if not some:
        watch.begin(())
    return some
