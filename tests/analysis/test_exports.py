"""What a newcomer finds under ``grokbench.analysis``."""

from __future__ import annotations

import inspect
from types import ModuleType

import numpy as np
import pytest

from grokbench import analysis as measures
from grokbench.analysis import fourier, statistics, timing


@pytest.mark.parametrize("module", [fourier, statistics, timing], ids=lambda module: module.__name__)
def test_every_public_function_and_class_is_exported(module: ModuleType) -> None:
    public = {
        name
        for name, value in vars(module).items()
        if (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }
    assert public
    assert public - set(measures.__all__) == set()


def test_every_exported_name_is_there_once() -> None:
    assert len(set(measures.__all__)) == len(measures.__all__)
    assert all(hasattr(measures, name) for name in measures.__all__)


def test_phases_of_neurons_and_of_training_have_names_of_their_own() -> None:
    weights = np.random.default_rng(0).standard_normal((3, 2, 7))
    assert isinstance(measures.neuron_phases(*weights), measures.NeuronPhases)
    ends = measures.phase_boundaries([0, 1], [1, 0], [3, 0], [1, 1], p=7)
    assert isinstance(ends, measures.TrainingPhases)
    assert not hasattr(measures, "Phases")
