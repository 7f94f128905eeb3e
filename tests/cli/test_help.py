"""Every command explains itself: each option, an example that works as printed, exit statuses, and the shell's completion."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from grokbench.cli import COMMANDS, group
from grokbench.specs.loader import Library

CONTEXT = click.Context(group)


def command(name: str) -> click.Command:
    found = group.get_command(CONTEXT, name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_lacks_a_description(name: str) -> None:
    options = [one for one in command(name).params if isinstance(one, click.Option)]
    assert [one.name for one in options if not one.help] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_a_command_are_taken(name: str) -> None:
    lines = [line.strip() for line in (command(name).epilog or "").splitlines()]
    examples = [shlex.split(line) for line in lines if line.startswith("grokbench ")]
    assert examples
    for words in examples:
        assert words[1] == name
        command(name).make_context(name, words[2:])


def test_help_names_exit_statuses_and_environment_variables() -> None:
    text = CliRunner().invoke(group, ["--help"]).output
    for words in ("a claim that is not reproduced is still 0", "2  bad input", "or you interrupted"):
        assert words in text
    for name in ("GROKBENCH_STORE", "GROKBENCH_CACHE", "NO_COLOR", "_GROKBENCH_COMPLETE"):
        assert name in text


def offered(words: str, incomplete: str = "") -> list[str]:
    shell = ShellComplete(group, {}, "grokbench", "_GROKBENCH_COMPLETE")
    return [item.value for item in shell.get_completions(shlex.split(words), incomplete)]


def test_the_shell_completes_ids() -> None:
    library = Library()
    assert offered("run --task", "addi") == ["addition"]
    assert "gromov2023/gd" in offered("run --baseline", "gromov2023/g")
    assert offered("reproduce", "gro") == ["gromov2023"]
    assert offered("report", "hu") == ["hu2024"]
    assert offered("reproduce x --tier", "q") == ["quick"]
    claims = [claim.id for claim in library.paper("gromov2023").claims]
    assert offered("reproduce gromov2023 --claim") == claims
    assert f"gromov2023.{claims[0]}" in offered("reproduce --all --claim", "gromov2023.")
    assert offered("show", "gromov2023.") == [f"gromov2023.{one}" for one in claims]
    assert {"addition", "hu2024", "gromov2023/gd"} <= set(offered("show"))


def test_a_file_is_offered_where_no_id_begins_so() -> None:
    shell = ShellComplete(group, {}, "grokbench", "_GROKBENCH_COMPLETE")
    assert [item.type for item in shell.get_completions(["run", "--task"], "./mine")] == ["file"]


def test_specs_that_cannot_be_read_offer_no_id(tmp_path: Path) -> None:
    assert offered(f"run --specs {tmp_path}/none --task", "addi") == ["addi"]  # as a file
