"""What ``reproduce`` shows of its verdicts: rows above the bar on a terminal, lines elsewhere, and the count."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from grokbench import findings
from grokbench.claims.verdict import NAMES, Verdict
from grokbench.cli import bar as bars
from grokbench.cli import verdicts as shown
from grokbench.cli.verdicts import Sheet, Verdicts
from grokbench.plan import worker
from grokbench.plan.executor import Event
from grokbench.plan.expand import PlannedTrial
from grokbench.reproduction import Reproduction
from grokbench.specs.loader import Library
from grokbench.specs.types import Paper
from grokbench.store import keys
from tests.reports import synthetic

SPECS = Path(__file__).parents[1] / "data" / "specs"
REASON = "None of 6 seeds meets the rule, whose accepted region is at least one half of all seeds. " * 3


@pytest.fixture(scope="module")
def paper() -> Paper:
    return Library(()).paper("gromov2023")


def some(paper: Paper) -> list[Verdict]:
    """A verdict of each name on the first claims of a paper."""
    words = [name.removesuffix(" under our reading") for name in NAMES]
    return [
        synthetic.verdict(claim.id, word, under_our_reading=name != word, reason=REASON)
        for claim, name, word in zip(paper.claims, NAMES, words, strict=False)
    ]


@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_a_row_is_one_line_as_wide_as_the_terminal(paper: Paper, width: int) -> None:
    sheet = Sheet(paper, [claim.id for claim in paper.claims], width)
    lines = [sheet.head, sheet.rule, *map(sheet.row, some(paper))]
    assert [cell_len(line.plain) for line in lines] == [width] * len(lines)
    starts = [[line.plain.index(word) for word in ("paper says", "verdict")] for line in lines[:1]]
    assert all(line.plain[starts[0][1]] in "✓✗?·!" for line in lines[2:])


@pytest.mark.parametrize(
    ("width", "name"), [(80, "✗ NOT REPRODUCED*"), (160, "✗ NOT REPRODUCED under our reading")]
)
def test_whose_reading_failed_is_said_in_words_where_there_is_room(
    paper: Paper, width: int, name: str
) -> None:
    sheet = Sheet(paper, [claim.id for claim in paper.claims], width)
    ours = next(one for one in some(paper) if one.name == "NOT REPRODUCED under our reading")
    assert sheet.row(ours).plain.rstrip().endswith(name)


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        ("REPRODUCED", "32"),
        ("NOT REPRODUCED", "31"),
        ("INCONCLUSIVE", "33"),
        ("NOT RUN", "2"),
        ("ERROR", "35"),
    ],
)
def test_a_verdict_has_its_colour(paper: Paper, verdict: str, code: str) -> None:
    out = io.StringIO()
    one = synthetic.verdict(paper.claims[0].id, verdict)
    console = Console(file=out, width=80, force_terminal=True, color_system="standard", no_color=False)
    console.print(Sheet(paper, [one.id], 80).row(one))
    sign = shown.SIGNS[verdict][0]
    assert f"\x1b[{code}m{sign} {verdict}" in out.getvalue()


def test_titles_that_would_look_the_same_are_cut_in_the_middle(paper: Paper) -> None:
    sheet = Sheet(paper, [claim.id for claim in paper.claims], 80)
    texts = [
        sheet.row(synthetic.verdict(claim.id, "REPRODUCED")).plain.split("  ")[0] for claim in paper.claims
    ]
    assert sum("…" in text.rstrip("…") for text in texts) > 3
    assert len({*texts}) >= len(texts) - 2


def test_reasons_are_given_in_two_lines_and_only_for_what_failed(paper: Paper) -> None:
    lines = shown.reasons(some(paper), 80)
    assert max(map(len, lines)) <= 80
    heads = [line for line in lines if not line.startswith("  ")]
    assert [line[0] for line in heads] == ["✗", "✗", "!"]
    assert len(lines) == 2 * len(heads)


def test_the_count_names_every_verdict_and_what_was_not_run(paper: Paper) -> None:
    assert shown.count(some(paper)) == (
        "5 claims: 1 reproduced, 2 not reproduced, 1 inconclusive, 1 error; 1 not run"
    )


def train(job: Reproduction, tell: Callable[[Event], None], batch: tuple[PlannedTrial, ...]) -> None:
    """A batch in this process, one trial after the other, with the events that an executor sends."""
    for planned in batch:
        worker.train_here(planned.trial, job.store, worker.Job(str(job.store.root)))
        tell(Event("done", planned.trial, step=1))
    job._tried |= {planned.request for planned in batch}
    job.shelves.forget(planned.trial for planned in batch)


def test_what_is_said_while_trials_train_is_what_is_known_at_the_end(tmp_path: Path) -> None:
    job = Reproduction("tiny", "quick", store=tmp_path / "store", specs=[SPECS])
    deciding = findings.Deciding(job)
    came: list[tuple[int, Verdict]] = []
    batch = job.next_batch(1)
    ended = 0

    def tell(event: Event) -> None:
        nonlocal ended
        ended += 1
        came.extend((ended, verdict) for verdict in deciding.ended(event.trial))

    assert deciding.begin(batch) == []
    train(job, tell, batch)
    assert deciding.settle() == []
    assert [n for n, _ in came] == [6, 12]  # of twelve trials: the untrained networks are the cheaper claim
    assert [verdict.id for _, verdict in came] == ["generalises-untrained", "generalises"]
    fresh = {verdict.id: verdict for verdict in findings.result(job).verdicts}
    assert {verdict.id: repr(verdict) for _, verdict in came} == {
        verdict.id: repr(fresh[verdict.id]) for _, verdict in came
    }
    again = findings.result(job, known=deciding.verdicts)
    assert repr(again.verdicts) == repr(tuple(fresh.values()))
    assert all(one is deciding.verdicts[one.id] for one in again.verdicts if one.id in deciding.verdicts)


def test_a_claim_with_a_failed_trial_is_decided_after_its_batch(tmp_path: Path) -> None:
    from grokbench.plan.executor import Failure

    job = Reproduction(
        "tiny", "quick", claims=["generalises-untrained"], store=tmp_path / "store", specs=[SPECS]
    )
    deciding = findings.Deciding(job)
    batch = job.next_batch(1)
    deciding.begin(batch)
    train(job, lambda event: None, batch[1:])
    for planned in batch[1:]:
        assert deciding.ended(planned.trial) == []
    job._tried.add(batch[0].request)
    job.failures.append(Failure(batch[0].trial, keys.key(batch[0].trial), "trace", "somewhere"))
    (verdict,) = deciding.settle()
    assert (verdict.verdict, repr(verdict)) == ("ERROR", repr(findings.result(job).shown[0]))


def test_nothing_is_decided_while_a_trial_of_it_is_to_be_trained(tmp_path: Path) -> None:
    job = Reproduction("tiny", "quick", store=tmp_path / "store", specs=[SPECS])
    deciding = findings.Deciding(job)
    batch = job.next_batch(1)
    deciding.begin(batch)
    assert deciding.settle() == []  # none was tried
    assert deciding.asked == 2


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Reproduction:
    """A job of the smallest paper whose trials are all in its store."""
    job = Reproduction("tiny", "quick", store=tmp_path_factory.mktemp("done") / "store", specs=[SPECS])
    train(job, lambda event: None, job.next_batch(1))
    return job


def test_off_a_terminal_there_is_a_line_for_each_verdict_and_the_count(
    done: Reproduction, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    board = Verdicts(done, tmp_path, quiet=False)
    board.begin(())
    first = capsys.readouterr().out.splitlines()
    assert [re.sub(r"R½ [\d.]+ \[.*]", "R½ …", " ".join(line.split())) for line in first] == [
        "REPRODUCED under our reading tiny.generalises; 6/6; here R½ …",
        "NOT REPRODUCED under our reading tiny.generalises-untrained; 0/6",
    ]
    board.end(findings.result(done, known=board.deciding.verdicts))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert out.splitlines()[0].startswith("✗ generalises-untrained: ")
    assert out.splitlines()[-1] == "2 claims: 1 reproduced, 1 not reproduced; 1 not run"


def test_quiet_lines_leave_stdout_to_the_document(
    done: Reproduction, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    board = Verdicts(done, tmp_path, quiet=True)
    board.begin(())
    board.end(findings.result(done, known=board.deciding.verdicts))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1].startswith("2 claims: ")


@pytest.mark.parametrize("width", [80, 120])
def test_on_a_terminal_the_whole_table_ends_in_the_count(
    done: Reproduction,
    tmp_path: Path,
    width: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    board = Verdicts(done, tmp_path, quiet=False)
    board.begin(())
    assert capsys.readouterr().out == ""
    board.end(findings.result(done, known=board.deciding.verdicts))
    text = capsys.readouterr().out
    head, rule, *rest = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    assert head.split() == ["claim", "paper", "says", "here", "k/n", "verdict"]
    assert rule == "─" * width
    assert "✓ REPRODUCED" in rest[0]
    assert "✗ NOT REPRODUCED" in rest[1]
    assert rest[-1] == "2 claims: 1 reproduced, 1 not reproduced; 1 not run"
    assert max(map(cell_len, rest)) <= width


def test_rows_stand_above_the_bar_once_it_runs(
    done: Reproduction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    board = Verdicts(done, tmp_path, quiet=False)
    board.begin(())
    out = io.StringIO()
    board.attach(Console(file=out, width=80, force_terminal=True, color_system=None))
    board.attach(None)
    assert next(line.split("  ")[0].strip() for line in out.getvalue().splitlines()) == "claim"
    assert len(out.getvalue().splitlines()) == 4
    assert board.words() == "2 of 2 claims decided: 1 reproduced, 1 not reproduced"


def test_the_bar_gives_a_board_its_console_and_takes_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    seen: list[Any] = []

    class Noting(bars.Board):
        def attach(self, console: Console | None) -> None:
            seen.append(console)

        def words(self) -> str:
            return "3 of 4 claims decided"

    with bars.TrainingBar(2, {}, 1, Noting()) as bar:
        assert seen == [bar._bar.console]
        assert next(str(one) for one in bar._bar.get_renderables()) == "3 of 4 claims decided"
    assert seen[-1] is None


@pytest.mark.parametrize("ours", [True, False])
def test_a_verdict_has_one_name(ours: bool) -> None:
    found = synthetic.verdict("x", "NOT REPRODUCED", under_our_reading=ours)
    assert found.name == ("NOT REPRODUCED under our reading" if ours else "NOT REPRODUCED")
    assert {synthetic.verdict("x", one, under_our_reading=ours).name for one in ("REPRODUCED", "ERROR")} <= {
        *NAMES
    }
