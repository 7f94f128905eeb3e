"""The recursive feature machine against nmallinar/rfm-grokking @73181df, and what the training loop makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grokbench
from grokbench.analysis import circulant
from grokbench.api import resolve_trial
from grokbench.networks.saved import load_network
from grokbench.plan import costs
from grokbench.specs.errors import GrokbenchError, InputError
from grokbench.specs.loader import Library
from grokbench.store import codec, keys
from grokbench.store.folder import Store
from grokbench.training.engine import train
from grokbench.training.kinds import Facts
from grokbench.training.learners import plain_rfm
from grokbench.training.learners.rfm import RecursiveFeatureMachine, first_features

REFERENCE = np.load(Path(__file__).parents[1] / "data" / "mallinar2024-rfm.npz")
P = 11
TRAIN, TEST = (
    np.column_stack([REFERENCE[f"{side}_pairs"], REFERENCE[f"{side}_labels"]]) for side in ("train", "test")
)
FIELDS = {
    "kernel": "quadratic",
    "bandwidth": 2.5,
    "ridge": 0.0,
    "power": 0.5,
    "centred": True,
    "start": "identity",
}
SMALL = {"task.domain.p": 17}


def machine(**fields: Any) -> RecursiveFeatureMachine:
    task = Library().task("addition")
    found = RecursiveFeatureMachine(FIELDS | fields, Facts(P, task), lambda name: None, np.dtype("float64"))
    found.initial(TRAIN)
    return found


def assert_scores(own: RecursiveFeatureMachine, said: np.ndarray) -> None:
    """Accuracy, squared error and loss of the right output on the training rows, then on the test rows."""
    for side, rows in enumerate((TRAIN, TEST)):
        outputs, answers = own.predict(rows), np.eye(P)[rows[:, 2]]
        assert (outputs.argmax(1) == rows[:, 2]).mean() == pytest.approx(said[3 * side])
        assert ((outputs - answers) ** 2).mean() == pytest.approx(said[3 * side + 1], rel=1e-7, abs=1e-20)


@pytest.mark.parametrize(
    ("kernel", "factor", "tolerance"),
    [("quadratic", 3, 1e-10), ("gaussian", 1, 1e-8)],
    ids=lambda value: str(value),
)
def test_three_iterations_are_those_of_the_authors_code(kernel, factor, tolerance):
    own = machine(kernel=kernel)
    for i in range(3):
        said = REFERENCE[f"{kernel}/coefficients_iter{i}"]  # whose quadratic kernel is three times ours
        np.testing.assert_allclose(own.state()["coefficients"], factor * said, atol=1e-8)
        assert_scores(own, REFERENCE[f"{kernel}/scores_iter{i}"])
        np.testing.assert_allclose(
            own.predict(TEST), REFERENCE[f"{kernel}/test_predictions_iter{i}"], atol=tolerance
        )
        own.step()
        np.testing.assert_allclose(own.state()["M"], REFERENCE[f"{kernel}/M_after{i + 1}"], atol=1e-8)


@pytest.mark.parametrize("kernel", ["quadratic", "gaussian"])
@pytest.mark.parametrize("centred", [True, False])
def test_gathers_over_rows_of_two_ones_are_the_plain_machine_over_dense_rows(kernel, centred):
    # Without the square root, which turns rounding at eigenvalues of 0 from 1e-17 into 1e-9.
    fields = {"kernel": kernel, "centred": centred, "ridge": 1e-6, "power": 1.0}
    own, m = machine(**fields), np.eye(2 * P)
    x, y = plain_rfm.one_hot(TRAIN, P), np.eye(P)[TRAIN[:, 2]]
    for _ in range(3):
        np.testing.assert_allclose(own.state()["M"], m, atol=1e-10 * abs(m).max())
        a, following = plain_rfm.iterate(x, y, m, FIELDS | fields)
        np.testing.assert_allclose(own.state()["coefficients"], a, atol=1e-10 * abs(a).max())
        outputs = plain_rfm.kernel(plain_rfm.one_hot(TEST, P), x, m, FIELDS | fields) @ a
        np.testing.assert_allclose(own.predict(TEST), outputs, atol=1e-10)
        own.step()
        m = following


@pytest.mark.parametrize("kernel", ["quadratic", "gaussian"])
@pytest.mark.parametrize("centred", [True, False])
def test_features_are_the_mean_gradient_product_of_the_predictor(kernel, centred):
    """Against central differences of f(x) = Σ A_i k(x, x_i), written out for dense x."""
    own = machine(kernel=kernel, centred=centred, ridge=0.1, power=1.0, bandwidth=1.5)
    own.step()
    m, a = own.state()["M"].copy(), own.state()["coefficients"].copy()
    x = np.eye(2 * P)[TRAIN[:, 0]] + np.eye(2 * P)[TRAIN[:, 1] + P]

    def f(points):
        if kernel == "quadratic":
            return (points @ m @ x.T) ** 2 @ a
        apart = points[:, None] - x
        return np.exp(-np.einsum("jid,de,jie->ji", apart, m, apart) / (2 * 1.5**2)) @ a

    h = 1e-4 * np.eye(2 * P)
    gradients = np.stack([(f(x + one) - f(x - one)) / 2e-4 for one in h], axis=-1)  # (n, classes, 2p)
    if centred:
        gradients -= gradients.mean(axis=0)
    own.step()
    expected = np.einsum("jcd,jce->de", gradients, gradients) / len(x)
    np.testing.assert_allclose(own.state()["M"], expected, atol=1e-6 * abs(expected).max())


def test_random_features_come_from_a_stream_of_the_seed_and_have_their_structure():
    def drawn(start: str, seed: int) -> np.ndarray:
        return first_features({"start": start}, P, lambda name: np.random.default_rng([seed, len(name)]))

    assert (drawn("identity", 0) == np.eye(2 * P)).all()
    m = drawn("add", 0)
    assert (m == drawn("add", 0)).all()
    assert abs(m - drawn("add", 1)).max() > 0.1
    assert circulant.deviation(circulant.coupling(m), "add") < 1e-12
    assert circulant.deviation(circulant.coupling(drawn("unstructured", 0)), "add") > 0.5


def test_random_circulant_features_generalise_in_one_solution_and_the_other_orientation_does_not():
    def accuracy(start: str) -> float:
        settings = {"task.domain.p": 31, "learner.start": start}
        record = grokbench.run(
            "addition", "mallinar2024/rfm-gaussian", alpha=0.6, seed=9000, steps=0, settings=settings
        )
        return float(record.curves["test_accuracy"][0])

    assert accuracy("add") > 0.9
    assert accuracy("subtract") < 0.1
    assert accuracy("unstructured") < 0.1


def test_logarithmic_features_need_a_prime():
    words = {"task.domain.p": 10, "learner.start": "multiply"}
    with pytest.raises(InputError, match=r"learner\.start = 'multiply' needs residues modulo a prime"):
        grokbench.run("addition", "mallinar2024/rfm", seed=9000, steps=0, settings=words)


def test_the_circulant_probe_says_which_operation_the_features_have_learned():
    found = {}
    for task, own in (("addition", "add"), ("subtraction", "subtract"), ("division", "divide")):
        record = grokbench.run(
            *(task, "mallinar2024/rfm-gaussian"),
            alpha=0.8,
            seed=9000,
            steps=20,
            settings=SMALL,
            probes=["circulant"],
        )
        last = {name: values[-1] for name, values in record.probes["circulant"].items() if name != "step"}
        found[own] = last
        assert np.isnan(record.probes["circulant"][own][0])  # M = I couples nothing
    for own, last in found.items():
        assert last.pop(own) < 0.05
        assert min(last.values()) > 0.5


def test_a_ridge_leaves_the_training_rows_unfitted():
    loose, tight = machine(ridge=1.0), machine()
    answers = np.eye(P)[TRAIN[:, 2]]
    assert (
        abs(tight.predict(TRAIN) - answers).max() < 1e-10 < 0.01 < abs(loose.predict(TRAIN) - answers).max()
    )


def test_it_groks_a_small_table_with_a_training_loss_of_zero_from_the_first_fit():
    record = grokbench.run(
        "addition", "mallinar2024/rfm-gaussian", alpha=0.8, seed=0, steps=30, settings=SMALL
    )
    assert record.curves["step"].tolist() == list(range(31))
    assert record.curves["train_loss"].max() < 1e-18
    assert (record.t_mem, record.curves["test_accuracy"][0]) == (0, 0.0)
    assert 5 < record.t_gen < 20
    assert (record.outcome, record.ended, record.environment["engine"]) == ("grokking", "finished", "learner")
    assert {name: array.shape for name, array in record.weights.items()} == {
        "M": (34, 34),
        "coefficients": (231, 17),
    }
    again = grokbench.run(
        "addition", "mallinar2024/rfm-gaussian", alpha=0.8, seed=0, steps=30, settings=SMALL
    )
    assert again.content == record.content


def test_a_horizon_stops_it_and_snapshots_hold_its_state():
    import dataclasses

    asked = resolve_trial(
        "addition", "mallinar2024/rfm-gaussian", alpha=0.8, seed=0, steps=100, settings=SMALL
    )
    record = train(dataclasses.replace(asked, horizon=1.5, snapshots=(0, 3)))
    assert record.ended == "stopped"
    assert record.facts["steps"] < 30
    np.testing.assert_array_equal(record.snapshots[0]["M"], np.eye(34))
    assert abs(record.snapshots[3]["M"] - np.eye(34)).max() > 0.1


def test_a_kernel_without_a_solution_ends_the_run_as_diverged(monkeypatch):
    def singular(a, b):
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(np.linalg, "solve", singular)
    record = grokbench.run("addition", "mallinar2024/rfm", seed=0, steps=3, settings={"task.domain.p": 5})
    assert record.ended == "diverged"
    assert np.isnan(record.curves["train_loss"]).all()


def test_a_store_keeps_its_record_and_its_weights_say_that_they_are_no_network(tmp_path):
    file = tmp_path / "rfm.safetensors"
    words = ("addition", "mallinar2024/rfm")
    record = grokbench.run(
        *words, seed=0, steps=3, settings={"task.domain.p": 7}, store=tmp_path / "s", save=file
    )
    found = Store(tmp_path / "s").find(record.trial)
    assert found is not None
    assert found.trial == record.trial
    assert found.content == record.content
    with pytest.raises(InputError, match="holds the arrays of a learner, which is no network"):
        load_network(file)


# -- keys -----------------------------------------------------------------------------------------------


def test_the_learners_table_belongs_to_the_key_and_no_other_recipe_has_one():
    def asked(**settings: Any) -> Any:
        return resolve_trial("addition", "mallinar2024/rfm", seed=0, steps=5, settings=settings)

    recipe = keys.family_fields(asked())["recipe"]
    assert recipe == {"learner": {"kind": "rfm"}, "training": {"dtype": "float64"}}
    assert keys.key(asked(**{"learner.ridge": 0.0})) == keys.key(asked())
    assert keys.key(asked(**{"learner.ridge": 0.5})) != keys.key(asked())
    network = resolve_trial("addition", "gromov2023/gd", seed=0, steps=5)
    assert "learner" not in keys.family_fields(network)["recipe"]
    assert "learner" not in codec.trial_to_json(network)["recipe"]


# -- what is refused, and what a plan says --------------------------------------------------------------


def written(folder: Path, text: str) -> Path:
    path = folder / "baselines" / "mine" / "own.toml"
    path.parent.mkdir(parents=True)
    head = 'id = "mine/own"\ntitle = "t"\norigin = "inferred"\nsource = "s"\n'
    path.write_text(head + text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[learner]\nkind = "rfm"\n[model]\nkind = "relu-mlp"\n',
            "learner and model exclude each other; give one of them",
        ),
        ('[learner]\nkind = "rfn"\n', r"learner\.kind: expected one of rfm; got 'rfn' \(did you mean 'rfm'"),
        ('[learner]\nkind = "rfm"\nridge = -1\n', r"learner\.ridge: expected a number ≥ 0"),
        ('[learner]\nkind = "rfm"\nrigde = 1\n', r"learner\.rigde: unknown key; .*did you mean 'ridge'"),
        ("[learner]\nridge = 1.0\n", r"learner\.kind: missing"),
        ('[loss]\nkind = "mse"\n', r"(?s)model: missing; it is required here.*optimizer: missing"),
        (
            '[learner]\nkind = "rfm"\n[training]\nbatch = 32\n',
            r"training\.batch: a learner sees all training rows without noise",
        ),
        (
            '[learner]\nkind = "rfm"\n[training]\nweight_noise = 0.1\n',
            r"training\.weight_noise: a learner sees all training rows without noise",
        ),
    ],
)
def test_a_recipe_that_cannot_be_is_refused_when_it_is_validated(tmp_path, text, message):
    with pytest.raises(GrokbenchError, match=message):
        grokbench.validate(written(tmp_path, text))


def test_the_recipes_in_the_library_are_valid_and_a_loaded_one_can_be_given_back():
    own = grokbench.load_baseline("mallinar2024/rfm")
    assert (own.model, own.loss, own.optimizer) == ({}, {}, {})
    assert Library().recipe(own) == own
    grokbench.validate("mallinar2024/rfm-gaussian")


def test_no_probe_and_no_engine_of_networks_is_for_a_learner():
    with pytest.raises(
        InputError, match=r"probe 'ipr' is for the model kind 'quadratic-mlp' or .*, not 'rfm'"
    ):
        grokbench.run("addition", "mallinar2024/rfm", seed=0, steps=1, probes="ipr")
    trial = resolve_trial("addition", "mallinar2024/rfm", seed=0, steps=1, settings={"task.domain.p": 5})
    with pytest.raises(InputError, match="rfm is a learner, which the engine 'plain' cannot train"):
        train(trial, engine="plain")


def test_a_plan_reckons_with_the_size_of_an_iteration():
    def cost(p: int, steps: int) -> tuple[float, float]:
        trial = resolve_trial(
            "addition", "mallinar2024/rfm", seed=0, steps=steps, settings={"task.domain.p": p}
        )
        return costs.seconds(costs.work(trial, steps)), costs.megabytes(trial, steps)

    assert 5 < cost(61, 30)[0] < 60  # 18 s of CPU time where it was first measured
    assert cost(97, 30)[0] > 8 * cost(61, 30)[0]
    assert cost(61, 60)[0] == pytest.approx(2 * cost(61, 30)[0], rel=0.05)
    assert 0.4 < cost(61, 30)[1] < 1
