"""A number that was measured is never counted among those that could not be."""

from __future__ import annotations

import pytest

from grokbench.claims.decide import decide
from tests.claims.claim_records import claim, condition, grokked, record, stuck, views

LATE = condition("t-gen", 500)


def test_a_run_that_was_too_short_to_settle_is_not_called_unmeasured() -> None:
    found = decide(claim("value", LATE), views([grokked(600)] * 5 + [stuck(budget=100)]), budgets=[1000])
    assert found.verdict == "INCONCLUSIVE"
    assert "Seed 5 is measured but not settled; that counts as not meeting the rule." in found.reason
    assert "could not be measured" not in found.reason


def test_each_kind_of_open_seed_is_named_with_its_seeds() -> None:
    rule = claim("value", condition("analytic-peak", 0.9), LATE)
    good, short = grokked(600, analytic_peak=1.0), stuck(budget=100, analytic_peak=1.0)
    found = decide(rule, views([good] * 4 + [short, grokked(600)]), budgets=[1000])
    assert (
        "Seed 5 could not be measured (without the fact analytic_peak) and seed 4 is measured" in found.reason
    )


def test_the_control_says_which_of_its_seeds_are_open_and_how() -> None:
    rule = claim("value", LATE, control="untrained")
    found = decide(rule, views([grokked(600)] * 6), views([grokked(100)] * 5 + [stuck(budget=100)]))
    assert "(seed 5 is measured but not settled)" in found.reason
    none = decide(rule, views([grokked(600)] * 6), views([stuck(budget=100)] * 6))
    assert "seeds 0, 1, 2, 3, 4, 5 are measured but not settled, so the control shows nothing" in none.reason


@pytest.mark.parametrize(
    ("run", "words"),
    [(record(), "Seed 1 could not be measured"), (stuck(budget=100), "Seed 1 is measured but not settled")],
)
def test_an_exact_claim_says_the_same(run: object, words: str) -> None:
    rule = claim("exact", condition("analytic-peak", 0.9) if "could" in words else LATE)
    right = grokked(600, analytic_peak=1.0)
    found = decide(rule, views([right, run]))  # type: ignore[list-item]
    assert found.verdict == "INCONCLUSIVE"
    assert found.reason.startswith(words)


def test_what_was_not_settled_is_said_of_an_existence_too() -> None:
    found = decide(
        claim("existence", condition("t-gen", None, 50)), views([grokked(100)] * 5 + [stuck(budget=10)])
    )
    assert found.reason.endswith("Seed 5 is measured but not settled.")
