"""First crossings against times that last, falls after T_gen, spreads of pairs, and what a step costs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from grokbench.measures import measured
from grokbench.measures.printed_tests import P_OF_T, PAIRED_TIMES, faults, p_of_t, paired
from grokbench.measures.reading import Between, ends
from grokbench.specs.errors import InputError
from tests.claims.claim_records import record, stuck, view

STEPS = range(0, 1100, 100)


def climbing(at: int, *, dip: int | None = None, ended: str = "finished", ms: float = 1.0):
    """0 before step ``at``, 1 from there on, but for 0.5 at step ``dip``."""
    test = [0.5 if step == dip else float(step >= at) for step in STEPS]
    return replace(record(list(STEPS), test, test, ended=ended), cost={"ms_per_step": ms})


def test_a_ratio_of_first_crossings_ignores_what_comes_after():
    assert measured("crossing-ratio", view(climbing(400, dip=600), climbing(200)), {}) == 2.0


def test_an_arm_without_a_crossing_lies_above_its_last_evaluation():
    assert measured("crossing-ratio", view(stuck(1000), climbing(200)), {}) == Between(5.0, math.inf)
    assert measured("crossing-ratio", view(climbing(200), stuck(1000)), {}) == Between(0.0, 0.2)


def test_a_crossing_that_lasts_begins_after_the_last_fall():
    assert measured("lasting-crossing", view(climbing(400, dip=600)), {}) == 700
    assert measured("lasting-crossing", view(climbing(400)), {}) == 400
    assert ends(measured("lasting-crossing", view(climbing(400, dip=1000)), {})) == (1000, math.inf)
    assert measured("lasting-ratio", view(climbing(400, dip=600), climbing(350)), {}) == 700 / 400


def test_a_record_that_was_stopped_does_not_know_what_lasts():
    assert math.isnan(ends(measured("lasting-crossing", view(climbing(400, ended="stopped")), {})).low)


@pytest.mark.parametrize(
    ("arms", "inverted"),
    [
        ((climbing(200, dip=800), climbing(400)), 1.0),
        ((climbing(400), climbing(200, dip=800)), 1.0),
        ((climbing(200, dip=1000), climbing(400)), 1.0),  # the first one falls at the very end
        ((climbing(200), climbing(400)), 0.0),
        ((climbing(200, dip=300), climbing(400)), 0.0),  # lasts from 400 as well: no order to invert
        ((climbing(400, dip=900), climbing(200, dip=600)), 0.0),
        ((stuck(1000), climbing(400)), 0.0),
    ],
)
def test_ranks_invert_only_where_both_orders_are_clear(arms, inverted):
    assert measured("ranks-invert", view(*arms), {}) == inverted


def test_ranks_of_one_arm_are_refused():
    with pytest.raises(InputError, match="there is one"):
        measured("ranks-invert", view(climbing(200)), {})


def dipping(share: float, t_gen: int = 1000):
    """Generalises at ``t_gen``; of the 100 evaluations after it the last ones of every ten are at 0.5."""
    steps = [0, *range(t_gen, 3 * t_gen + 1, t_gen // 50)]
    low = round(10 * share)
    test = [0.0, 1.0] + [0.5 if i % 10 >= 10 - low else 1.0 for i in range(len(steps) - 2)]
    return record(steps, [0.0] + [1.0] * (len(steps) - 1), test)


def test_the_share_of_dips_is_counted_from_t_gen_up_to_a_step():
    assert measured("dip-share", view(dipping(0.3)), {"until": 3000}) == pytest.approx(0.3)
    assert measured("dip-share", view(dipping(0.3)), {"until": 1100}) == 0
    assert measured("dip-share-lead", view(dipping(0.3), dipping(0.0)), {"until": 3000}) == pytest.approx(0.3)
    assert math.isnan(ends(measured("dip-share", view(dipping(0.3)), {"until": 3001})).low)
    assert math.isnan(ends(measured("dip-share", view(dipping(0.3)), {"until": 900})).low)


def test_a_pair_lies_apart_by_its_logarithms():
    arms = [dipping(0.0, t_gen) for t_gen in (1000, 1000, 1100, 4000)]
    wanted = math.log(1.1) / math.log(4)
    assert measured("time-spread-ratio", view(*arms), {}) == pytest.approx(wanted)
    with pytest.raises(InputError, match="two arms of two seeds"):
        measured("time-spread-ratio", view(*arms[:2]), {})


def test_a_step_costs_what_the_record_says():
    assert measured("step-cost-ratio", view(climbing(200, ms=3.0), climbing(200, ms=2.0)), {}) == 1.5


def test_the_least_p_of_a_t_is_that_of_the_normal_distribution():
    assert p_of_t({"t": 1.959964, "p": 0.05}, 0) == {
        "least-p": pytest.approx(0.05, rel=1e-6),
        "printed-p-over-least": pytest.approx(1, rel=1e-6),
    }
    found = p_of_t({"t": 5.0175, "p": 6.33e-8}, 0)
    assert found["least-p"] == pytest.approx(5.23e-7, rel=2e-3)
    assert set(found) == set(P_OF_T.numbers)


def test_published_pairs_have_their_mean_and_both_intervals():
    first, second = [9000, 8400, 4000, 11800, 6400], [5800, 5600, 5600, 5700, 5700]
    found = paired({"first": first, "second": second}, 0)
    assert set(found) == set(PAIRED_TIMES.numbers)
    assert found["pairs-above"] == 4
    assert [round(found[f"mean-ratio{end}"], 2) for end in ("", "-low", "-high")] == [1.31, 0.80, 2.16]
    assert [round(found[f"rate-{end}"], 3) for end in ("low", "high")] == [0.284, 0.995]
    assert [round(found[f"spread-of-{arm}"], 3) for arm in ("first", "second")] == [0.41, 0.015]


def test_arms_of_unlike_length_are_refused():
    assert [name for name, _ in faults({"first": [1, 2, 3], "second": [1, 2]})] == ["second"]
