"""``<paper>.md``: the page a reader sees, from the table of verdicts down to the environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from grokbench.claims.verdict import Verdict
from grokbench.claims.wording import condition_names
from grokbench.reports import wording as w
from grokbench.reports.document import seeds_of
from grokbench.reports.figures import name_for
from grokbench.reports.input import RECIPE_TABLES, ReportInput, confounds, costs, environments
from grokbench.specs.types import Claim, Condition


def page(report: ReportInput, figures: Mapping[str, str], missing: Mapping[str, str]) -> str:
    """The whole page. ``figures``: drawn figure → link; ``missing``: figure not drawn → what it needs."""
    shown: set[str] = set()
    parts = [_head(report), _table_of_claims(report)]
    parts.append("## Claims")
    for verdict in report.verdicts:
        claim = report.claim(verdict.id)
        if claim is not None:
            parts.append(_section(report, claim, verdict, figures, missing, shown))
    parts.append(_other_figures(figures, missing, shown))
    parts += [_recipes(report), _confounds(report), _deviations(report), _environment(report), _cost(report)]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A markdown table; what stands in the cells is text already."""
    from tabulate import tabulate

    cells = [[w.cell(text) for text in row] for row in rows]
    text: str = tabulate(cells, headers=list(head), tablefmt="pipe", disable_numparse=True)
    return text


def _head(report: ReportInput) -> str:
    paper = report.paper
    decided = [v for v in report.verdicts if v.verdict not in ("NOT RUN", "ERROR")]
    statistical = [v for v in decided if _kind(report, v) != "exact"]
    seeds = sorted({seed for v in statistical for seed in seeds_of(v)})
    shared = _sharing(report)
    lines = [
        f"# {paper.title}",
        f"{paper.authors}{f' ({paper.year})' if paper.year else ''}{f', <{paper.url}>' if paper.url else ''}.",
        f"**`{paper.id}` · tier {report.tier} · {len(report.verdicts)} claims · "
        f"{_count(len(seeds), 'seed')} ({w.ranges(seeds)}).** "
        f"{_count(shared, 'claim')} read trials that another claim reads too, so their verdicts are not "
        "independent. If every truth lay exactly on its border, at most "
        f"{w.number(round(0.025 * len(statistical), 4))} wrong verdicts would be expected each way (0.025 for "
        f"each of the {len(statistical)} claims that were decided by statistics).",
    ]
    if report.tier == "smoke":
        lines.append(
            "This is a smoke report: its runs are too short to decide a statistical claim, and only show "
            "that everything is wired together. Exact claims are decided."
        )
    if report.command:
        lines.append(f"Made by `{report.command}`.")
    others = sorted({v.tier for v in decided} - {report.tier})
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


def _table_of_claims(report: ReportInput) -> str:
    head = ("claim", "verdict", "under our reading", "measured", "accepted", "n", "source")
    rows = []
    for v in report.verdicts:
        claim = report.claim(v.id)
        title = f" {claim.title}" if claim and claim.title else ""
        said = w.said(v) if w.said(v) in (w.DASH, "NOT RUN") else f"{w.said(v)} ({v.tier})"
        reading = f"{w.reading(v)} ({v.tier})" if w.reading(v) else ""
        if not reading and v.under_our_reading and v.verdict in ("REPRODUCED", "INCONCLUSIVE"):
            reading = "yes"
        rows.append(
            (
                f"[{v.id}](#{w.anchor(v.id)}){title}",
                said,
                reading,
                w.measured(v, _kind(report, v)),
                w.region(v.accepted),
                str(v.n_seeds),
                v.source,
            )
        )
    return table(head, rows)


def _section(
    report: ReportInput,
    claim: Claim,
    verdict: Verdict,
    figures: Mapping[str, str],
    missing: Mapping[str, str],
    shown: set[str],
) -> str:
    outcome = w.said(verdict) if w.said(verdict) != w.DASH else w.reading(verdict)
    lines = [f"### {claim.id}"]
    lines.append(
        f"**{outcome}** ({verdict.tier}). {w.sentence(claim.statement)} "
        f"({verdict.source}; grade {claim.grade})"
    )
    rules = [_rule(condition) for condition in claim.rule]
    if rules:
        lines.append(f"Rule ({claim.kind}): " + " And: ".join(rules))
    if claim.id in report.frozen:
        lines.append(
            f"Rule, control, seeds and budget as of commit `{report.frozen[claim.id][:12]}`, unchanged since."
        )
    if verdict.reason:
        lines.append(f"Reason: {w.sentence(verdict.reason)}")
    if claim.known and claim.known != verdict.verdict and verdict.verdict in ("REPRODUCED", "NOT REPRODUCED"):
        lines.append(f"The spec records {claim.known} for this claim: the verdict has changed.")
    if claim.tried:
        lines.append(f"What else was tried: {w.sentence(claim.tried)}")
    seeds = _per_seed(claim, verdict)
    if seeds:
        lines.append(seeds)
    if claim.control:
        negative = f"Negative control: the rule must say no on `{claim.control}`."
        positive = f"Positive control, which must generalise and sets the least budget: `{claim.control}`."
        lines.append(positive if claim.kind == "never" else negative)
    lines.append("Recipe: " + "; ".join(_recipe_line(report, e) for e in claim.experiments) + ".")
    figure = name_for(report.paper, claim)
    if figure is not None and figure in figures:
        if figure in shown:
            lines.append(f"Figure: [{figure}]({figures[figure]}), above.")
        else:
            shown.add(figure)
            lines.append(f"![{figure}]({figures[figure]})")
    elif figure is not None:
        lines.append(f"Figure `{figure}` not drawn: needs {missing.get(figure, 'trials this tier lacks')}.")
    command = f"grokbench reproduce {report.paper.id} --tier {verdict.tier} --claim {claim.id}"
    lines.append(f"Re-make it:\n\n```\n{command}\n```")
    return "\n\n".join(lines)


def _rule(condition: Condition) -> str:
    args = ", ".join(f"{k} = {w.value(v)}" for k, v in condition.args.items())
    bounds = w.region({"min": condition.min, "max": condition.max})
    name = f"`{condition.measure}`" + (f" ({args})" if args else "")
    return f"{name} {bounds}: {w.sentence(condition.reason)}"


def _per_seed(claim: Claim, verdict: Verdict) -> str:
    """The measured numbers as a table of seeds, or one line when there are too many draws to print."""
    if not verdict.values:
        return ""
    lines = []
    if verdict.median is not None:
        lines.append(f"Median {w.number(verdict.median)} {w.interval(verdict.median_interval)}".strip() + ".")
    if len(verdict.values) > 24:
        first = [measured[0] for _, measured, _ in verdict.values if measured]
        finite = [x for x in first if x == x]
        if finite:
            lines.append(f"{len(first)} draws, from {w.number(min(finite))} to {w.number(max(finite))}.")
        return " ".join(lines)
    width = max(len(measured) for _, measured, _ in verdict.values)
    names = (
        condition_names(claim) if len(claim.rule) == width else [f"measured {i + 1}" for i in range(width)]
    )
    rows = [
        [
            str(seed),
            *[w.number(x) for x in measured],
            *[w.DASH] * (width - len(measured)),
            "yes" if yes else "no",
        ]
        for seed, measured, yes in verdict.values
    ]
    text = table(["seed", *names, "holds"], rows)
    return "\n\n".join([*lines, text])


def _recipe_line(report: ReportInput, experiment_id: str) -> str:
    experiment, recipe = report.experiment(experiment_id), report.recipe(experiment_id)
    if experiment is None:
        return f"`{experiment_id}`"
    origin = f" (from: {recipe.origin})" if recipe else ""
    heading = w.anchor(f"Experiment {experiment_id}")
    return (
        f"[`{experiment_id}`](#{heading}): task `{experiment.task}`, recipe `{experiment.baseline}`{origin}"
    )


def _other_figures(figures: Mapping[str, str], missing: Mapping[str, str], shown: set[str]) -> str:
    rest = [f"![{name}]({link})" for name, link in figures.items() if name not in shown]
    absent = [f"* `{name}` not drawn: needs {needs}." for name, needs in missing.items()]
    if not rest and not absent:
        return ""
    return "\n\n".join(["## Other figures", *rest, *(["\n".join(absent)] if absent else [])])


def _recipes(report: ReportInput) -> str:
    parts = ["## Recipes"]
    for experiment in report.paper.experiments:
        recipe = report.recipe(experiment.id)
        parts.append(f"### Experiment {experiment.id}")
        parts.append(w.sentence(experiment.title))
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
            alphas = ", ".join(w.value(a) for a in plan.alphas)
            lines.append(f"* {tier}: seeds {w.ranges(plan.seeds)}, α {alphas}, {plan.steps} steps{vary}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _pairs(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{k} = {w.value(list(v) if isinstance(v, tuple) else v)}" for k, v in fields.items())


def _confounds(report: ReportInput) -> str:
    parts = []
    for verdict in report.verdicts:
        claim = report.claim(verdict.id)
        rows = confounds(report, claim) if claim else []
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


def _deviations(report: ReportInput) -> str:
    lines = "\n".join(f"* {w.sentence(text)}" for text in report.paper.deviations)
    return "## Deviations from the paper\n\n" + (lines or "None recorded.")


def _environment(report: ReportInput) -> str:
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


def _cost(report: ReportInput) -> str:
    counted = costs(report)
    rows = [
        (
            name,
            w.number(entry.get("trials")),
            w.seconds(entry.get("wall_seconds", 0.0)),
            w.seconds(entry.get("cpu_seconds", 0.0)),
        )
        for name, entry in counted.items()
    ]
    totals = [
        f"{k.replace('_', ' ')}: {w.value(v)}" for k, v in report.cost.items() if not isinstance(v, Mapping)
    ]
    parts = [
        "## Cost",
        "Time spent in trials, added up; trials that two experiments share are counted in each.",
    ]
    if rows:
        parts.append(table(["experiment", "trials", "wall", "CPU"], rows))
    if totals:
        parts.append("; ".join(totals) + ".")
    return "\n\n".join(parts)


def _kind(report: ReportInput, verdict: Verdict) -> str:
    claim = report.claim(verdict.id)
    return claim.kind if claim else ""


def _sharing(report: ReportInput) -> int:
    """How many decided claims read an experiment that another decided claim reads."""
    readers: dict[str, set[str]] = {}
    for verdict in report.verdicts:
        claim = report.claim(verdict.id)
        if claim is not None and verdict.verdict not in ("NOT RUN", "ERROR"):
            for experiment in claim.experiments:
                readers.setdefault(experiment, set()).add(claim.id)
    return len({c for ids in readers.values() if len(ids) > 1 for c in ids})


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
