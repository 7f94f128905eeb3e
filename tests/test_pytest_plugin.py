"""The plugin is silent until a paper is named, and then turns verdicts into test outcomes."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

CONFTEST = """
import types
import grokbench, pytest
from grokbench import pytest_plugin

calls = []

def claim(id, kind="event", known=None):
    return types.SimpleNamespace(id=id, kind=kind, known=known)

def verdict(id, outcome, statistic=1.0, values=()):
    return types.SimpleNamespace(
        id=id, verdict=outcome, called=outcome, statistic=statistic, values=values, reason="because of " + id, source="Fig. 1"
    )

CLAIMS = {claims}
VERDICTS = {verdicts}

def load(paper, specs):
    if paper != "toy":
        raise pytest.UsageError("--grokbench-paper: unknown paper " + paper)
    return types.SimpleNamespace(claims=CLAIMS)

def reproduce(paper, tier, claims, store, specs):
    calls.append((paper, tier, claims, store, specs))
    {extra}
    return VERDICTS

pytest_plugin.load_paper = load
# An attribute of the module comes before its lazy __getattr__.
grokbench.reproduce = reproduce

def pytest_sessionfinish(session):
    print("CALLS", calls)
"""


@pytest.fixture
def claims(pytester: pytest.Pytester):
    def run(claims: str, verdicts: str, *args: str, extra: str = "pass") -> pytest.RunResult:
        pytester.makeconftest(
            CONFTEST.replace("{claims}", claims).replace("{verdicts}", verdicts).replace("{extra}", extra)
        )
        plugin = () if _registered() else ("-p", "grokbench.pytest_plugin")
        return pytester.runpytest_subprocess(*plugin, "-rs", "--grokbench-paper", "toy", *args)

    return run


def _registered() -> bool:
    from importlib.metadata import entry_points

    return any(e.value == "grokbench.pytest_plugin" for e in entry_points(group="pytest11"))


def test_verdicts_become_outcomes_and_the_paper_is_run_once(claims):
    result = claims(
        '[claim("good"), claim("bad"), claim("open"), claim("absent"), claim("broken"), '
        'claim("known", known="NOT REPRODUCED"), claim("changed", known="NOT REPRODUCED"), claim("lost"), '
        'claim("settled", known="INCONCLUSIVE")]',
        '[verdict("good", "REPRODUCED"), verdict("bad", "NOT REPRODUCED"), verdict("open", "INCONCLUSIVE"), '
        'verdict("absent", "NOT RUN"), verdict("broken", "ERROR"), verdict("known", "NOT REPRODUCED"), '
        'verdict("changed", "REPRODUCED"), verdict("settled", "REPRODUCED")]',
        "-v",
        "--grokbench-store",
        "there",
    )
    result.assert_outcomes(passed=2, failed=5, skipped=2)
    result.stdout.fnmatch_lines(["*good*PASSED*", "*known*PASSED*"])
    text = result.stdout.str()
    for sentence in (
        "bad: NOT REPRODUCED (Fig. 1): because of bad",
        "broken: ERROR",
        "The spec records NOT REPRODUCED: the verdict has changed",
        "The spec records INCONCLUSIVE: the verdict has changed",
        "lost: the run of toy gave no verdict on it",
        "INCONCLUSIVE: because of open",
        "NOT RUN: because of absent",
    ):
        assert sentence in text
    assert text.count("CALLS [('toy', 'quick',") == 1
    assert "'settled'], 'there', [])]" in text


def test_at_smoke_exact_claims_are_decided_and_statistical_ones_only_computed(claims):
    result = claims(
        '[claim("exact-good", "exact"), claim("exact-open", "exact"), claim("measured"), claim("censored"), '
        'claim("exact-known", "exact", known="NOT REPRODUCED"), claim("exact-changed", "exact", known="NOT REPRODUCED"), '
        'claim("unmeasured"), claim("nan"), claim("elsewhere"), claim("against")]',
        '[verdict("exact-good", "REPRODUCED"), verdict("exact-open", "INCONCLUSIVE"), '
        'verdict("exact-known", "NOT REPRODUCED"), verdict("exact-changed", "REPRODUCED"), '
        'verdict("measured", "INCONCLUSIVE", 0.5), '
        'verdict("censored", "INCONCLUSIVE", 0.0, ((0, (float("inf"),), False),)), '
        'verdict("unmeasured", "INCONCLUSIVE", None), '
        'verdict("nan", "INCONCLUSIVE", 0.0, ((0, (float("nan"),), False),)), '
        'verdict("elsewhere", "NOT RUN", None), verdict("against", "INCONCLUSIVE", 0.0)]',
        "--grokbench-tier",
        "smoke",
        "-v",
    )
    counts = {"passed": 2, "computed": 3, "failed": 2, "skipped": 3}
    assert {name: n for name, n in result.parseoutcomes().items() if "warning" not in name} == counts
    result.stdout.fnmatch_lines(["*exact-good*PASSED*", "*measured*COMPUTED*", "*against*COMPUTED*"])
    assert "exact-open: INCONCLUSIVE (Fig. 1): because of exact-open. An exact claim" in result.stdout.str()
    assert "here NOT REPRODUCED is due" in result.stdout.str()


def test_a_claim_that_is_only_computed_neither_fails_the_run_nor_counts_as_passed(claims):
    result = claims('[claim("one")]', '[verdict("one", "INCONCLUSIVE", 0.5)]', "--grokbench-tier", "smoke")
    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes() == {"computed": 1}
    result.stdout.fnmatch_lines(["collected 1 item", "* c *"])


def test_claims_answer_to_mark_and_name(claims):
    pair = ('[claim("one"), claim("two")]', '[verdict("one", "REPRODUCED"), verdict("two", "REPRODUCED")]')
    claims(*pair, "-m", "claim", "--strict-markers").assert_outcomes(passed=2)
    claims(*pair, "-m", "not claim").assert_outcomes(deselected=2)
    claims(*pair, "-k", "one").assert_outcomes(passed=1, deselected=1)


def test_only_the_claims_selected_are_run_and_the_counts_hold(claims):
    pair = ('[claim("one"), claim("two")]', '[verdict("one", "REPRODUCED"), verdict("two", "REPRODUCED")]')
    for selection in (("-k", "two"), ("--deselect", "toy::one")):
        result = claims(*pair, *selection, "--grokbench-specs", "mine")
        result.stdout.fnmatch_lines(["collected 2 items / 1 deselected / 1 selected"])
        assert "CALLS [('toy', 'quick', ['two'], None, ['mine'])]" in result.stdout.str()


def test_only_the_claims_that_failed_are_run_again(claims):
    pair = ('[claim("one"), claim("two")]', '[verdict("one", "REPRODUCED"), verdict("two", "ERROR")]')
    claims(*pair).assert_outcomes(passed=1, failed=1)
    assert "['two'], None, [])]" in claims(*pair, "--last-failed").stdout.str()


def test_a_run_that_fails_fails_every_claim_and_is_not_repeated(claims):
    result = claims('[claim("one"), claim("two")]', "[]", extra='raise RuntimeError("the disk is full")')
    result.assert_outcomes(failed=2)
    assert "the disk is full" in result.stdout.str()
    assert "CALLS [('toy', 'quick', ['one', 'two'], None, [])]" in result.stdout.str()


def test_an_unknown_paper_is_a_usage_error(claims):
    result = claims("[]", "[]", "--grokbench-paper", "nowhere2020")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "unknown paper nowhere2020" in result.stderr.str() + result.stdout.str()


def test_a_foreign_project_notices_nothing(pytester: pytest.Pytester):
    pytester.makepyfile(
        """
        import sys

        def test_nothing_heavy_was_imported():
            assert not {"numpy", "scipy", "torch", "matplotlib"} & set(sys.modules)
        """
    )
    plugin = () if _registered() else ("-p", "grokbench.pytest_plugin")
    result = pytester.runpytest_subprocess(*plugin)
    result.assert_outcomes(passed=1)
    assert "grokbench" not in result.stdout.str().replace("plugins:", "").split("collected")[1]


def test_importing_the_plugin_imports_nothing_heavy():
    code = (
        "import sys, grokbench.pytest_plugin; "
        "sys.exit(bool({'numpy', 'scipy', 'torch', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
