"""The claims file and the recipes of Power et al. 2022: what they may name, and what was fixed before the runs that count."""

from __future__ import annotations

from grokbench.measures import circles, measure
from grokbench.plan.expand import plan_paper, tier_plan
from grokbench.specs.loader import Library

LIBRARY = Library()
PAPER = LIBRARY.paper("power2022")
EXPERIMENTS = {experiment.id: experiment for experiment in PAPER.experiments}
CLAIMS = {claim.id: claim for claim in PAPER.claims}
SEEDS = tuple(range(100, 106))
QUICK = {
    "delayed-generalization-2",
    "addition-groks-2",
    "division-gap-shrinks",
    "relabel-isomorphism",
    "output-circles-2",
}
TABLES = ("model", "loss", "optimizer", "data", "training", "evaluation")


def test_experiments_keep_what_their_claims_read() -> None:
    for claim in PAPER.claims:
        if any(measure(c.measure).__module__ == circles.__name__ for c in claim.rule):
            for name in (*claim.experiments, *([claim.control] if claim.control else [])):
                assert EXPERIMENTS[name].analyses == ("circles",), claim.id
                assert EXPERIMENTS[name].snapshots == (0,), claim.id


def test_the_quick_tier_is_six_seeds_of_two_operations_at_one_half_and_at_nine_tenths() -> None:
    decided = {
        claim.id
        for claim in PAPER.claims
        if all("quick" in EXPERIMENTS[n].tiers for n in (*claim.experiments, claim.control) if n)
    }
    assert decided == QUICK
    trained = {name: e.tiers["quick"] for name, e in EXPERIMENTS.items() if "quick" in e.tiers}
    long = {
        name: (plan.seeds, plan.steps, plan.expected_steps, plan.alphas)
        for name, plan in trained.items()
        if plan.steps
    }
    assert long == {
        "division": (SEEDS, 12000, 4800, (0.5,)),
        "addition": (SEEDS, 12000, 2700, (0.5,)),
        "division-90-short": (SEEDS, 4000, 1800, (0.9,)),
        "addition-90": (SEEDS, 4000, 900, (0.9,)),
    }
    assert {EXPERIMENTS[name].horizon for name in long} == {1.2}
    assert all(EXPERIMENTS[name].baseline == "power2022/answer" for name in trained)
    halves = ("division", "addition")
    assert {EXPERIMENTS[name].tiers["paper"].seeds for name in halves} == {tuple(range(100, 112))}


def test_what_is_compared_with_nine_tenths_of_a_table_differs_in_the_fraction_alone() -> None:
    for name in ("addition", "subtraction", "s5"):
        claim = CLAIMS[f"{name}-groks-2"]
        assert claim.experiments == (name, f"{name}-90")
        half, ninety = (EXPERIMENTS[arm] for arm in claim.experiments)
        assert (half.task, half.baseline, half.set) == (ninety.task, ninety.baseline, ninety.set)
        tiers = [tier_plan(one, "paper") for one in (half, ninety)]
        assert [tier.alphas for tier in tiers if tier] == [(0.5,), (0.9,)]


def test_the_codes_one_split_is_compared_on_the_seeds_that_it_was_run_on() -> None:
    assert CLAIMS["one-split-same-time"].experiments == ("division-one-split", "division-first")
    for name in CLAIMS["one-split-same-time"].experiments:
        assert {
            tier: EXPERIMENTS[name].tiers[tier].seeds for tier in EXPERIMENTS[name].tiers if tier != "smoke"
        } == {"paper": tuple(range(6))}
    first, main = EXPERIMENTS["division-first"], EXPERIMENTS["division"]
    assert (first.task, first.baseline, first.set, first.horizon) == (
        main.task,
        main.baseline,
        main.set,
        main.horizon,
    )


def test_the_smoke_tier_is_short_and_has_few_trials() -> None:
    assert all(experiment.tiers["smoke"].steps <= 2 for experiment in PAPER.experiments)
    assert len(plan_paper(LIBRARY, PAPER, "smoke").unique()) <= 40


def test_budgets_are_the_papers_where_it_gives_one() -> None:
    budgets = {name: e.tiers["paper"].steps for name, e in EXPERIMENTS.items() if "paper" in e.tiers}
    fig2 = [name for name in budgets if name.endswith("-fractions") and not name.startswith("s5-small")]
    arms = CLAIMS["wd-best-data-efficiency"].experiments
    assert {budgets[name] for name in (*fig2, *arms, "cubic", "s5-learning-rates")} == {100_000}
    assert len(fig2) == 10
    assert len(arms) == 9
    assert budgets["division-adam"] == budgets["s5-small-fractions-adam"] == 1_000_000
    assert CLAIMS["x3xy2y-never"].budget == 100_000
    assert CLAIMS["x3xy2y-never-in-20000"].budget is None
    assert budgets["cubic-80"] == 20_000


def test_arms_that_are_compared_over_fractions_share_their_grid() -> None:
    for claim in PAPER.claims:
        names = {c.measure for c in claim.rule}
        if names & {"alpha-solved-ratio", "alpha-solved-change", "accuracy-gain", "accuracy-step"}:
            grids = {EXPERIMENTS[name].tiers["paper"].alphas for name in claim.experiments}
            assert len(grids) == 1, claim.id


def test_the_one_operation_that_never_generalises_is_the_papers() -> None:
    assert LIBRARY.task("cubic").operation == "x**3 + x * y**2 + y"
    assert {EXPERIMENTS[n].task for n in ("cubic", "cubic-80")} == {"cubic"}


def test_each_arm_differs_from_the_main_recipe_in_what_it_is_named_for() -> None:
    main = LIBRARY.recipe("power2022/answer")

    def changed(name: str) -> dict[str, object]:
        other = LIBRARY.recipe(f"power2022/{name}")
        return {
            f"{table}.{key}": value
            for table in TABLES
            for key, value in getattr(other, table).items()
            if getattr(main, table)[key] != value
        }

    none = {"optimizer.weight_decay": 0.0}
    assert {
        name: changed(name)
        for name in (
            "transformer", "openai-grok-split", "mirrored-split", "adam", "full-batch-adam", "update-noise",
            "dropout-01", "weight-noise", "decay-to-initial", "lr-low", "lr-high",
        )
    } == {
        "transformer": {"model.scored": "answer-and-eos"},
        "openai-grok-split": {"data.split": "openai-grok"},
        "mirrored-split": {"data.split": "mirrored"},
        "adam": none,
        "full-batch-adam": none | {"training.batch": "full"},
        "update-noise": none | {"training.batch": "full", "optimizer.update_noise": 1.0},
        "dropout-01": none | {"model.dropout": 0.1},
        "weight-noise": none | {"training.weight_noise": 0.01},
        "decay-to-initial": {"optimizer.decay_to": "initial"},
        "lr-low": none | {"optimizer.lr": 3e-4},
        "lr-high": none | {"optimizer.lr": 3e-3},
    }  # fmt: skip


def test_the_main_recipe_is_the_texts() -> None:
    recipe = LIBRARY.recipe("power2022/answer")
    assert recipe.origin == "paper"
    assert recipe.model["scored"] == "answer"
    assert (recipe.model["layers"], recipe.model["d_model"], recipe.model["heads"]) == (2, 128, 4)
    optimizer = {k: recipe.optimizer[k] for k in ("lr", "beta1", "beta2", "weight_decay", "warmup")}
    assert optimizer == {"lr": 1e-3, "beta1": 0.9, "beta2": 0.98, "weight_decay": 1.0, "warmup": 10}
    assert recipe.training["batch"] == 512
    assert (recipe.data["rounding"], recipe.data["split"]) == ("half-even", "seed")


def test_what_we_derived_or_know_at_second_hand_is_not_graded_a() -> None:
    for claim in PAPER.claims:
        arms = {EXPERIMENTS[name].baseline for name in claim.experiments}
        if "division-adam" in claim.experiments or "s5-small-fractions-adam" in claim.experiments:
            assert claim.grade in ("B", "C"), claim.id  # the budget and the optimizer of Fig 1
        if arms & {
            "power2022/transformer",
            "power2022/openai-grok-split",
            "power2022/mirrored-split",
        } or claim.id.endswith(("-at-half", "-in-20000", "-with-weight-decay")):
            assert claim.grade == "C", claim.id
