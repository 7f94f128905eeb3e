"""A command run in this process, and small specs written for it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from grokbench.cli import main

PAPER = """
[paper]
id = "{id}"
title = "A user's replication"
authors = "Someone"

[[experiment]]
id = "a"
title = "addition"
task = "{task}"
baseline = "{baseline}"
horizon = 1.5
{fields}
set = {set}
tier.smoke = {{ seeds = 1, steps = 5, alphas = {alphas} }}
tier.quick = {quick}

[[claim]]
id = "it-groks"
title = "it groks"
source = "Fig. 1"
statement = "it groks"
experiment = "a"
kind = "{kind}"
grade = "C"
{claim}

[[claim.rule]]
measure = "{measure}"
{rule}
reason = "because"
"""
GIVEN = {
    "id": "mine",
    "task": "addition",
    "baseline": "gromov2023/gd",
    "fields": "",
    "set": '{ "model.width" = 20, "task.domain.p" = 11 }',
    "alphas": "[0.5]",
    "quick": "{ seeds = 6, steps = 30, alphas = [0.5] }",
    "kind": "event",
    "claim": "",
    "measure": "grokking",
    "rule": "min = 1",
}
TASK = 'id = "{id}"\ntitle = "t"\noperation = "{operation}"\ndomain = {{ kind = "{kind}", {size} }}\n'
RECIPE = 'id = "{id}"\ntitle = "t"\norigin = "inferred"\nsource = "s"\n{rest}\n'


@dataclass(frozen=True)
class Done:
    """What a command left: its exit status and both streams."""

    status: int
    out: str
    err: str


class Shell:
    """Runs ``grokbench`` as a person does, from any folder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._patch, self._streams = monkeypatch, capfd

    def __call__(self, *words: str, cwd: Path | None = None) -> Done:
        self._streams.readouterr()
        with self._patch.context() as patch:
            patch.setattr(sys, "argv", ["grokbench", *words])
            if cwd is not None:
                patch.chdir(cwd)
            with pytest.raises(SystemExit) as left:
                main()
        out, err = self._streams.readouterr()
        assert "Traceback" not in out + err
        return Done(int(left.value.code or 0), out, err)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def paper(root: Path, **changed: str) -> Path:
    fields = GIVEN | changed
    return write(root / "baselines" / fields["id"] / "claims.toml", PAPER.format(**fields))


def task(root: Path, name: str, operation: str, size: str = "p = 97", kind: str = "integers-mod") -> Path:
    text = TASK.format(id=name, operation=operation, kind=kind, size=size)
    return write(root / "tasks" / f"{name}.toml", text)


def recipe(root: Path, name: str, rest: str) -> Path:
    return write(root / "baselines" / f"{name}.toml", RECIPE.format(id=name, rest=rest))
