"""The command line: one module per command, imported when it is called.

In: arguments. Out: text or one JSON document, and an exit status: 0 done, 1 a trial failed, 2 bad input.
"""

from __future__ import annotations

import importlib
import io
import sys

import click

from grokbench import __version__

COMMANDS = {
    "list": "List papers, tasks, baselines, claims, or the networks, losses and optimizers of recipes.",
    "show": "Show a spec; --resolved fills in every field and shows a task's first rows.",
    "validate": "Check spec files and print every mistake in them.",
    "run": "Train one trial and print when it fitted and when it generalised.",
    "reproduce": "Train what a paper's claims need, decide them and write the report.",
    "sweep": "Train over training fractions and seeds; print from which fraction on the task is solved.",
    "report": "Write a paper's report again from stored records, without training.",
    "doctor": "Check the installation, the store and the machine.",
}


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
            from grokbench.specs.errors import UnknownNameError

            raise UnknownNameError("command", args[0], COMMANDS)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands from the table above, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grokbench")
def group() -> None:
    """Reproduce grokking papers: train their recipes, decide their claims, write the report."""


def main() -> None:
    """The console script."""
    from grokbench.specs.errors import GrokbenchError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")  # α and × are not in every platform's own encoding
    try:
        status = group.main(standalone_mode=False)
    except GrokbenchError as error:
        click.echo(f"Error: {error}", err=True)
        status = 2
    except click.ClickException as error:
        error.show()
        status = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted. Finished trials are kept; the same command goes on from them.", err=True)
        status = 1
    except BrokenPipeError:
        status = 0
    sys.exit(status if isinstance(status, int) else 0)
