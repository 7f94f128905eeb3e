"""A drawn figure as numbers: the same points, named as in the legend, with the seeds they are of."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from grokbench import figures
from grokbench.figures import style
from grokbench.figures.artists import FEW, MANY, rounded
from grokbench.figures.chart import chart, joined
from grokbench.measures.cells import Cell
from tests.reports import synthetic

TIMES = {0: 400.0, 1: 500.0, 2: math.inf}


@pytest.fixture(scope="module")
def cells():
    recipe = synthetic.recipe()
    runs = {
        seed: synthetic.record(seed, recipe, 100.0, time, 1200, 2000, 0.5) for seed, time in TIMES.items()
    }
    return {"runs": tuple(Cell(seed, {"alpha": 0.5}, record) for seed, record in runs.items())}


def numbers(cells, kind: str, **fields):
    table = {"kind": kind, "id": "one", "title": "A finding", "experiments": ["runs"]}
    found = figures.charted(kind, figures.written({**table, **fields}), cells)
    assert found is not None
    json.dumps(found, allow_nan=False)
    return found


def test_marks_are_the_seeds_own_numbers_and_a_median_is_of_no_seed(cells):
    found = numbers(cells, "arms", y=["t-gen"])
    (panel,) = found["panels"]
    (marks,) = [item for item in panel["items"] if item.get("marker") == "circle"]
    reached = [seed for seed, time in TIMES.items() if math.isfinite(time)]
    assert marks["seeds"] == reached
    assert marks["y"] == [cells["runs"][seed].record.t_gen for seed in reached]
    assert marks["name"] == "T_gen, a mark a seed"
    (bar,) = [item for item in panel["items"] if item.get("name") == "median"]
    assert "seeds" not in bar
    assert panel["x"]["ticks"] == [[0, "runs, α = 0.5"]]
    assert found["seeds"] == reached


def test_each_thin_curve_is_of_one_seed_and_has_the_name_of_the_bold_one(cells):
    found = numbers(cells, "curves")
    lines = [item for panel in found["panels"] for item in panel["items"] if item["kind"] == "line"]
    thin = [item for item in lines if item.get("width", 9) < 1]
    assert len(thin) == 2 * 2 * len(TIMES)
    assert {tuple(item["seeds"]) for item in thin} == {(seed,) for seed in TIMES}
    assert {item["name"] for item in thin} == {one["name"] for one in found["names"]}
    assert all(len(panel["items"]) >= MANY for panel in found["panels"])
    assert all(len(item["x"]) <= FEW + 2 for item in lines)
    steps = cells["runs"][0].record.curves["step"]
    assert thin[0]["x"][0] == steps[0]
    assert thin[0]["x"][-1] == steps[-1]


def test_a_mark_across_the_panel_has_its_place_on_one_axis_alone(cells):
    mark = [{"y": 450, "label": "a line"}, {"y": [300, 600], "label": "a band"}, {"x": 0, "label": "upright"}]
    found = numbers(cells, "arms", y=["t-gen"], mark=mark)
    named = {
        item["name"]: item
        for item in found["panels"][0]["items"]
        if item.get("name") in ("a line", "a band", "upright")
    }
    assert named["a line"]["y"] == [450]
    assert "x" not in named["a line"]
    assert (named["a band"]["kind"], named["a band"]["y"]) == ("band", [300, 600])
    assert named["upright"]["x"] == [0]
    assert {one["name"] for one in found["names"]} >= {"a line", "a band", "upright"}


def test_bars_heat_maps_and_colours_of_points_are_read():
    with style.own_look():
        figure, (one, two, three) = style.canvas(1, 3)
        one.bar([1, 2], [3.0, -4.0], width=0.8, color=style.BLUE, label="bars")
        image = two.imshow([[0.0, 5.0], [10.0, np.nan]], origin="lower", extent=(0, 1, 0, 1))
        figure.colorbar(image, ax=[two], label="share")
        three.scatter([0, 1], [2, 3], c=[0, 1], cmap="viridis")
        for text in ("title", "caption"):
            figure.text(0, 0, text)
        found = chart(figure)
    (bars,), (heat,), (points,) = (panel["items"] for panel in found["panels"])
    assert (bars["kind"], bars["x"], bars["y"], bars["width"]) == ("bars", [1, 2], [3, -4], 0.8)
    assert bars["name"] == "bars"
    assert heat["values"] == [[0, 50], [100, None]]
    assert (heat["ends"], heat["label"], heat["log"]) == ([0, 10], "share", False)
    assert len(set(points["colors"])) == len(points["x"]) == 2
    assert (found["title"], found["caption"], found["columns"]) == ("title", "caption", 3)


def test_marks_of_one_look_become_one_item_and_lines_do_not():
    mark = {"kind": "line", "color": "#000000", "marker": "circle", "x": [1], "y": [2], "seeds": [0]}
    other = {**mark, "x": [3], "y": [4], "seeds": [1]}
    line = {"kind": "line", "color": "#000000", "line": "solid", "x": [1, 2], "y": [2, 3], "seeds": [0]}
    assert joined([mark, line, other, dict(line)]) == [
        {**mark, "x": [1, 3], "y": [2, 4], "seeds": [0, 1]},
        line,
        line,
    ]
    red = {**other, "color": "#ff0000"}
    assert joined([mark, red]) == [mark, red]


def test_numbers_are_short_and_what_is_not_finite_is_nothing():
    assert rounded([0.123456, 1e-9 / 3, 12345.6, -2.0, math.inf, math.nan]) == [
        0.1235,
        3.333e-10,
        12350,
        -2,
        None,
        None,
    ]


def test_a_figure_without_runs_has_no_numbers():
    own = figures.written({"kind": "curves", "id": "one", "title": "A finding", "experiments": ["runs"]})
    assert figures.charted("curves", own, {}) is None
