"""Kinds of figure: what each draws of a few made-up runs, and what surrounds it."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from grokbench import figures, parts
from grokbench.figures import curves, data, layout, strips, style
from grokbench.figures.fields import Quantity, made
from grokbench.measures import measured
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.reading import ends
from tests.reports import synthetic

NEVER = 2  # a seed of "slow" that does not generalise


def run(seed: int, alpha: float = 0.5, lr: float = 3e5, groks: float = 400.0, fits: float = 100.0) -> Cell:
    recipe = synthetic.recipe(optimizer={**synthetic.GD, "lr": lr})
    found = synthetic.record(seed, recipe, fits, groks, 1200, 2000, alpha)
    return Cell(seed, {"alpha": alpha}, dataclasses.replace(found, probes={"trace": found.probes["trace"]}))


@pytest.fixture(scope="module")
def cells():
    return {
        "fast": tuple(run(seed, groks=400 + 20 * seed) for seed in range(3)),
        "slow": tuple(run(seed, lr=1e5, groks=math.inf if seed == NEVER else 900.0) for seed in range(3)),
        "sweep": tuple(
            run(s, a, groks=math.inf if a < 0.4 else 300 / a) for s in range(3) for a in (0.3, 0.4, 0.6)
        ),
    }


def written(kind: str, *experiments: str, **fields):
    table = {
        "kind": kind,
        "id": "one",
        "title": "A finding",
        "caption": "What is drawn.",
        "experiments": [*experiments],
    }
    return figures.written({**table, **fields})


def drawn(cells, kind: str, *experiments: str, **fields):
    figure = figures.figure(kind, written(kind, *experiments, **fields), cells)
    assert figure is not None
    figure.draw_without_rendering()  # warnings are errors here
    return figure


def said(figure) -> str:
    return " ".join(" ".join(text.get_text() for text in figure.texts).split())


def legend(figure) -> list[str]:
    return [text.get_text() for one in figure.legends for text in one.get_texts()]


def marks(ax, marker: str) -> list[tuple[float, float]]:
    found = [line for line in ax.lines if line.get_marker() == marker]
    return [(float(x), float(y)) for line in found for x, y in zip(*line.get_data(), strict=True)]


ONE_EACH = {
    "curves": {},
    "against": {"x": "alpha", "y": ["t-gen", "t-mem"]},
    "arms": {"y": ["t-gen"]},
    "solved": {},
    "map": {"x": "alpha", "down": "optimizer.lr", "y": ["t-gen"]},
    "histogram": {"y": ["t-mem"], "bins": 4},
}


@pytest.mark.parametrize("kind", ONE_EACH)
def test_a_kind_draws_what_is_there_with_axes_named_title_caption_seeds_and_what_was_not_run(kind, cells):
    figure = drawn(cells, kind, "sweep", "absent", **ONE_EACH[kind])
    axes = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    assert any(ax.get_xlabel() or kind == "arms" for ax in axes)
    assert any(ax.get_ylabel() for ax in axes)
    assert said(figure) == "A finding What is drawn. Seeds 0 to 2. Not run: absent."
    assert figure.get_figwidth() <= style.WIDTH
    assert len(figure.legends) <= 1


@pytest.mark.parametrize("kind", sorted(parts.names("figures")))
def test_without_runs_a_kind_draws_nothing(kind, cells):
    own = written(kind, "fast", **ONE_EACH.get(kind, {}))
    failed = tuple(
        cell._replace(record=dataclasses.replace(cell.record, ended="failed", curves={}))
        for cell in cells["fast"]
    )
    for absent in ({}, {"fast": ()}, {"fast": failed}):
        assert figures.figure(kind, own, absent) is None


def test_labels_with_fields_part_the_runs_and_equal_labels_are_one_series(cells):
    own = written(
        "arms",
        y=["t-gen"],
        experiments={"fast": "lr {optimizer.lr}", "slow": "lr {optimizer.lr}", "sweep": "α {alpha}"},
    )
    assert [arm.label for arm in data.arms(own, own, cells)] == [
        "lr 300000",
        "lr 100000",
        "α 0.3",
        "α 0.4",
        "α 0.6",
    ]
    pooled = written("arms", y=["t-gen"], experiments={"fast": "all", "again": "all", "slow": "all"})
    assert len(data.arms(pooled, pooled, {**cells, "again": cells["fast"]})[0].cells) == 6  # each run once


def test_a_panel_shows_only_its_experiments_and_the_runs_that_have_its_values(cells):
    own = written("arms", "fast", "sweep", y=["t-gen"], only=["sweep"], where={"alpha": 0.4})
    assert {cell.record.trial.alpha for arm in data.arms(own, own, cells) for cell in arm.cells} == {0.4}


def test_a_number_is_what_the_measure_says_and_a_second_arm_is_of_the_same_seed(cells):
    slow, fast = cells["slow"][0], cells["fast"][0]
    own = data.numbers(Quantity(measure="t-gen"), (slow,), cells)
    assert own == [measured("t-gen", SeedView(0, ((slow,),)), {})]
    ratio = data.numbers(Quantity(measure="time-ratio", against="fast"), (slow,), cells)
    assert ratio == [slow.record.t_gen / fast.record.t_gen]
    assert data.numbers(Quantity(measure="time-ratio", against="fast"), (slow._replace(seed=9),), cells) == []
    assert data.numbers(Quantity(measure="onset"), (cells["slow"][NEVER],), cells) == []  # nan is no number
    phases = data.numbers(Quantity(array="neuron-phases.final"), (slow,), cells)
    assert phases == slow.record.analyses["neuron-phases"]["final"].tolist()


@pytest.mark.parametrize("kind", ["arms", "against"])
def test_censored_runs_are_one_open_triangle_at_their_bound_with_their_number(kind, cells):
    fields = {"y": ["t-gen"]} if kind == "arms" else {"y": ["t-gen"], "x": "alpha"}
    name = "slow" if kind == "arms" else "sweep"
    ax = drawn(cells, kind, name, **fields).axes[0]
    triangles = [line for line in ax.lines if line.get_marker() == "^" and len(line.get_xdata())]
    assert [float(line.get_ydata()[0]) for line in triangles] == [2000.0]
    assert triangles[0].get_markerfacecolor() == "none"
    assert {"1/3" if kind == "arms" else "3/3"} <= {text.get_text() for text in ax.texts}


def test_counts_of_series_that_are_censored_at_one_place_stand_above_each_other(cells):
    never = tuple(run(seed, alpha, groks=math.inf) for seed in range(2) for alpha in (0.3, 0.4))
    own = {"first": cells["sweep"], "second": never}
    names = {"first": "three", "second": "two"}
    ax = drawn(own, "against", x="alpha", y=["t-gen"], experiments=names).axes[0]
    assert sorted(text.get_text() for text in ax.texts) == ["2/2", "2/2", "3/3"]
    at_left = [text.get_window_extent() for text in ax.texts if text.xy[0] < 0.35]
    assert len(at_left) == 2
    assert not at_left[0].overlaps(at_left[1])
    assert all(box.y1 <= ax.get_window_extent().y1 for box in at_left)


def test_marks_of_a_seed_are_joined_across_places_or_within_the_lists_that_are_named(cells):
    def joins(**fields) -> list[float]:
        ax = drawn(cells, "arms", "fast", "slow", y=["t-gen"], **fields).axes[0]
        return [len(line.get_xdata()) for line in ax.lines if line.get_label() == "same seed"]

    assert joins() == [2, 2]  # of the seeds that both have
    assert joins(joined=[["fast, α = 0.5", "nobody"]]) == []


def test_quantities_take_places_side_by_side_with_the_papers_numbers_as_stars(cells):
    y = [{"measure": "t-mem", "paper": 90.0}, {"measure": "t-gen", "paper": [350.0, 420.0], "label": "rise"}]
    ax = drawn(cells, "arms", "fast", y=y, places="y", sideways=True).axes[0]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["T_mem", "rise"]
    assert sorted(x for x, _ in marks(ax, "*")) == [90.0, 350.0, 420.0]


def test_above_an_arm_stand_medians_and_counts(cells):
    figure = drawn(
        cells,
        "arms",
        "fast",
        "slow",
        y=["t-gen"],
        above=["generalises", {"measure": "delay-ratio", "label": "×"}],
    )
    texts = [text.get_text() for text in figure.axes[0].texts]
    ratios = sorted(cell.record.t_gen / cell.record.t_mem for cell in cells["fast"])
    assert f"generalises 3/3\n× {ratios[1]:.3g}" in texts
    assert any(text.startswith("generalises 2/3\n×") for text in texts)


def test_the_line_of_a_sweep_goes_through_the_medians(cells):
    ax = drawn(cells, "against", "sweep", x="alpha", y=["t-gen"]).axes[0]
    line = next(line for line in ax.lines if "line: median" in str(line.get_label()))
    for at, value in zip(*line.get_data(), strict=True):
        own = [cell.record.t_gen for cell in cells["sweep"] if cell.record.trial.alpha == at]
        middle = float(np.median(own))
        assert value == middle or (math.isnan(value) and math.isinf(middle))


def test_a_paper_that_states_a_growth_has_its_band_from_the_median_at_the_largest_fraction(cells):
    band = {"rate": [1.4, 1.5], "label": "paper: 40 to 50 %"}
    figure = drawn(cells, "against", "sweep", x="alpha", y=["t-gen"], mark=[band])
    assert "paper: 40 to 50 %" in legend(figure)
    ends_of = figure.axes[0].collections[0].get_paths()[0].vertices
    start = float(np.median([cell.record.t_gen for cell in cells["sweep"] if cell.record.trial.alpha == 0.6]))
    assert ends_of[:, 1].min() == pytest.approx(start)


def test_a_mark_is_a_number_a_band_or_the_median_of_a_measure_in_the_panels_of_its_experiments(cells):
    mark = [
        {"x": "t-gen", "label": "T_gen"},
        {"y": [0.2, 0.3], "label": "band"},
        {"x": ["t-mem", "t-gen"], "label": "between"},
        {"x": 100, "label": "paper", "experiments": ["slow"]},
        {"x": "onset", "label": "onset"},
    ]
    figure = drawn(cells, "curves", "fast", "slow", mark=mark)
    upper, lower = figure.axes[0], figure.axes[2]
    at = {line.get_label(): line.get_xdata()[0] for line in upper.lines if line.get_gid() == "mark"}
    assert at["T_gen"] == float(np.median([cell.record.t_gen for cell in cells["fast"]]))
    assert "paper" not in at
    assert "paper" in {line.get_label() for line in lower.lines}
    assert {"band", "between"} <= {patch.get_label() for patch in upper.patches}
    assert "between" in {patch.get_label() for patch in lower.patches}  # the median seed generalises


def test_curves_are_accuracy_and_loss_a_row_a_label_thin_lines_and_a_bold_median(cells):
    figure = drawn(cells, "curves", "fast", "slow")
    assert [ax.get_title(loc="left") for ax in figure.axes[::2]] == ["fast, α = 0.5", "slow, α = 0.5"]
    bold = [line for line in figure.axes[0].lines if line.get_linewidth() == 2.0]
    assert [line.get_label() for line in bold] == [
        "train (bold: median of seeds)",
        "test (bold: median of seeds)",
    ]
    assert bold[0].get_linestyle() != bold[1].get_linestyle()  # in a copy in grey, too
    lines = drawn(cells, "curves", "fast", lines="seeds").axes[0].lines
    assert len(lines) == 6


def test_curves_of_seeds_of_series_of_probes_and_over_a_measure(cells):
    seeds = drawn(cells, "curves", "fast", rows="seed", y=["test_loss"])
    assert [ax.get_title(loc="left") for ax in seeds.axes] == ["seed 0", "seed 1", "seed 2"]
    together = drawn(
        cells, "curves", "fast", "slow", rows="none", y=["trace.weight_norm_1"], dots=["t-gen"], until=1000
    )
    assert len(together.axes) == 1
    assert together.axes[0].get_xlim()[1] >= 1000
    assert {"fast, α = 0.5 (bold: median of seeds)", "T_gen (median)"} <= set(legend(together))
    over = drawn(cells, "curves", "fast", y=["test_loss"], over="onset", rows="seed")
    record = cells["fast"][0].record
    onset = measured("onset", SeedView(0, ((cells["fast"][0],),)), {})
    assert over.axes[0].lines[0].get_xdata()[-1] == pytest.approx(record.curves["step"][-1] / onset)
    assert (
        drawn(cells, "curves", "fast", y=["trace.gradient_norm_1"], x="test_accuracy").axes[0].get_xlabel()
        == "test accuracy"
    )


def test_a_series_that_no_run_has_is_said_to_be_missing(cells):
    ax = drawn(cells, "curves", "fast", y=["ipr.ipr"]).axes[0]
    assert [text.get_text() for text in ax.texts] == ["not recorded"]


def test_long_series_keep_the_extremes_of_each_stretch():
    steps, values = np.arange(10_000.0), np.sin(np.arange(10_000.0))
    values[5_432], values[777] = 9.0, np.nan
    short, kept = curves.thinned((steps, values))
    assert len(short) < 2 * curves.BUCKETS + 3
    assert (kept.max(), short[0], short[-1]) == (9.0, 0.0, 9_999.0)


def test_the_median_over_runs_of_different_length_ends_with_half_of_them():
    short, long = np.array([0, 1, 2]), np.array([0, 1, 2, 3, 4])
    steps, values = curves.median_curve([(short, short * 1.0), (short, short * 1.0), (long, long * 1.0)])
    assert steps.tolist() == [0, 1, 2]
    assert values.tolist() == [0, 1, 2]


def test_a_solved_share_names_alpha50_above_the_panel_and_not_in_the_legend(cells):
    figure = drawn(cells, "solved", "sweep")
    assert len(figure.axes) == 2  # a single one has its times beside it
    assert "α50 = 0.4, 2 000 steps" in figure.axes[0].get_title(loc="left")
    assert not any(text.startswith("α50 =") for text in legend(figure))
    assert len(drawn(cells, "solved", "sweep", "fast").axes) == 2


def test_a_map_has_a_median_in_each_place_and_a_cross_where_it_is_censored(cells):
    both = {"sweep": (*cells["sweep"], *cells["slow"])}
    ax = drawn(both, "map", x="alpha", down="optimizer.lr", y=["t-gen"], experiments={"sweep": "all"}).axes[0]
    shown = ax.images[0].get_array()
    assert shown.shape == (2, 4)  # learning rates × fractions
    own = [cell.record.t_gen for cell in cells["sweep"] if cell.record.trial.alpha == 0.6]
    assert float(shown[1, 3]) == float(np.median(own))
    assert marks(ax, "x") == [(0.0, 1.0)]
    assert math.isnan(float(np.ma.filled(shown, np.nan)[0, 0]))


def test_a_histogram_counts_the_numbers_of_all_seeds(cells):
    figure = drawn(
        cells, "histogram", "fast", y=[{"array": "neuron-phases.final"}], bins=8, range=[-np.pi, np.pi]
    )
    heights = figure.axes[0].patches[0].get_data().values
    assert heights.sum() * np.pi / 4 == pytest.approx(1)
    assert legend(figure) == ["fast, 1500 numbers"]


@pytest.mark.parametrize(
    ("seeds", "text"),
    [
        ([3], "Seed 3."),
        ([0, 1], "Seeds 0 to 1."),
        ([0, 1, 7], "Seeds 0, 1, 7."),
        ([102, 0, 1, 2, 100, 101, 101], "Seeds 0 to 2, 100 to 102."),
    ],
)
def test_seeds_that_follow_each_other_are_named_by_their_ends(seeds, text, cells):
    assert layout.seeds_said(cells["fast"][0]._replace(seed=seed) for seed in seeds) == text


def test_the_median_counts_what_is_censored_as_infinite():
    assert data.middle([1.0, 2.0, math.inf]) == 2.0
    assert math.isinf(data.middle([1.0, math.inf]))
    assert math.isnan(data.middle([]))
    assert ends(3.0) == (3.0, 3.0)


def test_every_field_of_a_kind_says_what_it_is_for():
    for name in parts.names("figures"):
        fields = parts.find("figures", name).fields
        assert fields.__doc__
        assert all(
            one.metadata.get("help") or one.metadata.get("schema") for one in dataclasses.fields(fields)
        )


def test_a_strip_without_numbers_keeps_its_place_and_draws_nothing(cells):
    figure, axes = style.canvas(1, 1)
    assert strips.Strip(0.0, "none", style.LOOKS[0], {}, 10.0, 0.3).draw(axes[0]) == {}
    assert made(Quantity, {"measure": "t-gen"}, "measure").name == "T_gen"
    assert figure.get_figwidth() <= style.WIDTH


@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.35, 6, ["0.4", "1", "2", "4"]),
        (1.1, 1.9e4, None),  # as matplotlib has it
        (0.0011, 0.0029, None),
        (4200, 9900, ["5 000", "6 000", "7 000", "8 000", "9 000"]),
    ],
)
def test_a_logarithmic_axis_has_numbers_wherever_it_lies(axis, low, high, expected):
    figure, (ax,) = style.canvas(1, 1)
    getattr(ax, f"set_{axis}scale")("log")
    getattr(ax, f"set_{axis}lim")(low, high)
    layout.whole_numbers(ax, axis)
    figure.draw_without_rendering()
    own = getattr(ax, f"{axis}axis")
    ticks = [*own.get_major_ticks(), *own.get_minor_ticks()]
    found = sorted(
        (tick.get_loc(), tick.label1.get_text()) for tick in ticks if low <= tick.get_loc() <= high
    )
    said = [text for _, text in found if text]
    assert len(said) >= 2
    assert expected is None or said == expected
