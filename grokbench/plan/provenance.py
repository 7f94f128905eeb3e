"""Where a verdict comes from: the commit since which its rule stands or that added a file, hashes of specs, versions."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import grokbench
from grokbench.specs.files import SpecFile, content
from grokbench.specs.types import TIERS
from grokbench.store import keys
from grokbench.store.keys import digest


def frozen_commits(path: Path) -> dict[str, str]:
    """Claim id → the earliest commit from which the claim in the file ``path`` has not changed.

    What counts is what decides: kind, grade, measures, arguments, bounds, control, pairs, budget, and the experiments with the
    seeds, steps and fractions of their highest tier. Titles, reasons, ``known`` and ``tried`` may be written later. A claim that
    differs from every commit, or a file outside a checkout, is left out.
    """
    here = _rules(content(path))
    log = _git(path.parent, "log", "--format=%H", "--", path.name)
    frozen: dict[str, str] = {}
    open_claims = set(here)
    for commit in (log or b"").decode().split():
        if not open_claims:
            break
        text = _git(path.parent, "show", f"{commit}:./{path.name}")
        then = _rules(text) if text is not None else {}
        open_claims = {name for name in open_claims if then.get(name) == here[name]}
        frozen |= dict.fromkeys(open_claims, commit)
    return frozen


def first(path: Path, holds: Callable[[bytes], bool]) -> tuple[str, bytes]:
    """The first commit in which the text of the file ``path`` holds what is asked, and that text; ("", b"") for none.

    A file that was removed and added again keeps its first commit. A clone without its history knows no such commit.
    """
    shallow = _git(path.parent, "rev-parse", "--is-shallow-repository")
    if shallow is None or shallow.strip() != b"false":
        return "", b""
    log = _git(path.parent, "log", "--reverse", "--format=%H", "--", path.name)
    for commit in (log or b"").decode().split():
        text = _git(path.parent, "show", f"{commit}:./{path.name}")
        if text is not None and holds(text):
            return commit, text
    return "", b""


def _git(folder: Path, *words: str) -> bytes | None:
    try:
        return subprocess.run(["git", *words], cwd=folder, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def _rules(text: bytes) -> dict[str, str]:
    """Claim id → hash of what decides it."""
    try:
        document = tomllib.loads(text.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
    experiments = {
        entry["id"]: _deciding(_without(entry, "title", "portraits"))
        for entry in document.get("experiment", [])
    }
    out = {}
    for claim in document.get("claim", []):
        written = claim.get("experiment", [])
        named = written if isinstance(written, list) else [written]
        out[claim["id"]] = digest(
            {
                "claim": {
                    key: claim.get(key)
                    for key in (
                        *("kind", "grade", "experiment", "control", "pairs", "budget"),
                        *("computation", "seeds"),
                    )
                },
                "rule": [_without(condition, "reason") for condition in claim["rule"]],
                "experiments": [experiments.get(name) for name in (*named, claim.get("control"))],
            }
        )
    return out


def _deciding(experiment: Mapping[str, Any]) -> dict[str, Any]:
    """An experiment less the analyses that only figures read."""
    read = [name for name in experiment.get("analyses", ()) if name not in keys.PORTRAITS]
    rest = {key: value for key, value in experiment.items() if key != "analyses"}
    return {**rest, "analyses": read} if read else rest


def _without(table: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """A table less some keys; of an experiment's tiers the highest, less the estimate, which decides nothing."""
    out = {key: value for key, value in table.items() if key not in names}
    if "tier" in out:
        highest = next(out["tier"][name] for name in reversed(TIERS) if name in out["tier"])
        out["tier"] = {key: value for key, value in highest.items() if key != "expected_steps"}
    return out


def spec_hashes(files: Iterable[SpecFile]) -> dict[str, str]:
    """Path inside its folder of specs → SHA-256, of each file that was read."""
    return {file.key: hashlib.sha256(content(file.path)).hexdigest() for file in files}


def shadowed(files: Iterable[SpecFile]) -> tuple[SpecFile, ...]:
    """The files that hide another one of the same id."""
    return tuple(file for file in files if file.hides is not None)


def environment() -> dict[str, Any]:
    """What a report itself is made with; each record carries its own."""
    return {
        "grokbench": grokbench.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "training_version": keys.TRAINING_VERSION,
    }
