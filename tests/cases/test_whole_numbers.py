"""Whole numbers on the command line, in any spelling that specs and Python take."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from grokbench.cli import COMMANDS, group, options
from grokbench.specs.errors import InputError

SMALL = ("--set", "task.domain.p=7", "--set", "model.width=8.0", "--alphas", "0.5,5e-1", "--dry-run")
SWEEP = ("sweep", "--task", "addition", "--baseline", "gromov2023/adamw", *SMALL)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("100000", 100000), ("1e5", 100000), ("100_000", 100000), ("3.0", 3), (" 7 ", 7), ("-1", -1)],
)
def test_one_number_has_many_spellings(written: str, meant: int) -> None:
    assert options.whole("--steps", written) == meant


@pytest.mark.parametrize("written", ["1.5", "many", "", "nan", "inf", "1e-3", "1e999999999"])
def test_what_is_no_whole_number_is_one_sentence(written: str) -> None:
    with pytest.raises(InputError, match=r"^--steps .*: expected a whole number, such as 3 or 1e5$"):
        options.whole("--steps", written)


def test_no_option_of_any_command_reads_integers_in_another_way() -> None:
    context = click.Context(group)
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        others = [p.name for p in command.params if isinstance(p.type, click.types.IntParamType)]
        ours = [p.name for p in command.params if p.type is options.INTEGER]
        assert others == ours


def test_steps_seeds_and_workers_take_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [*SWEEP, "--steps", "1e1", "--seeds", "2.0", "--workers", "1.0", "--store", str(tmp_path)]
    assert group.main(words, standalone_mode=False) == 0
    assert "2 seed(s) × 1 fraction(s), budget 10 steps" in capsys.readouterr().out


def test_a_list_of_seeds_takes_them() -> None:
    assert options.seeds("1e1,3.0") == (10, 3)
    with pytest.raises(InputError, match=r"--seeds 1\.5: expected a number of seeds"):
        options.seeds("1.5")


def test_home_is_what_a_tilde_says_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert options.PATH.convert("~/here", None, None) == tmp_path / "here"
