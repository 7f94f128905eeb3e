"""``grokbench validate``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import click

from grokbench.cli import options


@click.command(name="validate")
@click.argument("paths", nargs=-1, type=options.PATH)
@options.specs
@options.plugin
@options.as_json
def command(paths: Sequence[Path], specs: Sequence[Path], as_json: bool) -> int:
    """Check the given spec files, or all, and print every mistake at once."""
    from grokbench import api
    from grokbench.specs.errors import SpecError

    try:
        files = api.validate(paths, specs)
    except SpecError as error:
        if not as_json:
            raise
        options.print_json({"valid": False, "mistakes": [dataclasses.asdict(one) for one in error.mistakes]})
        return 2
    if as_json:
        options.print_json({"valid": True, "files": len(files), "mistakes": []})
    else:
        click.echo(f"{len(files)} files, no mistakes")
    return 0
