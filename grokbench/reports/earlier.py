"""What stays of an earlier report of the same paper: verdicts for which the command at hand has no records.

In: the earlier ``<paper>.json``, the new verdicts, the hashes of the rules. Out: the verdicts that stand, by claim.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from grokbench.claims.verdict import ERROR, NOT_RUN, Verdict
from grokbench.reports.document import read, verdict_from
from grokbench.reports.evidence import JUDGED
from grokbench.specs.types import TIERS, Claim, Paper


def kept(
    document: Path,
    paper: Paper,
    verdicts: Iterable[Verdict],
    asked: Collection[str],
    rules: Mapping[str, str],
) -> dict[str, Verdict]:
    """Claim id → the verdict of the report at ``document`` that stands in place of the new one in ``verdicts``.

    asked: the claims that the command was about. rules: claim id → hash of what decides it now.
    """
    entries = {entry["id"]: entry for entry in (read(document) or {}).get("claims", ())}
    claims = {claim.id: claim for claim in paper.claims}
    out = {}
    for new in verdicts:
        claim, entry = claims[new.id], entries.get(new.id)
        if entry is not None and _same_rule(entry, claim, rules[new.id]):
            old = replace(verdict_from(entry), source=claim.source)
            if _stands(old, new, new.id in asked):
                out[new.id] = old
    return out


def _stands(old: Verdict, new: Verdict, asked: bool) -> bool:
    """Whether a verdict outlives what the command at hand says of its claim.

    It does where that has no records; and, of a claim that was not asked for, where it has them of a lower tier only.
    """
    if old.verdict not in JUDGED:
        return False
    if new.verdict == NOT_RUN:
        return True
    return not asked and (new.verdict == ERROR or TIERS.index(new.tier) < TIERS.index(old.tier))


def _same_rule(entry: Mapping[str, Any], claim: Claim, rule: str) -> bool:
    """Whether an entry was decided by the rule that the claim has now.

    An entry without a hash cannot tell, and is taken where nothing that it states of its rule contradicts.
    """
    if "rule_hash" in entry:
        return bool(entry["rule_hash"] == rule)
    if (entry.get("kind"), entry.get("grade"), entry["source"]) != (claim.kind, claim.grade, claim.source):
        return False
    stated = {"min": claim.rule[0].min, "max": claim.rule[0].max}
    return claim.kind not in ("exact", "construction") or bool(entry["accepted"] == stated)
