"""Tables in docs/ are what docstrings, signatures and help texts say."""

from __future__ import annotations

import pytest

from grokbench.measures import measure_names
from grokbench.specs.claims import CLAIM_KINDS
from tests import pages


@pytest.mark.parametrize("path", pages.pages(), ids=lambda path: path.name)
def test_a_generated_table_is_the_committed_one(path):
    assert path.read_text(encoding="utf-8") == pages.pages()[path], "run python -m tests.rewrite"


def test_the_pages_have_every_measure_and_every_kind():
    measured, claims = (
        (pages.DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("measures", "claims")
    )
    assert all(f"| `{name}` |" in measured for name in measure_names())
    assert all(f"| `{kind}` |" in claims for kind in CLAIM_KINDS)


def test_what_means_something_in_a_table_is_escaped():
    assert pages.table(("a", "b"), [("|W|", "<x>")]) == "| a | b |\n| --- | --- |\n| \\|W\\| | \\<x> |"
    assert pages.placed("a <!-- t -->old<!-- end of t --> b", "t", "new") == (
        "a <!-- t -->\n\nnew\n\n<!-- end of t --> b"
    )
    with pytest.raises(AssertionError, match="no end"):
        pages.placed("<!-- t -->", "t", "new")
