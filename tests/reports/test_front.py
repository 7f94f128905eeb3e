"""The first table of a page, the tables below it, and the head above."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from grokbench.claims.verdict import Verdict
from grokbench.reports.front import MOST, front, headline, place, rest
from grokbench.reports.head import head
from grokbench.reports.result import PaperResult
from grokbench.reports.rows import HEAD, here
from grokbench.specs.types import Claim, Reported
from tests.reports import synthetic


def one_claim(name: str, **changes: Any) -> Claim:
    return replace(synthetic.paper().claims[0], id=name, title=name, figure=None, **changes)


def reported(claims: Sequence[Claim], verdicts: Sequence[Verdict] = (), **changes: Any) -> PaperResult:
    """A report of these claims, all of them REPRODUCED where no verdicts are given."""
    paper = replace(synthetic.paper(), claims=tuple(claims), **changes)
    said = verdicts or [synthetic.verdict(claim.id, source=claim.source) for claim in claims]
    return synthetic.report(paper=paper, verdicts=tuple(said))


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| :--")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_first_table_says_what_the_paper_says_what_came_out_and_the_verdict() -> None:
    claims = [
        one_claim("groks", reported=Reported(10000.0, "Fig. 2")),
        one_claim("soon", reported=Reported("10³ to 10⁴", "Fig. 1")),
        one_claim("silent"),
    ]
    table = rows(front(reported(claims)))
    assert table[0] == list(HEAD)
    assert table[1] == ["[groks](#groks)", "10000", "4002 [4000, ∞)", "6/6", "REPRODUCED (quick)"]
    assert [row[1] for row in table[2:]] == ["10³ to 10⁴", "—"]


def test_marked_claims_come_first_and_the_others_stand_below() -> None:
    report = reported([one_claim("a"), one_claim("b", headline=True), one_claim("c")])
    assert [verdict.id for verdict in headline(report)] == ["b"]
    assert [row[0] for row in rows(rest(report))[1:]] == ["[a](#a)", "[c](#c)"]


def test_where_a_paper_marks_none_the_quick_tiers_claims_come_first() -> None:
    paper = synthetic.paper()
    later = replace(paper.experiments[2], tiers={"paper": paper.experiments[2].tiers["quick"]})
    experiments = (*paper.experiments[:2], later)
    claims = [one_claim("long", experiments=("fast",)), one_claim("short")]
    report = reported(claims, experiments=experiments)
    assert [verdict.id for verdict in headline(report)] == ["short"]


def test_the_first_table_is_short_and_no_claim_stands_in_two_tables() -> None:
    report = reported([one_claim(f"c{i}", headline=True) for i in range(MOST + 3)])
    first, below = rows(front(report))[1:], rows(rest(report))[1:]
    assert len(first) == MOST
    assert [row[0] for row in first + below] == [f"[c{i}](#c{i})" for i in range(MOST + 3)]


def test_further_claims_stand_under_the_figures_then_the_sections_of_the_paper() -> None:
    sources = ("Eq 4", "Appendix C", "Section 3.2", "Figure 10", "Abstract and Fig 2", "Section 3.1, Fig. 2b")
    claims = [one_claim("first", headline=True)]
    claims += [one_claim(f"c{i}", source=source) for i, source in enumerate(sources)]
    text = rest(reported(claims))
    headings = [line.removeprefix("### ") for line in text.splitlines() if line.startswith("### ")]
    assert headings == ["Figure 2", "Figure 10", "Section 3.2", "Appendix C", "Other claims"]
    second = text.split("### Figure 2")[1].split("### ")[0]
    assert [row[0] for row in rows(second)[1:]] == ["[c4](#c4)", "[c5](#c5)"]


def test_figures_of_other_papers_are_no_headings_where_papers_are_compared() -> None:
    claims = [one_claim("first", headline=True), one_claim("other", source="power2022 (Fig 2, right)")]
    assert "### Other claims" in rest(reported(claims, year=None))
    assert "### Figure 2" in rest(reported(claims, year=2023))


def test_what_is_not_in_the_paper_is_under_none_of_its_figures() -> None:
    assert place("Not in the paper; Fig 1 left and the default recipe compared")[2] == "Other claims"


@pytest.mark.parametrize(
    ("kind", "values", "median", "interval", "written"),
    [
        ("event", (1.0, 1.0), 1.0, (1.0, 1.0), "—"),  # each seed says yes or no
        ("exact", (0.0,), 0.0, (0.0, 0.0), "0"),
        ("exact", (0.01, 0.02), 0.015, (0.01, 0.02), "0.015 [0.01, 0.02]"),
        ("construction", (0.5, 0.9), 0.7, (0.6, 0.8), "0.7 [0.6, 0.8]"),
        ("value", (math.inf, math.inf), math.inf, None, "∞"),
        ("value", (), None, None, "—"),
    ],
)
def test_a_number_stands_where_seeds_have_one(kind, values, median, interval, written) -> None:
    said = tuple((seed, (value,), True) for seed, value in enumerate(values))
    verdict = synthetic.verdict("x", values=said, median=median, median_interval=interval)
    assert here(verdict, kind) == written


def test_only_a_verdict_that_decides_is_said_to_hold_under_our_reading() -> None:
    said = [
        synthetic.verdict("x", outcome, under_our_reading=True).called
        for outcome in ("REPRODUCED", "NOT REPRODUCED", "INCONCLUSIVE", "NOT RUN")
    ]
    assert said == [
        "REPRODUCED under our reading",
        "NOT REPRODUCED under our reading",
        "INCONCLUSIVE",
        "NOT RUN",
    ]
    assert synthetic.verdict("x").called == "REPRODUCED"


def test_draws_are_named_as_such() -> None:
    drawn = one_claim("drawn", kind="construction")
    said = synthetic.verdict("drawn", n_seeds=100, values=tuple((i, (0.5,), True) for i in range(100)))
    assert rows(front(reported([drawn], [said])))[1][3] == "100 draws"


def test_the_head_counts_draws_apart_from_the_seeds_of_trained_networks() -> None:
    paper = synthetic.paper()
    plan = replace(paper.experiments[2].tiers["quick"], steps=0)
    experiments = (*paper.experiments[:2], replace(paper.experiments[2], tiers={"quick": plan}))
    claims = [one_claim("trained"), one_claim("drawn", kind="construction", experiments=("fast",))]
    many = tuple((i, (0.5,), True) for i in range(100))
    verdicts = [synthetic.verdict("trained"), synthetic.verdict("drawn", n_seeds=100, values=many)]
    text = head(reported(claims, verdicts, experiments=experiments), "")
    assert "6 seeds of trained networks (0–5) · 100 draws without training (0–99)" in text
    assert "2 verdicts rest on a 95 % interval" in text


def test_the_head_says_how_weak_a_never_is_and_does_not_count_it_among_the_intervals() -> None:
    claims = [one_claim("groks"), one_claim("stuck", kind="never"), one_claim("some", kind="existence")]
    text = head(reported(claims), "")
    assert "1 verdict rests on a 95 % interval" in text
    assert "In the worst case" not in text  # of one verdict the probability says it all
    assert "1 claim says that something never happens." in text
    assert "0 of 6 leaves a true rate of 0.39 possible at 5 %" in text
    assert "At a true rate of 0.2 it comes out with probability 0.26." in text
    assert "It is not counted among the verdicts on intervals." in text
    assert "1 claim says that something exists." in text


def test_the_head_expects_false_verdicts_by_the_number_of_intervals() -> None:
    many = [one_claim(f"claim-{i}") for i in range(60)]
    assert "expect at most 1.5 false verdicts in each direction among these 60." in head(reported(many), "")
