"""The analysis of the output embedding reads the right rows of W_U, of the right networks."""

from __future__ import annotations

import numpy as np
import pytest

from grokbench.analysis import circles
from grokbench.specs.errors import InputError
from grokbench.specs.types import Recipe, TaskSpec, Trial
from grokbench.training.analyses.making import analyse, analysed
from grokbench.training.engine import train
from grokbench.training.record import Record
from grokbench.training.watching import check_watched

P = 23
FIRST, TOKENS, D = 22, 239, 16


def check(name, one):
    return check_watched("analyses", [name], one.task, one.recipe)


def trial(kind: str = "decoder-transformer", p: int = P, domain: dict | None = None, **fields) -> Trial:
    recipe = Recipe(
        "test/r",
        "",
        "inferred",
        "",
        {"kind": kind},
        {},
        {},
        {"rounding": "half-even", "split": "seed"},
        {},
        {},
    )
    task = TaskSpec("subtraction", "", "x - y", domain or {"kind": "integers-mod", "p": p})
    return Trial(task, recipe, **{"alpha": 0.5, "seed": 9000, "budget": 10, **fields})


def weights(k: int | None, p: int = P) -> dict[str, np.ndarray]:
    """Noise for every token, and a circle of frequency k for the residues if there is one."""
    rng = np.random.default_rng(1)
    rows = 3 * rng.standard_normal((TOKENS, D))
    if k is not None:
        angle = 2 * np.pi * k * np.arange(p) / p
        rows[FIRST : FIRST + p] = np.stack([np.cos(angle), np.sin(angle)], 1) @ rng.standard_normal((2, D))
    return {"W_U": rows.astype(np.float32), "W_E": rng.standard_normal((TOKENS, D)).astype(np.float32)}


def test_a_circle_is_found_in_the_rows_of_the_residues_and_not_before_training():
    first, last = weights(None), weights(4)
    found = analyse("circles", trial(), {0: first, 9: last}, 9)
    assert found["frequency"].tolist() == [4]
    assert found["power_share"][3] == pytest.approx(1)
    assert found["best_share"] == pytest.approx(1)
    assert found["ring_score"] == pytest.approx(1)
    rows = first["W_U"][FIRST : FIRST + P].astype(np.float64)
    assert found["power_share_initial"] == pytest.approx(circles.power_shares(rows))
    assert found["permuted_share_initial"] == pytest.approx(circles.permuted_power_share(rows))
    assert found["gini_initial"] < 0.3 < found["gini"]
    assert found["plane"].shape == (P, 2)
    assert found["plane_initial"] == pytest.approx(circles.ring_plane(rows, 4))


def test_shapes_do_not_depend_on_the_numbers():
    whole = analyse("circles", trial(), {0: weights(None), 5: weights(2)}, 5)
    broken = {name: w * np.nan for name, w in weights(2).items()}
    without = analyse("circles", trial(), {5: broken}, 5)
    assert list(whole) == list(without)
    for name, array in whole.items():
        assert array.ndim >= 1, name
        assert array.dtype in (np.float64, np.int64), name
        assert (without[name].shape, without[name].dtype) == (array.shape, array.dtype), name
    assert all(np.isnan(array).all() for name, array in without.items() if name != "frequency")
    assert without["frequency"].tolist() == [0]


def test_equal_rows_have_no_circle():
    flat = {"W_U": np.ones((TOKENS, D), np.float32)}
    found = analyse("circles", trial(), {5: flat}, 5)
    assert np.isnan(found["power_share"]).all()
    assert found["frequency"].tolist() == [0]


def test_what_the_analysis_is_not_for_is_refused_before_training():
    with pytest.raises(InputError, match="model kind 'decoder-transformer'"):
        check("circles", trial("one-layer-transformer"))
    with pytest.raises(InputError, match="integers-mod"):
        check("circles", trial(domain={"kind": "symmetric-group", "n": 5}))
    with pytest.raises(InputError, match="odd p"):
        check("circles", trial(p=96))
    with pytest.raises(InputError, match="model kind 'one-layer-transformer'"):
        check("progress", trial())
    check("circles", trial())


def test_a_trained_decoder_has_its_circles_measured():
    from grokbench.specs.loader import Library

    settings = {"task.domain.p": 5, "model.d_model": 8, "model.layers": 1}
    task, recipe = Library().resolve("addition", "power2022/answer", settings)
    short = Trial(task, recipe, 0.5, 9000, 2, snapshots=(0,), analyses=("circles",))
    record: Record = analysed(train(short))
    found = record.analyses["circles"]
    assert found["power_share"].sum() == pytest.approx(1)
    rows = record.snapshots[0]["W_U"][FIRST : FIRST + 5].astype(np.float64)
    assert found["power_share_initial"] == pytest.approx(circles.power_shares(rows))
