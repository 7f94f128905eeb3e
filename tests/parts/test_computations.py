"""Claims on computations: answered without a trial, checked beforehand, and blamed by name when they are wrong."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grokbench
from grokbench import Computation, parts
from grokbench.claims import computed
from grokbench.claims.evidence import Evidence
from grokbench.claims.judge import judge
from grokbench.figures import registry
from grokbench.measures import measure
from grokbench.measures.cells import Cell, SeedView
from grokbench.plan.expand import plan_paper
from grokbench.specs import schema
from grokbench.specs.errors import GrokbenchError, InputError
from grokbench.specs.fields import schema_of
from grokbench.specs.loader import Library
from grokbench.specs.types import Claim, Condition
from tests import processes
from tests.claims.claim_records import claim, condition, record
from tests.parts.test_parts import fresh, install, nothing_registered

__all__ = ["nothing_registered"]
PLUGIN = Path(__file__).parent.parent / "data" / "computation.py"
SPECS = PLUGIN.parent / "specs"
ALL = condition("relabelled-share", 1, 1)
HEAD = 'id = "own"\ntitle = "It"\nsource = "s"\nstatement = "It is so."\ngrade = "A"\n'
RULE = 'rule = [{ measure = "relabelled-share", min = 1, max = 1, reason = "r" }]\n'
KIND = 'kind = "exact"\n'
RELABELLED = 'computation = { kind = "table-relabelling", p = 13 }\n'


def on(kind: str, table: dict[str, Any], *rule: Condition, seeds: int = 1) -> Claim:
    return dataclasses.replace(claim(kind, *rule, arms=0), computation=table, seeds=tuple(range(seeds)))


def relabelling(**fields: Any) -> Claim:
    return on("exact", {"kind": "table-relabelling", **fields}, ALL)


def drawn(*rule: Condition, seeds: int = 100, **fields: Any) -> Claim:
    parts.run_plugin(PLUGIN)
    return on("construction", {"kind": "draws", "draws": 50, **fields}, *rule, seeds=seeds)


def paper_with(tmp_path: Path, text: str) -> Path:
    """The tiny paper with one more claim."""
    specs = tmp_path / "specs"
    shutil.copytree(SPECS, specs)
    file = specs / "baselines" / "tiny" / "claims.toml"
    file.write_text(f"{file.read_text(encoding='utf-8')}\n[[claim]]\n{text}", encoding="utf-8")
    return file


# -- answers and verdicts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "share", "verdict"),
    [
        ({}, 1.0, "REPRODUCED"),
        ({"additive": "x - y", "multiplicative": "x / y"}, 1.0, "REPRODUCED"),
        ({"p": 13, "additive": "x + y", "multiplicative": "x / y"}, 1 / 6, "NOT REPRODUCED"),
    ],
    ids=["sum and product", "difference and quotient", "sum and quotient"],
)
def test_a_relabelled_table_is_the_other_one_where_the_operations_correspond(fields, share, verdict):
    (answer,) = computed.answers(relabelling(**fields), [0])
    assert answer.numbers == (pytest.approx(share),)
    assert answer.yes is (verdict == "REPRODUCED")
    found = computed.judged(relabelling(**fields), "smoke")
    assert (found.verdict, found.tier, found.n_seeds) == (verdict, "smoke", 1)
    assert (found.statistic, found.under_our_reading) == (pytest.approx(share), False)


def test_the_computation_gives_what_the_measure_gives_of_records():
    library = Library()
    cells = []
    for name, p in (("addition", 12), ("multiplication", 13)):
        one = record()
        task = library.task(name, {"domain.p": p})
        cells.append(
            (Cell(0, {}, dataclasses.replace(one, trial=dataclasses.replace(one.trial, task=task))),)
        )
    measured = measure("relabelled-share")(SeedView(0, tuple(cells)))
    (answer,) = computed.answers(relabelling(p=13), [0])
    assert answer.numbers == (measured,)


def test_a_construction_is_drawn_once_a_seed_and_judged_on_its_median():
    one = drawn(condition("mean-of-draws", 1.9, 2.1), condition("spread-of-draws", 0.9, 1.1), centre=2.0)
    found = computed.judged(one, "quick")
    assert (found.verdict, found.n_seeds) == ("REPRODUCED", 100)
    assert len({numbers for _, numbers, _ in found.values}) == 100
    expected = np.random.default_rng(3).normal(2.0, 1.0, 50)
    assert found.values[3][1] == (expected.mean(), expected.std())
    assert found.interval is not None
    assert 1.9 < found.interval[0] < found.interval[1] < 2.1
    away = drawn(condition("mean-of-draws", 2.5), centre=2.0)
    assert computed.judged(away, "quick").verdict == "NOT REPRODUCED"


def test_smoke_takes_one_draw_and_decides_nothing():
    found = computed.judged(drawn(condition("mean-of-draws", -1, 1)), "smoke")
    assert (found.verdict, found.n_seeds) == ("INCONCLUSIVE", 1)


def test_what_could_not_be_computed_is_no_answer():
    grokbench.register(
        "computations",
        "none",
        Computation("none", Empty, {"a": "nothing"}, lambda fields, seed: {"a": math.nan}),
    )
    one = on("exact", {"kind": "none"}, condition("a", 1, 1))
    assert [answer.yes for answer in computed.answers(one, [0, 1])] == [None, None]
    assert computed.judged(one, "quick").verdict == "INCONCLUSIVE"


def test_the_judge_asks_for_no_record(tmp_path):
    library = Library()
    gromov = library.paper("gromov2023")
    paper = dataclasses.replace(gromov, claims=(relabelling(),))

    for tiers, asked in ((("smoke",), "smoke"), (("paper", "quick"), "quick"), (("paper", "quick"), "paper")):
        found = judge(paper, relabelling(), Evidence(asked, tiers, grids={}, origins={}, records={}))
        assert (found.verdict, found.tier) == ("REPRODUCED", asked)
    assert plan_paper(library, paper, "quick").trials == ()
    assert registry(paper)  # figures of a claim without experiments


# -- specs -----------------------------------------------------------------------------------------------


def test_the_papers_schema_holds_the_built_in_computations():
    def bare(node):
        """Without the fields of the parts that a table may name, which the whole schema fills in."""
        own = {
            name: {k: v for k, v in one.items() if k not in ("properties", "allOf")}
            if "parts" in one
            else one
            for name, one in node["properties"].items()
        }
        return {**node, "properties": own}

    named = {
        name.removeprefix("computations."): bare(node)
        for name, node in schema.schema("paper")["definitions"].items()
        if name.startswith("computations.")
    }
    assert named == {
        name: bare(schema_of(parts.find("computations", name).fields, kind=True))
        for name in parts.BUILT_IN["computations"]
    }


def test_a_claims_computation_is_read_with_its_defaults(tmp_path):
    file = paper_with(tmp_path, HEAD + KIND + RELABELLED + RULE)
    (own,) = [one for one in Library().paper(str(file)).claims if one.id == "own"]
    assert own.computation == {
        "kind": "table-relabelling",
        "p": 13,
        "additive": "x + y",
        "multiplicative": "x * y",
    }
    assert (own.experiments, own.seeds) == ((), (0,))
    assert grokbench.validate(file) == [file]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (KIND + RULE, r"claim\[3\]\.experiment: missing"),
        (
            KIND + RELABELLED + 'experiment = "train"\n' + RULE,
            "computation and experiment exclude each other",
        ),
        (
            KIND + 'computation = { kind = "table-relabeling" }\n' + RULE,
            r"claim\[3\]\.computation\.kind: expected one of .*table-relabelling, .*mean 'table-relabelling'",
        ),
        (
            KIND + 'computation = { kind = "table-relabelling", q = 5 }\n' + RULE,
            r"computation\.q: unknown key",
        ),
        (
            KIND + 'computation = { kind = "table-relabelling", p = 2 }\n' + RULE,
            r"computation\.p: expected a number ≥ 3",
        ),
        (
            KIND + 'computation = { kind = "table-relabelling", p = 15 }\n' + RULE,
            r"claim own\.computation\.p: expected a prime; 15 is not a prime",
        ),
        (
            KIND + 'computation = { kind = "table-relabelling", additive = "x / y", p = 13 }\n' + RULE,
            r"claim own\.computation\.additive: ",
        ),
        (
            'kind = "event"\n' + RELABELLED + RULE,
            r"claim own\.kind: a claim on a computation is of kind exact or",
        ),
        (
            'kind = "construction"\nseeds = 6\n' + RELABELLED + RULE,
            r"claim own\.seeds: 6 seeds cannot decide a claim of kind construction; 100 or more can",
        ),
        (
            KIND + RELABELLED + RULE.replace("relabelled-share", "relabeled-share"),
            r"own\.rule\[0\]\.measure: no number 'relabeled-share'; .*did you mean 'relabelled-share'",
        ),
        (
            KIND + RELABELLED + RULE.replace("min", "args = { additive = 0 }, min"),
            r"own\.rule\[0\]\.args: a number of a computation takes no arguments",
        ),
        (
            KIND + 'control = "train"\n' + RELABELLED + RULE,
            r"own\.control: a claim on a computation has no records",
        ),
        (
            'kind = "event"\nexperiment = "train"\nseeds = 3\n'
            'rule = [{ measure = "generalises", min = 1, reason = "r" }]\n',
            r"claim own\.seeds: only a claim on a computation has seeds",
        ),
    ],
)
def test_a_claim_that_could_not_be_judged_is_refused_when_it_is_validated(tmp_path, text, message):
    with pytest.raises(GrokbenchError, match=message):
        grokbench.validate(paper_with(tmp_path, HEAD + text))


# -- from outside ----------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Empty:
    """nothing"""


def test_fields_and_faults_of_a_scripts_computation_are_checked(tmp_path):
    parts.run_plugin(PLUGIN)
    rule = 'rule = [{ measure = "mean-of-draws", min = 1, reason = "r" }]\n'

    def text(fields: str) -> str:
        return f'{HEAD}kind = "construction"\nseeds = 100\ncomputation = {{ kind = "draws"{fields} }}\n{rule}'

    for place, fields, message in (
        ("a", "", r"claim\[3\]\.computation\.draws: missing"),
        ("b", ", draws = 0", r"computation\.draws: expected a number ≥ 1"),
        ("c", ", draws = 13", r"claim own\.computation\.draws: expected a number that brings no bad luck"),
    ):
        with pytest.raises(GrokbenchError, match=message):
            grokbench.validate(paper_with(tmp_path / place, text(fields)))
    assert grokbench.validate(paper_with(tmp_path / "d", text(", draws = 5")))


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda fields, seed: 1 / 0, r"failed \(ZeroDivisionError: division by zero\)"),
        (lambda fields, seed: "text", "gives a str without a where a mapping of numbers is expected: a, b"),
        (lambda fields, seed: {"a": 1.0}, "gives a dict without b where a mapping of numbers"),
        (lambda fields, seed: {"a": 1.0, "b": "2"}, "gives b = '2' where a mapping of numbers"),
        (lambda fields, seed: {"a": 1.0, "b": True}, "gives b = True where a mapping of numbers"),
    ],
    ids=["raises", "text", "lacks one", "text for a number", "yes for a number"],
)
def test_a_computation_that_gives_what_it_should_not_is_an_error_verdict_that_names_it(compute, message):
    import re

    grokbench.register("computations", "own", Computation("own", Empty, {"a": "one", "b": "two"}, compute))
    found = computed.judged(on("exact", {"kind": "own"}, condition("a", 1, 1)), "quick")
    assert found.verdict == "ERROR"
    assert re.search(rf"^the computation 'own' of .*test_computations\.py {message}", found.reason)


def test_what_is_no_computation_or_has_a_name_that_is_taken_is_refused_when_it_is_registered():
    with pytest.raises(InputError, match=r"the computation 'x' of .* lacks fields, numbers, compute"):
        grokbench.register("computations", "x", "text")
    taken = Computation("table-relabelling", Empty, {}, lambda fields, seed: {})
    with pytest.raises(
        InputError, match="registers the computation 'table-relabelling'; grokbench has one already"
    ):
        grokbench.register("computations", "table-relabelling", taken)


def test_an_installed_package_that_cannot_be_loaded_is_one_sentence_and_exit_2(tmp_path):
    install(tmp_path, "raise OSError('no disk')\n", group="computations", name="draws", package="drawpack")
    file = paper_with(tmp_path, HEAD + KIND + 'computation = { kind = "draws" }\n' + RULE)
    done = fresh("validate", str(file), path=tmp_path)
    assert done.returncode == 2
    assert "the computation 'draws' of drawpack 2.1 cannot be loaded (OSError: no disk)" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_claim_on_a_plugins_computation_is_reproduced_and_shown_in_the_report(tmp_path):
    rule = 'rule = [{ measure = "mean-of-draws", min = -0.2, max = 0.2, reason = "Nothing moves it." }]\n'
    text = f'{HEAD}kind = "construction"\nseeds = 100\ncomputation = {{ kind = "draws", draws = 50 }}\n{rule}'
    file = paper_with(tmp_path, text)
    words = [
        "reproduce",
        str(file),
        "--claim",
        "own",
        "--plugin",
        str(PLUGIN),
        "--store",
        str(tmp_path / "s"),
    ]
    done = processes.grokbench(*words, "--out", str(tmp_path / "out"), "--json")
    assert done.returncode == 0, done.stderr
    (found,) = [one for one in json.loads(done.stdout)["claims"] if one["id"] == "own"]
    assert (found["verdict"], found["n_seeds"], found["tier"]) == ("REPRODUCED", 100, "quick")
    page = (tmp_path / "out" / "tiny.md").read_text(encoding="utf-8")
    assert "Computed without a trial: `draws` (draws = 50, centre = 0)." in page


def test_a_plugins_computation_that_fails_is_an_error_verdict_and_exit_1(tmp_path):
    text = PLUGIN.read_text(encoding="utf-8").replace("found.mean()", "found.mean")
    (tmp_path / "bad.py").write_text(text, encoding="utf-8")
    rule = 'rule = [{ measure = "spread-of-draws", min = 1, reason = "r" }]\n'
    table = 'computation = { kind = "draws", draws = 50 }\n'
    file = paper_with(tmp_path, f"{HEAD}{KIND}{table}{rule}")
    words = ["reproduce", str(file), "--claim", "own", "--plugin", str(tmp_path / "bad.py")]
    done = processes.grokbench(
        *words, "--store", str(tmp_path / "s"), "--out", str(tmp_path / "out"), "--json"
    )
    assert done.returncode == 1, done.stderr
    (found,) = [one for one in json.loads(done.stdout)["claims"] if one["id"] == "own"]
    assert found["verdict"] == "ERROR"
    assert found["reason"].startswith("the computation 'draws' of ")
    assert "gives mean-of-draws = <built-in method mean" in found["reason"]


def test_list_shows_computations_with_their_numbers():
    rows = {
        row["id"]: row for row in json.loads(processes.grokbench("list", "computations", "--json").stdout)
    }
    assert rows["table-relabelling"]["numbers"] == "relabelled-share"
    assert rows["table-relabelling"]["fields"].startswith("p=97 ")
