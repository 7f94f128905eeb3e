"""A leaderboard as one JSON document, described by ``specs/schemas/leaderboard.schema.json``."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from typing import Any

from grokbench.analysis.paired import Paired
from grokbench.claims import phrases as w
from grokbench.plan.compared import TIMES
from grokbench.plan.entries import Entry
from grokbench.plan.leaderboard import chosen
from grokbench.plan.standings import Standings, Tried, success
from grokbench.reports import standings_rows as rows
from grokbench.reports.document import bounds, number, plain, shadows
from grokbench.reports.result import of_records
from grokbench.specs.tracks import stay_until
from grokbench.training.record import Record

SCHEMA_VERSION = 1


def command(result: Standings) -> str:
    """The command that makes it again."""
    words = [word for pair in result.options for word in pair]
    return shlex.join(["grokbench", "leaderboard", result.track.id, *words])


def notes(result: Standings) -> list[str]:
    """What a reader should know beside the tables."""
    out = [
        f"{own.submission.title} is provisional: {own.block.why}. Its seeds come from no commit and certify nothing."
        for own in result.entries
        if not own.block.certifies
    ]
    out += [f"{name} is not tuned yet and is left out." for name in result.untuned]
    if result.failures:
        out.append(f"{w.count(len(result.failures), 'trial')} failed.")
    apart = [own.submission.title for own in result.entries if own not in result.alike]
    if apart:
        out.append(
            f"Profiles and shares of the best leave out {', '.join(apart)}, which have other seeds than the baseline."
        )
    return out


def tuned_records(result: Standings) -> list[Record]:
    """The runs that tuned."""
    return [run for tried in result.tuning.values() for one in tried for run in one.runs if run is not None]


def document(result: Standings, links: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The leaderboard as one JSON-able dict. links: figure → its path relative to the document."""
    track, records = result.track, [*result.records.values(), *tuned_records(result)]
    return {
        "schema_version": SCHEMA_VERSION,
        "track": track.id,
        "title": track.title,
        "block": result.word,
        "command": command(result),
        "baseline": track.baseline,
        "tuning_seeds": list(track.tuning_seeds),
        "workloads": [plain(vars(one)) for one in track.workloads],
        "entries": [_entry(result, own) for own in rows.ordered(result)],
        "profiles": {name: [number(one) for one in found] for name, found in result.profiles().items()},
        "notes": notes(result),
        "failures": [
            {
                "entry": one.trial.recipe.id,
                "task": one.trial.task.id,
                "seed": one.trial.seed,
                "traceback": str(one.path),
            }
            for one in result.failures
        ],
        "trials": len(records),
        "cpu_seconds": round(rows.cpu_seconds(records), 2),
        "environment": plain(dict(sorted(of_records(records).items()))),
        "spec_hashes": dict(result.spec_hashes),
        "shadowed": shadows(result.shadowed),
        "figures": dict(links or {}),
    }


def _entry(result: Standings, own: Entry) -> dict[str, Any]:
    sub = own.submission
    return {
        "name": own.name,
        "title": sub.title,
        "authors": sub.authors,
        "source": sub.source,
        "tuned": sub.tuned,
        "commit": own.block.commit or None,
        "provisional": own.block.why or None,
        "seeds": list(own.block.seeds),
        "workloads": [_workload(result, own, one.id) for one in result.track.workloads],
    }


def _workload(result: Standings, own: Entry, name: str) -> dict[str, Any]:
    found, records = rows.certificate_of(result, own, name), rows.records_of(result, own, name)
    apart, beats = result.differences(own, name), result.beats(own, name)
    return {
        "id": name,
        "t_star": own.t_star(name),
        "stay_until": stay_until(own.t_star(name)),
        "kept": found.yes,
        "n": found.n,
        "interval": bounds(found.interval),
        "certificate": found.words,
        "did_not_finish": sum(math.isinf(one.t_gen) for one in records),
        "weights": rows.weights(own, name),
        "steps": sum(int(one.facts["steps"]) for one in records),
        "gradients": rows.gradients(records),
        "cpu_seconds": round(rows.cpu_seconds(records), 2),
        "optimizer": plain(own.trials[name].recipe.optimizer),
        "differs_in": [one.field for one in apart],
        "paired": {
            time: _paired(pair) for time in TIMES if (pair := result.paired(own, name, time)) is not None
        },
        "beyond_margin": None if beats is None else {"n": beats[0], "faster": beats[1], "slower": beats[2]},
        "runs": [
            _run(seed, one, own.t_star(name))
            for seed, one in zip(own.block.seeds, result.runs(own, name), strict=True)
        ],
        "tuning": _tried(result.tuning.get((own.name, name), ())),
    }


def _paired(found: Paired) -> dict[str, Any]:
    return {
        "n": found.n,
        "entry_faster": found.second_faster,
        "baseline_faster": found.first_faster,
        "ties": found.ties,
        "ratio": bounds(found.ratio),
        "interval": bounds(found.interval),
        "p": found.p,
        "censored": found.censored,
    }


def _run(seed: int, one: Record | None, t_star: int) -> dict[str, Any]:
    if one is None:
        return {"seed": seed, "kept": None}
    dips, low = one.dips()
    reached = math.isfinite(one.t_gen)
    return {
        "seed": seed,
        "kept": success(one, t_star),
        "t_mem": number(one.t_mem),
        **{name: number(of(one)) for name, of in TIMES.items()},
        "dips": dips if reached else None,
        "below_99": number(low) if reached else None,
        "outcome": one.outcome,
        "ended": one.ended,
        "steps": int(one.facts["steps"]),
        "content": one.content,
    }


def _tried(tried: tuple[Tried, ...]) -> list[dict[str, Any]]:
    best = chosen(tried) if any(any(one.runs) for one in tried) else None
    return [
        {
            "settings": plain(one.settings),
            "t_gen": number(one.t_gen),
            "stays": one.stays,
            "best_test_accuracy": one.accuracy,
            "proposed_t_star": one.t_star,
            "chosen": one is best,
        }
        for one in tried
    ]
