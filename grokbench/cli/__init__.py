"""The command line: one module per command, imported when it is called.

In: arguments. Out: text or one JSON document, and an exit status: 0 done, 1 a trial failed, the disk was full or the user
interrupted, 2 bad input.
"""

from __future__ import annotations

import importlib
import io
import itertools
import sys
from typing import Any

import click

from grokbench import __version__
from grokbench.specs.errors import FullError, GrokbenchError, InputError, UnknownNameError

COMMANDS = {
    "list": "List papers, tasks, baselines, claims, measures, or the networks, losses and optimizers of recipes.",
    "show": "Show a spec; --resolved fills in every field and shows rows of a task's table.",
    "validate": "Check spec files and print every mistake in them.",
    "run": "Train one trial and print when it fitted and when it generalised.",
    "reproduce": "Train what a paper's claims need, decide them and write the report.",
    "sweep": "Train over training fractions and seeds; print from which fraction on the task is solved.",
    "compare": "Train two recipes on the same seeds; print which generalises first, and what differs between them.",
    "leaderboard": "Train the submissions to a track; print which generalise by the step that they promise.",
    "new": "Write a commented file for a new task, recipe, paper, submission, network, optimizer, loss, measure or figure.",
    "runs": "List the runs that a store has, and when each fitted and generalised.",
    "store": "List, check, clean up or merge stores of records.",
    "export": "Write curves, probes, measures and verdicts as CSV, Parquet or TensorBoard files.",
    "report": "Write a paper's report again from stored records, without training.",
    "bench": "Time training steps of every network on this machine.",
    "site": "Write reports as pages with figures that answer to the mouse, without training.",
    "doctor": "Check the installation, the store and the machine.",
}


class InterruptionError(Exception):
    """The user pressed Ctrl-C; the text says what became of the work."""


class LazyGroup(click.Group):
    """A group whose commands live in ``grokbench.cli.<name>_command`` and are imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Command names, in the order a reader meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"grokbench.cli.{cmd_name}_command").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's own, with the nearest command named when there is none of that name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise UnknownNameError("command", args[0], COMMANDS)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """As click's own; errors speak of flags, and where the user interrupts, of what became of the work."""
        try:
            return super().invoke(ctx)
        except GrokbenchError as error:
            command = self.get_command(ctx, ctx.invoked_subcommand or "")
            if command is None or not error.arguments:
                raise
            raise InputError(in_flags(error, command)) from error
        except (KeyboardInterrupt, click.Abort):
            trains = ctx.invoked_subcommand in TRAINING
            kept = GOES_ON if trains else ""
            raise InterruptionError(kept) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands from the table above, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def in_flags(error: GrokbenchError, command: click.Command) -> str:
    """The text of an error, with the flags of ``command`` in place of the arguments that the library knows."""
    flags: dict[str, str] = {}
    under = command.commands.values() if isinstance(command, click.Group) else ()
    for one in itertools.chain(command.params, *(own.params for own in under)):
        if isinstance(one, click.Option):
            flag = max(one.opts, key=len)
            flags |= {flag.removeprefix("--"): flag, str(one.name): flag}
    return error.calling(flags)


GOES_ON = "Finished trials are kept, and running ones as far as they came; the same command goes on."
TRAINING = ("reproduce", "sweep", "compare", "leaderboard")
"""Commands that keep each trial as soon as it is finished."""

ENDING = """\b
Examples:
  grokbench list
  grokbench run --task addition --baseline gromov2023/gd --alpha 0.49
  grokbench reproduce gromov2023 --dry-run

\b
Exit status:
  0  done; a claim that is not reproduced is still 0
  1  a trial failed, the disk was full, doctor found a problem, or you interrupted
  2  bad input

\b
Environment:
  GROKBENCH_STORE      folder of records, where --store names none
  GROKBENCH_CACHE      folder that remembers how fast this machine is
  NO_COLOR             set: no colours on the terminal
  _GROKBENCH_COMPLETE  completes commands, options and ids in your shell:
                       eval "$(_GROKBENCH_COMPLETE=bash_source grokbench)"
                       (zsh_source in zsh; fish_source in fish)
"""


@click.group(cls=LazyGroup, epilog=ENDING, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grokbench")
def group() -> None:
    """Reproduce grokking papers: train their recipes, decide their claims, write the report."""


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")  # α and × are not in every platform's own encoding
    try:
        status = group.main(standalone_mode=False)
    except GrokbenchError as error:
        click.echo(f"Error: {error}", err=True)
        status = error.status
    except click.ClickException as error:
        error.show()
        status = 2
    except InterruptionError as error:
        click.echo(f"\nInterrupted. {error}".rstrip(), err=True)
        status = 1
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nInterrupted.", err=True)
        status = 1
    except BrokenPipeError:
        status = 0
    except OSError as error:
        if error.errno not in FullError.NUMBERS:
            raise
        sys.stdout = io.StringIO()  # what the stream still holds would fail again at the end
        click.echo(
            f"Error: nothing more can be written ({error.strerror}); make room and call it again", err=True
        )
        status = 2
    sys.exit(status if isinstance(status, int) else 0)
