"""What the page says of single claims: a section for each that was judged or failed, one table of those not run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from grokbench.claims import phrases as w
from grokbench.claims.judge import core_minutes
from grokbench.claims.verdict import NOT_RUN, Value, Verdict
from grokbench.claims.wording import NOT_MEASURED, NOT_SETTLED, condition_names
from grokbench.figures import name_for
from grokbench.measures import needs
from grokbench.plan.expand import needed
from grokbench.reports.result import PaperResult
from grokbench.reports.rows import here, stated
from grokbench.reports.runs import Run, runs, runs_table
from grokbench.reports.tables import table
from grokbench.specs.types import Claim, Condition

MOST_ROWS = 24
"""Up to so many seeds are listed one by one."""

READING = (
    "Below each claim stand its rule, what the rule measures on each seed and on the control, and the runs behind it. "
    "Times are in optimizer steps; R½ is the half-rise ratio. *Stays* says whether a run kept what it had learned up to its "
    "last step. A dash stands where that step comes before 3 T_gen, and for a level that the run was stopped below. A record "
    "that lacks what a rule *needs* says neither yes nor no."
)


def sections(report: PaperResult, figures: Mapping[str, str]) -> str:
    """The sections of the claims that were run, each figure with the first of them that asks for it."""
    parts = ["## Claims", READING]
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
            "To run one, take its id and tier from the table. `--claim` may be repeated; `--dry-run` says how long "
            f"it takes on your machine.{_in_all(report, left)}",
            f"```\n{report.reproduce('--tier', tier, '--claim', 'ID')}\n"
            f"{report.show('ID')}            # its rule and experiments\n```",
            table(["claim", "what it says", "tier", "needs"], rows),
        ]
    )


def _in_all(report: PaperResult, left: Sequence[Verdict]) -> str:
    """What the trials of several claims take together; claims that read the same trials do not pay for them twice."""
    if report.evidence is None or len(left) < 2:
        return ""
    ids: dict[str, list[str]] = {}
    for verdict in left:
        ids.setdefault(verdict.tier, []).append(verdict.id)
    minutes = sum(
        report.evidence.minutes_missing(needed(report.paper, tier, own), tier) for tier, own in ids.items()
    )
    return (
        f" All together need {core_minutes(minutes)}. A trial that several claims read is trained once, "
        "though the table counts it for each."
    )


def superseded(report: PaperResult) -> str:
    """The claims that others have replaced, as they stood when last judged; "" where there is none."""
    if not report.paper.superseded:
        return ""
    at = {verdict.id: f"[{verdict.id}](#{w.place(verdict)})" for verdict in report.verdicts}
    rows = [
        (
            old.id,
            old.title,
            f"{old.verdict} {old.yes}/{old.n}" if old.n else old.verdict,
            f"`{old.commit[:12]}`",
            at.get(old.superseded_by, old.superseded_by),
            w.sentence(old.reason),
        )
        for old in report.paper.superseded
    ]
    text = (
        "The rules of these claims turned out to be unfit after their seeds had been seen. New claims on new seeds replace "
        "them. The old ones are no longer trained or judged; this is what they last said."
    )
    head = ("claim", "what it says", "verdict", "commit", "replaced by", "reason")
    return "\n\n".join(["## Superseded claims", text, table(head, rows)])


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
    lines = [
        f"### {claim.id}",
        f"**{w.sentence(claim.title or claim.id)}** {verdict.called} ({w.tier(verdict, report.kept)}).",
        f"{'In our words' if claim.grade == 'C' else 'The paper'}: {w.sentence(claim.statement)} "
        f"({verdict.source}; grade {claim.grade})",
    ]
    if claim.reported:
        lines.append(
            f"The paper's number: {stated(claim.reported.value)}. {w.sentence(claim.reported.source)}"
        )
    if claim.rule:
        lines.append(f"Rule ({claim.kind}): " + " And: ".join(rule_text(one) for one in claim.rule))
        lines.append(needs_line(claim))
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
    lines += [_per_seed(claim, verdict), _control(claim, verdict)]
    lines.append(_runs(runs(report, claim, verdict)))
    if claim.computation:
        lines.append(_computation(claim))
    else:
        lines.append("Recipe: " + "; ".join(_recipe_line(report, e) for e in claim.experiments) + ".")
    figure = name_for(report.paper, claim)
    if figure is not None:
        lines.append(_figure(figure, figures, shown))
    command = report.reproduce("--tier", verdict.tier, "--claim", claim.id)
    lines.append(f"Re-make it:\n\n```\n{command}\n```")
    return "\n\n".join(line for line in lines if line)


def _control(claim: Claim, verdict: Verdict) -> str:
    """Which experiment the control is, and what the rule measures on each of its seeds; "" without a control."""
    if not claim.control:
        return ""
    text = control_text(claim)
    if not verdict.control:
        return f"{text} None of its seeds was measured."
    return f"{text} Its numbers:\n\n{_summary(verdict.control) or _values_table(claim, verdict.control)}"


def control_text(claim: Claim) -> str:
    """Which experiment the control is, and what is asked of it."""
    if claim.kind == "never":
        return (
            f"Positive control: `{claim.control}`. It must generalise, and its T_gen sets the least budget."
        )
    return f"Negative control: `{claim.control}`. The rule must say no there."


def _runs(found: Sequence[Run]) -> str:
    """The trainings behind the verdict, where they are few enough to be listed."""
    if not found or len({one.seed for one in found}) > MOST_ROWS:
        return ""
    return f"Runs:\n\n{runs_table(found)}"


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


def rule_text(condition: Condition) -> str:
    """A condition of a rule: measure, arguments, region and its reason."""
    args = ", ".join(f"{k} = {w.value(v)}" for k, v in condition.args.items())
    bounds = w.region({"min": condition.min, "max": condition.max})
    name = f"`{condition.measure}`" + (f" ({args})" if args else "")
    return f"{name} {bounds}: {w.sentence(condition.reason)}"


def needs_line(claim: Claim) -> str:
    """What the rule's measures need of a record; "" where they need nothing, or where no records are read."""
    found = {c.measure: needs(c.measure, c.args) for c in claim.rule} if claim.experiments else {}
    asked = [f"`{measure}` {text}" for measure, text in found.items() if text]
    return f"Needs: {'; '.join(asked)}." if asked else ""


def _per_seed(claim: Claim, verdict: Verdict) -> str:
    """The measured numbers as a table of seeds, or one line when there are too many draws to print."""
    if not verdict.values:
        return ""
    lines = []
    if here(verdict, claim.kind) != w.DASH:
        of = f" of {condition_names(claim)[0]}" if claim.rule else ""
        lines.append(
            f"Median{of}: {w.number(verdict.median)} {w.interval(verdict.median_interval)}".strip() + "."
        )
    summary = _summary(verdict.values)
    if summary or len(verdict.values) > MOST_ROWS:
        return " ".join([*lines, summary]).strip()
    return "\n\n".join([*lines, _values_table(claim, verdict.values)])


def _summary(values: Sequence[Value]) -> str:
    """A line on so many seeds that they are not listed one by one; "" where they are few."""
    first = [measured[0] for _, measured, _ in values if measured]
    known = [x for x in first if not math.isnan(x)]
    if len(values) <= MOST_ROWS or not known:
        return ""
    return f"{len(first)} draws, from {w.number(min(known))} to {w.number(max(known))}."


def _values_table(claim: Claim, values: Sequence[Value]) -> str:
    head, rows = numbers(claim, values)
    said = [
        [w.number(x) if isinstance(x, float) else w.DASH if x is None else str(x) for x in row]
        for row in rows
    ]
    return table(head, said)


def numbers(
    claim: Claim, values: Sequence[Value]
) -> tuple[list[str], list[tuple[int | float | str | None, ...]]]:
    """Head and rows of what the rule measures: seed, a number for each condition (None: not asked), and whether it holds."""
    width = max((len(measured) for _, measured, _ in values), default=0)
    names: Sequence[str] = (
        condition_names(claim) if len(claim.rule) == width else [f"measured {i + 1}" for i in range(width)]
    )
    return ["seed", *names, "holds"], [
        (seed, *map(float, measured), *[None] * (width - len(measured)), _holds(measured, yes))
        for seed, measured, yes in values
    ]


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
