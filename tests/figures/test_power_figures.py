"""Figures of power2022: drawn when their records are there, listed when not, and honest about which runs they show."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from grokbench import figures
from grokbench.figures import layout, power2022, strips
from grokbench.figures.power2022 import delays, embedding, fractions, stated, training
from grokbench.measures.cells import Cell
from tests import processes
from tests.reports import synthetic, synthetic_power

SPEC = synthetic_power.LIBRARY.paper("power2022")
PAPER = dataclasses.replace(synthetic.paper(), id="power2022", claims=(), experiments=())
OF_QUICK = {"training", "operations-at-half", "embedding"}


@pytest.fixture(scope="module")
def cells():
    return synthetic_power.cells(3)


def caption(figure) -> str:
    return " ".join(figure.get_suptitle().split())


def triangles(ax) -> list[tuple[float, float]]:
    lines = [line for line in ax.lines if line.get_marker() == "^" and len(line.get_xdata())]
    return [(round(float(t.get_xdata()[0]), 3), float(t.get_ydata()[0])) for t in lines]


@pytest.mark.parametrize("name", power2022.FIGURES)
def test_a_figure_with_its_records_is_drawn_with_labels_one_legend_and_a_caption(name, cells):
    figure = power2022.FIGURES[name].draw(cells)
    assert figure is not None
    assert len(figure.legends) == 1
    assert any(ax.get_xlabel() for ax in figure.axes)
    assert any(ax.get_ylabel() for ax in figure.axes)
    assert caption(figure).endswith(synthetic.seeds_said(SPEC, power2022.FIGURES[name].needs))
    figure.draw_without_rendering()  # warnings are errors here


@pytest.mark.parametrize("name", power2022.FIGURES)
def test_a_figure_without_records_is_not_drawn(name, cells):
    assert power2022.FIGURES[name].draw({}) is None
    assert power2022.FIGURES[name].draw(dict.fromkeys(cells, ())) is None


def test_the_quick_tier_draws_what_it_has_and_lists_the_rest(cells, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "_save", processes.unrendered)
    quick = {name: cells[name] for name in (*stated.HALF, "division-90-short", "addition-90")}
    drawn = figures.draw(PAPER, quick, tmp_path)
    assert set(drawn) == OF_QUICK
    absent = figures.missing(PAPER, drawn, quick)
    assert set(absent) == set(power2022.FIGURES) - OF_QUICK
    assert "`s5-small-fractions`" in absent["fractions"]


def test_untrained_and_failed_records_are_not_shown(cells):
    untrained_or_failed = {}
    for name, group in cells.items():
        seed, settings, record = group[0]
        untrained = dataclasses.replace(record, curves={k: v[:1] for k, v in record.curves.items()})
        failed = dataclasses.replace(record, ended="failed", curves={}, analyses={})
        untrained_or_failed[name] = (Cell(seed, settings, untrained), Cell(1, settings, failed))
    drawn = [n for n, drawing in power2022.FIGURES.items() if drawing.draw(untrained_or_failed) is not None]
    assert drawn == []


def test_the_runs_of_a_few_steps_of_the_smoke_tier_are_drawn(cells):
    short = {}
    for name, group in cells.items():
        seed, settings, record = group[-1]
        run = synthetic_power.record(seed, last=2, budget=2, groks=math.inf)
        analyses = {"circles": synthetic_power.circles(0)} if record.analyses else {}
        trial = dataclasses.replace(record.trial, budget=2)
        short[name] = (Cell(8999, settings, dataclasses.replace(run, trial=trial, analyses=analyses)),)
    for drawing in power2022.FIGURES.values():
        figure = drawing.draw(short)
        assert figure is not None
        figure.draw_without_rendering()


def test_the_memorisers_baseline_is_drawn_where_the_table_has_mirrors(cells):
    figure = training.training(cells)
    dashed = [[line for line in ax.lines if line.get_linestyle() == "--"] for ax in figure.axes[::2]]
    assert [len(lines) for lines in dashed] == [0, 0, 1, 1, 0, 0]
    assert [float(lines[0].get_ydata()[0]) for lines in dashed[2:4]] == [0.5, 0.9]


def test_each_operation_stands_above_itself_on_nine_tenths_of_its_table(cells):
    titles = [ax.get_title("left") for ax in training.training(cells).axes[::2]]
    half, ninety = titles[::2], titles[1::2]
    assert [title.split("`")[1] for title in half] == list(stated.HALF)
    assert [title.split("`")[1] for title in ninety] == list(stated.NINETY)
    assert [title.replace("0.5", "0.9").split("`")[0] for title in half] == [
        title.split("`")[0] for title in ninety
    ]


def test_division_without_weight_decay_and_with_it_have_the_same_steps(cells):
    axes = training.adam(cells).axes
    assert axes[0].get_xlim() == axes[2].get_xlim()
    alone = training.adam({"division-adam": cells["division-adam"]})
    assert len(alone.axes) == 2


def test_a_panel_of_what_is_never_learned_names_its_experiment_fraction_and_best_accuracy(cells):
    figure = training.never({"cubic-80": cells["cubic-80"]})
    best = max(float(record.curves["test_accuracy"].max()) for _, _, record in cells["cubic-80"])
    assert [ax.get_title("left") for ax in figure.axes] == [f"`cubic-80`, α = 0.8: best test {best:.3f}"]


def test_runs_over_several_fractions_are_all_drawn():
    many = {"cubic": synthetic_power.over_fractions(8, "cubic", 9.0, grid=(0.5, 0.8, 0.95))}
    assert len(layout.runs(many, "cubic")) == layout.MOST_SEEDS < len(many["cubic"])
    figure = training.never(many)
    assert len(figure.axes) == 3
    assert caption(figure).endswith("Seeds 0 to 7.")
    assert caption(fractions.operations(many)).endswith("Seeds 0 to 7.")


def test_a_delay_counts_runs_that_never_generalise_as_infinite():
    assert strips.delay([100.0, 200.0, 100.0], [500.0, math.inf, 300.0]) == "× 5.0"
    assert strips.delay([100.0, 100.0], [math.inf, math.inf]) == "× ∞"
    assert strips.delay([math.inf], [math.inf]) == ""


def test_censored_seeds_are_one_triangle_with_their_number_at_the_budget(cells):
    _, settings, never = synthetic_power.arm(1, "division", math.inf)[0]
    group = (*cells["division"][:2], Cell(7, settings, never))
    figure = delays.operations({"division": group})
    assert triangles(figure.axes[0]) == [(strips.APART, 12_000.0)]
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert "1/3" in texts
    assert caption(figure).endswith("Seeds 7, 100, 101.")


def test_readings_need_something_to_be_compared_with(cells):
    assert delays.readings({"division": cells["division"]}) is None


@pytest.mark.parametrize("draw", [fractions.operations, fractions.interventions])
def test_a_solved_share_names_alpha50_in_the_title_and_not_in_the_legend(draw, cells):
    figure = draw(cells)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert not any("=" in label for label in labels)
    assert all("α50" in ax.get_title("left") for ax in figure.axes)
    assert "100 000 updates" in caption(figure)


def test_operations_without_records_are_named(cells):
    some = {name: group for name, group in cells.items() if name not in ("quadratic-fractions", "cubic")}
    assert "Without records: x² + xy + y² + x; x³ + xy² + y." in caption(fractions.operations(some))
    assert "Without records" not in caption(fractions.operations(cells))


def test_a_threshold_is_a_bracket_where_runs_are_missing_in_between():
    runs = synthetic_power.over_fractions(1, "addition", 0.3, grid=(0.3, 0.4, 0.5))
    two_seeds = (*runs, *[Cell(1, settings, record) for _, settings, record in runs[::2]])
    title = fractions.operations({"addition-fractions": two_seeds}).axes[0].get_title("left")
    assert title == "x + y: α50 in (0.3, 0.45]"  # medians of 0.3, 0.3 and of 0.4, 0.5


def test_thresholds_beyond_the_grid_are_said_to_be_there(cells):
    titles = [ax.get_title("left") for ax in fractions.operations(cells).axes]
    assert "x³ + xy² + y: α50 > 0.9" in titles
    easy = {"addition-fractions": synthetic_power.over_fractions(3, "addition", 0.0)}
    assert fractions.operations(easy).axes[0].get_title("left") == "x + y: α50 ≤ 0.2"


def test_the_growth_that_the_paper_states_starts_at_the_largest_fraction(cells):
    figure = fractions.small_fractions(cells)
    records = [r for _, _, r in cells["s5-small-fractions"] if r.trial.alpha == 0.3]
    middle = np.median([record.t_gen for record in records])
    band = next(c for c in figure.axes[1].collections if "40 to 50 %" in str(c.get_label()))
    corners = band.get_paths()[0].vertices
    assert corners[np.isclose(corners[:, 0], 0.3)][:, 1] == pytest.approx(middle)
    assert corners[:, 1].max() == pytest.approx(middle * 1.5**5)


def test_the_circle_is_drawn_in_the_order_of_its_places(cells):
    figure = embedding.embedding(cells)
    found = cells["addition"][0][2].analyses["circles"]
    k, p = int(found["frequency"][0]), synthetic_power.P
    line = figure.axes[1].lines[1]
    places = np.round(np.arctan2(line.get_ydata(), line.get_xdata()) / (2 * np.pi) * p) % p
    step = (np.diff(places) + p / 2) % p - p / 2
    assert abs(np.median(step) - 1) <= 1  # noise moves single rows, not their order
    residues = [int(text.get_text()) for text in figure.axes[1].texts]
    assert [k * n % p for n in residues] == list(range(0, p - embedding.NAMED // 2, embedding.NAMED))


def test_a_network_whose_output_layer_cannot_be_measured_is_drawn_empty(cells):
    broken = {}
    for name in ("addition", *stated.DECAY):
        seed, settings, record = cells[name][0]
        arrays = {
            key: np.full(value.shape, math.nan) if value.dtype == np.float64 else np.zeros_like(value)
            for key, value in record.analyses["circles"].items()
        }
        del arrays["plane_initial"]  # as an older record
        broken[name] = (Cell(seed, settings, dataclasses.replace(record, analyses={"circles": arrays})),)
    for draw in (embedding.embedding, embedding.decay):
        figure = draw(broken)
        assert figure is not None
        figure.draw_without_rendering()


def test_readings_stand_beside_the_main_recipe_on_their_own_seeds(cells):
    ticks = [label.get_text() for label in delays.readings(cells).axes[0].get_xticklabels()]
    assert [tick.replace("\n", " ") for tick in ticks] == [
        "main recipe (the text)",
        "answer and closing token scored",
        "main recipe, earlier seeds",
        "the code’s one split, earlier seeds",
    ]
    seeds = {name: {seed for seed, _, _ in cells[name]} for name in stated.READINGS}
    assert seeds["division-both-tokens"] <= seeds["division"]
    assert seeds["division-one-split"] == seeds["division-first"] != seeds["division"]


def test_the_curves_of_permutations_show_both_fractions(cells):
    drawing = figures.registry(SPEC)["curves-s5"]
    assert drawing.needs == ("s5", "s5-90")
    titles = [ax.get_title("left").split()[0] for ax in drawing.draw(cells).axes[::2]]
    assert titles == ["s5", "s5-90"]


def test_every_claim_is_drawn_with_all_of_its_experiments():
    drawings = figures.registry(SPEC)
    for claim in SPEC.claims:
        if claim.figure:
            assert set(claim.experiments) <= set(drawings[figures.name_for(SPEC, claim)].needs), claim.id


def test_structure_is_compared_only_where_both_arms_have_records(cells):
    assert embedding.decay({"addition-80": cells["addition-80"]}) is None


def test_a_claim_gets_the_figure_of_its_own_experiments():
    from grokbench.specs.loader import Library

    paper = Library().paper("power2022")
    shown = {claim.id: figures.name_for(paper, claim) for claim in paper.claims}
    assert shown["delayed-generalization-2"] == "training"
    assert shown["addition-groks-2"] == shown["subtraction-groks-2"] == "training"
    assert shown["s5-groks-2"] == "curves-s5"
    assert shown["output-circles-2"] == "embedding"
    assert shown["one-split-same-time"] == shown["both-tokens-same-time"] == "readings"
    assert shown["wd-makes-structure-clearer"] == "embedding-addition-80"


def test_the_experiments_that_are_drawn_exist_and_do_what_their_names_say():
    from grokbench.specs.loader import Library

    library = Library()
    known = {experiment.id: experiment for experiment in library.paper("power2022").experiments}
    named = {name for drawing in power2022.FIGURES.values() for name in drawing.needs}
    assert named <= set(known)
    assert {known[name].task for name in stated.INTERVENTIONS} == {"s5-product"}
    recipes = [known[name].baseline for name in stated.INTERVENTIONS]
    assert len(set(recipes)) == len(recipes)
    tasks = [known[name].task for name in stated.OPERATIONS]
    assert len(set(tasks)) == len(tasks) == 12
