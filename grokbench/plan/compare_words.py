"""A comparison from its words to its trials; ``plan.compare`` trains them, ``reports.compare`` writes what was found."""

from __future__ import annotations

import itertools
import json
import math
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from grokbench.plan import asked, provenance
from grokbench.plan.compare import Compare
from grokbench.plan.compared import NAMES, Arm, Tuning, apart
from grokbench.plan.device import resolved as resolved_device
from grokbench.plan.resolve import Specs, Task, Words, open_library, resolve_trial
from grokbench.plan.together import How
from grokbench.specs import differences, values
from grokbench.specs.claims import PILOTS
from grokbench.specs.differences import Difference, short
from grokbench.specs.errors import GrokbenchError, InputError, UnknownNameError
from grokbench.specs.loader import Library
from grokbench.specs.types import Recipe, Trial
from grokbench.store.folder import Store

MOST_SEPARATED = 4  # fields whose every combination is trained, 16 arms
MOST_TRIALS = 200  # of a tuning
SHARED = ("task", "data")  # tables whose fields say which rows are learned


def plan(
    first: Words | Recipe,
    second: Words | Recipe,
    *,
    task: Words | Task,
    alpha: float,
    seeds: int | Iterable[int],
    steps: int | None = None,
    settings: Mapping[str, Any] | None = None,
    under_test: str | None = None,
    isolate: bool = False,
    tune: Mapping[str, Any] | None = None,
    trials: int | None = None,
    engine: str = "auto",
    device: str = "auto",
    store: str | Path | None = None,
    force: bool = False,
    specs: Specs = (),
    on_damage: Callable[[str], None] | None = None,
) -> Compare:
    """A comparison with every trial checked, its stored records read, and nothing trained.

    seeds: a number, or the seeds themselves. tune: one field → the values that both arms try, or "low:high" for as many values
    in equal ratios as there are ``trials``. trials: of the tuning of each arm; values times seeds. Errors: GrokbenchError.
    """
    library, changed = open_library(specs), values.settings(settings or {})
    alpha, chosen = values.number("alpha", alpha), asked.seeds(seeds)
    if not chosen:
        raise InputError("a comparison needs at least one seed")
    if steps is not None:
        steps = values.integer("steps", steps, least=1)

    def resolved(baseline: Words | Recipe, more: Mapping[str, Any], own: Mapping[str, Any]) -> Trial:
        found = resolve_trial(
            task,
            baseline,
            alpha=alpha,
            seed=chosen[0],
            steps=steps,
            settings={**own, **more},
            specs=library,
        )
        if not found.budget:
            raise InputError(f"{found.recipe.id} is not trained; a comparison needs recipes that are")
        return found

    pair = [resolved(one, {}, changed) for one in (first, second)]
    tuning = _tuning(tune, trials, chosen, changed)
    unlike = apart(pair[0].recipe, pair[1].recipe, tuning)
    tested = _under_test(unlike, under_test)
    if not unlike:
        but = f" but for {tuning.field}, which is tuned in both" if tuning else ""
        raise InputError(f"{pair[0].recipe.id} and {pair[1].recipe.id} are the same, field by field{but}")
    arms = [Arm(_arm_name(own.recipe, name, pair), own.recipe) for own, name in zip(pair, NAMES, strict=True)]
    arms[1] = replace(arms[1], takes=frozenset(one.field for one in unlike))
    bases: list[tuple[Trial, ...]] = [(own,) for own in pair]
    if tuning is not None:
        if isolate:
            raise InputError(
                "a comparison separates fields or tunes one, not both: each arm's own value would be one more field"
            )
        bases = [
            tuple(resolved(one, {tuning.field: value}, changed) for value in tuning.values)
            for one in (first, second)
        ]
    if isolate:
        more = _separated(library, pair, unlike)
        arms += [arm for arm, _ in more]
        bases += [(resolved(recipe, {}, _of_task(changed)),) for _, recipe in more]

    task_name, own = asked.task_in_words(library, task, pair[0].task, changed, "comparison")
    told = [
        asked.recipe_in_words(library, one, base.recipe, changed, "comparison")
        for one, base in zip((first, second), pair, strict=True)
    ]
    command = ["grokbench", "compare", *(name for name, _ in told), "--task", task_name]
    command += ["--alpha", repr(pair[0].alpha if pair[0].rows is None else alpha)]
    command += asked.options(pair[0], chosen, {**own, **told[0][1]}, library.extra)
    command += ["--under-test", tested] if under_test is not None and tested else []
    command += ["--isolate"] if isolate else []
    if tuning is not None:
        command += ["--tune", f"{tuning.field}={json.dumps(tuning.values)}", "--trials", str(tuning.trials)]
    how = How(engine, resolved_device(device, engine))
    command += itertools.chain.from_iterable(how.asked())
    same = told[0][1] == told[1][1]  # else no command says how each differs from its file
    used = library.files_of(tasks=[task_name], baselines=[name for name, _ in told])
    return Compare(
        arms,
        bases,
        chosen,
        tested,
        Store(store, on_damage),
        tuning=tuning,
        force=force,
        how=how,
        command=shlex.join(command) if same else "",
        settings={**own, **told[0][1]} if same else own,
        spec_hashes=provenance.spec_hashes(used),
        shadowed=provenance.shadowed(used),
    )


def _of_task(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name.startswith("task.")}


def _arm_name(recipe: Recipe, name: str, pair: Sequence[Trial]) -> str:
    """The recipe's id; A and B before it where both have the same."""
    same = pair[0].recipe.id == pair[1].recipe.id
    return f"{name}: {recipe.id}" if same else recipe.id


def _under_test(unlike: Sequence[Difference], named: str | None) -> str | None:
    """The field under test: the one named; else the only one; else the only kind of a part that differs; else none.

    Errors: UnknownNameError where the recipes do not differ in the field named.
    """
    names = [one.field for one in unlike]
    if named is not None:
        own = values.text("under_test", named)
        fitting = [name for name in names if own in (name, name.removesuffix(".kind"), short(name, names))]
        if not fitting:
            raise UnknownNameError("field in which the recipes differ", own, names)
        return fitting[0]
    kinds = [name for name in names if name.endswith(".kind")]
    return names[0] if len(names) == 1 else kinds[0] if len(kinds) == 1 else None


def _separated(
    library: Library, pair: Sequence[Trial], unlike: Sequence[Difference]
) -> list[tuple[Arm, Recipe]]:
    """The arms that a factorial adds to the two: the first recipe with some, but not all, of the second one's fields."""
    if len(unlike) < 2:
        raise InputError("the recipes differ in one field alone; there is nothing to separate")
    if len(unlike) > MOST_SEPARATED:
        listed = ", ".join(one.field for one in unlike)
        raise InputError(
            f"the recipes differ in {len(unlike)} fields ({listed}), whose combinations are {2 ** len(unlike)} arms; "
            f"at most {MOST_SEPARATED} fields are separated; compare recipes that are closer"
        )
    names, out = [one.field for one in unlike], []
    for size in range(1, len(unlike)):
        for taken in itertools.combinations(unlike, size):
            fields = dict(differences.fields(pair[0].recipe))
            for one in taken:
                fields = {
                    **{name: own for name, own in fields.items() if name not in one.first},
                    **one.second,
                }
            called = ", ".join(f"{short(one.field, names)} of {NAMES[1]}" for one in taken)
            try:
                recipe = library.recipe(_recipe(pair[0].recipe, fields, f"{pair[0].recipe.id} with {called}"))
            except GrokbenchError as error:
                raise InputError(
                    f"A with {called} is no recipe, so the fields cannot be separated: {error}"
                ) from None
            out.append(
                (Arm(f"{NAMES[0]} with {called}", recipe, frozenset(one.field for one in taken)), recipe)
            )
    return out


def _recipe(like: Recipe, fields: Mapping[str, Any], title: str) -> Recipe:
    """A recipe of these dotted fields."""
    tables: dict[str, Any] = {}
    for name, value in fields.items():
        *above, last = name.split(".")
        node = tables
        for table in above:
            node = node.setdefault(table, {})
        node[last] = value
    source = "Made of two recipes, so that a field is compared alone."
    return Recipe(id=like.id, title=title, origin="inferred", source=source, **tables)


def _tuning(
    tune: Mapping[str, Any] | None, trials: int | None, seeds: Sequence[int], changed: Mapping[str, Any]
) -> Tuning | None:
    """The tuning that was asked for, on the first pilot seeds that are not compared. Errors: InputError."""
    if not tune:
        if trials is not None:
            raise InputError("trials are those of a tuning; name the field in tune, too", "trials")
        return None
    if not isinstance(tune, Mapping) or len(tune) != 1:
        raise InputError("tune names one field and its values, as in {'optimizer.lr': [1e-3, 1e-2]}", "tune")
    ((name, asked_for),) = tune.items()
    if str(name).partition(".")[0] in SHARED:
        raise InputError(
            f"tune {name}: the arms of a comparison share their task and their rows; tune a field of the recipe",
            "tune",
        )
    if name in changed:
        raise InputError(f"tune {name}: it is set for both arms, too; leave one of the two out", "tune")
    budget = None if trials is None else values.integer("trials", trials, least=2, most=MOST_TRIALS)
    if isinstance(asked_for, str):
        if budget is None:
            raise InputError(
                f"tune {name}: a range needs the number of its values, as in trials=5", "tune", "trials"
            )
        found: tuple[Any, ...] = _spread(name, asked_for, budget)
    elif isinstance(asked_for, Iterable):
        found = tuple(dict.fromkeys(values.plain(value) for value in asked_for))
    else:
        found = (values.plain(asked_for),)
    if len(found) < 2:
        raise InputError(f"tune {name}: expected two values at least, or a range low:high", "tune")
    budget = len(found) if budget is None else budget
    if budget % len(found):
        raise InputError(
            f"trials must be a multiple of the {len(found)} values of {name}, so that each has as many; got {budget}",
            "trials",
        )
    own = (seed for seed in itertools.count(PILOTS) if seed not in seeds)
    return Tuning(str(name), found, tuple(itertools.islice(own, budget // len(found))))


def _spread(name: str, asked_for: str, count: int) -> tuple[float, ...]:
    """``count`` values from low to high in equal ratios, to three digits.

    >>> _spread("optimizer.lr", "1e-3:1e-1", 5)
    (0.001, 0.00316, 0.01, 0.0316, 0.1)
    """
    try:
        low, high = (float(end) for end in asked_for.split(":"))
    except ValueError:
        low = high = math.nan
    if not 0 < low < high < math.inf:
        raise InputError(
            f"tune {name}: expected values, or a range low:high with 0 < low < high; got {asked_for}", "tune"
        )
    return tuple(float(f"{low * (high / low) ** (i / (count - 1)):.3g}") for i in range(count))
