"""A track: the seeds that certify, what a submission may change, and which runs keep a promise."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokbench.claims.certificates import certificate
from grokbench.plan import blocks
from grokbench.plan.entries import entry
from grokbench.plan.leaderboard import Leaderboard, declared
from grokbench.plan.standings import success
from grokbench.specs.claims import PILOTS
from grokbench.specs.errors import FailedError, GrokbenchError, InputError, SpecError
from grokbench.specs.loader import Library
from grokbench.specs.tracks import CLAIMS_END
from grokbench.specs.types import Trial
from tests import tracks

HASH = st.text("0123456789abcdef", min_size=40, max_size=40)


@given(HASH, st.integers(1, 40), st.sampled_from(["", "maintainer"]))
def test_seeds_of_a_commit_are_distinct_and_no_others(commit: str, count: int, word: str) -> None:
    seeds = blocks.drawn(commit, count, word)
    assert seeds == blocks.drawn(commit, count, word)
    assert len(set(seeds)) == count
    assert all(blocks.FIRST <= seed < blocks.END for seed in seeds)
    assert blocks.drawn(commit, count)[: count - 1] == blocks.drawn(commit, count - 1)


def test_certifying_seeds_lie_beyond_those_of_claims_tuning_and_pilots() -> None:
    assert CLAIMS_END < PILOTS < blocks.FIRST
    for name in Library().ids("track"):
        assert all(CLAIMS_END <= seed < PILOTS for seed in Library().track(name).tuning_seeds)


def test_another_word_draws_other_seeds() -> None:
    assert not set(blocks.drawn("a" * 40, 12)) & set(blocks.drawn("a" * 40, 12, "maintainer"))


def test_seeds_come_from_the_commit_that_added_the_file_whatever_came_later(tmp_path: Path) -> None:
    folder = tracks.written(tmp_path)
    first = tracks.git(folder, "rev-parse", "HEAD")
    path = tracks.submission(folder, "lion")
    text = path.read_text(encoding="utf-8")
    path.unlink()
    tracks.commit(folder)
    path.write_text(text.replace('title = "Lion"', 'title = "Lion, better said"'), encoding="utf-8")
    tracks.commit(folder)
    for own in Leaderboard("toy", specs=folder, store=folder / "store").entries:
        assert own.block.commit == first
        assert own.block.seeds == blocks.drawn(first, 12)


def test_a_grid_that_is_committed_before_it_is_tuned_adds_no_submission(tmp_path: Path) -> None:
    folder = tracks.written(tmp_path, tuned=False)
    for name in ("adamw", "lion"):
        with tracks.submission(folder, name).open("a", encoding="utf-8") as file:
            file.write(tracks.WORKLOADS.format(mlp=60, parity=40))
    commit = tracks.commit(folder)
    later = tracks.submission(folder, "lion")
    later.write_text(later.read_text(encoding="utf-8").replace("a test", "another test"), encoding="utf-8")
    tracks.commit(folder)
    found = Leaderboard("toy", specs=folder, store=folder / "store").entries
    assert {own.block.commit for own in found} == {commit}


def test_a_submission_that_was_changed_or_is_in_no_commit_certifies_nothing(tmp_path: Path) -> None:
    folder = tracks.written(tmp_path)
    path = tracks.submission(folder, "lion")
    path.write_text(path.read_text(encoding="utf-8").replace("t_star = 60", "t_star = 62"), encoding="utf-8")
    tracks.commit(folder)
    lion = next(one for one in Leaderboard("toy", specs=folder, store=folder).entries if one.name == "lion")
    assert not lion.block.certifies
    assert "changed since commit" in lion.block.why
    loose = Leaderboard("toy", specs=tracks.written(tmp_path / "loose", committed=False), store=folder)
    # A folder below a clone, in no commit of it.
    assert all("no commit" in own.block.why for own in loose.entries)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ('set = { "model.width" = 64 }', "model.width"),
        ('set = { "task.domain.p" = 5 }', "task.domain.p"),
        ('set = { "training.batch" = 4 }', "training.batch"),
        ('set = { "loss.reduction" = "sum" }', "loss.reduction"),
        ('set = { "data.split" = "mirrored" }', "data.split"),
        ('set = { "evaluation.spacing" = 1 }', "evaluation.spacing"),
    ],
)
def test_a_submission_that_changes_more_than_the_optimizer_is_refused(
    tmp_path: Path, change: str, named: str
) -> None:
    folder = tracks.written(tmp_path, committed=False)
    path = tracks.submission(folder, "lion")
    text = path.read_text(encoding="utf-8").replace('set = { "optimizer.lr" = 0.03 }', change)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(GrokbenchError, match=rf"toy/lion on mlp.*{named}"):
        Leaderboard("toy", specs=folder, store=folder / "store")


def test_an_entry_differs_from_its_workload_in_the_optimizer_alone(tmp_path: Path) -> None:
    library = Library(tracks.written(tmp_path, committed=False))
    track = library.track("toy")
    own = entry(library, track, "toy/lion")
    task, recipe = library.resolve("addition", "gromov2023/adamw", track.workload("mlp").set)
    trial = own.trials["mlp"]
    assert (trial.task, trial.recipe.model, trial.recipe.loss) == (task, recipe.model, recipe.loss)
    assert (trial.recipe.optimizer["kind"], trial.recipe.optimizer["lr"]) == ("lion", 0.03)
    assert [found.recipe.optimizer["lr"] for _, found in own.tried["mlp"]] == [0.01, 0.03]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("t_star = 60", "t_star = 81", "at most 80"),
        ("[workload.parity]", "[workload.party]", "'parity'"),
        ('"optimizer.lr" = [0.01, 0.03]', '"optimizer.lr" = [1, 2, 3, 4, 5, 6, 7, 8, 9]', "at most 8"),
        ("lr = 0.01", "lr = -1", "> 0"),
    ],
)
def test_a_promise_that_cannot_be_kept_is_a_mistake(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = tracks.written(tmp_path, committed=False)
    path = tracks.submission(folder, "lion")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(SpecError, match=said):
        Library(folder).submission("toy/lion")


def trial(tmp_path: Path) -> Trial:
    library = Library(tracks.written(tmp_path, committed=False))
    return entry(library, library.track("toy"), "toy/lion").trials["mlp"]


def test_a_run_keeps_its_promise_by_t_star_and_until_a_quarter_later(tmp_path: Path) -> None:
    own = trial(tmp_path)
    assert success(tracks.record(own, 60), 60)
    assert not success(tracks.record(own, 62), 60)
    assert not success(tracks.record(own, math.inf), 60)
    assert not success(tracks.record(own, -40), 60)  # T_gen 40, below 0.9 from 50 on
    fallen_later = tracks.record(own, -64)  # which falls after 76
    assert not success(fallen_later, 70)
    cut = dataclasses.replace(
        fallen_later, curves={name: values[:36] for name, values in fallen_later.curves.items()}
    )
    assert not success(cut, 66)  # nobody knows whether it stays


def test_ten_of_twelve_certify_and_nine_decide_nothing(tmp_path: Path) -> None:
    folder = tracks.written(tmp_path)
    seeds = blocks.drawn(tracks.git(folder, "rev-parse", "HEAD"), 12)

    def truth(one: Trial) -> float:
        """Lion loses two seeds on the MLP, and three on parity, one of which falls again."""
        lion, at = one.recipe.optimizer["kind"] == "lion", seeds.index(one.seed) if one.seed in seeds else 9
        if not lion or one.seed == 5000:
            return 30.0
        if one.task.id == "addition":
            return math.inf if at < 2 else 20.0
        return {0: math.inf, 1: 50.0, 2: -26.0}.get(at, 20.0)

    found = tracks.board(folder, truth).result()
    lion = found.entry("lion")
    said = {name: certificate(found.said(lion, name), lion.block.certifies) for name in ("mlp", "parity")}
    assert [(one.yes, one.verdict) for one in said.values()] == [(10, "CERTIFIED"), (9, "UNDECIDED")]
    assert certificate(found.said(lion, "mlp"), certifies=False).verdict == "PROVISIONAL"
    assert found.beats(lion, "mlp") == (12, 10, 2)
    pairs = found.paired(lion, "mlp")
    assert pairs is not None
    assert pairs.ratio == (1.5, 1.5)
    assert [one.field for one in found.differences(lion, "mlp")] == ["optimizer.beta2", "optimizer.kind"]
    ratios = found.profiles()
    assert sum(one == 1.0 for one in ratios["lion"]) == 10 + 10
    assert ratios["adamw"].count(1.5) == 10 + 9


def test_a_run_that_is_not_there_is_no_certificate(tmp_path: Path) -> None:
    folder = tracks.written(tmp_path)
    job = tracks.board(folder, lambda one: 20.0)
    found = job.result()
    own = found.entry("lion")
    seed = own.block.seeds[0]
    lost = dataclasses.replace(
        found, records={key: one for key, one in found.records.items() if key != ("lion", "mlp", seed)}
    )
    assert certificate(lost.said(own, "mlp")).verdict == "ERROR"


def test_tuning_chooses_the_fastest_setting_that_stays_and_leaves_room(tmp_path: Path) -> None:
    folder = tracks.written(tmp_path, tuned=False, committed=False)
    with pytest.raises(InputError, match="not tuned"):
        Leaderboard("toy", specs=folder, store=folder / "store")

    def truth(one: Trial) -> float:
        fast = one.recipe.optimizer["lr"] == 0.03
        return (20.0 if fast else 30.0) if one.task.id == "addition" else (-20.0 if fast else math.inf)

    job = tracks.board(folder, truth, tune="lion")
    assert {one.trial.seed for one in job.plan.trials} == {5000}
    assert declared(job) == {
        "mlp": {"t_star": 30, "set": {"optimizer.lr": 0.03}},
        "parity": {"t_star": 30, "set": {"optimizer.lr": 0.03}},  # none stays: the best accuracy decides
    }


def test_a_tuning_trial_that_is_not_there_hinders_the_choice(tmp_path: Path) -> None:
    folder = tracks.written(tmp_path, tuned=False, committed=False)
    job = Leaderboard("toy", tune="lion", specs=folder, store=folder / "store")
    with pytest.raises(FailedError, match=r"2 trial\(s\) that tune toy/lion on mlp have no record"):
        declared(job)


def test_the_baseline_is_run_on_the_seeds_of_an_entry_of_another_commit(tmp_path: Path) -> None:
    folder = tracks.written(tmp_path)
    text = tracks.submission(folder, "lion").read_text(encoding="utf-8")
    tracks.submission(folder, "other").write_text(text.replace("toy/lion", "toy/other"), encoding="utf-8")
    tracks.commit(folder)
    job = tracks.board(folder, lambda one: 20.0)
    other = next(one for one in job.entries if one.name == "other")
    assert job.baseline is not None
    assert set(job.seeds(job.baseline)) == {*job.baseline.block.seeds, *other.block.seeds}
    found = job.result()
    assert not set(other.block.seeds) & set(job.baseline.block.seeds)
    pairs = found.paired(other, "mlp")
    assert pairs is not None
    assert (pairs.n, pairs.ties) == (12, 12)
    assert set(found.profiles()) == {"adamw", "lion"}
    alone = Leaderboard("toy", only=["other"], specs=folder, store=folder / "store")
    assert [one.name for one in alone.entries] == ["adamw", "other"]
