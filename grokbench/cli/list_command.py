"""``grokbench list``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from grokbench.claims.verdict import VERDICTS, called
from grokbench.cli import completion, options
from grokbench.specs.claims import CLAIM_KINDS
from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import Paper

KINDS = {
    "tasks": "task",
    "baselines": "baseline",
    "papers": "paper",
    "tracks": "track",
    "submissions": "submission",
}
PARTS = (
    "networks",
    "losses",
    "optimizers",
    "wrappers",
    "learners",
    "computations",
    "domains",
    "sources",
    "decodings",
    "corruptions",
    "figures",
)
"""Parts with fields."""
OTHERS = ("probes", "analyses", "measures", "executors")
"""Parts without."""


@click.command(
    name="list",
    epilog=options.examples(
        "grokbench list",
        "grokbench list tasks",
        "grokbench list networks",
        "grokbench list claims --paper nanda2023 --verdict 'not reproduced'",
        "grokbench list claims --kind never --json",
    ),
)
@click.argument("what", type=click.Choice([*KINDS, "claims", *PARTS, *OTHERS]), default="papers")
@click.option("--paper", help="Only claims of this paper.", shell_complete=completion.papers)
@click.option(
    "--kind",
    type=click.Choice(CLAIM_KINDS),
    metavar="KIND",
    help=f"Only claims of this kind: {', '.join(CLAIM_KINDS)}.",
)
@click.option(
    "--verdict",
    type=click.Choice(VERDICTS, case_sensitive=False),
    metavar="VERDICT",
    help=f"Only claims with this verdict in the committed reports: {', '.join(VERDICTS)}.",
)
@options.specs
@options.plugin
@options.as_json
def command(
    what: str, paper: str | None, kind: str | None, verdict: str | None, specs: Sequence[Path], as_json: bool
) -> None:
    """List papers, tasks, baselines or claims; the parts of specs with their fields; or what looks at trials and runs them."""
    given = [f"--{name}" for name, value in (("paper", paper), ("kind", kind), ("verdict", verdict)) if value]
    if given and what != "claims":
        raise InputError(f"{given[0]} chooses among claims; write: grokbench list claims {given[0]} …")
    if what == "claims":
        rows = _claims(list(options.open_library(specs).each("paper")), paper, kind, verdict)
    elif what in KINDS:
        rows = _rows(what, specs)
    else:
        if specs:  # parts need none, and a folder that is named has to be there
            options.open_library(specs)
        rows = _parts(what) if what in PARTS else _others(what)
    if as_json:
        options.print_json(rows)
        return
    from tabulate import tabulate

    hidden = {"verdict"} if what == "claims" else set()  # beside what it is called
    lines = [[" ".join(text.split()) for name, text in row.items() if name not in hidden] for row in rows]
    click.echo(tabulate(lines, tablefmt="plain", disable_numparse=True))


def _rows(what: str, specs: Sequence[Path]) -> list[dict[str, str]]:
    """Every spec of a kind that can be read; a note on stderr tells of the others."""
    found = options.open_library(specs).each(KINDS[what])
    if what == "papers":
        return [
            {
                "id": p.id,
                "title": f"{p.title} ({p.authors}{f', {p.year}' if p.year else ''}); {len(p.claims)} claims",
            }
            for p in found
        ]
    if what == "tasks":
        return [{"id": task.id, "title": task.title, "operation": task.operation} for task in found]
    if what == "submissions":
        return [{"id": one.id, "title": one.title, "source": one.source} for one in found]
    return [{"id": one.id, "title": one.title} for one in found]


def _claims(
    papers: Sequence[Paper], paper: str | None, kind: str | None, verdict: str | None
) -> list[dict[str, str]]:
    """The claims that are asked for, each with its verdict in the committed reports; a dash where these lack it."""
    from grokbench.reports import verdicts

    if paper is not None and paper not in {one.id for one in papers}:
        raise UnknownNameError("paper", paper, [one.id for one in papers])
    said = verdicts.read()
    rows = []
    for claim_id, claim in ((f"{one.id}.{claim.id}", claim) for one in papers for claim in one.claims):
        own = said.get(claim_id)
        found = own["verdict"] if own else "—"
        asked = ((paper, claim_id.partition(".")[0]), (kind, claim.kind), (verdict, found))
        if all(wanted is None or wanted == have for wanted, have in asked):
            shown = called(found, own["under_our_reading"]) if own else found
            rows.append(
                {
                    "id": claim_id,
                    "kind": claim.kind,
                    "verdict": found,
                    "called": shown,
                    "title": claim.title,
                }
            )
    return rows


def _parts(kind: str) -> list[dict[str, str]]:
    import dataclasses
    import inspect

    from grokbench import parts
    from grokbench.specs.fields import default_of

    rows = []
    for name in parts.names(kind):
        fields = parts.find(kind, name).fields
        own = [(one.name, default_of(one)) for one in dataclasses.fields(fields)]
        listed = [
            f"{key}" if value is dataclasses.MISSING else f"{key}={_short(value)}" for key, value in own
        ]
        line = inspect.cleandoc(fields.__doc__ or "").splitlines()[0]
        origin = parts.part(kind, name).origin
        numbers = getattr(parts.find(kind, name), "numbers", None)
        given = {"numbers": " ".join(numbers)} if numbers else {}
        rows.append({"id": name, "fields": " ".join(listed), **given, "title": line, "origin": origin})
    return rows


def _short(value: object) -> str:
    """A default: its kind where it is a table, and as it is written in TOML otherwise."""
    if isinstance(value, dict) and "kind" in value:
        return str(value["kind"])
    return json.dumps(value, ensure_ascii=False)


def _others(kind: str) -> list[dict[str, str]]:
    """Name, arguments and needs of a measure, first line of its docstring or summary, and origin."""
    import inspect

    from grokbench import parts
    from grokbench.measures import needs, signature

    rows = []
    for name in parts.names(kind):
        part = parts.part(kind, name)
        own = parts.load(part)
        text = getattr(own, "summary", "") or inspect.getdoc(own) or ""
        row = {
            "id": name,
            **({"arguments": signature(name), "needs": needs(name)} if kind == "measures" else {}),
        }
        rows.append({**row, "meaning": text.strip().split("\n")[0], "origin": part.origin})
    return rows
