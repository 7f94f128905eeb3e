"""Update rules against torch.optim's, to the last bits of float64."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.loader import Library
from grokbench.training.optimizers.muon import orthogonalised
from grokbench.training.updates import Rule, make_update

DATA = Path(__file__).parent.parent / "data"
ADAMW = {"kind": "adamw", "lr": 0.01, "beta1": 0.9, "beta2": 0.98, "eps": 1e-8, "weight_decay": 5.0}


def begun(table, weights, names=None, seed=0) -> Rule:
    """The rule of a recipe's table, begun with these weights, which are called a, b, … unless named."""
    update = make_update(table, seed)
    update.rule.init(weights, names or [chr(ord("a") + i) for i in range(len(weights))])
    return update.rule


@pytest.mark.filterwarnings("ignore")  # torch's own, on the first use of its optimizers
@pytest.mark.parametrize(
    ("table", "reference"),
    [
        ({"kind": "gd", "lr": 0.3}, lambda p: torch.optim.SGD(p, lr=0.3)),
        (
            {"kind": "gd", "lr": 0.3, "momentum": 0.9, "weight_decay": 0.1},
            lambda p: torch.optim.SGD(p, lr=0.3, momentum=0.9, weight_decay=0.1),
        ),
        (
            {"kind": "adam", "lr": 0.01, "weight_decay": 0.3},
            lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.3),
        ),
        (ADAMW, lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.9, 0.98), eps=1e-8, weight_decay=5.0)),
    ],
)
def test_ten_updates_are_torch_optims(table, reference):
    generator = torch.Generator().manual_seed(0)
    start = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((4, 3), (5,))]
    ours, theirs = [p.clone() for p in start], [p.clone() for p in start]
    rule, torchs = begun(table, ours), reference(theirs)
    for step in range(10):
        gradients = [torch.randn(p.shape, generator=generator, dtype=torch.float64) for p in start]
        for p, g in zip(theirs, gradients, strict=True):
            p.grad = g.clone()
        torchs.step()
        rule.update(ours, gradients, step)
        for a, b in zip(ours, theirs, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-13, atol=1e-15)


@pytest.mark.filterwarnings("ignore")
def test_warm_up_is_torchs_scheduler_and_its_first_update_changes_nothing():
    generator = torch.Generator().manual_seed(1)
    start = torch.randn(6, generator=generator, dtype=torch.float64)
    ours, theirs = [start.clone()], [start.clone()]
    rule = begun(ADAMW | {"warmup": 3}, ours)
    torchs = torch.optim.AdamW(theirs, lr=0.01, betas=(0.9, 0.98), eps=1e-8, weight_decay=5.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(torchs, lambda step: min(step / 3, 1))
    for step in range(6):
        gradient = torch.randn(6, generator=generator, dtype=torch.float64)
        theirs[0].grad = gradient.clone()
        torchs.step()
        schedule.step()
        rule.update(ours, [gradient], step)
        torch.testing.assert_close(ours[0], theirs[0], rtol=1e-13, atol=1e-15)
        assert torch.equal(ours[0], start) == (step == 0)


def test_the_l1_penalty_is_part_of_the_gradient():
    start = torch.tensor([2.0, -3.0, 0.0], dtype=torch.float64)
    with_penalty, by_hand = [start.clone()], [start.clone()]
    begun(ADAMW | {"l1": 0.1}, with_penalty).update(with_penalty, [torch.ones(3, dtype=torch.float64)], 0)
    begun(ADAMW, by_hand).update(by_hand, [1 + 0.1 * torch.sign(start)], 0)
    assert torch.equal(with_penalty[0], by_hand[0])


def test_an_untrained_model_has_no_rule():
    assert make_update({"kind": "none"}) is None


@pytest.mark.parametrize("table", [{}, {"kind": "adam-w"}])
def test_a_missing_or_unknown_kind_is_refused(table):
    with pytest.raises(UnknownNameError, match="optimizer"):
        make_update(table)


def test_decay_can_pull_to_the_initial_weights():
    start = torch.randn(5, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    table = ADAMW | {"warmup": 0}
    ours, other = [start.clone()], [start.clone()]
    rule = begun(table | {"decay_to": "initial"}, ours)
    undecayed = begun(table | {"weight_decay": 0.0}, other)
    for step in range(4):
        gradient = torch.randn(5, generator=torch.Generator().manual_seed(step), dtype=torch.float64)
        before = ours[0].clone()
        moved = other[0].clone()
        rule.update(ours, [gradient.clone()], step)
        undecayed.update(other, [gradient.clone()], step)
        pulled = before + 0.01 * 5.0 * (start - before)
        torch.testing.assert_close(ours[0] - pulled, other[0] - moved, rtol=1e-12, atol=1e-15)


def test_noise_on_updates_has_its_sigma_its_own_seed_and_the_learning_rate():
    table = ADAMW | {"weight_decay": 0.0, "update_noise": 2.0}
    runs = {}
    for seed in (0, 0, 1):
        weights = [torch.zeros(20_000, dtype=torch.float64)]
        rule = begun(table, weights, seed=seed)
        rule.update(weights, [torch.zeros(20_000, dtype=torch.float64)], 0)  # no gradient: noise alone
        if seed in runs:
            assert torch.equal(runs[seed], weights[0])
        runs[seed] = weights[0]
    assert not torch.equal(runs[0], runs[1])
    # The first update is divided by 1 - beta1.
    assert float(runs[0].std()) == pytest.approx(2.0 * 0.01 / (1 - 0.9), rel=0.02)
    assert float(runs[0].mean()) == pytest.approx(0, abs=0.005)


def test_lion_moves_by_the_sign_of_its_interpolated_momentum():
    rng = np.random.default_rng(3)
    weights, momentum = rng.standard_normal((4, 3)), np.zeros((4, 3))
    ours = [torch.from_numpy(weights.copy())]
    rule = begun({"kind": "lion", "lr": 0.01, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.5}, ours)
    for step in range(8):
        gradient = rng.standard_normal((4, 3))
        weights = weights - 0.01 * (np.sign(0.9 * momentum + 0.1 * gradient) + 0.5 * weights)
        momentum = 0.99 * momentum + 0.01 * gradient
        rule.update(ours, [torch.from_numpy(gradient)], step)
        np.testing.assert_allclose(ours[0], weights, rtol=1e-12)


MUON = {"kind": "muon", "lr": 0.02, "momentum": 0.95, "weight_decay": 0.1}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", ["tall", "wide", "square"])
def test_three_updates_of_muon_are_the_references(name, dtype):
    reference = np.load(DATA / "muon2024-optimizer.npz")
    ours = [torch.from_numpy(reference[f"weight/{name}"]).to(dtype)]
    rule = begun(MUON, ours)
    for step in range(3):
        rule.update(ours, [torch.from_numpy(reference[f"grad{step}/{name}"]).to(dtype)], step)
    wanted = reference[f"float64_after3/{name}"]
    assert np.linalg.norm(ours[0].numpy() - wanted) < 1e-5 * np.linalg.norm(wanted)


PUBLISHED = {
    "kj_after3": "original",
    "torch_original_after3": "original",
    "torch_match_rms_adamw_after3": "match_rms_adamw",
}


@pytest.mark.parametrize("path", PUBLISHED)
@pytest.mark.parametrize("name", ["tall", "wide", "square"])
def test_muon_in_float32_is_as_near_to_the_published_bfloat16_as_that_is_to_float64(name, path):
    reference = np.load(DATA / "muon2024-optimizer.npz")
    start = reference[f"weight/{name}"]
    ours = [torch.from_numpy(start.copy())]
    rule = begun(MUON | {"scale": PUBLISHED[path]}, ours)
    for step in range(3):
        rule.update(ours, [torch.from_numpy(reference[f"grad{step}/{name}"])], step)
    wanted = reference[f"{path}/{name}"] - start
    assert np.linalg.norm(ours[0].numpy() - start - wanted) < 0.05 * np.linalg.norm(wanted)


@pytest.mark.parametrize("name", ["tall", "wide", "square"])
def test_five_newton_schulz_steps_in_float32_are_those_in_float64(name):
    reference = np.load(DATA / "muon2024-optimizer.npz")
    found = orthogonalised(torch.from_numpy(reference[f"grad0/{name}"]), 5).numpy()
    wanted = reference[f"ns5_float64/{name}"]
    assert np.linalg.norm(found - wanted) < 1e-5 * np.linalg.norm(wanted)
    rounded = reference[f"ns5_bfloat16/{name}"]
    assert 0.01 < np.linalg.norm(rounded - wanted) / np.linalg.norm(wanted) < 0.05


@pytest.mark.parametrize("direction", ["normalised", "raw"])
@pytest.mark.parametrize("damped", [True, False])
def test_a_momentum_that_is_not_made_orthogonal_keeps_its_direction(direction, damped):
    generator = torch.Generator().manual_seed(6)
    start, gradient = (torch.randn(6, 4, generator=generator, dtype=torch.float64) for _ in range(2))
    ours = [start.clone()]
    own = {
        "kind": "muon",
        "lr": 0.1,
        "momentum": 0.9,
        "nesterov": False,
        "damped": damped,
        "direction": direction,
    }
    begun(own, ours).update(ours, [gradient.clone()], 0)
    momentum = gradient * (0.1 if damped else 1.0)
    moved = momentum if direction == "raw" else momentum / momentum.norm() * 4**0.5
    torch.testing.assert_close(ours[0], start - 0.1 * (6 / 4) ** 0.5 * moved, rtol=1e-5, atol=1e-7)


def test_undamped_momentum_points_where_the_damped_one_does():
    generator = torch.Generator().manual_seed(7)
    start = torch.randn(6, 4, generator=generator, dtype=torch.float64)
    both = [start.clone()], [start.clone()]
    rules = [begun(MUON | {"damped": damped}, own) for damped, own in zip((True, False), both, strict=True)]
    for step in range(3):
        gradient = torch.randn(6, 4, generator=generator, dtype=torch.float64)
        for rule, own in zip(rules, both, strict=True):
            rule.update(own, [gradient.clone()], step)
    # Nesterov's own step is (1 − μ) g + μ m of the damped one, and g + μ m of the other, which is 1/(1 − μ) times as large.
    torch.testing.assert_close(both[0][0], both[1][0], rtol=1e-5, atol=1e-6)


def test_joined_heads_are_one_matrix_by_rows_or_by_columns():
    generator = torch.Generator().manual_seed(8)
    shapes = {"W_Q": (2, 3, 8), "W_K": (2, 3, 8), "W_O": (2, 8, 3), "b": (5,)}
    start = {n: torch.randn(s, generator=generator, dtype=torch.float64) for n, s in shapes.items()}
    gradients = {n: torch.randn(s, generator=generator, dtype=torch.float64) for n, s in shapes.items()}
    joined = [{"parameters": ["W_Q", "W_K"], "axis": "rows"}, {"parameters": ["W_O"], "axis": "columns"}]
    ours = [w.clone() for w in start.values()]
    begun(MUON | {"joined": joined}, ours, list(shapes)).update(
        ours, [g.clone() for g in gradients.values()], 0
    )

    def fused(of: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        rows = torch.cat([of[name].reshape(6, 8) for name in ("W_Q", "W_K")])
        return [rows, torch.cat([*of["W_O"]], dim=1), of["b"]]

    theirs = [w.clone() for w in fused(start)]
    begun(MUON, theirs, ["QK", "O", "b"]).update(theirs, [g.clone() for g in fused(gradients)], 0)
    for found, wanted in zip(fused(dict(zip(shapes, ours, strict=True))), theirs, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("joined", "message"),
    [
        ({"parameters": ["W", "c"], "axis": "rows"}, "'c' is no matrix that is left; there are W, V"),
        ({"parameters": ["W", "V"], "axis": "rows"}, "W, V have unlike sides and cannot be joined by rows"),
    ],
)
def test_weights_that_cannot_be_joined_are_refused(joined, message):
    weights = [torch.ones(4, 3), torch.ones(4, 2), torch.ones(2)]
    with pytest.raises(InputError, match=message):
        begun(MUON | {"joined": [joined]}, weights, ["W", "V", "c"])


def test_adamw_groups_of_muon_have_a_rate_and_a_decay_of_their_own():
    generator = torch.Generator().manual_seed(9)
    names = ["W", "W_E", "W_U", "b"]
    start = [torch.randn(4, 4, generator=generator, dtype=torch.float64) for _ in range(3)]
    start.append(torch.randn(4, generator=generator, dtype=torch.float64))
    gradients = [torch.randn(p.shape, generator=generator, dtype=torch.float64) for p in start]
    groups = [
        {"parameters": "W_U", "lr": 0.5, "weight_decay": 1.0},
        {"parameters": "W_*", "lr": 0.1, "weight_decay": 2.0},
    ]
    ours = [p.clone() for p in start]
    begun(MUON | {"adamw_groups": groups}, ours, names).update(ours, [g.clone() for g in gradients], 0)
    for i, (lr, decay) in {1: (0.1, 2.0), 2: (0.5, 1.0), 3: (3e-4, 0.1)}.items():
        one = [start[i].clone()]
        table = {"kind": "adamw", "lr": lr, "weight_decay": decay, "beta2": 0.95, "eps": 1e-10}
        begun(table, one).update(one, [gradients[i].clone()], 0)
        assert torch.equal(ours[i], one[0])
    assert not torch.equal(ours[0], start[0])


def test_muon_leaves_vectors_and_the_matrices_that_are_named_to_adamw():
    generator = torch.Generator().manual_seed(4)
    start = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((5, 4), (6, 4), (3,))]
    names = ["W", "W_E", "b"]
    gradients = [torch.randn(p.shape, generator=generator, dtype=torch.float64) for p in start]
    ours, theirs = [p.clone() for p in start], [p.clone() for p in start]
    begun(MUON | {"adamw_weights": ["*_E"]}, ours, names).update(ours, [g.clone() for g in gradients], 0)
    table = {"kind": "adamw", "lr": 3e-4, "beta2": 0.95, "eps": 1e-10, "weight_decay": 0.1}
    begun(table, theirs, names).update(theirs, gradients, 0)
    assert [torch.equal(a, b) for a, b in zip(ours, theirs, strict=True)] == [False, True, True]


def test_a_stack_of_matrices_is_updated_matrix_by_matrix():
    generator = torch.Generator().manual_seed(5)
    stack, gradient = (torch.randn(2, 5, 4, generator=generator, dtype=torch.float64) for _ in range(2))
    whole, parts = [stack.clone()], [w.clone() for w in stack]
    begun(MUON, whole).update(whole, [gradient.clone()], 0)
    begun(MUON, parts).update(parts, [g.clone() for g in gradient], 0)
    torch.testing.assert_close(whole[0], torch.stack(parts), rtol=1e-12, atol=1e-14)


def test_a_group_has_its_own_rate_and_decay_and_the_first_that_fits_counts():
    start = [torch.ones(2, dtype=torch.float64) for _ in range(3)]
    groups = [{"parameters": "W_E", "lr": 0.5}, {"parameters": "W_*", "weight_decay": 1.0}]
    rule = begun({"kind": "gd", "lr": 0.1, "groups": groups}, start, ["W_E", "W_U", "b"])
    rule.update(start, [torch.ones(2, dtype=torch.float64) for _ in range(3)], 0)
    assert [float(w[0]) for w in start] == pytest.approx([1 - 0.5, 1 - 0.1 * 2, 1 - 0.1])


def test_groups_that_name_every_weight_leave_nothing_to_the_table_itself():
    start = [torch.ones(2, dtype=torch.float64)]
    rule = begun({"kind": "adamw", "lr": 0.1, "groups": [{"parameters": "*", "lr": 0.2}]}, start)
    rule.update(start, [torch.ones(2, dtype=torch.float64)], 0)
    assert float(start[0][0]) == pytest.approx(0.8)


def test_a_group_that_names_no_weight_is_refused_with_the_names_there_are():
    table = {"kind": "gd", "lr": 0.1, "groups": [{"parameters": "W_X", "lr": 0.2}]}
    with pytest.raises(InputError, match="'W_X' names no weight that is left; there are W_E, b"):
        begun(table, [torch.ones(2), torch.ones(2)], ["W_E", "b"])


def test_the_average_of_the_gradient_starts_at_the_first():
    bare, wrapped = [torch.zeros(1, dtype=torch.float64)], [torch.zeros(1, dtype=torch.float64)]
    table = {"kind": "gd", "lr": 1.0}
    plain = begun(table, bare)
    rule = begun(table | {"wrapper": {"kind": "grokfast-ema", "alpha": 0.5, "lamb": 2.0}}, wrapped)
    for step, gradient in enumerate((1.0, 3.0)):
        plain.update(bare, [torch.tensor([gradient], dtype=torch.float64)], step)
        rule.update(wrapped, [torch.tensor([gradient], dtype=torch.float64)], step)
    assert float(bare[0]) == -4.0
    assert float(wrapped[0]) == -(1 + 2 * 1) - (3 + 2 * 2)  # the average is 1, then (1 + 3)/2


def test_adam_cancels_a_gain_only_together_with_its_decay():
    """Thrice the gradient with thrice the L2 decay makes the same updates; thrice the gradient alone makes others."""
    generator = torch.Generator().manual_seed(4)
    start = torch.randn(5, generator=generator, dtype=torch.float64)
    gradients = [torch.randn(5, generator=generator, dtype=torch.float64) for _ in range(6)]

    def after(gain: float, decay: float) -> torch.Tensor:
        weights = [start.clone()]
        rule = begun({"kind": "adam", "lr": 0.01, "eps": 1e-30, "weight_decay": decay}, weights)
        for step, gradient in enumerate(gradients):
            rule.update(weights, [gain * gradient], step)
        return weights[0]

    torch.testing.assert_close(after(3.0, 0.3), after(1.0, 0.1))
    assert float((after(3.0, 0.1) - after(1.0, 0.1)).abs().max()) > 1e-4


def given(wrapper: dict[str, object], gradients: list[float]) -> list[float]:
    """What the optimizer is given: a step of gradient descent with learning rate 1, its sign turned."""
    weights = [torch.zeros(1, dtype=torch.float64)]
    rule, found = begun({"kind": "gd", "lr": 1.0, "wrapper": wrapper}, weights), []
    for step, gradient in enumerate(gradients):
        before = float(weights[0])
        rule.update(weights, [torch.tensor([gradient], dtype=torch.float64)], step)
        found.append(before - float(weights[0]))
    return found


def test_the_mean_of_the_last_gradients_is_added_once_the_window_is_full():
    found = given({"kind": "grokfast-ma", "window": 3, "lamb": 6.0}, [1.0, 2.0, 6.0, 1.0, 5.0])
    assert found == pytest.approx([1, 2, 6 + 6 * 3, 1 + 6 * 3, 5 + 6 * 4])


def test_without_the_raw_gradient_only_its_slow_part_is_left():
    ema = {"kind": "grokfast-ema", "alpha": 0.5, "lamb": 2.0, "raw": False}
    assert given(ema, [1.0, 3.0]) == pytest.approx([2, 4])
    mean = {"kind": "grokfast-ma", "window": 2, "lamb": 6.0, "raw": False}
    assert given(mean, [1.0, 3.0, 5.0]) == pytest.approx([1, 12, 24])  # as it is until the window is full


def test_a_large_gradient_that_has_left_the_window_leaves_nothing_behind():
    """A sum that ran on in float32 would keep the rounding of 1e8 for ever."""
    weights = [torch.zeros(1)]
    rule = begun(
        {"kind": "gd", "lr": 1.0, "wrapper": {"kind": "grokfast-ma", "window": 2, "lamb": 2.0}}, weights
    )
    for step, gradient in enumerate((1e8, 1e-3, 1e-3, 1e-3)):
        weights[0].zero_()
        rule.update(weights, [torch.tensor([gradient])], step)
    assert float(weights[0]) == pytest.approx(-3e-3, rel=1e-5)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"kind": "adam"}, "optimizer.lr is missing"),
        ({"kind": "lion", "lr": 0}, "optimizer.lr is 0; expected a number > 0"),
        ({"kind": "gd", "lr": 0.1, "momentun": 0.9}, "did you mean 'momentum'"),
        ({"kind": "gd", "lr": 0.1, "wrapper": {"kind": "grokfast"}}, "did you mean 'grokfast-ma'"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused_in_a_sentence(table, message):
    with pytest.raises((InputError, UnknownNameError), match=message):
        make_update(table)


ODD = (
    {
        "kind": "adamw",
        "lr": 0.01,
        "beta1": 0.8,
        "beta2": 0.99,
        "eps": 1e-25,
        "weight_decay": 0.3,
        "warmup": 2,
    },
    {"kind": "adam", "lr": 0.01, "beta1": 0.7, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.3},
    {"kind": "gd", "lr": 0.1, "momentum": 0.6, "weight_decay": 0.2},
    {"kind": "lion", "lr": 0.02, "weight_decay": 0.2},
    {"kind": "muon", "lr": 0.02, "weight_decay": 0.2},
)


@pytest.mark.parametrize("table", ODD, ids=lambda table: table["kind"])
def test_a_wrapper_hands_every_field_on_to_the_optimizer_inside(table):
    """One that adds nothing leaves the updates as they are, to the bit; a published wrapper dropped β₂ and ε."""
    generator = torch.Generator().manual_seed(3)
    start = [torch.randn(4, 3, generator=generator, dtype=torch.float64)]
    bare, wrapped = [p.clone() for p in start], [p.clone() for p in start]
    around = {"wrapper": {"kind": "grokfast-ema", "alpha": 0.9, "lamb": 0.0}}
    rules = begun(table, bare), begun(table | around, wrapped)
    for step in range(4):
        gradients = [torch.randn(4, 3, generator=generator, dtype=torch.float64)]
        for rule, weights in zip(rules, (bare, wrapped), strict=True):
            rule.update(weights, [g.clone() for g in gradients], step)
        assert torch.equal(bare[0], wrapped[0])
    assert not torch.equal(bare[0], start[0])


def test_a_wrapped_recipe_is_shown_with_every_field_of_the_optimizer_inside():
    library = Library()
    bare, wrapped = (library.recipe(f"lee2024/{name}").optimizer for name in ("none", "ema"))
    assert set(wrapped) == set(bare)
    inside = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.98, "eps": 1e-8, "warmup": 10}
    assert {name: wrapped[name] for name in inside} == inside
    assert wrapped["wrapper"] == {"kind": "grokfast-ema", "alpha": 0.98, "lamb": 2.0, "raw": True}
