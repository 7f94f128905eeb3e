"""What a step takes on this machine, by case and engine, and how much sooner a batch is done than one trial after another.

The cases are in ``bench.toml``. Each is timed in a process of its own. On the CPU the engines take turns and CPU time counts, so
that other work on the machine falls on all alike, or on none. On CUDA it is wall time, after a smoke run against the CPU.
"""

from __future__ import annotations

import dataclasses
import statistics
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from grokbench.plan import costs
from grokbench.plan.local import LOCAL
from grokbench.plan.worker import OnNews
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial

if TYPE_CHECKING:
    from grokbench.training.record import Record

SEED = 9000
TURNS = 3
SECONDS = 0.5  # of steps that are timed in a turn, where a case states no number of them
MOST_STEPS = 200
SIZES = (1, 4, 16, 64, 256)  # of batches on CUDA
CUDA_STEPS = 30
SILENT = "its worker process ended without a word"
SMOKE_STEPS, ALIKE = 5, 1e-3  # of two trials on both devices: their losses agree to so much, relatively


@dataclass(frozen=True)
class Case:
    """A trial to time. together: trials of the batch that it is compared with; then whole trials of ``steps`` are timed."""

    id: str
    task: str
    baseline: str
    alpha: float = 0.5
    set: Mapping[str, Any] = field(default_factory=dict)
    together: int = 1
    steps: int = 0

    def trials(self, library: Library, n: int) -> tuple[Trial, ...]:
        """``n`` trials that differ in their seed."""
        spec, recipe = library.resolve(self.task, self.baseline, self.set)
        if not self.steps:  # only steps are timed, with few evaluations
            recipe = dataclasses.replace(recipe, evaluation={**recipe.evaluation, "growth": 2.0})
        return tuple(Trial(spec, recipe, self.alpha, SEED + i, self.steps or MOST_STEPS) for i in range(n))


def cases() -> tuple[Case, ...]:
    """What is timed."""
    text = files("grokbench.plan").joinpath("bench.toml").read_text(encoding="utf-8")
    return tuple(Case(**entry) for entry in tomllib.loads(text)["case"])


class Line(NamedTuple):
    """What was found of a case and an engine.

    trials: of the batch; 1 for a trial by itself. ms: for a step of one trial. gflops: operations a second that this makes, by
    the network's stated size. seconds: for a whole trial, where whole trials are compared; else NaN. megabytes: the most that
    the process had held by then, torch included. error: why there are no numbers.
    """

    case: str
    network: str
    loss: str
    engine: str
    trials: int
    ms: float = float("nan")
    gflops: float = float("nan")
    seconds: float = float("nan")
    megabytes: float = float("nan")
    error: str = ""


@dataclass(frozen=True)
class Timing:
    """Trials to time, as a job for a worker process. sizes: of batches to time on ``device``; else engines take turns here.

    plain: time the plain engine beside a hand-written step.
    """

    trials: tuple[Trial, ...]
    whole: bool = False
    device: str = "cpu"
    sizes: tuple[int, ...] = ()
    plain: bool = True

    def __call__(self, on_news: Callable[[Mapping[str, Any]], None] | None = None) -> dict[str, Any]:
        """``found``: (engine, trials, ms, seconds, megabytes) of each line; or ``error``, a sentence. Raises nothing."""
        try:
            found = sizes_on(self) if self.sizes else list(turns(self))
        except Exception as error:  # the table shows it
            return {"error": str(error) or type(error).__name__}
        return {"found": found}


Run = Callable[[Sequence[Callable[..., dict[str, Any]]], int, OnNews], None]


def lines(
    library: Library, chosen: Sequence[Case], *, device: str = "cpu", run: Run = LOCAL.run
) -> Iterator[Line]:
    """Time each case and give its lines. run: as of an executor."""
    for case in chosen:
        sizes = SIZES if device == "cuda" else ()
        trials = case.trials(library, max(*sizes, 2) if sizes else case.together)
        news: dict[str, Any] = {}

        def tell(index: int, own: Mapping[str, Any], news: dict[str, Any] = news) -> None:
            news.update(own)

        run([Timing(trials, bool(case.steps), device, sizes)], 1, tell)
        yield from _told(case, trials[0], news)


def _told(case: Case, trial: Trial, news: Mapping[str, Any]) -> Iterator[Line]:
    recipe = trial.recipe
    names = case.id, recipe.model["kind"], recipe.loss["kind"]
    operations = 2 * costs.PASSES * costs.work(trial, trial.budget).step / 1e3  # 10⁹
    if "found" not in news:
        yield Line(*names, "", 0, error=str(news.get("error", SILENT)))
    for engine, n, ms, seconds, megabytes in news.get("found", ()):
        yield Line(*names, engine, n, ms, operations / (ms / 1e3), seconds, megabytes)


Found = tuple[str, int, float, float, float]


def turns(timing: Timing) -> Iterator[Found]:
    """The engines in turn, in CPU time."""
    from grokbench.training.engine import train

    trials, one = timing.trials, timing.trials[0]
    first = train(dataclasses.replace(one, budget=2))
    steps = one.budget
    if not timing.whole:
        steps = max(1, min(steps, int(1e3 * SECONDS / max(first.cost["ms_per_step"], 1e-3))))
    own = [dataclasses.replace(trial, budget=steps) for trial in trials]
    engines = dict.fromkeys(
        [str(first.environment["engine"]), *(["plain"] if timing.plain and not timing.whole else [])]
    )
    took: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for _ in range(TURNS):
        for engine in engines:
            took[engine].append(_cpu(lambda engine=engine: [train(own[0], engine=engine)]))  # type: ignore[misc]
        if len(own) > 1:
            took["batched"].append(_cpu(lambda: batch(own)))
    for engine, found in took.items():
        n = len(own) if engine == "batched" else 1
        ms, seconds = (statistics.median(column) for column in zip(*found, strict=True))
        yield engine, n, ms, seconds / n if timing.whole else float("nan"), held()


def _cpu(work: Callable[[], Sequence[Record]]) -> tuple[float, float]:
    """Milliseconds of CPU time for a step of one trial, and seconds for all of the work."""
    begun, start = time.process_time(), time.perf_counter()
    found = work()
    cpu = time.process_time() - begun
    own = min(1.0, cpu / max(time.perf_counter() - start, 1e-9))
    return own * statistics.mean(record.cost["ms_per_step"] for record in found), cpu


def batch(trials: Sequence[Trial], device: str = "cpu") -> list[Record]:
    """The records of trials that train together. Errors: what one of them raised."""
    from grokbench.training.batched.loop import train_together

    ended: dict[int, Record | Exception] = {}
    train_together(trials, ended.__setitem__, None, device)
    found = []
    for i in range(len(trials)):
        one = ended[i]
        if isinstance(one, Exception):
            raise one
        found.append(one)
    return found


def sizes_on(timing: Timing) -> list[Found]:
    """Milliseconds of wall time for a step of one trial, by size of the batch, after a smoke run that the CPU agrees with."""
    smoke = [dataclasses.replace(trial, budget=SMOKE_STEPS) for trial in timing.trials[:2]]
    for here, there in zip(batch(smoke), batch(smoke, timing.device), strict=True):
        mine, other = here.curves["train_loss"][-1], there.curves["train_loss"][-1]
        if not abs(mine - other) <= ALIKE * abs(mine):
            raise AssertionError(
                f"after {SMOKE_STEPS} steps the loss is {mine:.6g} on the CPU and {other:.6g} on {timing.device}"
            )
    found: list[Found] = []
    for n in timing.sizes:
        own = [dataclasses.replace(trial, budget=CUDA_STEPS) for trial in timing.trials[:n]]
        took = [sum(record.cost["train_seconds"] for record in batch(own, timing.device)) for _ in range(2)]
        ms = 1e3 * min(took) / n / (CUDA_STEPS + 1)
        found.append(("batched", n, ms, float("nan"), held(timing.device)))
    return found


def held(device: str = "cpu") -> float:
    """Megabytes that this process, or the CUDA device, has held at most; NaN where the system does not say."""
    if device == "cuda":
        import torch

        return torch.cuda.max_memory_allocated() / 1e6
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most / 1e3
