"""The table of a paper's sentences against the readings of a recipe that it leaves open."""

from __future__ import annotations

import dataclasses

from grokbench.reports.markdown import page
from grokbench.reports.readings import table
from grokbench.reports.result import PaperResult
from grokbench.specs.types import Place
from tests.reports import synthetic

YES = tuple((seed, (1.0,), True) for seed in range(6))
NO = tuple((seed, (1.0,), seed == 3) for seed in range(6))


def report(places: dict[str, Place], **verdicts: str) -> PaperResult:
    """A report of the synthetic paper whose claims stand at ``places`` and were decided so, the others not shown."""
    paper = synthetic.paper()
    claims = tuple(dataclasses.replace(claim, grid=places.get(claim.id)) for claim in paper.claims)
    names = {name.replace("_", "-"): said for name, said in verdicts.items()}
    found = [
        synthetic.verdict(name, said, values={"REPRODUCED": YES, "NOT RUN": ()}.get(said, NO))
        for name, said in names.items()
    ]
    return dataclasses.replace(
        synthetic.report(verdicts=tuple(found)), paper=dataclasses.replace(paper, claims=claims)
    )


def place(row: str, column: str) -> Place:
    return Place("MLP, by how x enters", row, column)


THREE = {"gd-groks": place("no", "a"), "faster": place("no", "b"), "init": place("up", "a")}


def test_rows_are_sentences_and_columns_readings_and_a_cell_leads_to_its_claim():
    text = table(report(THREE, gd_groks="REPRODUCED", faster="NOT REPRODUCED", init="NOT RUN"))
    assert "**MLP, by how x enters.**" in text
    assert [line for line in text.splitlines() if line.startswith("|")] == [
        "| sentence | a | b |",
        "| :-- | :-- | :-- |",
        "| no | [REPRODUCED](#gd-groks) 6 of 6 | [NOT REPRODUCED](#faster) 1 of 6 |",
        "| up | [NOT RUN](#not-run) | — |",
    ]


def test_the_reading_that_fits_every_sentence_decided_on_it_is_named():
    text = table(report(THREE, gd_groks="REPRODUCED", faster="NOT REPRODUCED", init="INCONCLUSIVE"))
    assert "Every sentence that was decided fits a." in text
    assert text.endswith("Sentences that fit, of those decided: a: 1 of 1, 1 sentence undecided; b: 0 of 1.")


def test_where_no_reading_fits_all_or_nothing_is_decided_the_page_says_so():
    some = table(report(THREE, gd_groks="REPRODUCED", faster="NOT REPRODUCED", init="NOT REPRODUCED"))
    assert "No reading fits every sentence that was decided on it." in some
    assert "a: 1 of 2; b: 0 of 1." in some
    assert table(report(THREE, gd_groks="NOT RUN")).endswith("No sentence is decided yet.")


def test_headings_have_a_table_each_at_the_head_of_the_page():
    places = {"gd-groks": place("no", "a"), "faster": Place("LSTM", "no", "a")}
    found = report(places, gd_groks="REPRODUCED", faster="REPRODUCED")
    assert table(found).count("| sentence |") == 2
    text = page(found, {}, {})
    assert text.index("## Readings") < text.index("## Claims")


def test_a_paper_without_open_readings_has_no_such_table():
    found = report({}, gd_groks="REPRODUCED")
    assert table(found) == ""
    assert "## Readings" not in page(found, {}, {})
