"""The pytest plugin: with ``--paper ID`` every claim of the paper is a test; without it, nothing happens.

    pytest -m claim --paper gromov2023 --tier smoke

Registered by the package, so it is loaded in projects that have nothing to do with grokbench: it imports
nothing but pytest until a paper is named.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from grokbench.claims.verdict import Verdict
    from grokbench.specs.types import Claim, Paper

TIERS = ("smoke", "quick", "paper")
DECIDED = ("REPRODUCED", "NOT REPRODUCED")

_verdicts = pytest.StashKey[dict[str, "dict[str, Verdict] | Exception"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --paper, --tier and --grokbench-store."""
    group = parser.getgroup("grokbench", "claims of grokking papers")
    group.addoption(
        "--paper",
        action="append",
        default=[],
        metavar="ID",
        dest="grokbench_papers",
        help="re-run this paper and collect one test per claim; may be repeated",
    )
    group.addoption(
        "--tier",
        choices=TIERS,
        default="quick",
        dest="grokbench_tier",
        help="how much of the paper to run (default: %(default)s)",
    )
    group.addoption(
        "--grokbench-store",
        default=None,
        metavar="DIR",
        dest="grokbench_store",
        help="folder of finished runs to read and add to (default: $GROKBENCH_STORE, else the user's data folder)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark, and only where claims will bear it."""
    if config.getoption("grokbench_papers", []):
        config.addinivalue_line("markers", "claim: decides a paper's claim (collected with --paper)")


# First, so that -m and -k see the claims too.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add one item per claim of every paper named."""
    for paper_id in dict.fromkeys(config.getoption("grokbench_papers", [])):
        node = PaperNode.from_parent(session, name=paper_id, nodeid=paper_id)
        items.extend(node.collect())


class PaperNode(pytest.Collector):
    """The claims of one paper."""

    def collect(self) -> Iterator[ClaimItem]:
        """One item per claim, in the paper's order."""
        for claim in load_paper(self.name).claims:
            yield ClaimItem.from_parent(self, name=claim.id, claim=claim)


class ClaimItem(pytest.Item):
    """One claim: passes when it is reproduced, or when it comes out as its spec says it is known to."""

    def __init__(self, *, claim: Claim, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.claim = claim
        self.add_marker("claim")

    def runtest(self) -> None:
        """Re-run the paper (once a session) and judge this claim's verdict."""
        paper_id, tier = self.parent.name if self.parent else "", self.config.getoption("grokbench_tier")
        verdict = verdicts_of(self.session, paper_id, tier).get(self.claim.id)
        if verdict is None:
            raise ClaimError(f"{self.claim.id}: the run of {paper_id} gave no verdict on it")
        judge(self.claim, verdict, tier)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A sentence for a claim that failed; pytest's own traceback for anything unforeseen."""
        from grokbench.specs.errors import GrokbenchError

        if isinstance(excinfo.value, ClaimError | GrokbenchError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the report says this test is."""
        return self.path, None, f"{self.parent.name if self.parent else ''}: {self.claim.id}"


class ClaimError(Exception):
    """A claim's verdict is not the one expected."""


def load_paper(paper_id: str) -> Paper:
    """The paper of that id; a usage error when there is none."""
    from grokbench.specs.errors import GrokbenchError
    from grokbench.specs.loader import Library

    try:
        return Library().paper(paper_id)
    except GrokbenchError as error:
        raise pytest.UsageError(f"--paper: {error}") from error


def verdicts_of(session: pytest.Session, paper_id: str, tier: str) -> dict[str, Verdict]:
    """Claim id → verdict; the paper is run once a session, and a run that failed is not tried again."""
    cache = session.stash.setdefault(_verdicts, {})
    if paper_id not in cache:
        import grokbench

        try:
            found = grokbench.reproduce(
                paper_id, tier=tier, store=session.config.getoption("grokbench_store")
            )
            cache[paper_id] = {verdict.id: verdict for verdict in found}
        except Exception as error:
            cache[paper_id] = error
    known = cache[paper_id]
    if isinstance(known, Exception):
        raise known
    return known


def judge(claim: Claim, verdict: Verdict, tier: str) -> None:
    """Return when the claim passes; raise ``ClaimError`` or pytest's skip otherwise.

    At smoke, whose runs are too short for statistics, an exact claim must be reproduced and any other one
    only computed: a number, or a time that was validly not reached.
    """
    found = f"{claim.id}: {verdict.name} ({verdict.source}): {verdict.reason}"
    if verdict.verdict == "ERROR":
        raise ClaimError(found)
    if tier == "smoke":
        if claim.kind == "exact" and verdict.verdict != "REPRODUCED":
            raise ClaimError(f"{found}. An exact claim must be reproduced at every tier")
        if claim.kind != "exact" and verdict.verdict != "NOT RUN" and computed(verdict):
            return
    elif claim.known and verdict.verdict in DECIDED:
        if verdict.verdict != claim.known:
            raise ClaimError(f"{found}. The spec records {claim.known}: the verdict has changed")
        return
    elif verdict.verdict == "NOT REPRODUCED":
        raise ClaimError(found)
    if verdict.verdict != "REPRODUCED":
        # Undecided is neither a pass nor a failure; the reason is shown with -rs.
        pytest.skip(f"{verdict.verdict}: {verdict.reason}")


def computed(verdict: Verdict) -> bool:
    """Whether it was measured on every seed: finite numbers, or infinite ones for times not reached."""
    if verdict.statistic is None or math.isnan(verdict.statistic):
        return False
    return not any(math.isnan(x) for _, measured, _ in verdict.values for x in measured)
