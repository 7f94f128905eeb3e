"""Figures of hu2024: drawn when their records are there, listed when not; what they show is what claims are decided on."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from grokbench import figures
from grokbench.analysis.timing import normalised
from grokbench.figures import hu2024, layout
from grokbench.figures.hu2024 import arms, fractions, stated, training
from grokbench.measures import measure
from grokbench.measures.cells import Cell, SeedView
from tests import processes
from tests.reports import synthetic, synthetic_hu

PAPER = synthetic_hu.PAPER
OF_QUICK = {"encoding-b"}
SEEDS = 3


@pytest.fixture(scope="module")
def cells():
    return synthetic_hu.cells(SEEDS)


def caption(figure) -> str:
    return " ".join(figure.get_suptitle().split())


def labelled(ax, start: str) -> list:
    return [line for line in ax.lines if str(line.get_label()).startswith(start)]


def marks(ax, marker: str) -> list[list[float]]:
    """The heights of each series of that marker, as often as it was drawn."""
    return [
        list(line.get_ydata()) for line in ax.lines if line.get_marker() == marker and len(line.get_ydata())
    ]


def last(record) -> float:
    return float(np.median(record.curves["test_accuracy"][-5:]))


@pytest.mark.parametrize("name", hu2024.FIGURES)
def test_a_figure_with_its_records_is_drawn_with_labels_one_legend_and_a_caption(name, cells):
    figure = hu2024.FIGURES[name].draw(cells)
    assert figure is not None
    assert len(figure.legends) == 1
    assert any(ax.get_xlabel() for ax in figure.axes)
    assert all(ax.get_ylabel() for ax in figure.axes[:1])
    assert caption(figure).endswith(synthetic.seeds_said(PAPER, hu2024.FIGURES[name].needs))
    assert figure.get_figwidth() <= 9.7
    figure.draw_without_rendering()  # warnings are errors here


@pytest.mark.parametrize("name", hu2024.FIGURES)
def test_a_figure_without_records_is_not_drawn(name, cells):
    assert hu2024.FIGURES[name].draw({}) is None
    assert hu2024.FIGURES[name].draw(dict.fromkeys(cells, ())) is None


@pytest.mark.parametrize("name", hu2024.FIGURES)
def test_a_figure_needs_no_experiment_but_those_it_names(name, cells):
    drawing = hu2024.FIGURES[name]
    others = {experiment: group for experiment, group in cells.items() if experiment not in drawing.needs}
    assert drawing.draw(others) is None


def test_every_claim_has_a_figure_of_this_paper():
    shown = {claim.id: figures.name_for(PAPER, claim) for claim in PAPER.claims}
    assert set(shown.values()) <= set(hu2024.FIGURES)
    assert shown["b45-small-delay"] == "encoding-b"
    assert shown["lstm-reaches-high-level-one-hot"] == "lstm-45-60"
    assert shown["a05-never"] == "official"
    assert shown["a-harder-than-b-no-decay"] == "onset"
    assert shown["some-gen-without-wd"] == "optimizers-grid"
    assert set(figures.registry(PAPER)) == set(hu2024.FIGURES)


def test_every_experiment_is_shown_by_one_figure_that_claims_on_it_get():
    for claim in PAPER.claims:
        assert set(claim.experiments) <= set(hu2024.FIGURES[claim.figure].needs), claim.id
    shown = {
        name for figure, drawing in hu2024.FIGURES.items() if figure != "encodings" for name in drawing.needs
    }
    assert shown >= {experiment.id for experiment in PAPER.experiments}
    needed = {name for drawing in hu2024.FIGURES.values() for name in drawing.needs}
    assert needed <= set(synthetic_hu.EXPERIMENTS)


def test_the_labels_of_arms_say_what_their_recipes_do():
    known = {name: synthetic_hu.LIBRARY.recipe(e.baseline) for name, e in synthetic_hu.EXPERIMENTS.items()}
    entries = {said: name for name, said in stated.ENCODINGS.items()}
    for name, label in {**stated.MLP, **stated.MLP_OTHERS, **stated.LSTM, **stated.LSTM_OTHERS}.items():
        assert known[name].model["encoding"] == entries[label.rsplit(", ", 1)[1]]
    for name, label in {**stated.HALF, **stated.TWO, **stated.GRID}.items():
        decay = known[name].optimizer["weight_decay"]
        assert label.startswith("AdamW,") == (decay > 0)
        assert ("128" in label) == (known[name].training["batch"] == 128)
    for name, title in stated.ONSET.items():
        assert ("encoding A" in title) == (known[name].model["kind"] == "decoder-transformer")
        assert ("no weight decay" in title) == (known[name].optimizer["weight_decay"] == 0)


def test_the_quick_tier_draws_what_it_has_and_lists_the_rest(cells, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "_save", processes.unrendered)
    quick = {name: cells[name] for name, e in synthetic_hu.EXPERIMENTS.items() if "quick" in e.tiers}
    drawn = figures.draw(PAPER, quick, tmp_path)
    assert set(drawn) == OF_QUICK
    absent = figures.missing(PAPER, drawn, quick)
    assert set(absent) == set(hu2024.FIGURES) - OF_QUICK
    assert "`mlp-scalars-30`" in absent["mlp"]


def test_untrained_and_failed_records_are_not_shown(cells):
    untrained_or_failed = {}
    for name, group in cells.items():
        seed, settings, record = group[0]
        untrained = dataclasses.replace(record, curves={k: v[:1] for k, v in record.curves.items()})
        failed = dataclasses.replace(record, ended="failed", curves={}, analyses={})
        untrained_or_failed[name] = (Cell(seed, settings, untrained), Cell(1, settings, failed))
    drawn = [n for n, drawing in hu2024.FIGURES.items() if drawing.draw(untrained_or_failed) is not None]
    assert drawn == []


def test_the_runs_of_a_few_steps_of_the_smoke_tier_are_drawn():
    short = {}
    for name, experiment in synthetic_hu.EXPERIMENTS.items():
        alpha = experiment.tiers["smoke"].alphas[0]
        run = synthetic_hu.record(8999, name, alpha, last=2, budget=2, groks=math.inf)
        short[name] = (Cell(8999, {"alpha": alpha}, run),)
    for drawing in hu2024.FIGURES.values():
        figure = drawing.draw(short)
        assert figure is not None
        figure.draw_without_rendering()


def test_the_memorisers_baseline_is_drawn_in_every_accuracy(cells):
    axes = training.encoding_b(cells).axes
    heights = [labelled(ax, "b, a memoriser")[0].get_ydata()[0] for ax in axes[::2]]
    assert heights == [0.15, 0.3, 0.3, 0.45, 0.9]
    assert not any(labelled(ax, "b, a memoriser") for ax in axes[1::2])
    half = arms.at_half(cells).axes[0]
    assert labelled(half, "b, a memoriser")[0].get_ydata()[0] == 0.5
    two = arms.two(cells).axes
    assert [labelled(ax, "b, a memoriser")[0].get_ydata()[0] for ax in two[:2]] == [0.3, 0.5]


def test_the_papers_steps_are_marked_at_30_percent_only(cells):
    axes = training.encoding_b(cells).axes
    found = [[line.get_xdata()[0] for line in labelled(ax, "paper")] for ax in axes]
    marked = [200, 6_000, 9_100]
    assert found == [[], [], marked, marked, marked, marked, [], [], [], []]
    names = [ax.get_title("left").split("`")[1] for ax in axes[::2]]
    assert names == ["b15", "b30", "b30-fresh", "b45", "b90"]
    alone = training.encoding_b({"b30": cells["b30"]}).axes
    assert len(alone) == 2
    assert alone[0].get_xlim()[1] > 9_100


def test_runs_that_end_at_different_steps_are_drawn_without_a_median(cells):
    ax = training.encoding_b({"b30": cells["b30"]}).axes[0]
    assert len(labelled(ax, "test")) == SEEDS
    ends = [line.get_xdata()[-1] for line in labelled(ax, "test")]
    assert ends == [record.curves["step"][-1] for _, _, record in cells["b30"]]
    assert len(set(ends)) > 1


def test_rows_are_drawn_for_those_arms_that_are_there(cells):
    some = {name: cells[name] for name in ("mlp-one-hot-30", "mlp-3-matrices-30", "lstm-scalars-60")}
    titles = [ax.get_title("left") for ax in training.mlp(some).axes[::2]]
    assert [title.split("`")[1] for title in titles] == ["mlp-one-hot-30", "mlp-3-matrices-30"]
    assert [
        title.split("`")[1] for title in [ax.get_title("left") for ax in training.lstm_others(some).axes[::2]]
    ] == ["lstm-scalars-60"]
    assert training.mlp_others(some) is None


def test_the_strip_shows_best_train_accuracy_and_best_accuracy_above_a_memoriser(cells):
    fit, rise = arms.encodings(cells).axes
    for ax, value in (
        (fit, lambda r: r.curves["train_accuracy"].max()),
        (rise, lambda r: normalised(r.curves["test_accuracy"], r.facts["memoriser_baseline"]).max()),
    ):
        expected = [[float(value(record)) for _, _, record in cells[name]] for name in stated.AT_30]
        assert marks(ax, "o") == [pytest.approx(row) for row in expected]
        medians = [line.get_ydata()[0] for line in labelled(ax, "median")]
        assert medians == pytest.approx([np.median(row) for row in expected])
    assert "Transformer 27 000, ReLU 20 000, LSTM 100 000" in caption(fit.figure)


def test_the_transformer_alone_is_no_comparison_of_networks(cells):
    assert arms.encodings({"b30": cells["b30"]}) is None


def test_a_bar_is_the_median_of_its_seeds_and_their_differences_are_what_the_claim_measures(cells):
    ax = arms.at_half(cells).axes[0]
    expected = {name: [last(record) for _, _, record in cells[name]] for name in stated.HALF}
    assert [bar.get_height() for bar in ax.patches] == pytest.approx(
        [np.median(v) for v in expected.values()]
    )
    dots = marks(ax, "o")
    assert dots == [pytest.approx(row) for row in expected.values()]
    for seed in range(SEEDS):
        pair = [(Cell(seed, {"alpha": 0.5}, cells[name][seed][2]),) for name in ("adamw-half", "adam-half")]
        lead = measure("final-accuracy-lead")(SeedView(seed, tuple(pair)), leaders=1)
        assert dots[0][seed] - dots[1][seed] == pytest.approx(lead)
    fits = [[record.curves["train_accuracy"][-1] for _, _, record in cells[name]] for name in stated.HALF]
    assert marks(ax, "s") == [pytest.approx(row) for row in fits]


def test_lines_join_the_seeds_that_both_arms_of_a_pair_have(cells):
    some = {name: cells[name] for name in ("adamw-half", "adamw-128-half", "adam-128-half")}
    some["adam-128-half"] = some["adam-128-half"][1:]
    ax = arms.at_half(some).axes[0]
    joined = labelled(ax, "same seed")
    ends = {tuple(round(float(y), 9) for y in line.get_ydata()) for line in joined}
    pairs = zip(cells["adamw-128-half"][1:], cells["adam-128-half"][1:], strict=True)
    assert ends == {(round(last(a[2]), 9), round(last(b[2]), 9)) for a, b in pairs}
    assert {tuple(round(float(x)) for x in line.get_xdata()) for line in joined} == {(1, 2)}


def test_arms_that_do_not_fit_are_counted_at_the_budget(cells):
    ax = arms.two(cells).axes[-1]
    texts = sorted(text.get_text() for text in ax.texts)
    assert texts == ["3/3"] * 4  # AdamW in batches of 128 and noise on weights, at two fractions each
    assert {y for row in marks(ax, "^") for y in row} == {1_800.0}


def test_a_panel_of_the_grid_names_the_accuracy_averaged_over_the_fractions(cells):
    ax = fractions.optimizers(cells).axes[0]
    means = [np.mean([last(r) for s, _, r in cells["adamw-grid"] if s == seed]) for seed in range(SEEDS)]
    assert ax.get_title("left") == f"a  AdamW, full batch: {np.median(means):.2f}"
    line = labelled(ax, "test (median")[0]
    at_half = [last(record) for _, _, record in layout.at_alpha(cells["adamw-grid"], 0.5)]
    assert line.get_ydata()[list(line.get_xdata()).index(0.5)] == pytest.approx(np.median(at_half))


def test_adam_at_90_percent_is_shown_without_the_grid(cells):
    figure = fractions.optimizers({stated.NINETY: cells[stated.NINETY]})
    assert len(figure.axes) == 2
    assert figure.axes[0].get_title("left").startswith("a  Adam, full batch")
    drawn = labelled(figure.axes[0], "test (median")[0]
    assert list(drawn.get_xdata()) == [0.9]


def test_the_mean_over_fractions_is_taken_of_seeds_that_have_them_all():
    runs = synthetic_hu.after_1800(2, "adam-two", 700.0)
    whole = fractions._mean(stated.by_alpha(runs))
    assert fractions._mean(stated.by_alpha((*runs[:2], runs[3]))) == pytest.approx(
        np.mean([last(runs[1][2]), last(runs[3][2])])
    )
    assert math.isfinite(whole)


def test_the_papers_epochs_are_marked_as_updates_and_as_passes(cells):
    for ax in fractions.official(cells).axes[:2]:
        assert [line.get_ydata()[0] for line in labelled(ax, "paper")] == [6_000, 6_000, 54_000, 72_000]


def test_all_fractions_of_encoding_a_are_in_one_panel(cells):
    line = labelled(fractions.official(cells).axes[0], "T_gen")[0]
    assert list(line.get_xdata()) == [0.05, 0.3, 0.45, 0.5, 0.6, 0.75, 0.9]


def test_of_two_experiments_at_one_fraction_the_longer_one_is_drawn():
    late = {
        "official-fractions": synthetic_hu.arm(SEEDS, "official-fractions", 0.45, math.inf, 100_000),
        "official-45-60": synthetic_hu.arm(SEEDS, "official-45-60", 0.45, 150_000.0, 216_000, whole=False),
    }
    ax = fractions.official(late).axes[0]
    times = [record.t_gen for _, _, record in late["official-45-60"]]
    assert list(labelled(ax, "T_gen")[0].get_ydata()) == pytest.approx([np.median(times)])
    assert marks(ax, "^") == []
    assert "Budget 216 000 updates" in caption(ax.figure)


def test_thresholds_of_both_encodings_stand_in_the_titles_and_not_in_the_legend(cells):
    figure = fractions.onset(cells)
    titles = [ax.get_title("left") for ax in figure.axes]
    assert titles[0] == "encoding A, weight decay 1: α50 = 0.4"
    assert titles[1] == "encoding A, no weight decay: α50 > 0.9"
    assert [title.split(":")[0] for title in titles] == list(stated.ONSET.values())
    assert not any("=" in text.get_text() for text in figure.legends[0].get_texts())
    assert len({ax.get_xlim() for ax in figure.axes}) == 1
