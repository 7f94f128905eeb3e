"""Figures of cross-paper: every claim has one that answers its question, and what is drawn is what the claims measure."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from grokbench import figures
from grokbench.figures import cross_paper, strips, style
from grokbench.figures.cross_paper import decay, networks, peaks, stated, sweeps
from grokbench.measures import curves, times
from grokbench.measures.cells import Cell
from grokbench.measures.reading import generalised, last_accuracy
from grokbench.measures.rising import delay_peak_fraction
from tests import processes
from tests.reports import synthetic, synthetic_cross
from tests.reports.synthetic_cross import EXPERIMENTS, PAPER

QUICK = {"peaks", "who-groks", "decay"}


@pytest.fixture(scope="module")
def cells():
    return synthetic_cross.cells(3)


def caption(figure) -> str:
    return " ".join(figure.get_suptitle().split())


def marks(ax, marker: str, color: str) -> list[tuple[float, float]]:
    lines = [line for line in ax.lines if line.get_marker() == marker and line.get_color() == color]
    return [point for line in lines for point in zip(line.get_xdata(), line.get_ydata(), strict=True)]


def bars(ax) -> list[tuple[float, float]]:
    """(middle, value) of the medians' bars."""
    lines = [line for line in ax.lines if line.get_color() == style.BLACK and line.get_linewidth() == 2]
    found = [(np.mean(line.get_xdata()), line.get_ydata()[0]) for line in lines if len(line.get_xdata())]
    return [(float(x), float(y)) for x, y in found if math.isfinite(y)]


@pytest.mark.parametrize("name", cross_paper.FIGURES)
def test_a_figure_with_its_records_is_drawn_with_labels_one_legend_and_a_caption(name, cells):
    figure = cross_paper.FIGURES[name].draw(cells)
    assert figure is not None
    assert len(figure.legends) == 1
    assert any(ax.get_xlabel() or any(t.get_text() for t in ax.get_xticklabels()) for ax in figure.axes)
    assert any(ax.get_ylabel() for ax in figure.axes)
    assert figure.get_figwidth() <= 9.6
    assert caption(figure).endswith(synthetic.seeds_said(PAPER, cross_paper.FIGURES[name].needs))
    figure.draw_without_rendering()  # warnings are errors here


@pytest.mark.parametrize("name", cross_paper.FIGURES)
def test_a_figure_without_records_is_not_drawn(name, cells):
    assert cross_paper.FIGURES[name].draw({}) is None
    assert cross_paper.FIGURES[name].draw(dict.fromkeys(cells, ())) is None
    seed, settings, record = cells["relu"][0]
    untrained = dataclasses.replace(record, curves={k: v[:1] for k, v in record.curves.items()})
    failed = dataclasses.replace(record, ended="failed", curves={})
    broken = dict.fromkeys(cells, (Cell(seed, settings, untrained), Cell(1, settings, failed)))
    assert cross_paper.FIGURES[name].draw(broken) is None


@pytest.mark.parametrize("name", cross_paper.FIGURES)
def test_any_one_arm_is_drawn_alone(name, cells):
    drawing = cross_paper.FIGURES[name]
    for experiment in drawing.needs:
        figure = drawing.draw({experiment: cells[experiment]})
        assert figure is not None
        figure.draw_without_rendering()


def test_the_runs_of_a_few_steps_of_the_smoke_tier_are_drawn():
    short = synthetic_cross.cells(tier="smoke")
    for drawing in cross_paper.FIGURES.values():
        figure = drawing.draw(short)
        assert figure is not None
        assert caption(figure).endswith("Seed 8999.")
        figure.draw_without_rendering()


def test_the_quick_tier_draws_what_it_has_and_lists_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "_save", processes.unrendered)
    quick = synthetic_cross.cells(1, "quick")
    drawn = figures.draw(PAPER, quick, tmp_path)
    assert set(drawn) == QUICK
    absent = figures.missing(PAPER, drawn, quick)
    assert set(absent) == {"fractions", "quadratic"}
    assert "`decoder-fractions`" in absent["fractions"]
    assert "`quadratic-decay`" in absent["quadratic"]


def test_no_claim_falls_back_on_plain_curves():
    shown = {claim.id: figures.name_for(PAPER, claim) for claim in PAPER.claims}
    assert set(shown.values()) == set(cross_paper.FIGURES) == set(figures.registry(PAPER))
    for claim in PAPER.claims:
        name = shown[claim.id]
        assert name is not None
        assert set(claim.experiments) <= set(cross_paper.FIGURES[name].needs)
    assert shown["peak-later-at-equal-fraction"] == "peaks"
    assert shown["delay-largest-near-half-in-b"] == "fractions"
    assert shown["weight-decay-decides-hus-mlp-at-30-2"] == "who-groks"
    assert shown["relu-mlp-groks-2"] == "who-groks"
    assert shown["decay-changes-gromovs-time-little"] == "decay"
    assert shown["architecture-decides-the-quadratic"] == "quadratic"


def test_figures_name_experiments_that_there_are():
    assert {name for drawing in cross_paper.FIGURES.values() for name in drawing.needs} <= set(EXPERIMENTS)


def test_the_place_of_a_peak_is_that_of_the_claims(cells):
    group = cells["gd"]
    figure = peaks.peaks({"gd": group})
    places, example = figure.axes
    drawn = sorted(x for x, _ in marks(places, "o", style.VERMILION))
    wanted = sorted(curves.loss_peak_position(stated.view(cell)) for cell in group)
    assert drawn == pytest.approx(wanted)
    median = next(line for line in places.lines if line.get_label() == "median")
    assert float(median.get_xdata()[0]) == pytest.approx(wanted[1])
    (peak,) = marks(example, "o", style.VERMILION)
    assert peak == (pytest.approx(curves.loss_peak_position(stated.view(group[0]))), 1.0)
    line = next(line for line in example.lines if line.get_label() == "test loss of one seed")
    before = np.asarray(line.get_ydata())[np.asarray(line.get_xdata()) < 1]
    assert before.max() == pytest.approx(1.0)


def test_seeds_without_an_onset_are_counted_and_have_no_curve(cells):
    never = cells["transformer-no-decay"]
    figure = peaks.peaks({"transformer": (*cells["transformer"][:2], never[0]._replace(seed=7))})
    assert "1/3 seeds without an onset" in figure.axes[0].texts[0].get_text()
    assert "without" not in peaks.peaks({"transformer": cells["transformer"]}).axes[0].texts[0].get_text()
    assert len(peaks.peaks({"transformer": never}).axes) == 1


def test_an_arm_shows_when_each_seed_fits_and_generalises(cells):
    ax = networks.who_groks({"relu": cells["relu"]}).axes[0]
    fits, rises = ([measure(r) for _, _, r in cells["relu"]] for measure in (lambda r: r.t_mem, generalised))
    assert [y for _, y in marks(ax, "s", style.BLUE)] == fits
    assert [y for _, y in marks(ax, "o", style.VERMILION)] == rises
    assert bars(ax) == [(-strips.APART, sorted(fits)[1]), (strips.APART, sorted(rises)[1])]
    ratios = [times.half_rise_ratio(stated.view(cell)) for cell in cells["relu"]]
    assert min(ratios) > 1.5
    assert ax.texts[0].get_text() == f"groks 3/3\nR½ {np.median(ratios):.1f}"


def test_an_arm_that_never_generalises_is_a_triangle_at_its_budget_and_does_not_grok(cells):
    ax = networks.who_groks({"relu-scalars": cells["relu-scalars"]}).axes[0]
    assert marks(ax, "^", style.VERMILION) == [(strips.APART, 4_000)]
    assert marks(ax, "^", style.BLUE) == [(-strips.APART, 4_000)]
    assert "groks 0/3" in [text.get_text() for text in ax.texts]  # never half fitted: no R½
    fitted = networks.who_groks({"relu-no-decay": cells["relu-no-decay"]}).axes[0]
    assert "groks 0/3\nR½ ∞" in [text.get_text() for text in fitted.texts]


def test_a_larger_fraction_stands_beside_each_arm_that_is_compared_with_it(cells):
    ours, hus = networks.who_groks(cells).axes
    for ax, one in (
        (ours, "relu"),
        (ours, "relu-embedding"),
        (ours, "adamw-wd5"),
        (hus, "mlp-embedding-decay-half"),
    ):
        names = stated.HU if ax is hus else (*stated.SQUARES, *stated.RELU)
        at = names.index(one)
        labels = [label.get_text() for label in ax.get_xticklabels()][at : at + 2]
        made_of = {label.rsplit("\n", 1)[0] for label in labels}
        assert len(made_of) == 1
        share = "0.8" if one == "adamw-wd5" else "0.9"
        assert [label.rsplit("\n", 1)[1] for label in labels] == ["α = 0.49", f"α = {share}"]


def test_above_an_arm_stand_the_outcome_and_the_half_rise_ratio_that_the_claims_read(cells):
    ax = networks.who_groks({"adamw-wd5-80": cells["adamw-wd5-80"]}).axes[0]
    said, ratio = ax.texts[0].get_text().split("\nR½ ")
    ratios = [times.half_rise_ratio(stated.view(cell)) for cell in cells["adamw-wd5-80"]]
    assert float(ratio) == pytest.approx(np.median(ratios), abs=0.05)
    assert said == f"groks {sum(record.outcome == 'grokking' for _, _, record in cells['adamw-wd5-80'])}/3"


def test_an_arm_is_named_by_what_it_is_made_of(cells):
    ours, hus = networks.who_groks(cells).axes
    labels = [label.get_text() for label in ours.get_xticklabels()]
    assert labels[0] == "unit vectors\nsquares\nsquared error\nno decay\nα = 0.49"
    assert labels[-1] == "numbers\nReLU\ncross-entropy\ndecay 1\nα = 0.49"
    assert len(set(labels)) == 9
    assert ours.get_title("left") == "Learning rate 0.01, width 500"
    quick = {name: cells[name] for name in ("relu", "relu-scalars")}
    assert networks.who_groks(quick).axes[0].get_title("left") == "Learning rate 0.01, width 500, α = 0.49"
    assert hus.get_title("left") == "Learning rate 0.001, width 512"
    last = [label.get_text() for label in hus.get_xticklabels()][-1]
    assert last == "unit vectors\nReLU\ncross-entropy\ndecay 1\nα = 0.3"


def test_pairs_differ_in_weight_decay_which_only_the_first_has():
    recipes = {name: synthetic_cross.arm(name, 1)[0][2].trial.recipe for name in EXPERIMENTS}
    for with_, without in (*stated.DECAY.values(), stated.DECAY_AT_END):
        assert stated.decay_of(recipes[without]) == 0
        if with_ is not None:
            assert stated.decay_of(recipes[with_]) > 0
            assert recipes[with_].model == recipes[without].model


def test_times_with_and_without_weight_decay_stand_beside_each_other(cells):
    names = ("division", "division-no-decay")
    ax = decay.decay({name: cells[name] for name in names}).axes[0]
    with_, without = ([generalised(r) for _, _, r in cells[name]] for name in names)
    assert [y for _, y in marks(ax, "s", style.BLUE)] == with_
    assert [y for _, y in marks(ax, "o", style.VERMILION)] == without
    ratio = style.median(b / a for a, b in zip(with_, without, strict=True))
    assert [text.get_text() for text in ax.texts] == [f"× {ratio:.1f}"]
    (label,) = ax.get_xticklabels()
    assert label.get_text().endswith("λ = 1 and 0, α = 0.5")


def test_a_ratio_is_of_the_seeds_that_both_arms_have(cells):
    some = {"division": cells["division"][:1], "division-no-decay": cells["division-no-decay"][1:]}
    ax = decay.decay(some).axes[0]
    assert [text.get_text() for text in ax.texts] == [""]


def test_the_pair_that_ends_by_its_budget_shows_the_claims_accuracy(cells):
    ax = decay.decay({name: cells[name] for name in stated.DECAY_AT_END}).axes[0]
    ends = [[last_accuracy(r) for _, _, r in cells[name]] for name in stated.DECAY_AT_END]
    assert [y for _, y in marks(ax, "s", style.BLUE)] == ends[0]
    assert [y for _, y in marks(ax, "o", style.VERMILION)] == ends[1]
    assert [y for _, y in bars(ax)] == pytest.approx([sorted(e)[1] for e in ends])
    baseline = next(line for line in ax.lines if str(line.get_label()).startswith("b, a memoriser"))
    assert float(baseline.get_ydata()[0]) == 0.5
    assert "1 800 updates" in ax.get_ylabel()


def test_the_quadratic_is_drawn_once_a_network_and_fraction(cells):
    titles = [ax.get_title("left") for ax in sweeps.quadratic(cells).axes]
    assert titles == [
        "Gromov, AdamW, decay 5, α = 0.5: 0/3 generalise",
        "Power's decoder, α = 0.5: 3/3 generalise",
        "Gromov, gradient descent, α = 0.5: 0/3 generalise",
        "Gromov, gradient descent, α = 0.95: 0/3 generalise",
    ]
    half = sweeps.quadratic({"gd-quadratic-half": cells["gd-quadratic-half"]})
    assert [ax.get_title("left") for ax in half.axes] == titles[2:3]
    ax = half.axes[0]
    middle = next(line for line in ax.lines if line.get_label() == "test (median of seeds)")
    ends = [float(r.curves["test_accuracy"][-1]) for _, _, r in cells["gd-quadratic-half"]]
    assert float(middle.get_ydata()[-1]) == pytest.approx(np.median(ends))


@pytest.mark.parametrize("name", stated.FRACTIONS)
def test_the_delay_over_the_fraction_and_its_largest_are_those_of_the_claims(name, cells):
    group = cells[name]
    ax = sweeps.fractions({name: group}).axes[0]
    drawn = sorted(marks(ax, "o", style.VERMILION))
    delays = [(r.trial.alpha, generalised(r) / r.t_mem) for _, _, r in group]
    reached = sorted(pair for pair in delays if math.isfinite(pair[1]))
    assert np.allclose(drawn, reached)
    largest = [delay_peak_fraction(stated.view(*(c for c in group if c[0] == seed))) for seed in range(3)]
    assert [x for x, _ in marks(ax, "o", style.BLACK)] == largest
    never = {alpha for alpha, delay in delays if math.isinf(delay)}
    assert {x for x, _ in marks(ax, "^", style.VERMILION)} == never != set()
    middle = next(line for line in ax.lines if line.get_label() == "median of seeds")
    at_half = dict(zip(middle.get_xdata(), middle.get_ydata(), strict=True))[0.5]
    assert at_half == pytest.approx(np.median([d for a, d in delays if a == 0.5]))
