"""What a paper's claims said on a second block of seeds, beside what its report says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from grokbench.claims.phrases import count
from grokbench.claims.verdict import NOT_REPRODUCED, REPRODUCED
from grokbench.reports.document import read

DECIDED = (REPRODUCED, NOT_REPRODUCED)
SAME, UNDECIDED, NEWLY, OPPOSITE = "the same", "undecided there", "decided there only", "the opposite"


class Agreement(NamedTuple):
    """One claim on two blocks of seeds: its verdict and k of n on either, and what that comes to."""

    claim: str
    here: str
    there: str
    says: str


def rows(out: Path, paper: str, other: str) -> list[Agreement]:
    """The claims that both ``<paper>.json`` and ``<other>.json`` in ``out`` judged, in the report's order."""
    first, second = ({c["id"]: c for c in _claims(out, name)} for name in (paper, other))
    return [
        Agreement(name, _said(one), _said(second[name]), _compared(one["verdict"], second[name]["verdict"]))
        for name, one in first.items()
        if name in second and _judged(one) and _judged(second[name])
    ]


def blocks(out: Path, paper: str) -> list[str]:
    """The reports of a paper on other seeds that lie in ``out``."""
    return sorted(path.stem for path in out.glob(f"{paper}.seeds-*.json"))


def told(found: Sequence[Agreement]) -> str:
    """A line on how many agree, and one for each claim that does not."""
    same = sum(row.says == SAME for row in found)
    lines = [f"{same} of {count(len(found), 'claim')} say the same on both blocks of seeds."]
    lines += [
        f"  {row.claim}: {row.here} in the report, {row.there} here ({row.says})"
        for row in found
        if row.says != SAME
    ]
    return "\n".join(lines)


def _claims(out: Path, name: str) -> Sequence[Mapping[str, Any]]:
    document = read(out / f"{name}.json")
    return () if document is None else document["claims"]


def _judged(claim: Mapping[str, Any]) -> bool:
    return bool(claim["n_seeds"])


def _said(claim: Mapping[str, Any]) -> str:
    yes = sum(row["yes"] is True for row in claim["values"])
    return f"{claim['name']} {yes}/{claim['n_seeds']}"


def _compared(here: str, there: str) -> str:
    if here == there:
        return SAME
    if here in DECIDED and there in DECIDED:
        return OPPOSITE
    return UNDECIDED if here in DECIDED else NEWLY
