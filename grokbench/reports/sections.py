"""What the page says of single claims: a section for each that was judged or failed, one table of those not run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from grokbench.claims import phrases as w
from grokbench.claims.verdict import NOT_RUN, Verdict
from grokbench.claims.wording import NOT_MEASURED, NOT_SETTLED, condition_names
from grokbench.figures import name_for
from grokbench.reports.result import PaperResult
from grokbench.reports.tables import table
from grokbench.specs.types import Claim, Condition

MOST_ROWS = 24
"""Up to so many seeds are listed one by one."""


def sections(report: PaperResult, figures: Mapping[str, str]) -> str:
    """The sections of the claims that were run, each figure with the first of them that asks for it."""
    parts = ["## Claims"]
    shown: set[str] = set()
    for verdict in report.verdicts:
        claim = report.claim(verdict.id)
        if claim is not None and verdict.verdict != NOT_RUN:
            parts.append(_section(report, claim, verdict, figures, shown))
    return "\n\n".join(parts)


def not_run(report: PaperResult) -> str:
    """The claims that were not run, what each needs, and the command that runs one of them; "" where there is none."""
    left = [verdict for verdict in report.verdicts if verdict.verdict == NOT_RUN]
    if not left:
        return ""
    tiers = sorted({verdict.tier for verdict in left})
    tier = tiers[0] if len(tiers) == 1 else "TIER"
    rows = [
        (v.id, _words(report.claim(v.id)), v.tier, v.reason.removeprefix(f"needs tier {v.tier}: "))
        for v in left
    ]
    return "\n\n".join(
        [
            "## Not run",
            f"{w.count(len(left), 'claim')} of this paper {'waits' if len(left) == 1 else 'wait'} for trials. "
            "To run one, take its id and tier from the table; `--claim` may be repeated, and `--dry-run` says how long "
            "it takes on your machine.",
            f"```\n{report.reproduce('--tier', tier, '--claim', 'ID')}\n"
            f"{report.show('ID')}            # its rule and experiments\n```",
            table(["claim", "what it says", "tier", "needs"], rows),
        ]
    )


def _words(claim: Claim | None) -> str:
    return (claim.title or claim.statement) if claim else ""


def other_figures(report: PaperResult, figures: Mapping[str, str], missing: Mapping[str, str]) -> str:
    """The figures that no section shows, and once each those that are not drawn; "" where there is neither."""
    ran = [verdict.id for verdict in report.verdicts if verdict.verdict != NOT_RUN]
    shown = {name_for(report.paper, claim) for claim in report.paper.claims if claim.id in ran}
    rest = [f"![{name}]({link})" for name, link in figures.items() if name not in shown]
    absent = [f"* `{name}` not drawn: needs {needs}." for name, needs in missing.items()]
    if not rest and not absent:
        return ""
    return "\n\n".join(["## Other figures", *rest, *(["\n".join(absent)] if absent else [])])


def _section(
    report: PaperResult, claim: Claim, verdict: Verdict, figures: Mapping[str, str], shown: set[str]
) -> str:
    lines = [f"### {claim.id}"]
    lines.append(
        f"**{verdict.name}** ({w.tier(verdict, report.kept)}). {w.sentence(claim.statement)} "
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
    if claim.computation:
        lines.append(_computation(claim))
    else:
        lines.append("Recipe: " + "; ".join(_recipe_line(report, e) for e in claim.experiments) + ".")
    figure = name_for(report.paper, claim)
    if figure is not None:
        lines.append(_figure(figure, figures, shown))
    command = report.reproduce("--tier", verdict.tier, "--claim", claim.id)
    lines.append(f"Re-make it:\n\n```\n{command}\n```")
    return "\n\n".join(lines)


def _computation(claim: Claim) -> str:
    """The computation with the fields that the spec gives it."""
    fields = ", ".join(f"{k} = {w.value(v)}" for k, v in claim.computation.items() if k != "kind")
    return f"Computed without a trial: `{claim.computation['kind']}`" + (f" ({fields})." if fields else ".")


def _figure(name: str, figures: Mapping[str, str], shown: set[str]) -> str:
    """The figure itself where it is first asked for; after that, or where it is not drawn, where to look."""
    if name not in figures:
        return f"Figure `{name}` is not drawn: see [other figures](#other-figures)."
    if name in shown:
        return f"Figure: [{name}]({figures[name]}), above."
    shown.add(name)
    return f"![{name}]({figures[name]})"


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
    if len(verdict.values) > MOST_ROWS:
        first = [measured[0] for _, measured, _ in verdict.values if measured]
        finite = [x for x in first if x == x]
        if finite:
            lines.append(f"{len(first)} draws, from {w.number(min(finite))} to {w.number(max(finite))}.")
        return " ".join(lines)
    return "\n\n".join([*lines, _seed_table(claim, verdict)])


def _seed_table(claim: Claim, verdict: Verdict) -> str:
    width = max(len(measured) for _, measured, _ in verdict.values)
    names: Sequence[str] = (
        condition_names(claim) if len(claim.rule) == width else [f"measured {i + 1}" for i in range(width)]
    )
    rows = [
        [
            str(seed),
            *[w.number(x) for x in measured],
            *[w.DASH] * (width - len(measured)),
            _holds(measured, yes),
        ]
        for seed, measured, yes in verdict.values
    ]
    return table(["seed", *names, "holds"], rows)


def _holds(measured: Sequence[float], yes: bool | None) -> str:
    """Whether the rule holds on a seed, or why that is open."""
    if yes is None:
        return NOT_MEASURED if any(math.isnan(x) for x in measured) else NOT_SETTLED
    return "yes" if yes else "no"


def _recipe_line(report: PaperResult, experiment_id: str) -> str:
    experiment, recipe = report.experiment(experiment_id), report.recipe(experiment_id)
    if experiment is None:
        return f"`{experiment_id}`"
    origin = f" (from: {recipe.origin})" if recipe else ""
    heading = w.anchor(f"Experiment {experiment_id}")
    return (
        f"[`{experiment_id}`](#{heading}): task `{experiment.task}`, recipe `{experiment.baseline}`{origin}"
    )
