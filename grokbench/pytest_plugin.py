"""The pytest plugin: with ``--grokbench-paper ID`` every claim of the paper is a test; without it, nothing happens.

    pytest -m claim --grokbench-paper gromov2023 --grokbench-tier smoke

``--paper`` and ``--tier`` are short for the two where nothing else has options of these names. Only the claims that are
selected (``-m``, ``-k``, ``--deselect``, ``--last-failed``) have their trials trained. Registered by the package, so it
is loaded in projects that have nothing to do with grokbench: it imports nothing but pytest until a paper is named.
"""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from grokbench.claims.verdict import Verdict
    from grokbench.specs.types import Claim, Paper

TIERS = ("smoke", "quick", "paper")
DECIDED = ("REPRODUCED", "NOT REPRODUCED")
COMPUTED = "grokbench: computed"  # the property of a report on a claim that was measured and not decided

PAPER: dict[str, Any] = {
    "action": "append",
    "default": [],
    "metavar": "ID",
    "dest": "grokbench_papers",
    "help": "re-run this paper and collect one test per claim; may be repeated",
}
TIER: dict[str, Any] = {
    "choices": TIERS,
    "default": "quick",
    "dest": "grokbench_tier",
    "help": "how much of the paper to run (default: %(default)s)",
}
CONTRACT: dict[str, Any] = {
    "action": "append",
    "default": [],
    "metavar": "PACKAGE",
    "dest": "grokbench_contract",
    "help": "test every part of this package, or of a script (FILE.py), for what all parts promise; may be repeated",
}
FLAGS = {"specs": "--grokbench-specs", "store": "--grokbench-store"}
"""What this command line calls arguments of ``grokbench.reproduce``."""

_verdicts = pytest.StashKey[dict[str, "dict[str, Verdict] | Exception"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, all of whose names begin with --grokbench."""
    group = parser.getgroup("grokbench", "claims of grokking papers")
    group.addoption("--grokbench-paper", **PAPER)
    group.addoption("--grokbench-tier", **TIER)
    group.addoption("--grokbench-contract", **CONTRACT)
    group.addoption(
        "--grokbench-store",
        default=None,
        metavar="DIR",
        dest="grokbench_store",
        help="folder of finished runs to read and add to (default: $GROKBENCH_STORE, else the user's data folder)",
    )
    group.addoption(
        "--grokbench-specs",
        action="append",
        default=[],
        metavar="DIR",
        dest="grokbench_specs",
        help="a further folder with tasks/ and baselines/, whose papers can be named; may be repeated",
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Iterator[None]:
    """Add --paper and --tier where they are still free once every plugin and the first conftest files are loaded.

    A conftest file is loaded later than this plugin and may have options of these names, so they can't be added before.
    Until then pytest would take their values for files to look for conftest files in; hence the look ahead.
    """
    names = {"--paper": PAPER, "--tier": TIER}
    asked = [name for name in names if any(arg.partition("=")[0] == name for arg in args)]
    free = [name for name in asked if _is_free(parser, name)]
    if free:
        with contextlib.suppress(
            pytest.UsageError
        ):  # values that are none of ours are for a conftest file to read
            ahead = parser.parse_known_args(_full_names(args, free), namespace=copy.copy(early_config.option))
            early_config.known_args_namespace.file_or_dir = ahead.file_or_dir
    yield
    for name in free:
        if _is_free(parser, name):
            parser.getgroup("grokbench").addoption(name, **{**names[name], "help": f"--grokbench-{name[2:]}"})


def _is_free(parser: pytest.Parser, name: str) -> bool:
    """Whether nobody has an option of this name: the parser hands it back as unknown."""
    word = f"{name}=smoke"
    try:
        return word in parser.parse_known_and_unknown_args([word])[1]
    except (pytest.UsageError, SystemExit):
        return False  # it is known, and takes no such value


def _full_names(args: Sequence[str], short: Sequence[str]) -> list[str]:
    """``args`` with ``--grokbench-…`` in place of the short names."""

    def full(arg: str) -> str:
        return f"--grokbench-{arg[2:]}" if arg.partition("=")[0] in short else arg

    return [full(arg) for arg in args]


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark, and only where claims will bear it."""
    if config.getoption("grokbench_papers", []):
        config.addinivalue_line(
            "markers", "claim: decides a paper's claim (collected with --grokbench-paper)"
        )


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """With --grokbench-contract alone, without a file, the tests of the folder are left out."""
    named = config.args_source is config.ArgsSource.ARGS
    return True if config.getoption("grokbench_contract", []) and not named else None


# First, so that -m and -k see the claims too.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add one item per claim of every paper named."""
    for paper_id in dict.fromkeys(config.getoption("grokbench_papers", [])):
        paper = load_paper(paper_id, config.getoption("grokbench_specs"))
        node = PaperNode.from_parent(session, name=paper_id, nodeid=paper_id, paper=paper)
        # As pytest reports its own collectors, so that it counts these items too.
        report = session.ihook.pytest_make_collect_report(collector=node)
        session.ihook.pytest_collectreport(report=report)
        items.extend(report.result)
    for package in dict.fromkeys(config.getoption("grokbench_contract", [])):
        from grokbench.contract import items as promises
        from grokbench.specs.errors import GrokbenchError

        try:
            items.extend(promises.of(session, package))
        except GrokbenchError as error:
            raise pytest.UsageError(f"--grokbench-contract: {error}") from error


class PaperNode(pytest.Collector):
    """The claims of one paper."""

    def __init__(self, *, paper: Paper, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.paper = paper

    def collect(self) -> Iterator[ClaimItem]:
        """One item per claim, in the paper's order."""
        for claim in self.paper.claims:
            yield ClaimItem.from_parent(self, name=claim.id, claim=claim)


class ClaimItem(pytest.Item):
    """One claim: passes when it is reproduced, or when it comes out as its spec says it is known to."""

    def __init__(self, *, claim: Claim, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.claim = claim
        self.add_marker("claim")

    @property
    def paper_id(self) -> str:
        """The paper, as it was named."""
        return self.parent.name if self.parent else ""

    def runtest(self) -> None:
        """Re-run the paper's selected claims (once a session) and judge this claim's verdict."""
        tier = self.config.getoption("grokbench_tier")
        verdict = verdicts_of(self.session, self.paper_id, tier).get(self.claim.id)
        if verdict is None:
            raise ClaimError(f"{self.claim.id}: the run of {self.paper_id} gave no verdict on it")
        if not judge(self.claim, verdict, tier):
            self.user_properties.append((COMPUTED, verdict.verdict))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A sentence for a claim that failed; pytest's own traceback for anything unforeseen."""
        from grokbench.specs.errors import GrokbenchError

        if isinstance(excinfo.value, GrokbenchError):
            return excinfo.value.calling(FLAGS)
        if isinstance(excinfo.value, ClaimError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the report says this test is."""
        return self.path, None, f"{self.paper_id}: {self.claim.id}"


class ClaimError(Exception):
    """A claim's verdict is not the one expected."""


def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport,
) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """Call a claim that was measured and not decided "computed", so that nobody reads it as one that holds."""
    computed = any(name == COMPUTED for name, _ in getattr(report, "user_properties", ()))
    if computed and report.passed and getattr(report, "when", "") == "call":
        return "computed", "c", ("COMPUTED", {"yellow": True})
    return None


def load_paper(paper_id: str, specs: Sequence[str]) -> Paper:
    """The paper of that id; a usage error when there is none."""
    from grokbench.specs.errors import GrokbenchError
    from grokbench.specs.loader import Library

    try:
        return Library(specs).paper(paper_id)
    except GrokbenchError as error:
        raise pytest.UsageError(f"--grokbench-paper: {error.calling(FLAGS)}") from error


def verdicts_of(session: pytest.Session, paper_id: str, tier: str) -> dict[str, Verdict]:
    """Claim id → verdict of the session's claims; they are run once, and a run that failed is not tried again."""
    cache = session.stash.setdefault(_verdicts, {})
    if paper_id not in cache:
        import grokbench

        options = session.config.option
        selected = [i.claim.id for i in session.items if isinstance(i, ClaimItem) and i.paper_id == paper_id]
        try:
            found = grokbench.reproduce(
                paper_id,
                tier=tier,
                claims=selected,
                store=options.grokbench_store,
                specs=options.grokbench_specs,
            )
            cache[paper_id] = {verdict.id: verdict for verdict in found}
        except Exception as error:
            cache[paper_id] = error
    known = cache[paper_id]
    if isinstance(known, Exception):
        raise known
    return known


def judge(claim: Claim, verdict: Verdict, tier: str) -> bool:
    """True when the claim passes, False when it was only computed; raise ``ClaimError`` or pytest's skip otherwise.

    At smoke, whose runs are too short for statistics, an exact claim must be as its spec records, else reproduced, and any other
    one only computed: a number, or a time that was validly not reached.
    """
    found = f"{claim.id}: {verdict.called} ({verdict.source}): {verdict.reason}"
    if verdict.verdict == "ERROR":
        raise ClaimError(found)
    if tier == "smoke" and claim.kind == "exact":
        wanted = claim.known or "REPRODUCED"
        if verdict.verdict != wanted:
            raise ClaimError(
                f"{found.removesuffix('.')}. An exact claim is decided at every tier; here {wanted} is due"
            )
        return True
    if tier == "smoke":
        if verdict.verdict != "NOT RUN" and computed(verdict):
            return False
    elif claim.known and verdict.verdict in DECIDED:
        if verdict.verdict != claim.known:
            raise ClaimError(f"{found}. The spec records {claim.known}: the verdict has changed")
        return True
    elif verdict.verdict == "NOT REPRODUCED":
        raise ClaimError(found)
    if verdict.verdict != "REPRODUCED":
        # Undecided is neither a pass nor a failure; the reason is shown with -rs.
        pytest.skip(f"{verdict.verdict}: {verdict.reason}")
    return True


def computed(verdict: Verdict) -> bool:
    """Whether it was measured on every seed: finite numbers, or infinite ones for times not reached."""
    if verdict.statistic is None or math.isnan(verdict.statistic):
        return False
    return not any(math.isnan(x) for _, measured, _ in verdict.values for x in measured)
