"""Which records decide a claim: the tiers, the failures before them, and whether the ladder holds."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from grokbench.claims import judge as judge_module
from grokbench.claims.evidence import Evidence
from grokbench.claims.judge import judge, next_rung
from grokbench.claims.verdict import Verdict
from grokbench.plan import expand as planning
from grokbench.plan.executor import Failure
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim, Experiment, Paper, TierPlan
from tests.claims.claim_records import claim, condition, grokked, stuck

LIBRARY = Library()
STEPS = 10_000
CLAIM = replace(claim("event", condition("grokking", 1)), experiments=("arm",))


def _experiment(name: str = "arm", **seeds: int) -> Experiment:
    tiers = {tier: TierPlan(tuple(range(n)), STEPS, (0.5,)) for tier, n in seeds.items()}
    return Experiment(name, name, "addition", "gromov2023/adamw", tiers)


def _paper(*experiments: Experiment) -> Paper:
    return Paper("it", "It", "Nobody", (CLAIM,), experiments)


def _judged(
    paper: Paper,
    asked: str,
    *,
    good: int = 99,
    complete: tuple[str, ...] = ("quick", "paper"),
    failures: tuple[Failure, ...] = (),
    one: Claim = CLAIM,
):
    """The verdict where the records of the tiers in ``complete`` are there; ``good`` seeds generalise."""
    tiers = ("smoke",) if asked == "smoke" else ("paper", "quick")
    grids = {
        (own.id, tier): planning.expand(LIBRARY, own, tier)
        for own in paper.experiments
        for tier in ("smoke", "quick", "paper")
    }
    records = {
        planned.request: grokked(100) if planned.seed < good else stuck()
        for (_, tier), grid in grids.items()
        for planned in grid
        if tier in complete
    }
    evidence = Evidence(
        asked=asked,
        tiers=tiers,
        grids=grids,
        origins={own.id: "paper" for own in paper.experiments},
        records=records,
        failures=failures,
    )
    return judge(paper, one, evidence)


def _failure(paper: Paper, tier: str, seed: int) -> Failure:
    planned = planning.expand(LIBRARY, paper.experiments[0], tier)
    trial = next(p.trial for p in planned if p.seed == seed)
    return Failure(trial=trial, key="0", trace="boom", path="errors/0.txt")


def test_a_failed_trial_of_the_asked_tier_is_an_error_before_a_lower_tier_is_looked_at() -> None:
    paper = _paper(_experiment(quick=6, paper=12))
    found = _judged(paper, "paper", complete=("quick",), failures=(_failure(paper, "paper", 11),))
    assert (found.verdict, found.tier) == ("ERROR", "paper")
    assert "errors/0.txt" in found.reason


def test_a_failed_trial_is_an_error_even_where_an_old_record_of_it_is_stored() -> None:
    paper = _paper(_experiment(quick=6, paper=12))
    found = _judged(paper, "paper", failures=(_failure(paper, "paper", 0),))
    assert found.verdict == "ERROR"


def test_failures_of_other_trials_do_not_matter() -> None:
    paper = _paper(_experiment(quick=6, paper=12))
    found = _judged(paper, "quick", complete=("quick",), failures=(_failure(paper, "paper", 11),))
    assert (found.verdict, found.tier) == ("REPRODUCED", "quick")


@pytest.mark.parametrize(
    ("seeds", "tier", "verdict", "ladder"),
    [
        ({"quick": 6, "paper": 12}, "paper", "INCONCLUSIVE", True),
        ({"paper": 12}, "paper", "REPRODUCED", False),
        ({"quick": 12, "paper": 12}, "paper", "REPRODUCED", False),
        ({"quick": 12}, "quick", "REPRODUCED", False),
    ],
)
def test_ten_of_twelve_confirm_only_where_six_could_not_have_decided_before(
    seeds: dict[str, int], tier: str, verdict: str, ladder: bool
) -> None:
    found = _judged(_paper(_experiment(**seeds)), tier, good=10, complete=(tier,))
    assert (found.verdict, found.n_seeds, "ladder" in found.reason) == (verdict, 12, ladder)


def test_a_tier_that_adds_nothing_leaves_the_decision_to_the_one_below() -> None:
    found = _judged(_paper(_experiment(quick=12)), "paper")
    assert (found.verdict, found.tier) == ("REPRODUCED", "quick")


def test_seeds_that_only_one_of_two_arms_has_add_nothing() -> None:
    both = replace(CLAIM, experiments=("arm", "other"), rule=(condition("grokking", 1, arm=0),))
    for other, tier in (
        (_experiment("other", quick=6), "quick"),
        (_experiment("other", quick=6, paper=12), "paper"),
    ):
        found = _judged(_paper(_experiment(quick=6, paper=12), other), "paper", one=both)
        assert (found.verdict, found.tier) == ("REPRODUCED", tier)


def test_the_ladder_needs_a_quick_tier_of_every_experiment() -> None:
    both = replace(CLAIM, experiments=("arm", "other"), rule=(condition("grokking", 1, arm=0),))
    for other, verdict in ((_experiment("other", paper=12), "REPRODUCED"),
                           (_experiment("other", quick=6, paper=12), "INCONCLUSIVE")):  # fmt: skip
        paper = _paper(_experiment(quick=6, paper=12), other)
        assert _judged(paper, "paper", good=10, one=both).verdict == verdict


def test_arms_are_compared_on_the_seeds_that_both_have() -> None:
    both = replace(CLAIM, experiments=("arm", "other"), rule=(condition("grokking", 1, arm=0),))
    paper = _paper(_experiment(paper=12), _experiment("other", paper=6))
    found = _judged(paper, "paper", one=both)
    assert (found.verdict, found.n_seeds) == ("REPRODUCED", 6)
    assert (
        _judged(paper, "paper", one=both, good=0, failures=(_failure(paper, "paper", 11),)).verdict != "ERROR"
    )
    assert _judged(paper, "paper", one=both, failures=(_failure(paper, "paper", 5),)).verdict == "ERROR"


def _climbed(good: int, known: int) -> Verdict:
    """The verdict where ``known`` seeds have a record, the first ``good`` of which generalise; the quick tier has six."""
    paper = _paper(_experiment(quick=6))
    grid = planning.expand(LIBRARY, paper.experiments[0], "quick")
    further = tuple(grid[0].on(seed) for seed in range(6, 20))
    records = {
        planned.request: grokked(100) if planned.seed < good else stuck()
        for planned in (*grid, *further)[:known]
    }
    name = ("arm", "quick")
    evidence = Evidence("quick", ("paper", "quick"), {name: grid}, {"arm": "paper"}, records, {name: further})
    return judge(paper, CLAIM, evidence)


@pytest.mark.parametrize(
    ("good", "known", "verdict", "n"),
    [
        (4, 6, "INCONCLUSIVE", 6),
        (4, 11, "INCONCLUSIVE", 6),  # a rung is read whole or not at all
        (6, 12, "REPRODUCED", 6),  # what six decided, twelve do not open again
        (4, 12, "INCONCLUSIVE", 6),  # twelve could not decide
        (5, 12, "INCONCLUSIVE", 12),
        (4, 20, "NOT REPRODUCED", 20),
        (5, 20, "INCONCLUSIVE", 12),  # nor twenty, after 5 of 12
    ],
)
def test_the_ladder_reads_further_seeds_of_a_claim_that_is_undecided(
    good: int, known: int, verdict: str, n: int
) -> None:
    found = _climbed(good, known)
    assert (found.verdict, found.n_seeds) == (verdict, n)


def test_the_ladder_ends_where_no_seeds_to_come_could_decide() -> None:
    undecided = _climbed(5, 6)
    assert next_rung(CLAIM, undecided) == 12
    assert next_rung(CLAIM, _climbed(2, 6)) == 20  # 8 of 12 at most, yet 16 of 20
    assert next_rung(CLAIM, _climbed(6, 6)) is None
    assert next_rung(CLAIM, _climbed(5, 20)) is None
    assert next_rung(replace(CLAIM, kind="never"), undecided) is None
    assert next_rung(replace(CLAIM, pairs=True), undecided) is None
    by_the_control = replace(undecided, values=tuple((s, m, True) for s, m, _ in undecided.values))
    assert next_rung(CLAIM, by_the_control) is None


@pytest.mark.parametrize("asked", ["quick", "paper"])
def test_a_verdict_is_reached_on_one_thread_and_threads_are_put_back(
    asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[set[int]] = []

    def decided(*arguments: object) -> Verdict:
        threads.append({pool["num_threads"] for pool in threadpool_info()})
        return judging(*arguments)

    judging = judge_module._judged
    monkeypatch.setattr(judge_module, "_judged", decided)
    with threadpool_limits(limits=2):
        _judged(_paper(_experiment(smoke=1, quick=6, paper=6)), asked)
        threads.append({pool["num_threads"] for pool in threadpool_info()})
    assert threads == [{1}, {2}]


LAZILY = """
from threadpoolctl import threadpool_info, threadpool_limits

from grokbench.claims import judge

seen = []

def first(*arguments):
    import scipy.linalg
    seen.extend(one["num_threads"] for one in threadpool_info() if "openblas" in one["filepath"])

judge._judged = first
with threadpool_limits(limits=2):
    judge.judge(None, None, None)
print(len(seen), {*seen})
"""


def test_a_library_that_a_measure_loads_keeps_to_one_thread_too() -> None:
    done = subprocess.run([sys.executable, "-c", LAZILY], capture_output=True, text=True, check=True)
    count, threads = done.stdout.split()
    assert (int(count) >= 1, threads) == (True, "{1}")
