"""``<paper>.md``: the page a reader sees, from the table of verdicts down to the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grokbench.claims import phrases as w
from grokbench.claims.verdict import NOT_RUN, Verdict
from grokbench.reports import readings
from grokbench.reports.document import seeds_of, shadow_line
from grokbench.reports.evidence import JUDGED, read_by
from grokbench.reports.result import RECIPE_TABLES, PaperResult, confounds, environments
from grokbench.reports.sections import not_run, other_figures, sections
from grokbench.reports.spent import costs
from grokbench.reports.tables import table
from grokbench.specs.types import Experiment


def page(report: PaperResult, figures: Mapping[str, str], missing: Mapping[str, str], words: str = "") -> str:
    """The whole page.

    figures: drawn figure → link. missing: figure not drawn → what it needs. words: link to where the words are
    defined, if anywhere.
    """
    parts = [
        _head(report, words),
        readings.table(report),
        _table_of_claims(report),
        sections(report, figures),
        not_run(report),
        other_figures(report, figures, missing),
        _recipes(report),
        _confounds(report),
        _deviations(report),
        _environment(report),
        _cost(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(report: PaperResult, words: str) -> str:
    paper = report.paper
    judged = [v for v in report.verdicts if v.verdict in JUDGED]
    statistical = [v for v in judged if _kind(report, v) != "exact"]
    seeds = sorted({seed for v in statistical for seed in seeds_of(v)})
    left = sum(v.verdict == NOT_RUN for v in report.verdicts)
    claims = w.count(len(report.verdicts), "claim") + (f", {left} of them not run" if left else "")
    lines = [
        f"# {paper.title}",
        *filter(None, [shadow_line(report.shadowed)]),
        f"{paper.authors}{f' ({paper.year})' if paper.year else ''}{f', <{paper.url}>' if paper.url else ''}.",
        f"**`{paper.id}` · tier {report.tier} · {claims} · {w.count(len(seeds), 'seed')} ({w.ranges(seeds)}).** "
        f"{w.count(_sharing(report), 'claim')} read trials that another claim reads too, so their verdicts are not "
        "independent. If every truth lay exactly on its border, at most "
        f"{w.number(round(0.025 * len(statistical), 4))} wrong verdicts would be expected each way (0.025 for "
        f"each of the {len(statistical)} claims that were judged by statistics).",
    ]
    if words:
        lines.append(
            f"Words such as T_mem, T_gen, a′, grade and REPRODUCED are defined in [REPRODUCE.md]({words})."
        )
    if report.tier == "smoke":
        lines.append(
            "This is a smoke report: its runs are too short to decide a statistical claim, and only show "
            "that everything is wired together. Exact claims are decided."
        )
    if report.command:
        lines.append(f"Made by `{report.command}`.")
    if report.kept:
        lines.append(
            f"**{w.count(len(report.kept), 'verdict')} {'rests' if len(report.kept) == 1 else 'rest'} on records of "
            "an earlier run** and are marked kept: they read trials, some or all, that this command had no record of "
            "and the report that was here before had."
        )
    if report.archived:
        lines.append(
            "Experiments marked 'earlier run' under [Cost](#cost) are shown, in figures too, with such records."
        )
    others = sorted({v.tier for v in judged if v.id not in report.kept} - {report.tier})
    if others:
        lines.append(
            f"Verdicts marked {' or '.join(others)} come from records of that tier that were complete already; each "
            "claim's own command makes its records from nothing."
        )
    if report.reused:
        lines.append(
            "Taken from another store, not trained for this report: " + ", ".join(report.reused) + "."
        )
    return "\n\n".join(lines)


def _table_of_claims(report: PaperResult) -> str:
    head = ("claim", "verdict", "under our reading", "measured", "accepted", "n", "source")
    rows = []
    for v in report.verdicts:
        claim = report.claim(v.id)
        title = f" {claim.title}" if claim and claim.title else ""
        tier = w.tier(v, report.kept)
        rows.append(
            (
                f"[{v.id}](#{w.place(v)}){title}",
                v.name if v.verdict == NOT_RUN else f"{v.name} ({tier})",
                "yes" if v.under_our_reading and v.verdict in JUDGED else "",
                w.measured(v, _kind(report, v)),
                w.region(v.accepted),
                str(v.n_seeds),
                v.source,
            )
        )
    return table(head, rows)


def _recipes(report: PaperResult) -> str:
    """The recipes of the experiments that have records, or that a claim reads which was run."""
    ran = [v.id for v in report.verdicts if v.verdict != NOT_RUN]
    told = read_by(report.paper, ran) | set(report.cells)
    parts = ["## Recipes"]
    for experiment in report.paper.experiments:
        if experiment.id in told:
            parts += _recipe(report, experiment)
    if len(told) < len(report.paper.experiments):
        parts.append(
            f"Experiments that only claims not run read are left out here: `{report.show()}` prints them, "
            "`grokbench show RECIPE --resolved` a recipe."
        )
    return "\n\n".join(parts)


def _recipe(report: PaperResult, experiment: Experiment) -> list[str]:
    recipe = report.recipe(experiment.id)
    lines = [f"* task `{experiment.task}`, recipe `{experiment.baseline}`"]
    if recipe is not None:
        lines[0] += f" (from: {recipe.origin}; {recipe.source})"
        for name in RECIPE_TABLES:
            fields = getattr(recipe, name)
            text = ", ".join(f"{k} = {w.value(v)}" for k, v in fields.items())
            if text:
                lines.append(f"* {name}: {text}")
    if experiment.set:
        lines.append("* changed from the recipe: " + _pairs(experiment.set))
    for tier, plan in experiment.tiers.items():
        vary = f", {_pairs(plan.vary)}" if plan.vary else ""
        levels = ", ".join(w.value(level) for level in plan.rows or plan.alphas)
        what = "training rows" if plan.rows else "α"
        lines.append(f"* {tier}: seeds {w.ranges(plan.seeds)}, {what} {levels}, {plan.steps} steps{vary}")
    return [f"### Experiment {experiment.id}", w.sentence(experiment.title), "\n".join(lines)]


def _pairs(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{k} = {w.value(list(v) if isinstance(v, tuple) else v)}" for k, v in fields.items())


def _confounds(report: PaperResult) -> str:
    """The fields in which the arms of each claim that was run differ."""
    parts = []
    for verdict in report.verdicts:
        claim = report.claim(verdict.id)
        rows = confounds(report, claim) if claim and verdict.verdict != NOT_RUN else []
        if claim and rows:
            parts.append(f"`{claim.id}`:")
            parts.append(
                table(
                    ["field", *claim.experiments],
                    [[name, *[w.value(v) for v in values]] for name, values in rows],
                )
            )
    if not parts:
        return ""
    intro = "Every resolved field that differs between the arms of a claim, the one under test included."
    return "\n\n".join(["## Confounds", intro, *parts])


def _deviations(report: PaperResult) -> str:
    lines = "\n".join(f"* {w.sentence(text)}" for text in report.paper.deviations)
    return "## Deviations from the paper\n\n" + (lines or "None recorded.")


def _environment(report: PaperResult) -> str:
    found = environments(report)
    rows = [(key, "; ".join(w.value(v) for v in values)) for key, values in found.items()]
    mixed = [key for key, values in found.items() if len(values) > 1]
    parts = ["## Environment"]
    if mixed:
        parts.append(f"**Mixed**: the records differ in {', '.join(mixed)}.")
    if rows:
        parts.append(table(["", "value"], rows))
    if report.spec_hashes:
        parts.append(table(["spec", "SHA-256"], [(name, f"`{h}`") for name, h in report.spec_hashes.items()]))
    return "\n\n".join(parts)


def _cost(report: PaperResult) -> str:
    counted = costs(report)
    if not counted:
        return ""
    rows = [
        [
            f"{name} (earlier run)" if name in report.archived else name,
            str(cost.trials),
            w.seconds(cost.wall_seconds),
            w.seconds(cost.cpu_seconds),
            ", ".join(f"{n} with {other}" for other, n in cost.shared.items()),
        ]
        for name, cost in counted.items()
    ]
    wall = sum(cost.wall_seconds for cost in counted.values())
    cpu = sum(cost.cpu_seconds for cost in counted.values())
    rows.append(["in all", "", w.seconds(wall), w.seconds(cpu), ""])
    head, text = ["experiment", "trials", "wall", "CPU", "shared"], "Time spent in trials, added up."
    if any(cost.shared for cost in counted.values()):
        text += (
            " A training that several experiments show, whole or cut, is counted with the first of them; the others "
            "say with which they share it."
        )
    else:
        head, rows = head[:-1], [row[:-1] for row in rows]
    return "\n\n".join(["## Cost", text, table(head, rows)])


def _kind(report: PaperResult, verdict: Verdict) -> str:
    claim = report.claim(verdict.id)
    return claim.kind if claim else ""


def _sharing(report: PaperResult) -> int:
    """How many claims that were judged read an experiment that another one of them reads."""
    readers: dict[str, set[str]] = {}
    for verdict in report.verdicts:
        claim = report.claim(verdict.id)
        if claim is not None and verdict.verdict in JUDGED:
            for experiment in claim.experiments:
                readers.setdefault(experiment, set()).add(claim.id)
    return len({c for ids in readers.values() if len(ids) > 1 for c in ids})
