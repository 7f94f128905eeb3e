"""What a network promises: drawn weights, outputs row by row, gradients, a size, and a trial that repeats."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from grokbench import parts
from grokbench.contract.running import disturbed, recipe, run, shape_and_rows, slope_error, task_for
from grokbench.contract.saying import Promise, differ, example, require
from grokbench.networks.architecture import Architecture
from grokbench.networks.base import Network
from grokbench.networks.registry import build, restored
from grokbench.tasks.source import outputs_of

ENOUGH = 1e-5  # of central differences in float64, over the largest gradient


def _model(part: parts.Part) -> dict[str, Any]:
    own: Architecture = parts.load(part)
    return {"kind": part.name, **example(own.fields)}


def _made(part: parts.Part, seed: int = 0) -> tuple[Network, torch.Tensor, Any]:
    """A network, what it reads of a few rows, and the shape that it was built for."""
    own: Architecture = parts.load(part)
    task, shape, rows = shape_and_rows(task_for(own))
    network = build(_model(part), shape, seed)
    return network, network.inputs(rows, task), shape


def draws_the_same_weights_for_the_same_seed(part: parts.Part) -> None:
    """Weights are a function of the seed, and float64."""
    one, other, third = (list(_made(part, seed)[0].parameters()) for seed in (0, 0, 1))
    require(one, f"{part} has no parameters")
    require(all(p.dtype == torch.float64 for p in one), f"{part} draws weights that are not float64")
    as_arrays = [[p.detach().numpy() for p in group] for group in (one, other, third)]
    require(not differ(as_arrays[0], as_arrays[1]), f"{part} draws other weights for the same seed")
    fixed = all(not p.requires_grad for p in one)
    seeded = getattr(parts.load(part), "seeded", True) and any(p.detach().any() for p in one)
    same = differ(as_arrays[0], as_arrays[2]) or fixed or not seeded
    require(same, f"{part} draws the same weights for another seed")


def ignores_the_callers_torch(part: parts.Part) -> None:
    """Neither the global generator, the default type nor no_grad of the caller changes it, and it changes none of them."""
    plain = [p.detach().clone().numpy() for p in _made(part)[0].parameters()]
    with disturbed():
        before = torch.random.get_rng_state().clone()
        changed = _made(part)[0]
        require(
            torch.equal(before, torch.random.get_rng_state()), f"{part} draws from torch's global generator"
        )
    require(
        not differ(plain, [p.detach().numpy() for p in changed.parameters()]),
        f"{part} follows torch's global state",
    )


def gives_a_finite_output_for_every_row_alone(part: parts.Part) -> None:
    """Outputs are (n, …, classes), finite, and those of a row do not depend on the rows beside it."""
    network, inputs, shape = _made(part)
    with torch.no_grad():
        whole, alone = network(inputs), network(inputs[3:4])
    classes = outputs_of(shape)
    expected = (
        whole.dim() in (2, 3) and len(whole) == len(inputs) and whole.shape[-1] in (1, classes, classes + 1)
    )
    text = f"{part} gives outputs of shape {tuple(whole.shape)} for {len(inputs)} rows and {classes} classes"
    require(expected or whole.shape[-1] >= classes, text)
    require(torch.isfinite(whole).all(), f"{part} gives outputs that are not finite")
    close = torch.allclose(whole[3:4], alone, rtol=1e-9, atol=1e-12)
    require(close, f"the outputs that {part} gives for a row depend on the rows beside it")


def has_the_gradients_of_its_outputs(part: parts.Part) -> None:
    """Autograd's gradients are central differences of its outputs in float64."""
    network, inputs, _ = _made(part)
    at = [p for p in network.parameters() if p.requires_grad]
    for parameter in at:
        parameter.data = parameter.data.contiguous()  # its entries are moved in place
    if not at:
        return
    with torch.no_grad():
        weights = torch.linspace(-1, 1, network(inputs).numel(), dtype=torch.float64)
    error = slope_error(lambda: (network(inputs).reshape(-1) * weights).sum(), at)
    require(
        error < ENOUGH, f"gradients of {part} differ from central differences by {error:.1e} of the largest"
    )


def is_made_again_from_its_weights(part: parts.Part) -> None:
    """``restore`` gives the same outputs from stored weights, in float64 and in float32."""
    from safetensors.torch import load, save

    network, inputs, _ = _made(part)
    weights = load(save({name: p.detach().contiguous() for name, p in network.named_parameters()}))
    with torch.no_grad():
        again = restored(_model(part), weights)
        same = torch.allclose(again(inputs), network(inputs), rtol=1e-12, atol=1e-14)
        require(same, f"{part} gives other outputs once it is restored")
        single = restored(_model(part), {name: w.float() for name, w in weights.items()}).float()
        outputs = single(inputs.float() if inputs.is_floating_point() else inputs)
        require(outputs.dtype == torch.float32, f"{part} does not compute in the type of its weights")


def knows_its_size(part: parts.Part) -> None:
    """``size`` counts its weights, and gives multiply-adds by which a plan scales costs."""
    own: Architecture = parts.load(part)
    network, _, shape = _made(part)
    size = own.size(_model(part), shape)
    count = sum(p.numel() for p in network.parameters())
    require(
        np.isfinite(size.multiply_adds) and size.multiply_adds > 0, f"{part} says that it computes nothing"
    )
    require(count / 2 <= size.weights <= 2 * count, f"{part} has {count} weights and says {size.weights:g}")


def trains_to_the_same_bits_under_the_same_key(part: parts.Part) -> None:
    """A trial of a few steps repeats to the bit; a field written out at its default changes no key."""
    own: Architecture = parts.load(part)
    required = {
        key: value for key, value in _model(part).items() if key == "kind" or key not in _defaults(own)
    }
    first, key = run(recipe(model=required), task_for(own))
    second, _ = run(recipe(model=required), task_for(own))
    require(first.content == second.content, f"{part} does not train to the same numbers twice")
    require(
        run(recipe(model=_model(part)), task_for(own))[1] == key,
        f"a field of {part} at its default changes the key of a trial",
    )
    require(
        np.isfinite(first.curves["train_loss"][0]),
        f"{part} has a loss that is not finite before it is trained",
    )


def _defaults(own: Architecture) -> set[str]:
    import dataclasses

    from grokbench.specs.fields import default_of

    return {one.name for one in dataclasses.fields(own.fields) if default_of(one) is not dataclasses.MISSING}


CHECKS: tuple[Promise, ...] = (
    ("draws the same weights for the same seed", draws_the_same_weights_for_the_same_seed),
    ("ignores the caller's torch", ignores_the_callers_torch),
    ("gives a finite output for every row alone", gives_a_finite_output_for_every_row_alone),
    ("has the gradients of its outputs", has_the_gradients_of_its_outputs),
    ("is made again from its weights", is_made_again_from_its_weights),
    ("knows its size", knows_its_size),
    ("trains to the same bits under the same key", trains_to_the_same_bits_under_the_same_key),
)
