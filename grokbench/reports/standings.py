"""What a track of the leaderboard leaves on disk: a page, a JSON document (``specs/schemas/leaderboard.schema.json``), figures
and the records of every run.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grokbench.claims import phrases as w
from grokbench.plan.blocks import END, FIRST
from grokbench.plan.leaderboard import SLACK
from grokbench.plan.single import check_folder
from grokbench.plan.standings import GRADIENTS, MARGIN, Standings
from grokbench.reports import standings_rows as rows
from grokbench.reports import standings_runs as runs
from grokbench.reports.document import LEADERBOARD, dumps, shadow_line, write_text
from grokbench.reports.overview import scoreboard
from grokbench.reports.result import of_records
from grokbench.reports.standings_document import SCHEMA_VERSION, command, document, notes, tuned_records
from grokbench.reports.tables import table
from grokbench.specs.errors import InputError
from grokbench.specs.locate import VERDICTS
from grokbench.store import archive

RULES = Path("../RULES.md")
"""The rules, seen from a clone's folder of reports."""
FIGURES: Mapping[str, str] = {
    "times": "T_gen of every entry, seed by seed, and its T*",
    "profiles": "Share of workloads × seeds solved within a factor of the best",
}
"""Figure → what it shows."""


def name_of(result: Standings) -> str:
    """The files' name without an ending: that of the track, and of the block of seeds where it is another one."""
    return f"{LEADERBOARD}{result.track.id}" + (f".{result.word}" if result.word else "")


def lines(result: Standings) -> str:
    """The tables as a terminal shows them: all workloads together, then each."""
    from tabulate import tabulate

    def grid(head: tuple[str, ...], body: list[tuple[str, ...]]) -> str:
        return str(tabulate(body, head, tablefmt="simple", disable_numparse=True))

    parts = [grid(rows.OVERALL_HEAD, rows.overall_rows(result))]
    for one in result.track.workloads:
        head, body = rows.WORKLOAD_HEAD[:8], [row[:8] for row in rows.workload_rows(result, one.id)]
        parts += [f"{one.title} ({one.id}), budget {w.steps(one.steps)}:", grid(head, body)]
    return "\n\n".join(parts)


def page(
    result: Standings,
    links: Mapping[str, str],
    others: Mapping[str, Mapping[str, Any]],
    rules: str = RULES.name,
) -> str:
    """The page. links: figure → its file. others: word of another block → the document of its page. rules: where they stand."""
    track = result.track
    parts = [
        f"# Leaderboard: {track.title}",
        shadow_line(result.shadowed),
        f"{_what(result)} {rules} says what is allowed.",
        "## All workloads",
        table(rows.OVERALL_HEAD, rows.overall_rows(result)),
        *(f"Note: {text}" for text in notes(result)),
        READING,
        *(f"![{text}]({links[name]})" for name, text in FIGURES.items() if name in links),
        *_workloads(result),
        "## Against the baseline",
        f"Pairs share split and initial weights. A ratio above 1 says that the entry is faster than "
        f"{result.baseline.submission.title if result.baseline else 'the baseline'}. A pair counts as faster or slower where "
        f"the times differ by more than {100 * (MARGIN - 1):.0f} %. Every field of the recipes that differs stands in the last "
        "column, so that a ratio can be put down to all of them together and to none alone.",
        table(rows.PAIRED_HEAD, rows.paired_rows(result)),
        *_differences(result),
        "## What the harness counted",
        "Certifying runs alone, to their whole budget. The training loop hands an optimizer "
        f"{GRADIENTS} gradient a step, and an optimizer has no way to ask for another one.",
        table(runs.COUNTS_HEAD, runs.count_rows(result)),
        "## Tuning",
        _tuning(result),
        table(runs.TUNING_HEAD, runs.tuning_rows(result)),
        *_blocks(result, others),
        "## Runs",
        *(
            f"### {one.title}\n\n{table(runs.RUNS_HEAD, runs.run_rows(result, one.id))}"
            for one in track.workloads
        ),
        *_made(result),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


READING = (
    "An entry promises for each workload a step T*. A run keeps the promise if its T_gen is at most T* and it stays until "
    "1.25 T*. It stays while no evaluation is below 0.9, and the median of the last five is at least 0.99. Certified says "
    "that the promise is kept on **more than half of seeds**, by the exact 95 % interval of the rate. 10 of 12 are enough, "
    "and 2 of 12 say less than half. It does not say how much more than half."
)
GRINDING = (
    "**Grinding is possible.** The certifying seeds are drawn from the commit that adds a submission. Whoever writes commits "
    "can write many, until the seeds are kind. A second block of seeds answers that: a maintainer runs it under a word of "
    "their own, which the submitter did not know."
)


def _what(result: Standings) -> str:
    track, base = result.track, result.baseline
    entries = "1 entry" if len(result.entries) == 1 else f"{len(result.entries)} entries"
    block = f" This page is about the block `{result.word}` of seeds." if result.word else ""
    return (
        f"{entries} on {w.count(len(track.workloads), 'workload')}. Every entry trains the same networks on the same splits. It "
        f"differs from the baseline ({base.submission.title if base else track.baseline}) in its optimizer alone.{block}"
    )


def _workloads(result: Standings) -> list[str]:
    out = []
    for one in result.track.workloads:
        out += [
            f"## {one.title}",
            f"`{one.id}`: task `{one.task}`, recipe `{one.baseline}`, α = {w.number(one.alpha)}, budget {w.steps(one.steps)}.",
            table(rows.WORKLOAD_HEAD, rows.workload_rows(result, one.id)),
        ]
    return out


def _differences(result: Standings) -> list[str]:
    """For each entry but the baseline, its fields and the baseline's where they differ, on every workload."""
    body = []
    for own in rows.ordered(result):
        for workload in result.track.workloads:
            for one in result.differences(own, workload.id):
                cells = [
                    w.value(one.value(arm)) + "".join(f", {k} {w.value(v)}" for k, v in one.more(arm).items())
                    for arm in (0, 1)
                ]
                body.append((own.submission.title, workload.id, one.field, *cells))
    head = ("entry", "workload", "field", "baseline", "entry's")
    return ["### What differs", table(head, body)] if body else []


def _tuning(result: Standings) -> str:
    seeds = w.ranges(result.track.tuning_seeds)
    how = " ".join(
        f"{own.submission.title}: {w.sentence(own.submission.tuned)}" for own in rows.ordered(result)
    )
    return (
        f"Every entry tries its settings on seed{'s' if len(result.track.tuning_seeds) > 1 else ''} {seeds}. "
        "On each workload the setting with the least T_gen is chosen among those that stay, and where none generalises the best "
        f"test accuracy decides. The T* proposed is {SLACK:g} T_gen, up to the next evaluation. {how}"
    )


def _blocks(result: Standings, others: Mapping[str, Mapping[str, Any]]) -> list[str]:
    again = shlex.join(["grokbench", "leaderboard", result.track.id, "--block", "maintainer"])
    parts = ["## Seeds, and other blocks of them"]
    body: list[tuple[str, ...]] = [
        (
            own.submission.title,
            f"`{own.block.commit}`" if own.block.certifies else own.block.why,
            ", ".join(map(str, own.block.seeds)),
        )
        for own in rows.ordered(result)
    ]
    parts += [
        f'Seed i is {FIRST} + (SHA-256 of "commit/{result.word}/i", first 8 bytes) mod {END - FIRST}, without repetitions.',
        table(("entry", "commit that added it", "seeds"), body),
        GRINDING,
        f"```\n{again}\n```",
    ]
    if others:
        known = {name: _kept(found) for name, found in others.items()}
        own = {
            (one.name, wl.id): rows.certificate_of(result, one, wl.id)
            for one in result.entries
            for wl in result.track.workloads
        }
        body = []
        for (name, workload), here in own.items():
            cells = [
                f"{found[name, workload][0]} of {found[name, workload][1]}, {found[name, workload][2]}"
                if (name, workload) in found
                else w.DASH
                for found in known.values()
            ]
            body.append(
                (
                    result.entry(name).submission.title,
                    workload,
                    f"{here.yes} of {here.n}, {here.words}",
                    *cells,
                )
            )
        parts.append(table(("entry", "workload", "this block", *(f"`{name}`" for name in known)), body))
    else:
        parts.append("No other block was run yet.")
    return parts


def _kept(found: Mapping[str, Any]) -> dict[tuple[str, str], tuple[int, int, str]]:
    """(entry, workload) → kept, seeds and certificate, of another page's document."""
    return {
        (own["name"], one["id"]): (one["kept"], one["n"], one["certificate"])
        for own in found["entries"]
        for one in own["workloads"]
    }


def _made(result: Standings) -> list[str]:
    records = [*result.records.values(), *tuned_records(result)]
    environment = dict(sorted(of_records(records).items()))
    return [
        "## How it was made",
        f"```\n{command(result)}\n```",
        f"Trials: {len(records)}, {w.seconds(rows.cpu_seconds(records))} of one core in all.",
        table(("", "value"), [(key, "; ".join(map(w.value, found))) for key, found in environment.items()])
        if environment
        else "",
        table(("spec", "SHA-256"), [(name, f"`{h}`") for name, h in result.spec_hashes.items()]),
    ]


def write(result: Standings, out: Path) -> Path:
    """Write page, JSON, figures and records under ``out``; the path of the page. Errors: InputError."""
    check_folder(out, "the leaderboard")
    try:
        return _write(result, out)
    except OSError as error:
        raise InputError(f"the leaderboard cannot be written to {out} ({error.strerror})") from None


def _write(result: Standings, out: Path) -> Path:
    from grokbench.figures import draw_standings

    stem = name_of(result)
    drawn = draw_standings(result, out / stem / "figures", result.track.title)
    links = {name: f"{stem}/figures/{path.name}" for name, path in drawn.items()}
    write_text(out / f"{stem}.json", dumps(document(result, links)))
    rules = f"[{RULES.name}]({RULES.as_posix()})" if (out / RULES).is_file() else RULES.name
    write_text(out / f"{stem}.md", page(result, links, blocks_in(out, result), rules))
    _archive(result, out / stem / "records")
    if (out / VERDICTS).is_file():  # a folder of papers' reports, whose first page names it
        scoreboard(out)
    return out / f"{stem}.md"


def blocks_in(out: Path, result: Standings) -> dict[str, dict[str, Any]]:
    """Word → document of the pages in ``out`` on other blocks of the track's seeds."""
    found = {}
    for path in sorted(out.glob(f"{LEADERBOARD}{result.track.id}.*.json")):
        other = json.loads(path.read_text(encoding="utf-8"))
        if other.get("schema_version") == SCHEMA_VERSION and other["block"] != result.word:
            found[other["block"]] = other
    return found


def _archive(result: Standings, folder: Path) -> None:
    """Write the records of each entry on each workload into ``folder``; archives of others are removed."""
    names = []
    for own in result.entries:
        for workload in result.track.workloads:
            records = [
                one
                for (entry, name, _), one in result.records.items()
                if (entry, name) == (own.name, workload.id)
            ]
            tried = result.tuning.get((own.name, workload.id), ())
            records += [run for one in tried for run in one.runs if run is not None]
            if records:
                names.append(f"{own.name}-{workload.id}")
                archive.write(folder, names[-1], records)
    archive.prune(folder, names)
