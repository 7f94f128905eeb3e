"""The hand-written step of the decoder against autograd over the plain module, in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grokbench.networks.decoder_transformer import DecoderTransformer
from grokbench.networks.fast.decoder_transformer import FastDecoderTransformer
from grokbench.specs.errors import InputError
from grokbench.tasks.streams import stream
from grokbench.tasks.vocabulary import encode
from tests.networks.drawn import decoder_correct, decoder_loss, initial_decoder

P = 7
DOMAIN = {"kind": "integers-mod", "p": P}
CLOSE = {"rtol": 1e-10, "atol": 1e-12}


def network(**model) -> DecoderTransformer:
    """One whose LayerNorms do something."""
    made = initial_decoder({"d_model": 16, "heads": 2, **model}, P, seed=9000)
    for name, w in made.named_parameters():
        if w.ndim == 1:
            w.data += torch.from_numpy(0.3 * stream(9000, "test", name).standard_normal(w.shape))
    return made


def sequences(n_rows: int = 30) -> np.ndarray:
    x, y = np.divmod(np.arange(P * P), P)
    rows = np.column_stack([x, y, (x * x + y) % P])
    return encode(rows[np.random.default_rng(9000).permutation(P * P)[:n_rows]], DOMAIN, "x - y")


def plain_step(plain, rows, mask=None):
    rows, trained = torch.from_numpy(rows), list(plain.parameters())
    loss = decoder_loss(plain, rows, mask)
    return loss.item(), decoder_correct(plain, rows, mask), torch.autograd.grad(loss, trained)


def assert_steps_agree(plain, fast, rows, batch, mask=None):
    loss, correct, gradients = plain_step(plain, rows, mask)
    sums = fast.gradient(batch, count=True, mask=mask)
    np.testing.assert_allclose(sums.loss_sum / len(rows), loss, **CLOSE)
    assert sums.correct == correct
    assert fast.names == tuple(dict(plain.named_parameters()))
    for name, found, wanted in zip(fast.names, fast.gradients, gradients, strict=True):
        torch.testing.assert_close(found, wanted, **CLOSE, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize("scored", ["answer-and-eos", "answer"])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_loss_and_gradients_are_autograds(scored, layers, dropout):
    plain = network(scored=scored, layers=layers, dropout=dropout)
    fast, rows, mask = FastDecoderTransformer(plain, torch.float64, "float32"), sequences(), None
    if dropout:
        mask = plain.draw_noise(len(rows), torch.Generator().manual_seed(0), torch.float64)
    assert_steps_agree(plain, fast, rows, fast.rows(rows), mask)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_many_blocks_give_what_one_gives(dropout, monkeypatch):
    monkeypatch.setattr("grokbench.networks.fast.decoder_transformer.BLOCK", 13)
    plain, rows = network(dropout=dropout), sequences()
    fast = FastDecoderTransformer(plain, torch.float64, "float32")
    mask = plain.draw_noise(len(rows), None, torch.float64) if dropout else None
    assert len(fast.rows(rows).blocks) == 3
    assert_steps_agree(plain, fast, rows, fast.rows(rows), mask)


def test_a_batch_is_the_rows_it_names():
    plain, rows, which = network(), sequences(), np.array([3, 28, 4, 11, 7])
    fast = FastDecoderTransformer(plain, torch.float64, "float32")
    everything = fast.rows(rows)
    fast.gradient(everything)  # leaves buffers of another size
    assert_steps_agree(plain, fast, rows[which], fast.batch(everything, which))


@pytest.mark.parametrize("scored", ["answer-and-eos", "answer"])
def test_an_evaluation_is_the_plain_modules_without_dropout(scored):
    plain, rows = network(scored=scored, dropout=0.5), sequences()
    rows[:, 5] = plain(torch.from_numpy(rows[:, :-1]))[:, 0].argmax(-1)  # right at "=" in every row, for once
    rows[::3, 5] = 22
    fast = FastDecoderTransformer(plain, torch.float64, "float32")
    loss, correct, _ = plain_step(plain, rows)
    sums = fast.evaluate(fast.rows(rows))
    np.testing.assert_allclose(sums.loss_sum / len(rows), loss, **CLOSE)
    assert sums.correct == correct
    assert correct or scored == "answer-and-eos"


def test_in_float32_the_gradient_is_float64s_but_for_rounding():
    plain, rows = network(), sequences()
    exact, rounded = (
        FastDecoderTransformer(plain, torch.float64, "float32"),
        FastDecoderTransformer(plain, torch.float32, "float32"),
    )
    exact.gradient(exact.rows(rows))
    rounded.gradient(rounded.rows(rows))
    for wide, narrow in zip(exact.gradients, rounded.gradients, strict=True):
        torch.testing.assert_close(narrow.double(), wide, rtol=1e-4, atol=1e-5)


def test_rows_of_two_operations_do_not_go_through_together():
    rows = sequences()
    rows[0, 2] += 1
    with pytest.raises(InputError, match="one operation, not 2"):
        FastDecoderTransformer(network(), torch.float64, "float32").rows(rows)
