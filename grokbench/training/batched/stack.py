"""Networks of many trials as one: their weights lie in tensors (trials, …), and a pass goes through all of them at once.

``torch.func`` runs the readable module over them: ``functional_call`` under ``vmap``. A loss is mapped over single rows, so that
rows that only fill a trial up can be left out of its sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from grokbench.networks.base import Network
from grokbench.networks.fast.products import BLAS
from grokbench.networks.scaled import subtracted
from grokbench.training.batched import memory
from grokbench.training.batched.rows import Side, Updates, read_side
from grokbench.training.batches import Batches
from grokbench.training.plain import read
from grokbench.training.score import Score
from grokbench.training.setup import Setup

ENOUGH = {torch.float32: 1e-3, torch.float64: 1e-9}  # of outputs, one by one and together, over the largest


class UnlikeError(Exception):
    """Trials that cannot train as one model; the text is a sentence that says why."""


class Stack:
    """The weights of trials that differ in numbers only, their gradients, and the rows that they are trained and tested on.

    ``parameters`` and ``gradients`` are (trials, …), in the order of ``names``. ``chunks``: how many trials a pass takes at once,
    by its kind: "train" with a gradient, "test" without.
    """

    def __init__(self, setups: Sequence[Setup[Network]], device: torch.device) -> None:
        self.device, self._setups = device, list(setups)
        first = setups[0]
        modules = [setup.network.to(setup.dtype) for setup in setups]
        self._network = first.network
        named = [dict(module.named_parameters()) for module in modules]
        self.names: Sequence[str] = tuple(named[0])
        shapes = [[(name, p.shape) for name, p in own.items()] for own in named]
        if any(own != shapes[0] for own in shapes):
            raise UnlikeError("Weights of these trials have different shapes.")
        self.parameters = [
            torch.stack([own[name].detach() for own in named]).to(device) for name in self.names
        ]
        self.gradients = [torch.zeros_like(p) for p in self.parameters]
        self._buffers, self._apart = _buffers(modules, device)
        self._kept = tuple(self._network.state_dict())
        self._sides = {name: read_side(setups, name, device) for name in first.sides()}
        self._updates = Updates(setups, self._sides["train"])
        self._decoder = first.decoder
        drawn = [setup.kept for setup in setups if setup.kept is not None]
        self._drawn = torch.stack(drawn).to(device) if drawn else None
        self._sigma = [setup.weight_noise for setup in setups]
        self._drops = any(module.drops for module in modules)
        self.noisy = self._drops or any(self._sigma) or not self._updates.whole
        self.products = (
            BLAS if device.type == "cpu" else f"{device.type} {torch.cuda.get_device_name(device)}"
        )
        self._compare(modules)
        self.chunks = self._measured()

    def __len__(self) -> int:
        return len(self._setups)

    @property
    def batches(self) -> list[Batches]:
        """What each trial draws its next training rows from."""
        return self._updates.batches

    @property
    def moving_buffers(self) -> dict[str, Tensor]:
        """Buffers that differ between trials, (trials, …)."""
        return {name: b for name, b in self._buffers.items() if name in self._apart}

    # -- passes ----------------------------------------------------------------------------------------

    def train_pass(self, accuracy: bool) -> tuple[list[float], list[float]]:
        """Loss of each trial over the rows of its next update, its gradients into ``gradients``; accuracies if asked for."""
        rows = self._updates.next()
        added, dropped = self._noise(rows.counts)
        losses: list[float] = []
        shares: list[float] = []

        def one(at: slice) -> None:
            losses[at.start :], shares[at.start :] = self._gradient(at, rows.of(at), added, dropped, accuracy)

        self._by_chunks("train", one)
        return losses, shares

    def scores(self, side: str, which: Sequence[int]) -> dict[int, Score]:
        """Loss and accuracy of some of the trials over the rows of ``side``, in evaluation mode."""
        rows, found = self._sides[side], {}

        def one(at: slice) -> None:
            own = [i for i in which if at.start <= i < at.stop]
            if not own:
                return
            weights = [p[at] if len(own) == at.stop - at.start else p[own] for p in self.parameters]
            chosen = rows.of(at if len(own) == at.stop - at.start else own)
            with torch.no_grad():
                outputs = self._outputs(own, weights, chosen.inputs, None)
                losses = self._losses(outputs, chosen).tolist()
                shares = self._shares(own, outputs, chosen)
            for i, loss, share in zip(own, losses, shares, strict=True):
                found[i] = Score(loss, share)

        self._by_chunks("test", one)
        return found

    def weights(self, i: int) -> dict[str, Tensor]:
        """Copies of a trial's weights under the plain module's names, on the CPU."""
        own = dict(zip(self.names, self.parameters, strict=True))
        buffers = {name: b[i] if name in self._apart else b for name, b in self._buffers.items()}
        return {
            name: (own[name][i] if name in own else buffers[name]).detach().cpu().clone()
            for name in self._kept
        }

    def keep(self, which: list[int]) -> None:
        """Go on with the trials at these places."""
        self._setups = [self._setups[i] for i in which]
        self._sigma = [self._sigma[i] for i in which]
        self._drawn = None if self._drawn is None else self._drawn[which]
        self.parameters = [p[which] for p in self.parameters]
        self.gradients = [g[which] for g in self.gradients]
        self._buffers = {name: b[which] if name in self._apart else b for name, b in self._buffers.items()}
        self._sides = {name: side.of(which) for name, side in self._sides.items()}
        self._updates.keep(which, self._sides["train"])

    # -- inside ----------------------------------------------------------------------------------------

    def _gradient(
        self, at: slice, rows: Side, added: list[Tensor] | None, dropped: Tensor | None, accuracy: bool
    ) -> tuple[list[float], list[float]]:
        weights = [p[at].detach() for p in self.parameters]
        if added is not None:
            weights = [p + noise[at] for p, noise in zip(weights, added, strict=True)]
        for w in weights:
            w.requires_grad_()
        trials = list(range(at.start, at.stop))
        outputs = self._outputs(trials, weights, rows.inputs, None if dropped is None else dropped[at])
        losses = self._losses(outputs, rows)
        for gradient, one in zip(self.gradients, torch.autograd.grad(losses.sum(), weights), strict=True):
            gradient[at] = one
        return losses.tolist(), self._shares(trials, outputs.detach(), rows) if accuracy else []

    def _outputs(
        self, trials: Sequence[int], weights: Sequence[Tensor], inputs: Tensor, noise: Tensor | None
    ) -> Tensor:
        """(trials, n, classes) or (trials, n, scored, classes)."""
        whole = len(trials) == len(self)
        buffers = {
            name: b[list(trials)] if name in self._apart and not whole else b
            for name, b in self._buffers.items()
        }

        def one(own: Sequence[Tensor], kept: dict[str, Tensor], read: Tensor, drawn: Tensor | None) -> Any:
            named = dict(zip(self.names, own, strict=True))
            return functional_call(self._network, {**named, **kept}, (read, drawn))

        over = {name: 0 if name in self._apart else None for name in buffers}
        found: Tensor = vmap(one, (0, over, 0, None if noise is None else 0))(
            list(weights), buffers, inputs, noise
        )
        return found

    def _losses(self, outputs: Tensor, rows: Side) -> Tensor:
        """The loss that each trial trains on, (trials,)."""
        setup = self._setups[0]
        each = vmap(setup.total)(outputs.flatten(0, 1)[:, None], rows.targets.flatten(0, 1)[:, None])
        each = each.view(rows.targets.shape[:2])  # (trials, n)
        if rows.mask is not None:
            each = torch.where(rows.mask, each, 0.0)
        totals, counts = each.sum(1), rows.counts
        if len(set(counts)) == 1:
            return setup.reduce(totals, counts[0], outputs.shape[-1])
        return torch.stack(
            [setup.reduce(total, n, outputs.shape[-1]) for total, n in zip(totals, counts, strict=True)]
        )

    def _shares(self, trials: Sequence[int], outputs: Tensor, rows: Side) -> list[float]:
        """The share of right answers of each trial."""
        drawn = None if self._drawn is None else self._drawn[list(trials)]
        right = self._decoder.right(outputs, rows.targets, drawn)
        right = right if right.dim() == 2 else right.all(2)
        if rows.mask is not None:
            right = right & rows.mask
        return [n / count for n, count in zip(right.sum(1).tolist(), rows.counts, strict=True)]

    def _noise(self, counts: Sequence[int]) -> tuple[list[Tensor] | None, Tensor | None]:
        """What is added to weights and what masks a pass, each trial's from its own stream, in the plain engine's order."""
        if not self._drops and not any(self._sigma):
            return None, None
        added = [torch.empty(p.shape, dtype=p.dtype) for p in self.parameters] if any(self._sigma) else None
        dropped: list[Tensor] = []
        for i, (setup, n) in enumerate(zip(self._setups, counts, strict=True)):
            for noise in added or ():
                drawn = torch.randn(noise.shape[1:], generator=setup.generator, dtype=noise.dtype)
                noise[i] = self._sigma[i] * drawn
            if self._drops:
                mask = setup.network.draw_noise(n, setup.generator, setup.dtype)
                assert mask is not None
                dropped.append(mask)
        moved = None if added is None else [noise.to(self.device) for noise in added]
        return moved, _stacked(dropped).to(self.device) if dropped else None

    def _by_chunks(self, kind: str, work: Callable[[slice], None]) -> None:
        """Call ``work`` with chunks of the trials. One that memory does not hold is halved, and so are those after it."""
        start = 0
        while start < len(self):
            at = slice(start, min(start + self.chunks[kind], len(self)))
            try:
                work(at)
            except Exception as error:
                if not memory.exhausted(error) or at.stop - start == 1:
                    raise
                self.chunks[kind] = (at.stop - start) // 2
            else:
                start = at.stop
                continue
            memory.forget(self.device)

    def _compare(self, modules: Sequence[Network]) -> None:
        """A row of each trial by its own module and by the stack. Raises UnlikeError where they differ."""
        with torch.no_grad():
            read_ = [read(setup, setup.train[:1]) for setup in self._setups]
            alone = torch.stack(
                [module(inputs, None) for module, (inputs, _) in zip(modules, read_, strict=True)]
            )
            inputs = torch.stack([inputs for inputs, _ in read_]).to(self.device)
            try:
                together = self._outputs(range(len(self)), self.parameters, inputs, None).cpu()
            except Exception as error:
                if memory.exhausted(error):
                    raise
                why = str(error).strip().partition("\n")[0]
                raise UnlikeError(
                    f"torch.func cannot map this network: {why or type(error).__name__}"
                ) from error
        taken = [
            subtracted(module, inputs) for module, (inputs, _) in zip(modules, read_, strict=True)
        ]  # outputs less as large ones are rounded as these are
        largest = max(float(one.abs().max()) for one in (alone, *taken) if one is not None)
        largest = max(largest, 1e-30)
        if not float((alone - together).abs().max()) <= ENOUGH[alone.dtype] * largest:
            raise UnlikeError("These networks give other outputs in a batch than each by itself.")

    def _measured(self) -> dict[str, int]:
        """``chunks`` by what passes of the first trial make."""
        at, weights = slice(0, 1), [p[:1] for p in self.parameters]

        def training() -> None:
            rows = self._sides["train"].of(at) if self._updates.whole else self._updates.like(at)
            leaves = [p.detach().requires_grad_() for p in weights]
            torch.autograd.grad(
                self._losses(self._outputs([0], leaves, rows.inputs, None), rows).sum(), leaves
            )

        def testing() -> None:
            rows = self._sides["test"].of(at)
            with torch.no_grad():
                self._losses(self._outputs([0], weights, rows.inputs, None), rows)

        room, found = memory.room(self.device), {}
        for kind, work in (("train", training), ("test", testing)):
            found[kind] = max(1, min(len(self), room // max(memory.bytes_of(work), 1)))
        return found


def _buffers(modules: Sequence[Network], device: torch.device) -> tuple[dict[str, Tensor], frozenset[str]]:
    """Buffers by name, and the names of those that differ between trials, which are (trials, …)."""
    found, apart = {}, set()
    for name, first in modules[0].named_buffers():
        own = [dict(module.named_buffers())[name] for module in modules]
        if any(not torch.equal(one, first) for one in own):
            apart.add(name)
        found[name] = (torch.stack(own) if name in apart else first).to(device)
    return found, frozenset(apart)


def _stacked(noise: Sequence[Tensor]) -> Tensor:
    """Noise of trials with unlike numbers of rows as one, with zeros where a trial has no such row."""
    shape = torch.tensor([one.shape for one in noise]).amax(0).tolist()
    out = torch.zeros(len(noise), *shape, dtype=noise[0].dtype)
    for place, one in zip(out, noise, strict=True):
        place[tuple(map(slice, one.shape))] = one
    return out
