"""The order of a batch: the cheapest claims first, and no later at its end than longest first."""

from __future__ import annotations

from dataclasses import dataclass

import hypothesis.strategies as st
import pytest
from hypothesis import given

from grokbench.plan import order
from grokbench.reproduction import Reproduction


@dataclass(frozen=True)
class Planned:
    """As much of a planned trial as the order reads."""

    request: str
    seconds: float


def batch(**seconds: float) -> list[Planned]:
    return [Planned(name, own) for name, own in seconds.items()]


def names(trials: object, needs: list[set[str]], workers: int = 1) -> str:
    return "".join(one.request for one in order.cheapest_first(trials, needs, workers))  # type: ignore[arg-type]


def test_the_cheapest_claim_comes_first_and_its_longest_trial_before_the_others() -> None:
    trials = batch(a=5, b=5, c=1, d=2)
    assert names(trials, [{"a", "b"}, {"c", "d"}]) == "dcab"


def test_a_trial_that_an_earlier_claim_needs_costs_a_later_one_nothing() -> None:
    trials = batch(a=4, b=1, c=3, d=2)
    # Alone {a, b} costs 5 and {c} 3; after {a}, which costs 4, {a, b} lacks 1 only, and yet {c} and {d} are cheaper than {a}.
    assert names(trials, [{"a", "b"}, {"c"}, {"a"}]) == "cabd"


def test_a_trial_that_no_claim_needs_comes_last() -> None:
    assert names(batch(a=1, b=2, c=3), [{"b"}]) == "bca"


def test_a_trial_too_long_to_come_last_goes_to_the_front() -> None:
    trials = batch(a=1, b=1, c=1, d=10)
    needs = [{"a"}, {"b"}, {"c"}, {"d"}]
    assert names(trials, needs, workers=1) == "abcd"
    assert names(trials, needs, workers=2) == "dabc"


def test_a_batch_of_nothing_has_an_order() -> None:
    assert order.cheapest_first([], [set()], 2) == ()


@given(st.data())
def test_every_trial_is_there_once_and_the_whole_takes_hardly_longer(data: st.DataObject) -> None:
    lengths = data.draw(st.lists(st.floats(0.1, 100), min_size=1, max_size=20))
    trials = [Planned(str(n), length) for n, length in enumerate(lengths)]
    requests = st.sampled_from([one.request for one in trials])
    needs = data.draw(st.lists(st.sets(requests), max_size=6))
    workers = data.draw(st.integers(1, 5))
    found = order.cheapest_first(trials, needs, workers)  # type: ignore[arg-type]
    assert sorted(one.request for one in found) == sorted(one.request for one in trials)
    longest = sorted(trials, key=lambda one: -one.seconds)
    best = order.wall_seconds(longest, workers)  # type: ignore[arg-type]
    assert order.wall_seconds(found, workers) <= best * order.SLACK * (1 + 1e-12)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_quick_tier_has_a_verdict_in_a_tenth_of_its_time(workers: int) -> None:
    job = Reproduction("cross-paper", "quick")
    found = job.next_batch(workers)
    whole = order.wall_seconds(found, workers)
    answering = order.Answering(found)
    early = []
    for n in range(1, len(found) + 1):
        if order.wall_seconds(found[:n], workers) > 0.1 * whole:
            break
        early.append(found[n - 1].request)
    needs = [[answering.surely(one) for one in job.needed(claim)] for claim in job.chosen]
    assert any(own and all({b.request for b in some} & {*early} for some in own) for own in needs)
