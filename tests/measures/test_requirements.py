"""What measures need of records: a record without it gives nan and the reason, and nothing else does."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from grokbench.contract.measures import given
from grokbench.measures import Between, lacking, measure, measure_names, measured, needs
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.needed import T_GEN
from grokbench.measures.reading import ends
from grokbench.measures.requiring import Requirement, defaults, each, requires
from grokbench.measures.requiring import needs as declared
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.training.record import Record
from tests.claims import nanda_records as runs
from tests.claims.claim_records import grokked, record, view
from tests.reports import synthetic_kumar as kumar
from tests.reports import synthetic_lee as lee
from tests.reports import synthetic_liu as liu
from tests.reports import synthetic_omnigrok as omnigrok
from tests.reports import synthetic_parity as parity
from tests.reports import synthetic_thilak as thilak
from tests.reports.synthetic_doshi import run as noisy
from tests.reports.synthetic_lyu import run as decaying
from tests.reports.synthetic_mallinar import machine
from tests.reports.synthetic_prieto import run as collapsed

SETTINGS = {"model.width": 500, "optimizer.lr": 0.001}


def _probes(last: int) -> dict[str, dict[str, Any]]:
    step = np.arange(0, last + 1, 50)
    growing = 1 + step / last
    trace = {"step": step, "loss": np.exp(-step / 1000), "weight_norm_1": growing, "weight_norm_2": growing}
    gradients = {"gradient_norm_1": 1 / growing, "gradient_norm_2": 1 / growing}
    shares = dict.fromkeys(("share_sum", "share_2n", "share_2m", "share_difference", "share_rest"), growing)
    phases = {"step": step, "resultant": growing, "share_near_zero": growing, "circular_std": 1 / growing}
    return {
        "trace": trace | gradients,
        "spectrum": {"step": step, **shares},
        "phases": phases,
        "ipr": {"step": step, "ipr": 1 - 1 / (1 + growing)},
    }


def grouped() -> dict[str, Any]:
    """Irreps of a network of A4 that has fitted and generalised."""
    shares = {
        f"{name}_share": np.array([0.1, 0.5, 0.9]) for name in ("logit", "product", "embedding", "readout")
    }
    losses = {
        name: np.array([2.0, 1.0, 0.5]) for name in ("restricted", "excluded", "test_loss", "sum_squares")
    }
    irreps = {"key": np.array([0, 0, 1]), "rank": np.array([1, 2, 9])}
    return {"step": np.array([0, 20_000, 40_000]), **shares, **losses, **irreps}


def full(t_gen: int = 10_000) -> Record:
    """A run with all that any measure needs: the authors' run, watched by every probe and analysis."""
    run = runs.grokking(40_000)
    kinds = ("best_share", "permuted_share", "gini")
    circles = {name + suffix: np.array([0.5]) for name in kinds for suffix in ("", "_initial")}
    shuffles = {name: np.array([0.5]) for name in ("unshuffled", "independent", "sum_kept")}
    neurons = {"circles": circles, "phase-shuffles": shuffles, "periodic-neurons": {"circular_std": [0.2]}}
    neurons["representations"] = neurons["characters"] = grouped()
    facts = {**run.facts, "analytic_peak": 1.0, "analytic_peak_std": 0.1}
    return dataclasses.replace(run, facts=facts, probes=_probes(40_000), analyses={**run.analyses, **neurons})


def single() -> SeedView:
    """Three arms of one record."""
    arms = tuple((Cell(0, {**SETTINGS, "alpha": 0.3}, full()),) for _ in range(3))
    return SeedView(0, arms)


def swept(least: int) -> SeedView:
    """Two arms over five fractions, of which the smallest has the T_gen ``least``; from 80 000 on it is not solved."""
    times = {0.3: least, 0.5: 3000, 0.6: 2000, 0.7: 1500, 0.8: 1000}
    arm = tuple(
        Cell(0, {**SETTINGS, "alpha": alpha}, grokked(t, budget=80_000, alpha=alpha))
        for alpha, t in times.items()
    )
    return SeedView(0, (arm, arm))


def closely() -> SeedView:
    """Two arms of a run that is evaluated at every step, with the norm of its last layer."""
    steps = list(range(40))
    probes = {"last-layer": {"step": steps, "norm": [1.0] * 40}}
    run = record(steps, [0.0] * 5 + [1.0] * 35, 0.0, probes=probes)
    return view(run, run)


def slung() -> SeedView:
    """Two arms of a run on digits with four slingshots, looked at at every step."""
    return view(thilak.curve("positive"), thilak.curve("positive"))


def unlike() -> SeedView:
    """Two arms of which one is solved from a smaller fraction on."""
    return SeedView(0, (swept(9000).arms[0], swept(90_000).arms[0]))


def lasting() -> SeedView:
    """Two arms of two seeds, which generalise at unlike steps and are seen to three times those."""
    runs = (grokked(t_gen) for t_gen in (1000, 1500, 1100, 4000))
    return view(*(dataclasses.replace(run, cost={"ms_per_step": 2.0}) for run in runs))


def iterated() -> SeedView:
    """Two arms of a kernel machine."""
    return view(machine(), machine())


def kept() -> SeedView:
    """Two arms over numbers of rows, of which few lose what was learned and many keep it."""
    ends = ((0.1, 100, 0.0), (0.2, 200, 0.3), (0.3, 300, 1.0))
    arm = tuple(
        Cell(0, {**SETTINGS, "alpha": alpha}, record(range(9), 1.0, end, alpha=alpha, n_train=rows))
        for alpha, rows, end in ends
    )
    return SeedView(0, (arm, arm))


def collapsing() -> SeedView:
    """Two arms of a run whose rows collapse while its test accuracy still rises."""
    run = collapsed(fit=100, top=0.4, half=1.0, single=1.0, double=1.0)
    return view(run, run)


def corrupted() -> SeedView:
    """Two arms of a run on labels of which some were drawn, under batch normalisation, with neurons of low and of high IPR."""
    run = noisy(scale=1.0)
    return view(run, run)


def aligning() -> SeedView:
    """Two arms of runs on training sets of seven sizes, whose embeddings become a line."""
    return liu.seen(liu.sizes(), liu.sizes([0.0, 0.3, 0.1, 0.6, 0.2, 1.0, 0.5]))


def lined_up() -> SeedView:
    """Two arms of runs that become a line the sooner the more they are trained on."""
    arm = liu.lines([9000, 8000, 4000, 3000, 2000, 1500, 1200, 1000])
    return liu.seen(arm, arm)


def toys() -> SeedView:
    """Two arms of one such run."""
    return liu.seen(*(liu.cells([liu.toy(gen=gen)]) for gen in (2000, 3000)))


def mapped() -> SeedView:
    """Two arms of diagrams with all of the four phases."""
    return liu.seen(liu.diagram("ccg", "xms"), liu.diagram("ccm", "xms"))


def changing() -> SeedView:
    """Two arms under weight decay, of unlike scales: one generalises late, the other at once and no more late."""
    rising = decaying(change=2500, scale=1.0)
    return view(rising, decaying(change=5000, scale=3.0, early=0.999, late=0.7))


def held() -> SeedView:
    """A free run, and a landscape of runs whose norm is held."""
    own = omnigrok.of_every_experiment()
    return SeedView(0, (own["large-start-code"], own["landscape"]))


def decayed() -> SeedView:
    """Two arms of runs over decays."""
    own = omnigrok.of_every_experiment()
    return SeedView(0, (own["large-start-decays"], own["large-start-decays"]))


def scaled() -> SeedView:
    """Two arms of landscapes, whose runs have unlike R½."""
    own = omnigrok.of_every_experiment()
    return SeedView(0, (own["landscape"], own["landscape"]))


def lazy() -> SeedView:
    """Two arms of runs whose kernels move before and after they fit."""
    own = kumar.of_every_experiment()
    return SeedView(0, (own["summed-lazy"], own["summed-rich"]))


def late_in_loss() -> SeedView:
    """Two arms of losses that fall one after the other."""
    own = kumar.of_every_experiment()
    return SeedView(0, (own["polynomial"], own["some-rows"]))


def over_scales() -> SeedView:
    """Two arms over the scale of the outputs: of accuracies, and of losses."""
    own = kumar.of_every_experiment()
    return SeedView(0, (own["summed-scales"], own["polynomial-scales"]))


def over_eps() -> SeedView:
    """Losses over ε."""
    own = kumar.of_every_experiment()
    return SeedView(0, (own["polynomial-scales"], own["polynomial-scales"]))


def sparse() -> SeedView:
    """Two arms of a network of which a few neurons take over."""
    return view(parity.run(t_gen=3500), parity.run(t_gen=3500))


def frozen() -> SeedView:
    """A network that stands still once its loss is 0."""
    return view(parity.still())


def fresh() -> SeedView:
    """Two arms of runs on fresh rows, over numbers of bits."""
    cells = tuple(Cell(0, {"alpha": 0.5, **settings}, run) for settings, run in parity.swept(1.0, 100))
    return SeedView(0, (cells, cells))


def solved_online() -> SeedView:
    """Two arms of a run on fresh rows."""
    return view(parity.perfect(700), parity.perfect(700))


def filtered() -> SeedView:
    """Four arms of which each crosses an accuracy of 0.95."""
    return view(lee.run(2900), lee.run(2000), lee.run(2500), lee.run(1100))


VIEWS = (
    single(),
    swept(90_000),
    swept(9000),
    closely(),
    slung(),
    unlike(),
    iterated(),
    collapsing(),
    aligning(),
    lined_up(),
    toys(),
    mapped(),
    corrupted(),
    changing(),
    sparse(),
    frozen(),
    solved_online(),
    fresh(),
    kept(),
    held(),
    decayed(),
    scaled(),
    lazy(),
    late_in_loss(),
    over_scales(),
    over_eps(),
    lasting(),
    filtered(),
)
ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "aligning-trend": {"least": 0.6},
    "best-normalised-at-fraction": {"alpha": 0.3},
    "pruned-accuracy": {"fraction": 0.5},
    "pruned-accuracy-change": {"fraction": 0.5},
    "pruned-accuracy-over-random": {"fraction": 0.5},
    "excluded-change": {"begin": "memorisation", "end": "cleanup"},
    "ipr-gap-ratio-of-fractions": {"more": 0.3, "less": 0.3},
    "ipr-slope-ratio": {"late": "after", "early": "fit"},
    "learning-rate-window": {"around": 1.0},
    "dip-share": {"until": 20_000},
    "dip-share-lead": {"until": 20_000},
    "stays": {"until": 40_000},
    "loss-trend": {"field": "training.output_scale"},
    "test-accuracy-at": {"step": 7},
    "test-loss-kept": {"step": 7},
    "time-at-fraction": {"alpha": 0.3},
    "margin-at": {"step": 1500},
    "margin-fall": {"step": 1500},
    "ipr-gap-ratio": {"early": 1.5, "late": 3},
    "ipr-share-at-t-gen": {"final": 3},
}


@functools.cache
def asked(name: str) -> tuple[SeedView, dict[str, Any]]:
    """The first view of which a measure gives a number, and arguments for it."""
    chosen = {**given(measure(name)), **ARGUMENTS.get(name, {})}
    for one in VIEWS:
        try:
            if not unknown(measured(name, one, chosen)):
                return one, chosen
        except InputError:
            continue
    raise AssertionError(f"{name} gives no number of any of the views")


def unknown(value: float | Between) -> bool:
    return any(map(math.isnan, ends(value)))


@pytest.mark.parametrize("name", [name for name in measure_names() if declared(measure(name))])
def test_a_record_without_what_a_measure_needs_gives_nan_and_the_reason(name: str) -> None:
    one, chosen = asked(name)
    for requirement in declared(measure(name)):
        broken = SeedView(0, requirement.broken(one.arms))
        assert unknown(measured(name, broken, chosen)), requirement.text
        assert lacking(name, broken, chosen), requirement.text
        assert not requirement.met(broken.arms, {**defaults(measure(name)), **chosen}), requirement.text


def zoo() -> Iterator[Requirement]:
    """Every requirement of every measure, once."""
    found = {need.text: need for name in measure_names() for need in declared(measure(name))}
    yield from found.values()


@pytest.mark.parametrize("requirement", list(zoo()), ids=lambda need: need.text)
def test_no_measure_gives_nan_but_where_it_says_what_is_lacking(requirement: Requirement) -> None:
    for name in measure_names():
        one, chosen = asked(name)
        try:
            broken = SeedView(0, requirement.broken(one.arms))
        except (KeyError, ValueError):
            continue  # that record has nothing of the kind
        try:
            value = measured(name, broken, chosen)
        except InputError:
            continue  # refused as a claim: it never becomes a number
        assert unknown(value) == bool(lacking(name, broken, chosen)), name


@pytest.mark.parametrize("name", measure_names())
def test_a_record_with_all_that_a_measure_needs_gives_a_number(name: str) -> None:
    one, chosen = asked(name)
    assert not lacking(name, one, chosen)


def test_what_is_needed_stands_for_the_arguments_of_the_rule() -> None:
    assert "α = 0.3" in needs("time-at-fraction", {"alpha": 0.3})
    assert needs("t-gen") == ""
    assert needs("phase-ratio", {"numerator": "cleanup", "denominator": "formation"}).endswith(
        "an end of formation"
    )


def test_a_word_that_an_annotation_does_not_list_is_refused() -> None:
    with pytest.raises(UnknownNameError):
        measure("readout-fve")(view(full()), which="mean")


def test_a_measure_of_ones_own_declares_what_it_needs() -> None:
    busy = each("a busy seed", lambda cell, _: cell.seed > 1, lambda cell: cell._replace(seed=0))

    @requires(T_GEN, busy)
    def own(view: SeedView, arm: int = 0) -> float:
        return 1.0

    assert math.isnan(own(view(full(), seed=1)))
    assert own(view(full(), seed=2)) == 1.0
    assert [need.text for need in declared(own)] == ["a T_gen", "a busy seed"]
