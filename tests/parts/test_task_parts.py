"""Domains, sources and corruptions from elsewhere: found, checked, keyed and blamed as the parts of recipes are."""

from __future__ import annotations

import json
import linecache
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import grokbench
from grokbench import parts
from grokbench.api import resolve_trial
from grokbench.plan.resolve import Task
from grokbench.specs.errors import GrokbenchError, InputError, UnknownNameError
from grokbench.specs.fields import field
from grokbench.specs.types import TaskSpec
from grokbench.store import keys
from grokbench.tasks.domain import Domain, make_domain, modulus
from grokbench.tasks.table import build_table
from tests import processes
from tests.parts.test_parts import PLUGIN, install, nothing_registered

__all__ = ["nothing_registered"]
TASK = """
id = "mine"
title = "Mine"
operation = "{operation}"
domain = {domain}
"""
XOR = '{ kind = "exclusive-or", bits = 3 }'


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    (tmp_path / "tasks").mkdir()
    return tmp_path


def write(specs: Path, domain: str = XOR, operation: str = "x * y", extra: str = "") -> None:
    text = TASK.format(domain=domain, operation=operation) + extra
    (specs / "tasks" / "mine.toml").write_text(text, encoding="utf-8")


def key(specs: Path, **settings: Any) -> str:
    return keys.key(
        resolve_trial("mine", "gromov2023/adamw", seed=0, steps=5, specs=[specs], settings=settings)
    )


def test_a_scripts_domain_has_a_table_its_defaults_and_trains(specs):
    parts.run_plugin(PLUGIN)
    write(specs)
    table = grokbench.load_task("mine", specs=[specs]).table()
    assert table.tolist() == [[x, y, x ^ y] for x in range(8) for y in range(8)]
    record = grokbench.run("mine", "gromov2023/adamw", seed=9000, steps=20, specs=[specs])
    assert record.facts["n_elements"] == 8
    write(specs, '{ kind = "exclusive-or" }')
    assert grokbench.load_task("mine", specs=[specs]).spec.domain == {"kind": "exclusive-or", "bits": 3}


def test_a_default_that_is_written_out_changes_no_key(specs):
    parts.run_plugin(PLUGIN)
    write(specs, '{ kind = "exclusive-or" }')
    bare = key(specs)
    write(specs, XOR)
    assert key(specs) == bare
    write(specs, XOR, extra='source = { kind = "table" }\n')
    assert key(specs) == bare
    write(specs, XOR.replace("3", "4"))
    assert key(specs) != bare


@pytest.mark.parametrize(
    ("domain", "sentence"),
    [
        ('{ kind = "exclusive-or", bits = 0 }', "domain.bits: expected a number ≥ 1; got 0"),
        ('{ kind = "exclusive-or", bit = 3 }', "domain.bit: unknown key"),
        ('{ kind = "exclusive-xor" }', "did you mean 'exclusive-or'"),
        (
            '{ kind = "product", factors = [{ kind = "exclusive-or", bits = 11 }, { kind = "cyclic-group", n = 3 }] }',
            r"domain\.factors\[0\]\.bits: expected a number ≤ 10; got 11",
        ),
        (
            '{ kind = "product", factors = [{ kind = "cyclic-group", n = 3 }, { kind = "cyclic-grup", n = 3 }] }',
            r"domain\.factors\[1\]\.kind: .*did you mean 'cyclic-group'",
        ),
        ('{ kind = "product", factors = [{ kind = "cyclic-group", n = 3 }] }', r"domain\.factors: "),
    ],
)
def test_the_fields_of_a_domain_are_checked_and_so_are_those_of_its_factors(specs, domain, sentence):
    parts.run_plugin(PLUGIN)
    write(specs, domain)
    with pytest.raises(GrokbenchError, match=sentence):
        grokbench.load_task("mine", specs=[specs])


def test_a_product_takes_a_scripts_group_and_its_source_joins_the_key(specs):
    parts.run_plugin(PLUGIN)
    factors = '[{ kind = "cyclic-group", n = 3 }, { kind = "exclusive-or", bits = 1 }]'
    write(specs, f'{{ kind = "product", factors = {factors} }}')
    trial = resolve_trial("mine", "gromov2023/adamw", seed=0, steps=5, specs=[specs])
    assert len(build_table(trial.task).rows) == 36
    ((kind, name, label, digest),) = keys.family_fields(trial)["parts"]
    assert (kind, name, label, len(digest)) == ("domains", "exclusive-or", "plugin.py", 64)


def test_the_source_of_a_domain_from_outside_belongs_to_the_key(specs, tmp_path):
    write(specs)

    def with_script(text: str) -> str:
        (tmp_path / "mine.py").write_text(text, encoding="utf-8")
        parts._registered.clear()
        parts._plugins.clear()
        linecache.clearcache()
        parts.run_plugin(tmp_path / "mine.py")
        return key(specs)

    text = PLUGIN.read_text(encoding="utf-8")
    assert with_script(text) == with_script(text)
    assert with_script(text) != with_script(text + "# changed\n")


def test_a_scripts_source_and_corruption_are_used_and_keyed(specs):
    parts.run_plugin(PLUGIN)
    write(specs, '{ kind = "integers-mod", p = 5 }', "x + y", 'source = { kind = "corner" }\n')
    settings = {"data.corruption.kind": "shift"}
    record = grokbench.run("mine", "gromov2023/adamw", seed=9000, steps=5, specs=[specs], settings=settings)
    assert (record.facts["n_train"], record.facts["n_test"]) == (10, 10)
    assert record.facts["n_corrupted"] == record.facts["n_wrong"] == 3
    found = [(kind, name) for kind, name, *_ in keys.family_fields(record.trial)["parts"]]
    assert found == [("corruptions", "shift"), ("sources", "corner")]


def test_an_installed_packages_domain_is_found(specs, tmp_path, monkeypatch):
    code = "from grokbench.tasks.domains.cyclic_group import DOMAIN as PART\n"
    install(tmp_path, code, group="domains", name="turns", package="turnpack")
    monkeypatch.syspath_prepend(tmp_path)
    write(specs, '{ kind = "turns", n = 4 }')
    assert len(grokbench.load_task("mine", specs=[specs]).table()) == 16
    assert parts.part("domains", "turns").origin == "turnpack 2.1"


@dataclass(frozen=True)
class Nothing:
    """nothing"""

    size: int = field(2, help="number of elements")


def strange(answers: Any) -> TaskSpec:
    elements = SimpleNamespace(size=2, names=("a", "b"), modulus=None, answers=answers)
    grokbench.register("domains", "strange", Domain("strange", Nothing, lambda table: elements))
    return TaskSpec("tried", "Tried", "x * y", {"kind": "strange"})


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        (lambda tree: 1 // 0, r"failed \(ZeroDivisionError"),
        (lambda tree: (np.zeros((3, 3), int), np.ones((1, 1), bool)), r"failed \(ValueError: .*shape"),
        (lambda tree: (np.full((2, 2), 2), np.ones((1, 1), bool)), "none of the elements 0 to 1"),
    ],
)
def test_a_domain_that_fails_is_named_in_one_sentence(answers, sentence):
    task = strange(answers)
    with pytest.raises(InputError, match=rf"task 'tried': the domain 'strange' of .*{sentence}"):
        build_table(task)
    with pytest.raises(InputError, match="the domain 'strange' of "):
        resolve_trial(Task(task), "gromov2023/adamw", seed=0, steps=5)


def test_a_part_that_is_no_domain_is_refused():
    with pytest.raises(InputError, match=r"the domain 'x' of .* lacks fields, build"):
        grokbench.register("domains", "x", "text")
    with pytest.raises(InputError, match="grokbench has one already"):
        grokbench.register("domains", "bits", Domain("bits", Nothing, lambda table: None))


def test_only_residues_have_a_modulus():
    def of(**domain: Any) -> int | None:
        return modulus(TaskSpec("t", "t", "x", domain))

    assert of(kind="integers-mod", p=7) == 7
    assert of(kind="cyclic-group", n=7) is None
    assert of(kind="bits", n=4, k=2) is None


def test_an_unknown_domain_is_met_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match="did you mean 'dihedral-group'"):
        make_domain({"kind": "dihedral"})


def test_every_table_of_the_command_line_takes_a_plugins_domain(specs):
    write(specs)
    words = ("--plugin", str(PLUGIN), "--specs", str(specs))
    shown = processes.grokbench("show", "mine", "--resolved", *words)
    assert shown.returncode == 0, shown.stderr
    assert "elements = 8" in shown.stdout
    checked = processes.grokbench("validate", str(specs / "tasks" / "mine.toml"), *words)
    assert checked.returncode == 0, checked.stderr + checked.stdout
    listed = processes.grokbench("list", "domains", "--json", "--plugin", str(PLUGIN))
    rows = {row["id"]: row for row in json.loads(listed.stdout)}
    assert rows["exclusive-or"] == {
        "id": "exclusive-or",
        "fields": "bits=3",
        "title": "strings of bits under exclusive or",
        "origin": str(PLUGIN),
    }
    assert rows["product"]["origin"] == "grokbench"


def test_no_module_outside_a_domains_own_names_its_kind():
    root = Path(grokbench.__file__).parent
    kinds = set(parts.BUILT_IN["domains"]) - {"product", "bits", "digits"}  # words of other uses
    allowed = {
        "parts/built_in.py",
        "tasks/vocabulary.py",
        "validation/rehearsal.py",
        "measures/relabelling.py",  # which is about residues
        "measures/group_characters.py",  # whose example shows a group
    }
    for path in root.rglob("*.py"):
        place = path.relative_to(root).as_posix()
        if place.startswith("tasks/domains/") or place in allowed:
            continue
        text = path.read_text(encoding="utf-8")
        assert [kind for kind in kinds if f'"{kind}"' in text] == [], place
