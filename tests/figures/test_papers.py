"""The papers' figures: each is drawn when its runs are there, and shows the numbers that its claims are decided on."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from grokbench import figures
from grokbench.claims import phrases as wording
from grokbench.claims.judge import views
from grokbench.figures import against, arms
from grokbench.figures.chart import chart
from grokbench.figures.data import numbers
from grokbench.figures.fields import Quantity, ends_of
from grokbench.measures import measured
from grokbench.measures.cells import Cell
from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from tests import processes
from tests.reports import (
    synthetic,
    synthetic_cross,
    synthetic_doshi,
    synthetic_hu,
    synthetic_kumar,
    synthetic_lee,
    synthetic_liu,
    synthetic_lyu,
    synthetic_mallinar,
    synthetic_nanda,
    synthetic_omnigrok,
    synthetic_parity,
    synthetic_power,
    synthetic_prieto,
    synthetic_thilak,
    synthetic_tveit,
)

LIBRARY = Library()
MADE_UP = {
    "gromov2023": synthetic.cells,
    "nanda2023": synthetic_nanda.cells,
    "power2022": synthetic_power.cells,
    "hu2024": synthetic_hu.cells,
    "liu2022": synthetic_liu.of_paper,
    "cross-paper": synthetic_cross.cells,
    "mallinar2024": synthetic_mallinar.cells,
    "prieto2025": synthetic_prieto.cells,
    "doshi2023": synthetic_doshi.cells,
    "lee2024": synthetic_lee.cells,
    "kumar2023": synthetic_kumar.cells,
    "lyu2023": synthetic_lyu.cells,
    "omnigrok2022": synthetic_omnigrok.cells,
    "parity": synthetic_parity.cells,
    "thilak2022": synthetic_thilak.cells,
    "tveit2025": synthetic_tveit.cells,
}
FROM_RECORDS = {"chughtai2023", "varma2023"}  # drawn from their committed records alone
PAPERS = {name: LIBRARY.paper(name) for name in MADE_UP}
DRAWN = [(name, figure) for name, paper in PAPERS.items() for figure in figures.registry(paper)]


@functools.cache
def cells_of(paper: str):
    return {name: tuple(Cell(*cell) for cell in group) for name, group in MADE_UP[paper](3).items()}


def test_every_paper_with_claims_is_looked_at_here():
    with_figures = {name for name in LIBRARY.paper_ids() if LIBRARY.paper(name).figures}
    assert with_figures - FROM_RECORDS == set(MADE_UP)


def overlapping(figure):
    """Names of places on an axis that touch the one before, once the figure was drawn."""
    found = []
    for ax in figure.axes:
        for axis, side in ((ax.xaxis, "x"), (ax.yaxis, "y")):
            texts = [text for text in axis.get_ticklabels() if text.get_visible() and text.get_text()]
            spans = sorted(
                ((getattr(box, f"{side}0"), getattr(box, f"{side}1"), text.get_text()))
                for text in texts
                for box in [text.get_window_extent()]
            )
            low, high = sorted(getattr(ax.get_window_extent(), f"{side}{end}") for end in (0, 1))
            spans = [one for one in spans if low <= (one[0] + one[1]) / 2 <= high]  # others are not drawn
            found += [b[2] for a, b in itertools.pairwise(spans) if b[0] < a[1]]
    return found


@pytest.mark.parametrize(("paper", "name"), DRAWN)
def test_a_figure_is_drawn_with_a_title_a_caption_seeds_and_one_legend(paper, name):
    kind, own = figures.registry(PAPERS[paper])[name]
    cells = cells_of(paper)
    found = figures.figure(kind, own, cells)
    if found is None:  # none of its runs was made up
        missing = [one for one in own.needs if not cells.get(one)]
        assert missing
        return
    found.draw_without_rendering()  # warnings are errors here
    assert overlapping(found) == []
    title, caption = (" ".join(text.get_text().split()) for text in found.texts)
    assert title == " ".join(own.title.split())
    assert caption.startswith(" ".join(own.caption.split()))
    assert "Seed" in caption
    assert len(found.legends) <= 1
    assert found.get_figwidth() <= 9.61
    numbers_shown = chart(found)  # what the site draws
    assert (numbers_shown["title"], numbers_shown["caption"]) == (title, caption)
    assert all(panel["items"] for panel in numbers_shown["panels"])
    assert {one["name"] for one in numbers_shown["names"]} == {
        " ".join(text.get_text().split()) for own in found.legends for text in own.get_texts()
    }
    json.dumps(numbers_shown, allow_nan=False)


@pytest.mark.parametrize(("paper", "name"), DRAWN)
def test_a_figure_without_its_runs_is_not_drawn(paper, name):
    kind, own = figures.registry(PAPERS[paper])[name]
    others = {one: group for one, group in cells_of(paper).items() if one not in own.needs}
    assert figures.figure(kind, own, others) is None
    assert figures.figure(kind, own, dict.fromkeys(own.needs, ())) is None


@pytest.mark.parametrize(("paper", "name"), DRAWN)
def test_titles_and_labels_are_plain(paper, name):
    _, own = figures.registry(PAPERS[paper])[name]
    texts = [
        own.title,
        own.caption,
        *own.experiments.values(),
        *(mark.label for panel in own.drawn for mark in panel.mark),
    ]
    assert not any("`" in text for text in texts)
    assert len(own.title.split()) <= 30


def _drawn_numbers(own, cells):
    """(measure, args, experiment) → seed → the number in the picture, of what has one run a seed and experiment."""
    found = {}
    quantities = [one for panel in own.drawn for one in panel.y]
    quantities += [
        end
        for panel in own.drawn
        for mark in panel.mark
        for place in (mark.x, mark.y)
        if place is not None
        for end in ends_of(place)
        if isinstance(end, Quantity)
    ]
    for one in (one for one in (*quantities, *getattr(own, "above", ())) if one.measure and not one.against):
        for experiment in own.needs:
            for cell in cells.get(experiment, ()):
                group = tuple(c for c in cells[experiment] if c.seed == cell.seed)
                try:
                    value = numbers(one, group, cells)
                except InputError:  # a measure of one run, where several of a seed stand apart
                    continue
                key = one.measure, tuple(sorted(one.args.items())), experiment
                found.setdefault(key, {})[cell.seed] = value[0] if value else None
    return found


def test_a_figures_number_is_its_claims_number_for_every_measure_that_both_use():
    compared = set()
    for paper in MADE_UP:
        compared |= set(_compared(paper))
    assert len(compared) >= 8, compared


def _compared(paper: str) -> Iterator[str]:
    """Measures that a claim and its figure use, once their numbers are found to be the same."""
    cells = cells_of(paper)
    for claim in PAPERS[paper].claims:
        name = figures.name_for(PAPERS[paper], claim)
        if name is None or not claim.experiments or claim.pairs:
            continue
        own = figures.registry(PAPERS[paper])[name][1]
        drawn = _drawn_numbers(own, cells)
        for condition in claim.rule:
            args = {key: value for key, value in condition.args.items() if key != "arm"}
            arm = int(condition.args.get("arm", 0))
            key = condition.measure, tuple(sorted(args.items())), claim.experiments[arm]
            if key not in drawn:
                continue
            for view in views(
                {claim.experiments[arm]: cells[claim.experiments[arm]]}, [claim.experiments[arm]]
            ):
                said = measured(condition.measure, view, args)
                shown = drawn[key][view.seed]
                assert said == shown or (shown is None and said != said)
                yield condition.measure


@pytest.mark.parametrize("paper", MADE_UP)
def test_what_is_drawn_are_the_numbers_of_the_quantities(paper):
    cells = cells_of(paper)
    for name, (kind, own) in figures.registry(PAPERS[paper]).items():
        found = figures.figure(kind, own, cells) if kind in ("arms", "against") else None
        if found is None:
            continue
        heights = {
            float(v) for ax in found.axes for line in ax.lines for data in line.get_data() for v in data
        }
        module = arms if kind == "arms" else against
        for panel in own.drawn:
            for arm in module.arms(own, panel, cells, kind == "against", kind == "against"):
                group = (arm.cells[0],) if kind == "against" else next(iter(arm.seeds().values()))
                for one in panel.y:
                    for value in numbers(one, group, cells):
                        if isinstance(value, float) and len(arm.seeds()) < against.MANY:
                            assert value in heights or value == float("inf"), (name, one.name)


def test_every_claim_of_every_paper_that_asks_for_a_figure_has_one():
    for paper in PAPERS.values():
        experiments = {one.id for one in paper.experiments}
        for claim in paper.claims:
            assert claim.figure is None or figures.name_for(paper, claim), claim.id
        for _, own in figures.registry(paper).values():
            assert set(own.needs) <= experiments


def test_a_paper_without_figures_of_its_own_still_has_its_curves():
    bare = dataclasses.replace(synthetic.paper(), claims=(), figures=())
    assert list(figures.registry(bare)) == ["curves"]


def test_a_claim_gets_the_figure_of_its_own_experiment():
    paper = synthetic.paper()
    plain = paper.claims[0]
    assert figures.name_for(paper, plain) == "training"
    other = dataclasses.replace(plain, figure="curves", experiments=("fast",))
    assert figures.name_for(dataclasses.replace(paper, claims=(other,)), other) == "curves-fast"
    assert figures.name_for(paper, dataclasses.replace(plain, figure="no-such")) is None
    assert figures.name_for(paper, dataclasses.replace(plain, figure=None)) is None


def test_plain_curves_show_every_experiment_of_the_claims_that_share_the_first():
    paper = synthetic.paper()
    one = dataclasses.replace(paper.claims[0], figure="curves", experiments=("gd-addition",))
    two = dataclasses.replace(one, id="two", experiments=("gd-addition", "adamw-addition"))
    own = figures.registry(dataclasses.replace(paper, claims=(one, two)))["curves-gd-addition"][1]
    assert own.needs == two.experiments


def test_pictures_are_png_and_svg_the_same_bytes_of_the_same_records_and_those_that_lost_theirs_go(tmp_path):
    bare = dataclasses.replace(synthetic.paper(), claims=(), figures=())
    cells = {"gd-addition": cells_of("gromov2023")["gd-addition"]}
    one, two = (figures.draw(bare, cells, tmp_path / name) for name in ("a", "b"))
    for ending, start in ((".png", b"\x89PNG"), (".svg", b"<?xml")):
        first, second = (found["curves"].with_suffix(ending).read_bytes() for found in (one, two))
        assert first == second
        assert first.startswith(start)
    assert figures.draw(bare, {}, tmp_path / "a") == {}
    assert list((tmp_path / "a").iterdir()) == []


def test_one_record_is_drawn_whether_it_was_trained_or_not(tmp_path):
    for name in ("gd-addition", "analytic-addition"):
        figures.draw_curves(cells_of("gromov2023")[name][0].record, tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes()[:4] == b"\x89PNG"


def test_of_what_a_figure_lacks_a_few_experiments_are_named():
    paper = synthetic.paper()
    own = figures.registry(paper)["analytic-widths"][1]
    first, *rest = own.needs
    said = figures.missing(paper, {}, {first: cells_of("gromov2023")["gd-addition"]})["analytic-widths"]
    assert f"`{first}`" not in said
    assert (
        said
        == ", ".join(f"`{name}`" for name in rest[: wording.MOST_NAMED])
        + f" and {len(rest) - wording.MOST_NAMED} more"
    )


@pytest.mark.parametrize("draft", [False, True])
def test_the_smoke_tiers_pictures_state_no_finding(draft, tmp_path, monkeypatch):
    titles = []
    monkeypatch.setattr(
        figures, "_save", lambda figure, path, draft: titles.append(figure.texts[0].get_text())
    )
    paper = dataclasses.replace(PAPERS["gromov2023"], figures=PAPERS["gromov2023"].figures[:1], claims=())
    figures.draw(paper, cells_of("gromov2023"), tmp_path, draft)
    own = figures.registry(paper)["training"][1]
    assert {" ".join(title.split()) == own.title for title in titles} == {not draft}


@pytest.mark.parametrize("paper", MADE_UP)
def test_what_is_not_drawn_is_listed(paper, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "_save", processes.unrendered)
    cells = cells_of(paper)
    drawn = figures.draw(PAPERS[paper], cells, tmp_path)
    absent = figures.missing(PAPERS[paper], drawn, cells)
    assert {*drawn, *absent} == set(figures.registry(PAPERS[paper]))
    assert not {*drawn} & {*absent}


def test_reports_load_neither_torch_nor_scipy_nor_matplotlib_before_a_figure_is_drawn():
    code = (
        "import sys, grokbench.reports as r; r.write; r.scoreboard; "
        "from grokbench import figures; from grokbench.specs.loader import Library; "
        "figures.registry(Library().paper('nanda2023')); "
        "sys.exit(bool({'torch', 'scipy', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
