"""Specs as scaffolds: a task, a recipe, a paper with one experiment, one claim and one figure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from grokbench.scaffold.toml import comment, fields, help_of, value
from grokbench.specs import schema
from grokbench.specs.errors import InputError
from grokbench.specs.fields import schema_of
from grokbench.specs.files import CLAIMS_FILE, FIGURES_FILE, read, text_of
from grokbench.specs.loader import Library
from grokbench.specs.papers import TierPlan

TASK, RECIPE = "addition", "gromov2023/adamw"
"""What a task and a recipe look like where none is named to begin from."""
TABLES = ("model", "loss", "optimizer", "data", "training", "evaluation")


def task(name: str, library: Library, source: str) -> dict[str, str]:
    """``tasks/NAME.toml``, with the operation and domain of another task."""
    known = read(library.file("task", source or TASK).path)
    lines = [
        *comment(
            f"A task: an operation on a domain. Check it with: grokbench show tasks/{name}.toml --resolved"
        ),
        *fields(schema.schema("task"), {**known, "id": name}),
    ]
    return {f"tasks/{name}.toml": _text(lines)}


def baseline(name: str, library: Library, source: str) -> dict[str, str]:
    """``baselines/PAPER/NAME.toml``; ``source``: the recipe that it begins from.

    It extends that recipe. Of one that extends another it extends the same, and has the fields that the source changes.
    """
    document = schema.schema("recipe")
    about = {"id": name, "title": "One line on what is special about it", "origin": "inferred"}
    about["source"] = "Where each value comes from; where it is inferred, why"
    leave = [key for key in document["properties"] if key not in about]
    lines = comment("A recipe: how a network is built and trained. Check it with: grokbench validate FILE")
    if source:
        lines += _extending(library, source, about, leave)
        return {f"baselines/{name}.toml": _text(lines)}
    own = read(library.file("baseline", RECIPE).path)
    lines += fields(document, about, leave)
    for table in TABLES:
        node = document["properties"][table]
        lines += ["", *help_of({"description": node.get("description", "")}), f"[{table}]"]
        kind = own.get(table, {}).get("kind")
        branch = document["definitions"][f"{node['parts']}.{kind}"] if kind and "parts" in node else node
        lines += fields(branch, own.get(table, {}), ("kind",))
    return {f"baselines/{name}.toml": _text(lines)}


def _extending(library: Library, source: str, about: Mapping[str, str], leave: list[str]) -> Iterator[str]:
    """Lines of a recipe that extends another one and equals ``source``. Errors: InputError for one that has no id here."""
    file = library.file("baseline", source)
    known, changed = library.recipe_document(source), read(file.path)
    base = changed.get("extends", file.id)
    if base not in library.recipe_ids():
        raise InputError(
            f"a recipe extends another one by its id, and {base!r} is in no folder of specs that is read here",
            "source",
        )
    yield from fields(schema.schema("recipe"), {**about, "extends": base}, leave)
    for table in (key for key in leave if key != "extends"):
        own = changed.get(table, {}) if "extends" in changed else {}
        others = {key: found for key, found in known.get(table, {}).items() if key not in own}
        if not own and not others:
            continue
        yield from ("", f"[{table}]" if own else f"#[{table}]")
        yield from (f"{key} = {value(found)}" for key, found in own.items())
        yield from (f"#{key} = {value(found)}" for key, found in others.items())


EXPERIMENT = {"title": "What is trained, in a line", "task": "addition", "baseline": "gromov2023/adamw"}
TIERS: Mapping[str, Mapping[str, Any]] = {
    "smoke": {"seeds": [8999], "steps": 2, "alphas": [0.5], "set": {"task.domain.p": 23}},
    "quick": {"seeds": 6, "steps": 400, "alphas": [0.5]},
}
CLAIM = {
    "id": "generalises",
    "title": "The network generalises from half of the table",
    "source": "Section 3, Fig 1",
    "statement": "What the paper says, in other words.",
    "experiment": "half",
    "kind": "existence",
    "grade": "C",
    "figure": "training",
}
RULE = {"measure": "generalises", "min": 1, "reason": "why the border lies here and nowhere else"}
FIGURE = {
    "id": "training",
    "kind": "curves",
    "title": "Accuracy and loss while it trains",
    "experiments": {"half": "{task.operation}, α = {alpha}"},
}


def paper(name: str, library: Library, source: str) -> dict[str, str]:
    """``baselines/NAME/claims.toml`` and ``figures.toml``; from another paper, its own with the name changed."""
    if source:
        file = library.file("paper", source)
        path = file.path
        texts = {CLAIMS_FILE: text_of(path)}
        if path.with_name(FIGURES_FILE).is_file():
            texts[FIGURES_FILE] = text_of(path.with_name(FIGURES_FILE))
        return {f"baselines/{name}/{own}": _renamed(text, file.id, name) for own, text in texts.items()}
    return {
        f"baselines/{name}/{CLAIMS_FILE}": _text(_claims(name)),
        f"baselines/{name}/{FIGURES_FILE}": _text(_figures()),
    }


def _renamed(text: str, old: str, new: str) -> str:
    """The text of a file of a paper without its schema line, whose path is another one here."""
    lines = [line for line in text.splitlines() if not line.startswith("#:schema")]
    return (
        re.sub(rf'^id = "{re.escape(old)}"$', f'id = "{new}"', "\n".join(lines), count=1, flags=re.M) + "\n"
    )


def _claims(name: str) -> Iterator[str]:
    properties = schema.schema("paper")["properties"]
    yield from comment("A paper: what is trained, and which of its sentences are decided by which rule.")
    yield from comment(
        f"Run it: grokbench reproduce baselines/{name}/{CLAIMS_FILE} --tier smoke, then without --tier."
    )
    yield from ("", "[paper]")
    yield from fields(
        properties["paper"], {"id": name, "title": "The paper's title", "authors": "Its authors"}
    )
    experiment = properties["experiment"]["items"]
    yield from ("", *comment(properties["experiment"]["description"]), "[[experiment]]")
    yield from fields(experiment, {"id": "half", **EXPERIMENT}, ("tier",))
    for tier, own in TIERS.items():
        yield from ("", f"[experiment.tier.{tier}]")
        yield from fields(
            schema_of(TierPlan), own, () if tier == "quick" else tuple(schema_of(TierPlan)["properties"])
        )
    yield from ("", *comment(properties["claim"]["description"]), "[[claim]]")
    claim = properties["claim"]["items"]
    yield from fields(claim, CLAIM, ("rule",))
    yield from ("", *comment(claim["properties"]["rule"]["description"]), "[[claim.rule]]")
    yield from fields(claim["properties"]["rule"]["items"], RULE)


def _figures() -> Iterator[str]:
    document = schema.schema("figures")
    yield from comment("What is drawn of the runs. Kinds and their fields: grokbench list figures")
    yield "[[figure]]"
    yield from fields(document["definitions"]["figures.curves"], FIGURE)


def _text(lines: Any) -> str:
    return "\n".join(lines) + "\n"
