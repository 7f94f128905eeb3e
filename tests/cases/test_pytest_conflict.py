"""The plugin is loaded in every project: no option of another one may meet ours, and the short names are for whoever has them."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

OTHERS = """
def pytest_addoption(parser):
    parser.addoption("{name}", default="unit", help="their own")
"""
TEST = """
def test_it(request):
    assert request.config.getoption("{name}") == "{value}"
    print("TIER", request.config.getoption("grokbench_tier"), request.config.getoption("grokbench_papers"))
"""
OURS = any(entry.value == "grokbench.pytest_plugin" for entry in entry_points(group="pytest11"))


def run(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    plugin = () if OURS else ("-p", "grokbench.pytest_plugin")
    return pytester.runpytest_subprocess(*plugin, "-s", *words)


@pytest.mark.parametrize(("where", "name"), [("conftest", "--tier"), ("plugin", "--paper")])
@pytest.mark.parametrize("value", ["unit", "smoke"])
def test_a_project_keeps_an_option_that_has_our_short_name(
    pytester: pytest.Pytester, name: str, value: str, where: str
) -> None:
    if where == "conftest":
        pytester.makeconftest(OTHERS.format(name=name))
        plugin: tuple[str, ...] = ()
    else:
        pytester.makepyfile(theirs=OTHERS.format(name=name))
        plugin = ("-p", "theirs")
    pytester.makepyfile(TEST.format(name=name, value=value))
    words = [] if value == "unit" else [name, value]
    result = run(pytester, *plugin, *words)
    result.assert_outcomes(passed=1)
    assert "TIER quick []" in result.stdout.str()


def test_the_full_names_work_beside_an_option_that_has_our_short_name(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(OTHERS.format(name="--tier"))
    pytester.makepyfile(TEST.format(name="--tier", value="slow"))
    result = run(pytester, "--tier", "slow", "--grokbench-tier", "smoke")
    result.assert_outcomes(passed=1)
    assert "TIER smoke []" in result.stdout.str()


def test_the_short_names_are_ours_where_nobody_else_has_them(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("tests")
    (folder / "conftest.py").write_text("def pytest_addoption(parser): parser.addoption('--theirs')")
    (folder / "test_it.py").write_text(
        "def test_it(request): assert request.config.getoption('theirs') == 'x'"
    )
    pytester.makeini("[pytest]\ntestpaths = tests")
    words = (
        "--paper",
        "gromov2023",
        "--tier=smoke",
        "--theirs=x",
        "-k",
        "analytic-peak",
        "--collect-only",
        "-q",
    )
    result = run(pytester, *words)
    # Their first conftest file was found, although pytest had taken the paper for a file.
    result.stdout.fnmatch_lines(["gromov2023::analytic-peak-is-one"])
    assert result.ret == pytest.ExitCode.OK


def test_a_tier_that_there_is_not_is_a_usage_error(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--tier", "fast")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "invalid choice: 'fast'" in result.stderr.str()


def test_help_names_the_options_in_full(pytester: pytest.Pytester) -> None:
    text = run(pytester, "--help").stdout.str()
    assert all(f"--grokbench-{name}" in text for name in ("paper", "tier", "store", "specs"))
