"""``grokbench validate``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import click

from grokbench.cli import options


@click.command(
    name="validate",
    epilog=options.examples("grokbench validate", "grokbench validate tasks/addition.toml --json"),
)
@click.argument("paths", nargs=-1, type=options.PATH)
@options.specs
@options.plugin
@options.as_json
def command(paths: Sequence[Path], specs: Sequence[Path], as_json: bool) -> int:
    """Check spec files, folders of them or ids, or all there are, and print every mistake at once.

    A file finds the specs beside it without --specs. Whatever would fail while training fails here.
    """
    from grokbench import api
    from grokbench.specs.errors import SpecError

    try:
        files = api.validate(paths, options.open_library(specs))
    except SpecError as error:
        if not as_json:
            raise
        options.print_json({"valid": False, "mistakes": [dataclasses.asdict(one) for one in error.mistakes]})
        return 2
    if as_json:
        options.print_json({"valid": True, "files": len(files), "mistakes": []})
    else:
        click.echo(f"{len(files)} file{'' if len(files) == 1 else 's'}, no mistakes")
    return 0
