"""What an optimizer or a wrapper promises: updates in place that repeat, keep their state, and are its equation."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from grokbench import parts
from grokbench.contract.running import disturbed, recipe, run
from grokbench.contract.saying import Promise, differ, example, require
from grokbench.training.kinds import Optimizer, Wrapper
from grokbench.training.updates import Update, make_update

SHAPES = ((3, 4), (4,))
NAMES = ("W", "b")
UPDATES = 4


def _table(part: parts.Part) -> dict[str, Any]:
    """The table of an optimizer, or of gradient descent with this wrapper around it."""
    own: Optimizer | Wrapper = parts.load(part)
    if part.kind == "wrappers":
        return {"kind": "gd", "lr": 0.1, "wrapper": {"kind": part.name, **example(own.fields)}}
    return {
        "kind": part.name,
        **{k: v for k, v in example(own.fields).items() if k not in ("groups", "wrapper")},
    }


def _drawn(seed: int, shapes: tuple[tuple[int, ...], ...] = SHAPES) -> list[Tensor]:
    generator = np.random.default_rng(seed)
    return [
        torch.from_numpy(generator.standard_normal(int(np.prod(shape)))).reshape(shape) for shape in shapes
    ]


def _updated(part: parts.Part, shapes: tuple[tuple[int, ...], ...] = SHAPES) -> list[np.ndarray] | None:
    """Weights after a few updates; None where nothing is updated."""
    update = make_update(_table(part), seed=0)
    if update is None:
        return None
    weights = _drawn(0, shapes)
    update.rule.init(weights, NAMES)
    for step in range(UPDATES):
        update.rule.update(weights, _drawn(step + 1, shapes), step)
    return [w.numpy().copy() for w in weights]


def changes_weights_in_place_and_repeats(part: parts.Part) -> None:
    """The same weights and gradients give the same weights, which are other ones than before, and finite."""
    first, second = _updated(part), _updated(part)
    if first is None or second is None:
        return
    require(not differ(first, second), f"{part} gives other weights for the same gradients")
    require(differ(first, [w.numpy() for w in _drawn(0)]), f"{part} leaves the weights as they are")
    require(all(np.isfinite(w).all() for w in first), f"{part} gives weights that are not finite")


def keeps_its_state_to_itself(part: parts.Part) -> None:
    """Two of them, updated in turn, give what each gives alone; torch's global state changes nothing."""
    alone = _updated(part)
    if alone is None:
        return
    rules: list[Update | None] = [make_update(_table(part), seed=0) for _ in range(2)]
    weights = [_drawn(0), _drawn(50)]
    with disturbed():
        for rule, own in zip(rules, weights, strict=True):
            assert rule is not None
            rule.rule.init(own, NAMES)
        for step in range(UPDATES):
            for i, (rule, own) in enumerate(zip(rules, weights, strict=True)):
                assert rule is not None
                rule.rule.update(own, _drawn(step + 1 + 100 * i), step)
    require(
        not differ(alone, [w.numpy() for w in weights[0]]),
        f"{part} mixes its state with another one's, or with torch's",
    )


def treats_each_weight_alone_where_it_says_so(part: parts.Part) -> None:
    """One that is ``elementwise`` gives the same for weights in another shape."""
    own: Optimizer | Wrapper = parts.load(part)
    shaped, flat = _updated(part), _updated(part, ((12,), (2, 2)))
    if not own.elementwise or shaped is None or flat is None:
        return
    same = all(np.allclose(a.ravel(), b.ravel(), rtol=1e-12) for a, b in zip(shaped, flat, strict=True))
    require(same, f"{part} says that it is elementwise, and depends on the shape of the weights")


def is_its_equation(part: parts.Part) -> None:
    """One that gives its ``equation`` agrees with it in float64: (fields, weights, gradients of each step) → weights."""
    equation, found = parts.load(part).equation, _updated(part)
    if not equation or found is None:
        return
    fields = {key: value for key, value in _table(part).items() if key != "kind"}
    for i, weights in enumerate(_drawn(0)):
        gradients = [_drawn(step + 1)[i].numpy() for step in range(UPDATES)]
        wanted = parts.loaded(equation)(fields, weights.numpy().copy(), gradients)
        error = float(np.max(np.abs(wanted - found[i])))
        require(error < 1e-10, f"{part} differs from its own equation by {error:.1e} after {UPDATES} steps")


def trains_to_the_same_bits_under_the_same_key(part: parts.Part) -> None:
    """A trial of a few steps repeats to the bit, and its key with it."""
    if _updated(part) is None:
        return
    own = recipe(optimizer=_table(part))
    (first, key), (second, again) = run(own), run(own)
    require(first.content == second.content, f"{part} does not train to the same numbers twice")
    require(key == again, f"trials with {part} have another key each time")


WRAPPED: tuple[Promise, ...] = (
    ("changes weights in place, and repeats", changes_weights_in_place_and_repeats),
    ("keeps its state to itself", keeps_its_state_to_itself),
    ("treats each weight alone where it says so", treats_each_weight_alone_where_it_says_so),
    ("trains to the same bits under the same key", trains_to_the_same_bits_under_the_same_key),
)
CHECKS: tuple[Promise, ...] = (*WRAPPED, ("is its equation where it gives one", is_its_equation))
