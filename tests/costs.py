"""Write ``costs.json`` again, the costs of steps by which plans reckon, from the committed records.

Run ``python -m tests.costs`` in the repository's root after records were added or made again. It prints how well the trials of
each experiment are predicted by the records of all others.

**Machines differ.** A record's times are scaled to a core of ``costs.CORE`` by the rate that its environment states,
``flops_per_second``. Older records state none; ``RATES`` has those of their CPUs. That of the last was measured. The others were
inferred: their steps are so many times as fast in the networks that they have in common, and clock and vector width give the
same ratios.

**Machines are busy.** What else runs only ever slows a step down. Of unlike medians of experiments the lower ones are therefore
nearer to the truth. A line is fitted to the ``QUANTILE`` of them, by relative error, through two of the points.
"""

from __future__ import annotations

import itertools
import json
import statistics
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from grokbench.plan import costs
from grokbench.plan.costs import Cost, Kind, Line, Work
from grokbench.specs.locate import COSTS
from grokbench.store import codec

REPORTS = Path(__file__).resolve().parent.parent / "reports"
FILE = REPORTS / COSTS
RATES = {
    ("Intel(R) Xeon(R) Processor", "AVX512"): 200e9,
    ("AMD EPYC", "AVX512"): 110e9,
    ("AMD EPYC", "AVX2"): 70e9,
}
"""Float32 operations a second of a core, by name of the CPU and its instructions, where records do not state it."""
QUANTILE = 0.3
CHUNK = 4096  # lines that are tried at once
LEAST_STEPS = 20  # of fewer the first, which sets everything up, is too large a part


class Sample(NamedTuple):
    """What a record says, at the speed of a core of ``costs.CORE``; times in milliseconds."""

    source: str  # paper/experiment
    machine: tuple[str, str]
    work: Work
    step: float
    evaluation: float
    setup: float
    seconds: float  # of the whole trial, less its probes


def samples() -> Iterator[Sample]:
    """The committed records, each training once, in the order of their archives. Those from an unknown CPU are left out."""
    seen = set()
    for path in sorted(REPORTS.glob("*/records/*.zip")):
        with zipfile.ZipFile(path) as stored:
            heads = json.loads(stored.read("records.json"))
        for _, head in sorted(heads.items()):
            training = (head["cost"]["seconds"], head["cost"]["train_seconds"])
            if training not in seen:
                seen.add(training)
                yield from sample(f"{path.parts[-3]}/{path.stem}", head)


def sample(source: str, head: dict[str, Any]) -> Iterator[Sample]:
    """Of a record's head, if its machine's rate is known."""
    environment, cost = head["environment"], head["cost"]
    machine = (environment["cpu"], environment["cpu_capability"])
    rate = environment.get("flops_per_second") or RATES.get(machine)
    if rate is None:
        return
    # A record that says how much of its time it had the core to itself is freed of the rest.
    own = min(1.0, cost.get("cpu_seconds", cost["seconds"]) / cost["seconds"])
    scale = own * rate / costs.CORE
    # The record of a longer training that was cut has the cost of all of it, so that its own steps are not counted.
    steps = round(1e3 * cost["train_seconds"] / cost["ms_per_step"]) - 1
    engine = "batched" if environment.get("engine") == "batched" else ""
    done = costs.work(codec.trial_from_json(head["trial"]), steps, engine)
    rest = cost["seconds"] - cost["probe_seconds"]
    yield Sample(
        source,
        machine,
        done,
        scale * cost["ms_per_step"],
        1e3 * scale * cost["evaluation_seconds"] / done.evaluations,
        1e3 * scale * (rest - cost["train_seconds"] - cost["evaluation_seconds"]),
        scale * rest,
    )


Point = tuple[float, float, float]
"""Million multiply-adds, median milliseconds, and how many records it counts for; an experiment of many sizes counts once."""


def line(points: Sequence[Point], quantile: float = QUANTILE) -> Line:
    """The line, through two points or one and the origin, that errs least; an error below counts by its quantile."""
    size, ms, weight = (np.array(column, dtype=np.float64) for column in zip(*sorted(points), strict=True))
    along = size > 0
    single = np.stack([np.zeros(along.sum()), ms[along] / size[along]])
    if not along.any():  # a learner states no size of an evaluation
        single = np.stack([ms, np.zeros(len(ms))])
    low, high = np.triu_indices(len(size), 1)
    low, high = (each[(size[high] > size[low]) & (ms[high] > ms[low])] for each in (low, high))
    slope = (ms[high] - ms[low]) / (size[high] - size[low])
    two = np.stack([ms[low] - slope * size[low], slope])
    fixed, each = np.concatenate([single, two[:, two[0] >= 0]], axis=1)
    losses = [
        _losses(fixed[some], each[some], size, ms, weight, quantile)
        for some in (slice(start, start + CHUNK) for start in range(0, len(fixed), CHUNK))
    ]
    _, *best = min(zip(np.round(np.concatenate(losses), 9), fixed, each, strict=True))
    return Line(*(float(f"{number:.3g}") for number in best))


def _losses(  # of each line
    fixed: np.ndarray, each: np.ndarray, size: np.ndarray, ms: np.ndarray, weight: np.ndarray, quantile: float
) -> np.ndarray:
    error = np.log(ms / (fixed[:, None] + each[:, None] * size))
    return np.asarray(np.where(error > 0, quantile * error, (quantile - 1) * error) @ weight)


def fitted(own: Sequence[Sample]) -> Cost:
    """The cost of a kind, by its samples."""
    steps: dict[tuple[float, str], list[float]] = defaultdict(list)
    evaluations: dict[tuple[float, str], list[float]] = defaultdict(list)
    trained = [one for one in own if one.work.steps >= LEAST_STEPS] or own
    for one in trained:
        steps[one.work.step, one.source].append(one.step)
        evaluations[one.work.evaluation, one.source].append(one.evaluation)
    return Cost(
        _through_medians(steps),
        _through_medians(evaluations),
        float(f"{statistics.median(one.setup for one in own):.3g}"),
    )


def _through_medians(found: Mapping[tuple[float, str], Sequence[float]]) -> Line:
    """The line through the medians of (size, experiment) → milliseconds; one of many sizes counts no more than another."""
    sizes = Counter(name for _, name in found)
    return line(
        [(size, statistics.median(ms), min(len(ms), 6) / sizes[name]) for (size, name), ms in found.items()]
    )


def by_kind(found: Iterable[Sample]) -> dict[Kind, list[Sample]]:
    """The samples of each kind."""
    out: dict[Kind, list[Sample]] = defaultdict(list)
    for one in found:
        out[one.work.kind].append(one)
    return dict(sorted(out.items()))


def document(found: Iterable[Sample]) -> dict[str, Any]:
    """What ``costs.json`` has to be."""
    kinds = []
    for name, own in by_kind(found).items():
        cost = fitted(own)
        lines = {"step": cost.step._asdict(), "evaluation": cost.evaluation._asdict()}
        kinds.append({**name._asdict(), **lines, "setup": cost.setup, "records": len(own)})
    return {
        "about": (
            "Milliseconds on one core of so many float32 operations a second: of a step and of an evaluation, fixed + each × "
            "million multiply-adds of one pass, and of a trial's setup. Written by python -m tests.costs from reports/*/records."
        ),
        "flops_per_second": costs.CORE,
        "kinds": kinds,
    }


def text(found: Iterable[Sample]) -> str:
    """``costs.json`` as it has to be."""
    return json.dumps(document(found), indent=2, ensure_ascii=False) + "\n"


class Equal(NamedTuple):
    """What trials have in common whose steps are equally much work for equal machines."""

    kind: Kind
    machine: tuple[str, str]
    step: float


def left_out(found: Iterable[Sample]) -> dict[Equal, dict[str, list[float]]]:
    """Equal work → experiment → predicted over true seconds of each trial, by the records of all other experiments."""
    out: dict[Equal, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for name, own in by_kind(found).items():
        for source in dict.fromkeys(one.source for one in own):
            others = [one for one in own if one.source != source]
            cost = fitted(others) if others else None
            for one in own:
                if cost is not None and one.source == source:
                    ratio = one.work._replace(tables=0).seconds(cost) / one.seconds
                    out[Equal(name, one.machine, one.work.step)][source].append(ratio)
    return out


def undisturbed(ratios: dict[str, list[float]]) -> float:
    """Of experiments of equal work, predicted over true seconds of those that had the machine most to themselves."""
    return float(np.quantile([statistics.median(own) for own in ratios.values()], 1 - QUANTILE))


def main() -> None:
    found = list(samples())
    FILE.write_text(text(found), encoding="utf-8")
    print(f"{FILE.name}: {len(found)} records")
    print("predicted / true, each experiment by all others: median [5 %, 95 %]")
    by_name: dict[str, list[float]] = defaultdict(list)
    for (name, machine, _), experiments in sorted(left_out(found).items()):
        ratios = [*itertools.chain(*experiments.values())]
        by_name[" ".join(filter(None, (name.network, name.precision)))] += ratios
        by_name[f"    {' '.join(machine)}, {name.network} {name.precision}"] += ratios
    for label, ratios in by_name.items():
        low, middle, high = np.quantile(ratios, [0.05, 0.5, 0.95])
        print(f"{label:<75} {len(ratios):5d}  {middle:.2f} [{low:.2f}, {high:.2f}]")


if __name__ == "__main__":
    main()
