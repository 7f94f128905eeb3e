"""A broken draft beside good specs is skipped with a note by commands that do not need it; editors' files are no specs."""

from __future__ import annotations

import pytest

from tests.cases.commands import paper, task, write


@pytest.fixture
def specs(tmp_path):
    root = tmp_path / "specs"
    task(root, "good", "2 * x + y", "p = 11")
    write(root / "tasks" / "draft.toml", "id = [")
    write(root / "baselines" / "mine" / "draft.toml", 'id = "mine/draft"')
    write(root / "baselines" / "drafted" / "claims.toml", "[paper")
    for name in (".#good.toml", "._good.toml", ".ipynb_checkpoints/good-checkpoint.toml"):
        write(root / "tasks" / name, "this is no spec")
    write(root / "baselines" / ".ipynb_checkpoints" / "claims.toml", "this is no spec")
    (root / "tasks" / ".#linked.toml").symlink_to(root / "nowhere")
    paper(root, task="good", set='{ "model.width" = 8 }')
    return root


@pytest.mark.parametrize(
    ("what", "listed", "draft"),
    [
        ("tasks", "good", "tasks/draft.toml"),
        ("baselines", "gromov2023/gd", "baselines/mine/draft.toml"),
        ("papers", "mine", "baselines/drafted/claims.toml"),
        ("claims", "mine.it-groks", "baselines/drafted/claims.toml"),
    ],
)
def test_list_notes_it_and_lists_the_rest(grokbench, specs, what, listed, draft):
    done = grokbench("list", what, "--specs", str(specs))
    assert done.status == 0
    assert listed in done.out.split()
    (line,) = done.err.splitlines()
    assert line.startswith(f"note: {specs / draft} is left out: ")
    assert line.endswith(f"`grokbench validate {specs / draft}` says all.")


@pytest.mark.parametrize(
    "words",
    [
        ("show", "addition"),
        ("show", "good", "--resolved"),
        ("show", "mine"),
        ("show", "mine.it-groks"),
        ("reproduce", "mine", "--dry-run"),
        ("reproduce", "gromov2023", "--tier", "smoke", "--dry-run"),
        ("run", "--task", "good", "--baseline", "gromov2023/gd", "--steps", "1", "--set", "model.width=8"),
    ],
)
def test_commands_that_do_not_need_it_do_not_mind(grokbench, specs, words):
    done = grokbench(*words, "--specs", str(specs))
    assert done.status == 0, done.err
    assert "draft" not in done.err


def test_a_name_that_there_is_not_is_looked_for_among_the_rest(grokbench, specs):
    done = grokbench("show", "mine.it-grok", "--specs", str(specs))
    assert done.status == 2
    assert "did you mean 'mine.it-groks'" in done.err
    assert "drafted/claims.toml is left out" in done.err


def test_what_needs_it_says_what_is_wrong(grokbench, specs):
    assert "draft.toml: top level: not valid TOML" in grokbench("validate", str(specs)).err
    done = grokbench("show", "draft", "--specs", str(specs), "--resolved")
    assert (done.status, "draft.toml" in done.err) == (2, True)
    assert grokbench("show", "draft", "--specs", str(specs)).out.endswith("id = [\n")


def test_files_of_editors_are_no_specs(grokbench, specs):
    assert "checkpoint" not in grokbench("list", "tasks", "--specs", str(specs)).out
    assert ".#good" not in grokbench("validate", str(specs)).err
    assert ".ipynb" not in grokbench("validate", str(specs)).err
