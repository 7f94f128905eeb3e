"""The curves that ``run`` draws in a terminal."""

from __future__ import annotations

import numpy as np
import pytest

from grokbench.cli import plot

STEPS = np.unique(np.r_[0, np.round(1.05 ** np.arange(190))].astype(np.int64))
LOG = np.log(np.maximum(STEPS, 1))
CURVES = {
    "step": STEPS,
    "train_accuracy": 1 / (1 + np.exp(-6 * (LOG - np.log(100)))),
    "test_accuracy": 1 / (1 + np.exp(-9 * (LOG - np.log(2000)))),
}


def drawn(width: int, **marks: float | None) -> list[str]:
    return plot.accuracies(CURVES, marks, width).plain.splitlines()


@pytest.mark.parametrize("width", [50, 80, 120])
def test_it_fits_the_width_and_twenty_rows(width: int) -> None:
    lines = drawn(width, T_mem=200, T_gen=3300)
    assert len(lines) <= 20
    assert max(map(len, lines)) <= width


def test_a_marked_step_stands_on_the_axis_where_its_accuracy_is_reached() -> None:
    lines = drawn(100, T_gen=2000)
    label = next(line for line in lines if "T_gen 2000" in line)
    column = label.index("▾")
    half = next(line for line in lines if line.startswith("0.5"))
    assert (
        abs(max(i for i, sign in enumerate(half) if sign > "⠀") - column) <= 1
    )  # the test curve passes 0.5 there
    assert sum(line[column : column + 1] == "┊" for line in lines) > 8


def test_marks_that_would_touch_stand_one_above_the_other_and_none_is_no_mark() -> None:
    assert sum("▾" in line for line in drawn(80, T_mem=2000, T_gen=2100)) == 2
    assert sum("▾" in line for line in drawn(120, T_mem=20, T_gen=2100)) == 1
    assert not any("▾" in line or "┊" in line for line in drawn(80, T_mem=None, T_gen=None))


def test_powers_of_ten_are_named_below_the_axis() -> None:
    assert [line.split() for line in drawn(80)][-2] == ["1", "10", "100", "1000", "10000"][
        : len(drawn(80)[-2].split())
    ]
    assert "1000" in drawn(80)[-2]


def test_an_untrained_network_has_no_curve() -> None:
    start = {name: values[:1] for name, values in CURVES.items()}
    assert "no curve" in plot.accuracies(start, {}, 80).plain
