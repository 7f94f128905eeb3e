"""Decodings: how many outputs there are, what they are compared with, and which are right, also of a batch of trials."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from grokbench.specs.errors import InputError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.decoding import Answers, decoder
from grokbench.tasks.source import Pairs, Vectors, decoder_of, rows_of, shape_of

TEMPLATES = {"kind": "nearest-template", "width": 6}


def task(decode: dict[str, Any], **domain: Any) -> TaskSpec:
    own = {"kind": "integers", "p": 5, "pairs": "unordered"} | domain
    return TaskSpec("sum", "", "x + y", own, decode=decode)


def test_a_template_belongs_to_an_answer_and_to_a_seed():
    own, rows = task(TEMPLATES), rows_of(task(TEMPLATES), 0).rows
    first, again, other = (decoder_of(own, seed) for seed in (3, 3, 4))
    assert first.kept.shape == (9, 6)
    assert np.array_equal(first.kept, again.kept)
    assert not np.allclose(first.kept, other.kept)
    assert np.array_equal(first.targets(rows), first.kept[rows[:, 2]])
    assert shape_of(own) == Pairs(5, 6)


def test_the_nearest_template_decides_and_each_trial_of_a_batch_has_its_own():
    own, rows = task(TEMPLATES), rows_of(task(TEMPLATES), 0).rows
    found = [decoder_of(own, seed) for seed in (0, 1)]
    kept = torch.stack([torch.from_numpy(one.kept) for one in found])  # (2, 9, 6)
    targets = torch.stack([torch.from_numpy(one.targets(rows)) for one in found])  # (2, n, 6)
    noise = torch.randn(targets.shape, generator=torch.Generator().manual_seed(0), dtype=targets.dtype)
    for scale in (0.0, 0.5, 2.0):
        outputs = targets + scale * noise
        right = found[0].right(outputs, targets, kept)
        assert right.shape == targets.shape[:2]
        for i, one in enumerate(found):
            distance = ((outputs[i][:, None] - kept[i]) ** 2).sum(-1).numpy()
            assert right[i].tolist() == (distance.argmin(1) == rows[:, 2]).tolist()
            assert right[i].tolist() == one.right(outputs[i], targets[i], kept[i]).tolist()
        assert bool(right.all()) == (scale == 0)


def test_the_largest_output_decides_and_of_a_single_one_its_sign():
    own = decoder(task({"kind": "classes"}), Answers(3))
    assert own.right(
        torch.tensor([[0.0, 2.0, 1.0], [3.0, 2.0, 1.0]]), torch.tensor([1, 1]), None
    ).tolist() == [
        True,
        False,
    ]
    assert own.right(torch.tensor([[0.5], [-0.5]]), torch.tensor([1, 1]), None).tolist() == [True, False]
    assert own.by_class


def test_a_real_answer_is_right_below_its_error():
    own = decoder(task({"kind": "error-below", "error": 0.1}), Answers(0, 2))
    outputs = torch.tensor([[1.0, 0.0], [1.0, 0.5]])
    assert own.right(outputs, torch.tensor([[1.0, 0.3], [1.0, 0.0]]), None).tolist() == [True, False]
    assert own.outputs() == 2
    rows = np.array([[0, 1, 0.25, -1.0]])
    assert own.targets(rows).tolist() == [[0.25, -1.0]]


@pytest.mark.parametrize(
    ("decode", "answers", "sentence"),
    [
        ("classes", Answers(0, 1), "answers are 1 real number$"),
        ("nearest-template", Answers(0, 2), "answers are 2 real numbers"),
        ("error-below", Answers(5), "reads real answers; the task's are 5 classes"),
    ],
)
def test_answers_that_a_decoding_cannot_read_are_refused(decode, answers, sentence):
    with pytest.raises(InputError, match=sentence):
        decoder(task({"kind": decode}), answers).outputs()
    with pytest.raises(InputError, match=r"^task 'sum': "):
        shape_of(task({"kind": "error-below"}))


def test_a_vectors_outputs_are_its_decodings():
    bits = TaskSpec(
        "bits", "", "parity", {"kind": "bits", "n": 7, "k": 2}, {"kind": "samples"}, decode=TEMPLATES
    )
    assert shape_of(bits) == Vectors(7, 6)
