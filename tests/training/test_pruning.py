"""The analyses "pruning" and "label-peaks" of small networks that are known in advance."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

import grokbench
from grokbench.plan.resolve import resolve_trial
from grokbench.specs.errors import InputError
from grokbench.specs.types import Trial
from grokbench.tasks.trained import trial_rows
from grokbench.training.analyses.making import analyse
from grokbench.training.batched.likeness import why_singly
from tests.networks.drawn import analytic_mlp, initial_mlp

P = 23
SETTINGS = {"task.domain.p": P, "model.width": 200}


def trial(**own: object) -> Trial:
    return resolve_trial(
        "addition", "doshi2023/adamw", alpha=0.5, seed=9000, steps=3, settings={**SETTINGS, **own}
    )


@pytest.mark.parametrize(
    ("rows", "batch", "left"),
    [(25, 12, 1), (25, 1, 1), (1, "full", 1), (25, 6, 1), (24, 12, 0), (25, "full", 0)],
)
def test_batch_normalisation_is_refused_a_batch_of_one_row_before_it_trains(
    rows: int, batch: int | str, left: int
) -> None:
    words = {**SETTINGS, "model.normalisation": "batch", "training.batch": batch}

    def asked() -> Trial:
        return resolve_trial("addition", "doshi2023/adamw", rows=rows, seed=9000, steps=3, settings=words)

    if left:
        with pytest.raises(
            InputError, match=f"needs 2 rows at once, and of {rows} training rows .* has {left};"
        ):
            asked()
    else:
        assert asked().rows == rows


def weights(network: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: w.detach().numpy().astype(np.float32) for name, w in network.named_parameters()}


def analytic() -> dict[str, np.ndarray]:
    return weights(analytic_mlp({"width": 200, "cover": "even"}, P, 9000))


def found(name: str, own: dict[str, np.ndarray], one: Trial | None = None) -> dict[str, np.ndarray]:
    return analyse(name, one or trial(), {0: own, 3: own}, 3)


def test_the_analytic_network_answers_true_labels_until_most_of_it_is_out():
    one = trial()
    rows = trial_rows(one)
    shares = found("pruning", analytic())
    assert shares["ipr"].min() > 0.99
    for end in ("low", "high", "random"):
        assert shares[f"{end}_test"][0] == shares[f"{end}_clean"][0] == shares[f"{end}_corrected"][0] == 1
        assert shares[f"{end}_corrupted"][0] == pytest.approx(1 - rows.n_wrong / rows.corrupted.sum())
        assert shares[f"{end}_test"][-1] == 0
        assert len(shares[f"{end}_test"]) == len(shares["fraction"])
    together = (1 - rows.corrupted.mean()) + rows.corrupted.mean() * shares["low_corrupted"][0]
    assert shares["low_train"][0] == pytest.approx(together)


def test_noise_beside_waves_is_taken_out_first_from_the_low_end_and_last_from_the_high_one():
    waves, noise = analytic(), weights(initial_mlp({"width": 200, "convention": "folded"}, P, 9000))
    for name, w in noise.items():
        noise[name] = w * 0.3 * np.linalg.norm(waves[name]) / np.linalg.norm(w)
    both = {
        "W1": np.concatenate([waves["W1"], noise["W1"]]),
        "W2": np.concatenate([waves["W2"], noise["W2"]], axis=1),
    }
    one = trial(**{"model.width": 400})
    shares = found("pruning", both, one)
    half = len(shares["fraction"]) // 2
    assert shares["low_test"][half] == 1
    assert shares["high_test"][half] < 0.3
    assert shares["size"].max() == 1


def test_without_corrupted_labels_only_the_two_sets_are_looked_at():
    one = trial()
    data = {name: value for name, value in one.recipe.data.items() if name != "corruption"}
    clean = dataclasses.replace(one, recipe=dataclasses.replace(one.recipe, data=data))
    shares = found("pruning", analytic(), clean)
    assert {name for name in shares if name.startswith("low_")} == {"low_test", "low_train"}
    with pytest.raises(InputError, match="wrong labels"):
        found("label-peaks", analytic(), clean)


def test_the_analytic_network_has_a_peak_at_the_truth_and_not_at_a_drawn_label():
    peaks = found("label-peaks", analytic())
    assert peaks["truth"][0] == 1
    assert peaks["both"][0] == peaks["label"][0] < 0.3


@pytest.mark.parametrize("name", ["pruning", "label-peaks"])
def test_weights_that_are_not_numbers_give_none(name):
    own = analytic()
    own["W1"][:] = np.nan
    shares = found(name, own)
    assert np.isnan(shares["low_test" if name == "pruning" else "both"]).all()


def test_a_normalised_network_is_pruned_behind_its_normalisation():
    own = {**SETTINGS, "training.batch": 32}
    run = grokbench.run("addition", "doshi2023/batch-norm", seed=9000, steps=40, settings=own)
    assert run.environment["engine"] == "plain"
    shares = analyse("pruning", run.trial, {0: run.weights, 40: run.weights}, 40)
    assert shares["random_train"][0] == run.curves["train_accuracy"][-1]
    assert shares["low_corrupted"][0] == run.curves["train_accuracy_corrupted"][-1]
    np.testing.assert_array_equal(shares["scale"], np.abs(run.weights["norm.weight"]))
    assert "scale" not in found("pruning", analytic())


def test_trials_with_batch_normalisation_train_one_by_one():
    assert why_singly(trial()) == ""
    assert "statistics" in why_singly(trial(**{"model.normalisation": "batch"}))
