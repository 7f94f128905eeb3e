"""Figures of a paper outside this repository: twenty lines of TOML, checked whole, drawn with its report."""

from __future__ import annotations

import pytest

from grokbench import parts
from grokbench.specs.errors import SpecError
from grokbench.specs.loader import Library
from grokbench.validation.check import validate_all
from tests import processes

CLAIMS = """
[paper]
id = "mine2026"
title = "Mine"
authors = "Me"
[[experiment]]
id = "half"
title = "Half of a small table"
task = "addition"
baseline = "gromov2023/adamw"
set = { "task.domain.p" = 13, "model.width" = 32 }
vary = { "optimizer.lr" = [0.01, 0.02] }
tier.smoke = { seeds = [8999], steps = 30, alphas = [0.5, 0.7] }
tier.quick = { seeds = 6, steps = 300, alphas = [0.5, 0.7] }
[[claim]]
id = "generalises"
title = "It generalises"
source = "Fig 1"
statement = "It generalises."
experiment = "half"
kind = "existence"
grade = "C"
figure = "times"
rule = [{ measure = "generalises", min = 1, reason = "a T_gen" }]
"""
FIGURES = """[[figure]]
id = "times"
kind = "against"
title = "More data, fewer steps"
experiments = { half = "lr {optimizer.lr}" }
x = "alpha"
y = ["t-gen"]
[[figure]]
id = "training"
kind = "curves"
title = "Accuracy and loss while it trains"
experiments = { half = "α = {alpha}, lr {optimizer.lr}" }
[[figure]]
id = "grid"
kind = "map"
title = "When it generalises, over both"
experiments = ["half"]
x = "alpha"
down = "optimizer.lr"
y = ["t-gen"]
"""


@pytest.fixture
def folder(tmp_path):
    own = tmp_path / "baselines" / "mine2026"
    own.mkdir(parents=True)
    (own / "claims.toml").write_text(CLAIMS)
    (own / "figures.toml").write_text(FIGURES)
    return tmp_path


def test_three_figures_in_twenty_lines_are_drawn_with_the_papers_report(folder, tmp_path):
    assert len(FIGURES.splitlines()) <= 20
    words = (
        "--specs",
        str(folder),
        "--store",
        str(tmp_path / "store"),
        "--out",
        str(tmp_path / "out"),
        "--workers",
        "1",
    )
    processes.grokbench(
        "reproduce", "mine2026", "--tier", "smoke", *words, cwd=tmp_path, check=True, render=True
    )
    drawn = {path.name for path in (tmp_path / "out" / "mine2026.smoke" / "figures").iterdir()}
    assert drawn == {"times.png", "training.png", "grid.png"}
    assert (
        "![times](mine2026.smoke/figures/times.png)" in (tmp_path / "out" / "mine2026.smoke.md").read_text()
    )


WRONG = {
    'kind = "against"': ('kind = "agains"', "figure[0].kind: expected one of"),
    'experiments = ["half"]': ('experiments = ["hal"]', "figure grid.experiments: no experiment 'hal' (did you mean 'half'?)"),
    'y = ["t-gen"]': ('y = ["t-gn"]', "figure times.y: no measure 't-gn'"),
    'down = "optimizer.lr"': ('down = "optimizer.rate"', "figure grid.down: half has no field 'optimizer.rate'"),
    'lr {optimizer.lr}" }\nx': ('lr {optimizer.x}" }\nx', "figure times.experiments.half: half has no field 'optimizer.x'"),
    'id = "grid"': ('id = "times"', "figure times: this id is used twice"),
    'x = "alpha"\ny = ["t-gen"]': ('x = "alpha"\ny = [{ series = "test_loss" }]', "expected a measure or an array; got series"),
    'title = "More data, fewer steps"': ("", "figure[0].title: missing"),
    'x = "alpha"\ny': ('mark = [{ x = "t-mm", label = "T" }]\nx = "alpha"\ny', "no measure 't-mm'"),
    'x = "alpha"\ndown': ('wide = 3\nx = "alpha"\ndown', "figure[2].wide: unknown key"),
}  # fmt: skip


@pytest.mark.parametrize("old", WRONG)
def test_a_mistake_in_a_figure_is_told_with_its_place(folder, old):
    new, said = WRONG[old]
    path = folder / "baselines" / "mine2026" / "figures.toml"
    path.write_text(FIGURES.replace(old, new, 1))
    with pytest.raises(SpecError) as raised:
        validate_all(Library(folder), [path])
    assert said in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_claim_that_asks_for_a_figure_that_there_is_not_is_told_which_there_are(folder):
    path = folder / "baselines" / "mine2026" / "claims.toml"
    path.write_text(CLAIMS.replace('figure = "times"', 'figure = "time"'))
    with pytest.raises(SpecError, match="no figure 'time'; there are curves, grid, times, training"):
        validate_all(Library(folder), [path])


def test_a_kind_from_outside_is_a_part_like_any_other(folder, monkeypatch):
    from dataclasses import dataclass

    from grokbench.figures import Kind, figure, written
    from grokbench.figures.fields import Fields
    from grokbench.specs.errors import PartError

    @dataclass(frozen=True, kw_only=True)
    class Plain(Fields):
        """Nothing much."""

    def fails(own, cells):
        raise ValueError("no such thing")

    monkeypatch.setattr(parts, "_registered", {})
    parts.register("figures", "plain", Kind(Plain, fails, panels=False))
    path = folder / "baselines" / "mine2026" / "figures.toml"
    path.write_text(FIGURES.replace('kind = "curves"', 'kind = "plain"'))
    assert validate_all(Library(folder), [path]) == [path]
    own = written({"kind": "plain", "id": "a", "title": "A", "experiments": {"half": ""}})
    with pytest.raises(PartError, match=r"the figure 'plain' of .* failed \(ValueError: no such thing\)"):
        figure("plain", own, {})
