"""Figures of nanda2023: drawn when their records are there, listed when not, and honest about which runs they show."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from grokbench import figures
from grokbench.figures import layout, nanda2023, style, times
from grokbench.figures.nanda2023 import stated, sweeps, training
from grokbench.measures.cells import Cell
from tests import processes
from tests.reports import synthetic, synthetic_nanda

PAPER = dataclasses.replace(synthetic.paper(), id="nanda2023", claims=(), experiments=())
OF_NETWORKS = ("spectra", "neurons", "logits", "fits", "ablations", "interventions")


@pytest.fixture(scope="module")
def cells():
    return synthetic_nanda.cells(3)


def caption(figure) -> str:
    return " ".join(figure.get_suptitle().split())


@pytest.mark.parametrize("name", nanda2023.FIGURES)
def test_a_figure_with_its_records_is_drawn_with_labels_one_legend_and_a_caption(name, cells):
    figure = nanda2023.FIGURES[name].draw(cells)
    assert figure is not None
    assert len(figure.legends) == 1
    assert any(ax.get_xlabel() for ax in figure.axes)
    assert any(ax.get_ylabel() for ax in figure.axes)
    assert caption(figure)
    figure.draw_without_rendering()  # warnings are errors here


@pytest.mark.parametrize("name", nanda2023.FIGURES)
def test_a_figure_without_records_is_not_drawn(name):
    assert nanda2023.FIGURES[name].draw({}) is None
    assert nanda2023.FIGURES[name].draw({"mainline": (), "end-state": ()}) is None


def test_what_is_not_drawn_is_listed_with_what_it_needs(cells, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "_save", processes.unrendered)
    only = {"mainline": cells["mainline"]}
    drawn = figures.draw(PAPER, only, tmp_path)
    absent = figures.missing(PAPER, drawn, only)
    late = {name for name in nanda2023.FIGURES if name.endswith("end-state")}
    assert set(absent) == {"alpha", "weight-decay", "primes", "readings", *late}
    assert all("`" in needs for needs in absent.values())


def test_records_without_an_analysis_leave_out_the_figures_that_need_it(cells):
    bare = {
        "mainline": tuple(
            Cell(seed, settings, dataclasses.replace(record, analyses={}))
            for seed, settings, record in cells["mainline"]
        )
    }
    drawn = {name for name, drawing in nanda2023.FIGURES.items() if drawing.draw(bare) is not None}
    assert drawn == {"losses"}


@pytest.mark.parametrize("name", OF_NETWORKS)
def test_a_claim_gets_the_figure_of_the_networks_it_was_decided_on(name, cells):
    for experiment in ("mainline", "end-state"):
        claim = dataclasses.replace(
            synthetic.paper().claims[0], id="one", figure=name, experiments=(experiment,)
        )
        found = figures.name_for(dataclasses.replace(PAPER, claims=(claim,)), claim)
        assert found is not None
        assert f"`{experiment}`" in caption(nanda2023.FIGURES[found].draw(cells))


def test_untrained_and_failed_records_are_not_shown(cells):
    seed, settings, record = cells["mainline"][0]
    untrained = dataclasses.replace(record, curves={k: v[:1] for k, v in record.curves.items()})
    failed = dataclasses.replace(record, ended="failed", curves={}, analyses={})
    mixed = {"mainline": (Cell(seed, settings, untrained), Cell(1, settings, failed))}
    assert all(drawing.draw(mixed) is None for drawing in nanda2023.FIGURES.values())


@pytest.mark.parametrize("seeds", [1, 2, 20])
def test_any_number_of_seeds_finds_room(seeds):
    many = {"mainline": synthetic_nanda.arm(seeds, analysed=True)}
    for name in ("ablations", "progress", "phases"):
        figure = nanda2023.FIGURES[name].draw(many)
        assert figure is not None
        figure.draw_without_rendering()
    assert len(layout.runs(many, "mainline")) == min(seeds, layout.MOST_SEEDS)


@pytest.mark.parametrize("experiment", ["mainline", "end-state"])
def test_the_progress_of_a_run_is_drawn_to_its_end_and_the_caption_says_where_that_is(experiment, cells):
    group = synthetic_nanda.arm(2, factor=0.4, whole=True, analysed=True)
    assert all(training.boundaries(cell)[2] < 20_000 for cell in group)
    figure = training.progress({experiment: group}, experiment)
    assert figure is not None
    assert {ax.get_xlim() for ax in figure.axes} == {(0, 40_000)}
    assert "to step 40 000" in caption(figure)


def test_a_run_whose_phases_are_not_to_be_seen_is_drawn_without_them():
    never = synthetic_nanda.record(0, math.inf, 2_000, analysed=False)
    columns = synthetic_nanda.progress(10_000, 2_000)
    columns = {**columns, "test_loss": np.full_like(columns["test_loss"], 25.0)}
    record = dataclasses.replace(never, analyses={"progress": columns})
    cells = {"mainline": (Cell(0, {}, record),)}
    assert math.isnan(training.boundaries(cells["mainline"][0])[1])
    for draw in (training.progress, training.phases):
        figure = draw(cells)
        assert figure is not None
        figure.draw_without_rendering()


def test_the_runs_of_a_few_steps_of_the_smoke_tier_are_drawn(cells):
    short = {}
    for experiment, group in cells.items():
        record = synthetic_nanda.record(0, math.inf, 2, 2, group[0][2].trial.recipe)
        analyses = {
            "progress": synthetic_nanda.progress(10_000, 2),
            "circuit": {**synthetic_nanda.circuit(0), "key": np.arange(1, 57)},
        }
        trial = dataclasses.replace(record.trial, task=group[0][2].trial.task, alpha=group[0][2].trial.alpha)
        short[experiment] = (Cell(0, {}, dataclasses.replace(record, analyses=analyses, trial=trial)),)
    for drawing in nanda2023.FIGURES.values():
        figure = drawing.draw(short)
        assert figure is not None
        figure.draw_without_rendering()


def test_a_network_that_cannot_be_measured_is_drawn_empty(cells):
    seed, settings, record = cells["mainline"][0]
    circuit = {
        name: np.full(column.shape, math.nan) if column.dtype == np.float64 else column
        for name, column in record.analyses["circuit"].items()
    }
    progress = {
        name: np.full(column.shape, math.nan) if name != "step" else column
        for name, column in record.analyses["progress"].items()
    }
    bare = dataclasses.replace(record, analyses={"circuit": circuit, "progress": progress})
    for name in (*OF_NETWORKS, "progress", "phases"):
        figure = nanda2023.FIGURES[name].draw({"mainline": (Cell(seed, settings, bare),)})
        assert figure is not None
        figure.draw_without_rendering()


def test_a_network_without_key_frequencies_is_drawn(cells):
    seed, settings, record = cells["mainline"][0]
    circuit = {
        **record.analyses["circuit"],
        "key": np.empty(0, dtype=np.int64),
        "readout_fve": np.empty((0, 2)),
        "cluster_energy_share": np.array([math.nan]),
        "logit_fve": np.array([math.nan]),
        "loss_formula": np.array([math.nan]),
    }
    bare = dataclasses.replace(record, analyses={**record.analyses, "circuit": circuit})
    for name in OF_NETWORKS:
        figure = nanda2023.FIGURES[name].draw({"mainline": (Cell(seed, settings, bare),)})
        assert figure is not None
        figure.draw_without_rendering()


def test_censored_points_of_a_sweep_are_triangles_at_the_budget(cells):
    figure = sweeps.alpha(cells)
    assert figure is not None
    triangles = [line for line in figure.axes[0].lines if line.get_marker() == "^" and len(line.get_xdata())]
    assert [(float(t.get_xdata()[0]), float(t.get_ydata()[0])) for t in triangles] == [
        (0.1, 40_000.0),
        (0.2, 40_000.0),
    ]


def test_a_seed_that_two_experiments_have_at_one_level_is_drawn_once(cells):
    def decay(record):
        return record.trial.recipe.optimizer["weight_decay"]

    both = (stated.MAIN, stated.FIRST)
    levels = times.levels(cells, both, decay)
    assert sorted(record.trial.seed for record in levels[1.0]) == [0, 1, 2, 100, 101, 102]
    again = {**cells, "weight-decay-0": (*cells["weight-decay-0"], *cells[stated.FIRST][:2])}
    levels = times.levels(again, ("weight-decay-0", *both), decay)
    assert sorted(record.trial.seed for record in levels[1.0]) == [0, 1, 2, 100, 101, 102]
    assert [record.trial.seed for record in levels[0.0]] == [100, 101, 102]


@pytest.mark.parametrize(("alpha", "seeds"), [(0.3, 3), (0.5, 6), (0.8, 3)])
def test_every_seed_of_a_fraction_is_in_the_sweep(alpha, seeds, cells):
    ax = sweeps.alpha(cells).axes[0]
    dots = [line for line in ax.lines if line.get_marker() == "o" and line.get_color() == style.VERMILION]
    drawn = [x for line in dots if not str(line.get_label()).startswith("T_gen") for x in line.get_xdata()]
    assert drawn.count(alpha) == seeds


def test_what_takes_the_place_of_weight_decay_and_its_control_on_more_of_the_table_have_places(cells):
    labels = [label.get_text() for label in sweeps.weight_decay(cells).axes[0].get_xticklabels()]
    assert labels == [
        *("0", "0.1", "0.3", "1", "3"),
        *("dropout\n0.2", "dropout\n0.2\nα = 0.8", "dropout\n0.5", "dropout\n0.5\nα = 0.8", "ℓ1\n1e-5"),
    ]


def test_a_prime_and_its_control_on_more_of_the_table_have_places(cells):
    labels = [label.get_text() for label in sweeps.primes(cells).axes[0].get_xticklabels()]
    assert labels[2:4] == ["p = 109\nλ = 1", "p = 109\nλ = 1\nα = 0.8"]
    assert [label.split("\n")[0] for label in labels] == [
        *("p = 53", "p = 53", "p = 109", "p = 109", "p = 113", "p = 401"),
    ]


def test_the_losses_of_the_control_stand_below_those_of_the_main_run(cells):
    figure = training.losses(cells)
    titles = [ax.get_title("left") for ax in figure.axes[::2]]
    assert titles == ["`mainline`, α = 0.3", "`high-alpha`, α = 0.8"]
    shaded = [any(str(p.get_label()).startswith("published") for p in ax.patches) for ax in figure.axes]
    assert shaded == [True, True, False, False]
    assert "`mainline` and of its control `high-alpha`" in caption(figure)
    alone = training.losses({"mainline": cells["mainline"]})
    assert len(alone.axes) == 2
    assert "control" not in caption(alone)


def test_a_reading_is_compared_with_the_main_recipe_on_its_own_seeds(cells):
    assert sweeps.readings({**cells, stated.FIRST: ()}) is None
    figure = sweeps.readings({name: cells[name] for name in (stated.FIRST, "float32")})
    texts = [text.get_text() for text in figure.axes[0].texts]
    main = {seed: record.t_gen for seed, _, record in cells[stated.FIRST]}
    pairs = [(record.t_gen, main[seed]) for seed, _, record in cells["float32"]]
    assert len(pairs) == 3
    assert texts == [sweeps._seeds(list(main.values())), sweeps._explains(pairs)]


def test_every_claim_is_drawn_with_all_of_its_experiments():
    paper = synthetic_nanda.PAPER
    drawings = figures.registry(paper)
    for claim in paper.claims:
        assert set(claim.experiments) <= set(drawings[figures.name_for(paper, claim)].needs), claim.id


def test_a_reading_prints_its_median_ratio_to_the_main_recipe(cells):
    figure = sweeps.readings(cells)
    assert figure is not None
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[0].startswith("seeds alone:\n× ")
    assert any(text.startswith("× ") and text.endswith(" of the spread") for text in texts[1:])
    assert sweeps._explains([(2.0, 1.0), (math.inf, 1.0), (4.0, 2.0)]) == "× 2.00\n124% of the spread"
    assert sweeps._explains([(1.0, 1.0)]) == "× 1.00\n0% of the spread"
    assert sweeps._explains([(4.0, 7.0)]) == "× 0.57\n100% of the spread"  # earlier counts like later
    assert sweeps._explains([(math.inf, 1.0)]) == "× ∞"
    assert sweeps._explains([(math.inf, math.inf)]) == ""
    assert sweeps._seeds([2.0, 3.0, 5.0]) == "seeds alone:\n× 2.50"
    assert sweeps._seeds([2.0, math.inf]) == ""
