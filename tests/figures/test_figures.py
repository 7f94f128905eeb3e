"""Figures: drawn when their trials are there, None when not; and nothing loads matplotlib before that."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest

from grokbench import figures
from grokbench.claims import phrases as wording
from grokbench.figures import layout, style
from grokbench.figures.gromov2023 import networks, sweeps, training
from grokbench.measures.cells import Cell
from tests.reports import synthetic

NOBODY = dataclasses.replace(synthetic.paper(), id="nobody1999", claims=())
OWN = figures.registry(synthetic.paper())


@pytest.fixture(scope="module")
def cells():
    return synthetic.cells(3)


@pytest.mark.parametrize("name", OWN)
def test_a_figure_with_its_trials_is_drawn_with_labels_and_one_legend(name, cells):
    figure = OWN[name].draw(cells)
    assert figure is not None
    assert len(figure.legends) <= 1
    axes = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    assert axes
    assert all(ax.get_xlabel() for ax in axes)
    assert any(ax.get_ylabel() for ax in axes)


@pytest.mark.parametrize("name", OWN)
def test_a_figure_without_trials_is_not_drawn(name):
    assert OWN[name].draw({}) is None
    assert OWN[name].draw({"gd-addition": (), "adamw-addition": ()}) is None


def test_a_paper_without_figures_of_its_own_still_has_its_curves():
    assert list(figures.registry(NOBODY)) == ["curves"]
    assert list(figures.registry(dataclasses.replace(NOBODY, id="not-a-module"))) == ["curves"]


def test_a_claim_gets_the_figure_of_its_own_experiment():
    paper = synthetic.paper()
    plain = paper.claims[0]
    assert figures.name_for(paper, plain) == "training"
    other = dataclasses.replace(plain, figure="curves", experiments=("fast",))
    assert figures.name_for(dataclasses.replace(paper, claims=(other,)), other) == "curves-fast"
    assert figures.name_for(paper, dataclasses.replace(plain, figure="no-such")) is None
    assert figures.name_for(paper, dataclasses.replace(plain, figure=None)) is None


def test_plain_curves_show_every_experiment_of_the_claims_that_share_the_first(cells):
    paper = synthetic.paper()
    one = dataclasses.replace(paper.claims[0], figure="curves", experiments=("gd-addition",))
    two = dataclasses.replace(one, id="two", experiments=("gd-addition", "adamw-addition"))
    drawing = figures.registry(dataclasses.replace(paper, claims=(one, two)))["curves-gd-addition"]
    assert drawing.needs == two.experiments
    titles = [ax.get_title("left").split()[0] for ax in drawing.draw(cells).axes[::2]]
    assert list(dict.fromkeys(titles)) == ["gd-addition", "adamw-addition"]
    alone = figures.registry(dataclasses.replace(paper, claims=(one,)))["curves-gd-addition"]
    assert alone.needs == ("gd-addition",)


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ([3], "Seed 3."),
        ([0, 1], "Seeds 0 to 1."),
        ([0, 1, 7], "Seeds 0, 1, 7."),
        ([102, 0, 1, 2, 100, 101, 101], "Seeds 0 to 2, 100 to 102."),
        ([0, 1, 2, 9], "Seeds 0 to 2, 9."),
    ],
)
def test_seeds_that_follow_each_other_are_named_by_their_ends(seeds, said, cells):
    record = cells["gd-addition"][0][2]
    assert layout.seeds_said(Cell(seed, {}, record) for seed in seeds) == said


def test_every_claim_of_every_paper_that_asks_for_a_figure_has_one():
    from grokbench.specs.loader import Library

    library = Library()
    for paper in map(library.paper, library.paper_ids()):
        experiments = {e.id for e in paper.experiments}
        for claim in paper.claims:
            assert claim.figure is None or figures.name_for(paper, claim), claim.id
        for drawing in figures.registry(paper).values():
            assert set(drawing.needs) <= experiments


def test_the_same_records_give_the_same_bytes(cells, tmp_path):
    one = figures.draw(NOBODY, {"gd-addition": cells["gd-addition"]}, tmp_path / "a")
    two = figures.draw(NOBODY, {"gd-addition": cells["gd-addition"]}, tmp_path / "b")
    assert one["curves"].read_bytes() == two["curves"].read_bytes()
    assert one["curves"].read_bytes()[:4] == b"\x89PNG"


def test_one_record_is_drawn_whether_it_was_trained_or_not(cells, tmp_path):
    for name in ("gd-addition", "analytic-addition"):
        figures.draw_curves(cells[name][0][2], tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes()[:4] == b"\x89PNG"


def test_a_figure_that_lost_its_trials_is_removed(tmp_path):
    old = tmp_path / "training.png"
    old.write_bytes(b"old")
    assert figures.draw(synthetic.paper(), {}, tmp_path) == {}
    assert not old.exists()


def test_of_what_a_figure_lacks_a_few_experiments_are_named(cells):
    drawing = figures.registry(synthetic.paper())["momentum"]
    assert len(drawing.needs) > wording.MOST_NAMED
    first, *rest = drawing.needs
    said = figures.missing(synthetic.paper(), {}, {first: cells["gd-addition"]})["momentum"]
    assert f"`{first}`" not in said
    named = [f"`{name}`" for name in rest[: wording.MOST_NAMED]]
    more = len(rest) - len(named)
    assert said == ", ".join(named) + (f" and {more} more" if more else "")


def test_runs_that_never_generalise_are_triangles_at_the_budget(cells):
    figure = sweeps.alpha(cells)
    assert figure is not None
    triangles = [line for line in figure.axes[0].lines if line.get_marker() == "^" and len(line.get_xdata())]
    assert {float(line.get_ydata()[0]) for line in triangles} == {2000.0, 20000.0}


def test_failed_and_diverged_records_do_not_stop_a_figure(cells):
    seed, settings, record = cells["gd-addition"][0]
    failed = dataclasses.replace(record, ended="failed", curves={}, probes={}, analyses={})
    loss = record.curves["test_loss"].copy()
    loss[-5:] = math.nan
    diverged = dataclasses.replace(
        record, ended="diverged", curves={**record.curves, "test_loss": loss}, probes={}
    )
    figure = training.training(
        {"gd-addition": (Cell(seed, settings, failed), Cell(seed, settings, diverged))}
    )
    assert figure is not None


def test_the_median_over_runs_of_different_length_ends_with_half_of_them():
    short, long = np.array([0, 1, 2]), np.array([0, 1, 2, 3, 4])
    steps, values = style.median_curve([(short, short * 1.0), (short, short * 1.0), (long, long * 1.0)])
    assert steps.tolist() == [0, 1, 2]
    assert values.tolist() == [0, 1, 2]


def test_the_histogram_prefers_the_probe_and_falls_back_on_the_analysis(cells):
    group = cells["gd-addition"]
    from_probe = networks._histogram(group)
    bare = tuple((s, v, dataclasses.replace(r, probes={})) for s, v, r in group)
    from_analysis = networks._histogram(bare)
    assert from_probe is not None
    assert from_analysis is not None
    assert from_probe.tolist() == from_analysis.tolist()


def test_reports_load_neither_torch_nor_scipy_nor_matplotlib_before_a_figure_is_drawn():
    code = (
        "import sys, grokbench.reports as r; r.write; r.scoreboard; "
        "from grokbench import figures; import grokbench.figures.gromov2023; "
        "sys.exit(bool({'torch', 'scipy', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
