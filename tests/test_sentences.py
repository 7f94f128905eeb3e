"""Documents, help texts and reports speak in sentences that can be read aloud: none has more than thirty words."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from grokbench.claims import judge
from grokbench.reports import compare, overview, sweep
from grokbench.reports.document import document, dumps
from grokbench.reports.markdown import page
from grokbench.reports.result import PaperResult
from grokbench.specs.types import Place, Reported, Superseded
from tests import prose
from tests.reports import synthetic, test_compare, test_runs, test_sweep
from tests.test_documents import DOCUMENTS, ROOT

COMMANDS = (
    "",
    "run",
    "reproduce",
    "sweep",
    "compare",
    "leaderboard",
    "runs",
    "store",
    "export",
    "report",
    "show",
    "list",
    "validate",
    "new",
    "bench",
    "site",
    "doctor",
)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_sentence_of_a_document_is_short(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert prose.sentences(text)
    assert prose.too_long(text) == []


def helps(command: click.Command) -> Iterator[str]:
    """What ``--help`` says of a command and its options, as paragraphs that are not wrapped; of the epilog each line."""
    for text in (command.help, command.short_help):
        yield from (text or "").replace("\b", "").split("\n\n")
    yield from (command.epilog or "").replace("\b", "").splitlines()
    for parameter in command.params:
        yield getattr(parameter, "help", None) or ""
    for own in command.commands.values() if type(command) is click.Group else ():
        yield from helps(own)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_sentence_of_a_help_text_is_short(name: str) -> None:
    from grokbench.cli import group

    found = group.get_command(click.Context(group), name) if name else group
    assert found is not None
    assert [long for text in helps(found) for long in prose.too_long(text.strip())] == []


def test_every_command_is_among_these() -> None:
    from grokbench.cli import group

    assert {*group.list_commands(click.Context(group))} == {*COMMANDS} - {""}


def full() -> PaperResult:
    """A report with a word on everything: each kind of rule, other tiers, what is kept, re-used, replaced and not run."""
    whole = test_runs.report()
    first, second = whole.paper.claims
    place = Place("MLP, by how x enters", "it never groks", "on unit vectors")
    kinds = ("event", "exact", "existence", "never")
    claims = [
        dataclasses.replace(
            first if kind != "exact" else second,
            id=f"a-{kind}",
            kind=kind,
            known="NOT REPRODUCED",
            tried="Another reading gives the same",
            reported=Reported(1e4, "Fig. 1c, read off"),
            grid=place if kind == "event" else None,
        )
        for kind in kinds
    ]
    twice = dataclasses.replace(first, id="a-second-event", kind="event", control="")
    left = [dataclasses.replace(second, id=name) for name in ("one-left", "other-left")]
    old = Superseded("gd-0", "GD groks soon", "a-event", "INCONCLUSIVE", 4, 6, "ab12cd34", "Bound too near")
    said = ((0, (math.nan,), None), (1, (4000.0,), None), *((s, (4000.0,), True) for s in range(2, 6)))
    verdicts = [
        *(synthetic.verdict(f"a-{kind}", values=said, control=said) for kind in kinds),
        synthetic.verdict("a-second-event", "NOT REPRODUCED", under_our_reading=True, tier="paper"),
        *(
            synthetic.verdict(one.id, "NOT RUN", values=(), n_seeds=0, reason="needs tier quick: two arms")
            for one in left
        ),
    ]
    paper = dataclasses.replace(whole.paper, claims=(*claims, twice, *left), superseded=(old,))
    assert whole.evidence is not None
    return dataclasses.replace(
        whole,
        paper=paper,
        verdicts=tuple(verdicts),
        cells=synthetic.cells(2),
        kept=("a-event", "a-exact"),
        archived=("gd-addition",),
        reused=("gd-addition",),
        frozen={"a-event": "ab" * 20},
    )


def fixed(text: str) -> str:
    """A page without the fields of its recipes, which are no prose."""
    before, _, rest = text.partition("## Recipes")
    recipes, _, after = rest.partition("## Confounds")
    kept = [line for line in recipes.splitlines() if not line.startswith("* ")]
    return "\n".join([before, *kept, f"## Confounds{after}"])


@pytest.mark.parametrize("tier", ["quick", "smoke"])
def test_every_sentence_of_a_report_is_short(tier: str) -> None:
    report = dataclasses.replace(full(), tier=tier)
    whole = page(report, {"training": "training.png"}, {"phases": "`gd-addition`"}, "../REPRODUCE.md")
    for part in ("something never happens", "95 % interval", "## Not run", "## Superseded", "## Confounds"):
        assert part in whole, part
    assert prose.too_long(fixed(whole)) == []


def test_every_sentence_of_a_page_whose_trials_are_missing_is_short() -> None:
    whole = test_runs.report()
    assert whole.evidence is not None
    bare = dataclasses.replace(whole.evidence, records={})
    found = dataclasses.replace(whole, evidence=bare, verdicts=judge.judge_all(whole.paper, bare))
    assert prose.too_long(fixed(page(found, {}, {}))) == []


def test_every_sentence_of_the_scoreboard_is_short(tmp_path: Path) -> None:
    (tmp_path / "tiny.json").write_text(dumps(document(full())), encoding="utf-8")
    (tmp_path / "old.json").write_text("{}", encoding="utf-8")
    text = overview.scoreboard(tmp_path).read_text(encoding="utf-8")
    assert "is left out" in text
    assert prose.too_long(text) == []


@pytest.mark.parametrize("exhaustive", [True, False])
def test_every_sentence_of_the_page_of_a_sweep_is_short(exhaustive: bool) -> None:
    rows = [[False, True, False, True], *[[False, None, True, True]] * 5]
    assert prose.too_long(sweep.page(test_sweep.result(rows, exhaustive=exhaustive), "plot.png")) == []


@pytest.mark.parametrize("name", test_compare.ALL)
def test_every_sentence_of_the_page_of_a_comparison_is_short(name: str) -> None:
    assert prose.too_long(compare.page(test_compare.ALL[name], "plot.png")) == []


WORD = "word "


@pytest.mark.parametrize(
    ("markdown", "lengths"),
    [
        (f"{WORD * 3}.\nAnd two.", [3, 2]),
        ("Gromov et al. say so (Fig. 1). See `a b c. D` there.", [7, 3]),
        ("# A heading\n\n* one item\n* another\n  of it\n\nEnd.", [2, 3, 1]),
        ("| a | table |\n| - | - |\n\n```\ncode it is\n```\n\n    more code\n    and more\n\nEnd.", [1]),
        ("At most 0.5 of ![a b c](d.png) [two words](https://x.y) — that is all.", [9]),
        ("*One.* Two words!", [1, 2]),
        ("Is it?\nYes: it is.", [2, 3]),
    ],
)
def test_sentences_are_cut_where_a_reader_stops(markdown: str, lengths: list[int]) -> None:
    assert [prose.words(one) for one in prose.sentences(markdown)] == lengths


def test_a_sentence_of_more_words_is_found() -> None:
    assert prose.too_long(WORD * prose.MOST_WORDS + ".") == []
    assert len(prose.too_long(WORD * (prose.MOST_WORDS + 1) + ".")) == 1
