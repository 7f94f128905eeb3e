"""Promises of parts: every built-in part keeps them, and each is broken by a part that does not keep it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import grokbench
from grokbench import (
    Architecture,
    Domain,
    FigureFields,
    FigureKind,
    Group,
    Loss,
    Optimizer,
    Size,
    contract,
    field,
    parts,
)
from grokbench.specs.errors import InputError, UnknownNameError
from tests.parts.test_parts import install, nothing_registered

__all__ = ["nothing_registered"]
PLUGIN = Path(__file__).parent.parent / "data" / "plugin.py"


@pytest.mark.parametrize("kind", parts.KINDS)
def test_every_built_in_part_keeps_its_promises(kind: str) -> None:
    for check in contract.checks("grokbench"):
        if check.part.kind == kind:
            check.run()


def broken(kind: str, part: Any, promise: str) -> str:
    """What the contract says of a registered part that breaks this promise."""
    grokbench.register(kind, "mine", part)
    (found,) = (p for p in parts.listed(kind) if p.name == "mine")
    (check,) = (one for one in contract._of(found) if one.promise == promise)
    with pytest.raises(contract.BrokenError) as raised:
        check.run()
    return str(raised.value)


@dataclasses.dataclass(frozen=True)
class Fields:
    """a part that breaks a promise"""

    scale: float = field(1.0, help="of nothing", above=0)


@dataclasses.dataclass(frozen=True)
class Silent:
    """fields without help"""

    scale: float = 1.0


class Rows(grokbench.Network):
    def __init__(self, weights: Any, change: Callable[[Any], Any] = lambda outputs: outputs) -> None:
        super().__init__()
        self.X, self._change = nn.Parameter(weights["X"]), change

    def forward(self, inputs: Any, noise: Any = None) -> Any:
        return self._change(self.X[inputs[:, 0]] * self.X[inputs[:, 1]])


def network(
    draw: Callable[[int, int], Any] | None = None,
    change: Callable[[Any], Any] = lambda outputs: outputs,
    restore: Callable[[Any, Any], Any] | None = None,
    size: float = 1.0,
) -> Architecture:
    def drawn(p: int, seed: int) -> Any:
        return torch.randn(p, p, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)

    def build(model: Any, p: int, seed: int) -> Rows:
        return Rows({"X": (draw or drawn)(p, seed)}, change)

    return Architecture(
        "mine",
        Fields,
        build,
        restore or (lambda model, weights: Rows(weights, change)),
        lambda model, p: Size(p, size * p * p),
    )


class Detached(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return 2 * x

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:  # type: ignore[override]
        return gradient


NETWORKS = [
    (
        "draws the same weights for the same seed",
        {"draw": lambda p, s: torch.rand(p, p, dtype=torch.float64)},
        "other weights",
    ),
    ("draws the same weights for the same seed", {"draw": lambda p, s: torch.eye(p).float()}, "not float64"),
    (
        "draws the same weights for the same seed",
        {"draw": lambda p, s: torch.eye(p, dtype=torch.float64)},
        "for another seed",
    ),
    (
        "ignores the caller's torch",
        {"draw": lambda p, s: torch.rand(p, p, dtype=torch.float64)},
        "global generator",
    ),
    (
        "gives a finite output for every row alone",
        {"change": lambda out: out - out.mean(0)},
        "the rows beside it",
    ),
    ("gives a finite output for every row alone", {"change": lambda out: out / 0}, "not finite"),
    ("gives a finite output for every row alone", {"change": lambda out: out[:, :2]}, "outputs of shape"),
    ("has the gradients of its outputs", {"change": Detached.apply}, "differ from central differences"),
    (
        "is made again from its weights",
        {"restore": lambda m, w: Rows({"X": 2 * w["X"]})},
        "once it is restored",
    ),
    ("knows its size", {"size": 9.0}, "weights and says"),
]


@pytest.mark.parametrize(("promise", "fields", "said"), NETWORKS)
def test_a_network_that_breaks_a_promise_is_told_which(
    promise: str, fields: dict[str, Any], said: str
) -> None:
    assert said in broken("networks", network(**fields), promise)


def loss(total: Callable[..., Any], reduce: Callable[..., Any] = lambda t, loss, n, c: t / n) -> Loss:
    return Loss("mine", Fields, total, reduce)


def squares(outputs: Any, targets: Any, table: Any) -> Any:
    return (outputs**2).sum()


LOSSES = [
    ("is a sum over rows", loss(lambda o, t, table: (o**2).mean()), "no sum over rows"),
    ("is a sum over rows", loss(lambda o, t, table: (o**2).sum(-1)), "a scalar is expected"),
    (
        "has its gradients",
        loss(lambda o, t, table: Detached.apply(o).sum()),
        "differ from central differences",
    ),
    (
        "is reduced alike for tensors and numbers",
        loss(squares, lambda t, table, n, c: t / n + 1),
        "not linear",
    ),
    ("ignores the caller's torch", loss(lambda o, t, table: o.sum() * torch.tensor(0.1)), "global state"),
    (
        "can be trained on",
        loss(lambda o, t, table: o.sum() * float(torch.rand(()))),
        "the same numbers twice",
    ),
]


@pytest.mark.parametrize(("promise", "part", "said"), LOSSES)
def test_a_loss_that_breaks_a_promise_is_told_which(promise: str, part: Loss, said: str) -> None:
    assert said in broken("losses", part, promise)


class Rule:
    def __init__(self, change: Callable[[Any, Any, Any], None]) -> None:
        self._change = change

    def init(self, parameters: Any, names: Any) -> None:
        pass

    def update(self, parameters: Any, gradients: Any, step: int) -> None:
        for p, g in zip(parameters, gradients, strict=True):
            self._change(self, p, g)


def optimizer(change: Callable[[Any, Any, Any], None], **more: Any) -> Optimizer:
    return Optimizer("mine", Fields, lambda table, noise: Rule(change), **more)


SHARED = [0.0]


def remembers(rule: Any, p: Any, g: Any) -> None:
    SHARED[0] += float(g.sum())
    p.sub_(SHARED[0])


OPTIMIZERS = [
    ("changes weights in place, and repeats", optimizer(lambda r, p, g: None), "leaves the weights"),
    (
        "changes weights in place, and repeats",
        optimizer(lambda r, p, g: p.sub_(torch.rand(()))),
        "other weights",
    ),
    ("changes weights in place, and repeats", optimizer(lambda r, p, g: p.div_(0)), "not finite"),
    ("keeps its state to itself", optimizer(remembers), "mixes its state"),
    (
        "treats each weight alone where it says so",
        optimizer(lambda r, p, g: p.sub_(g.mean(0))),
        "depends on the shape",
    ),
    (
        "is its equation where it gives one",
        optimizer(lambda r, p, g: p.sub_(g), equation=lambda table, w, gradients: w - 2 * sum(gradients)),
        "differs from its own equation",
    ),
]


@pytest.mark.parametrize(("promise", "part", "said"), OPTIMIZERS)
def test_an_optimizer_that_breaks_a_promise_is_told_which(promise: str, part: Optimizer, said: str) -> None:
    assert said in broken("optimizers", part, promise)


def twice(view: Any, arm: int = 0, seen: Any = []) -> float:  # noqa: B006 - the fault that is looked for
    seen.append(1)
    return float(len(seen))


def spoils(view: Any, arm: int = 0) -> float:
    view.arms[0][0].record.curves["test_loss"][:] = 0
    return 1.0


MEASURES = [
    ("takes arguments that a rule can give", lambda view, arms: 1.0, "is annotated as None"),
    ("says the same each time and leaves the record alone", twice, "of the same run"),
    ("says the same each time and leaves the record alone", spoils, "changes the record"),
    ("says what it is", lambda view: 1.0, "says nothing of itself"),
]


@pytest.mark.parametrize(("promise", "part", "said"), MEASURES)
def test_a_measure_that_breaks_a_promise_is_told_which(promise: str, part: Any, said: str) -> None:
    assert said in broken("measures", part, promise)


def test_a_figure_and_a_domain_that_break_a_promise_are_told_which() -> None:
    from grokbench.figures import style

    def always(own: Any, cells: Any) -> Any:
        return style.canvas(1, 1)[0]

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Picture(FigureFields):
        """whatever"""

    kind = FigureKind(Picture, always, panels=False)
    assert "without a run" in broken("figures", kind, "draws nothing without runs")
    nothing_registered_now()
    assert "upright axis" in broken("figures", kind, "draws runs with a title and named axes")
    same = Domain(
        "mine", Fields, lambda table: Group(2, lambda: torch.zeros(2, 2).long().numpy(), lambda: ("a", "a"))
    )
    assert "the same name" in broken("domains", same, "has elements with names of their own")


def nothing_registered_now() -> None:
    parts._registered.clear()


def test_fields_without_help_and_defaults_out_of_bounds_are_told() -> None:
    part = Loss("mine", Silent, squares, lambda t, table, n, c: t)
    assert "without a help text: scale" in broken("losses", part, "has a help text for every field")
    nothing_registered_now()

    @dataclasses.dataclass(frozen=True)
    class Wrong:
        """a default out of its own bounds"""

        scale: float = field(-1.0, help="of nothing", above=0)

    part = dataclasses.replace(part, fields=Wrong)
    assert "refuses its own defaults" in broken("losses", part, "has a schema that takes its defaults")


def test_a_script_and_a_package_have_their_parts_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = contract.checks(str(PLUGIN))
    assert {check.part.name for check in found} >= {"rows", "absolute", "sign", "reverse", "exclusive-or"}
    for check in found:
        check.run()
    install(tmp_path, "from grokbench.training.losses import MSE as PART\n", package="focalpack")
    monkeypatch.syspath_prepend(tmp_path)
    parts._installed.cache_clear()
    assert {check.part.name for check in contract.checks("focalpack")} == {"focal"}


def test_a_package_without_parts_and_a_script_that_registers_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="nobody"):
        contract.checks("nobody")
    script = tmp_path / "empty.py"
    script.write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="registers no part"):
        contract.checks(str(script))


def test_pytest_runs_the_promises_of_a_script(pytester: pytest.Pytester) -> None:
    text = PLUGIN.parent.parent.parent / "grokbench" / "scaffold" / "templates" / "measure.txt"
    script = text.read_text("utf-8").replace("@NAME@", "late").replace("@MODULE@", "late")
    pytester.makepyfile(late=script.replace("return record.t_gen - record.t_mem", "return 'late'"))
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--grokbench-contract", "late.py")
    result.assert_outcomes(passed=6, failed=2)
    result.stdout.fnmatch_lines(
        ["*measure late: answers for every kind of run*", "*returns a str where a float*"]
    )
