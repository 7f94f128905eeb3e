"""What a part of any kind promises: fields that say what they are, a schema, and that it can be found again in a new process."""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import subprocess
import sys

from grokbench import parts
from grokbench.contract.saying import Promise, example, require
from grokbench.specs.fields import schema_of


def says_what_it_is(part: parts.Part) -> None:
    """Its fields, or the part itself, have a docstring."""
    own = parts.load(part)
    said = (
        inspect.getdoc(own.fields)
        if hasattr(own, "fields")
        else getattr(own, "summary", "") or inspect.getdoc(own)
    )
    automatic = said is not None and hasattr(own, "fields") and said.startswith(f"{own.fields.__name__}(")
    require(
        said and not automatic,
        f"{part} says nothing of itself; write a docstring{' on its fields' if automatic else ''}",
    )


def has_help_for_every_field(part: parts.Part) -> None:
    """Each field has a help text or a schema of its own, and a default that its own bounds accept."""
    own = parts.load(part)
    if not hasattr(own, "fields"):
        return
    silent = [
        one.name for one in dataclasses.fields(own.fields) if not ({"help", "schema"} & {*one.metadata})
    ]
    require(not silent, f"{part} has fields without a help text: {', '.join(silent)}")


def has_a_schema_that_takes_its_defaults(part: parts.Part) -> None:
    """The JSON Schema of its fields is one, and accepts an example."""
    from jsonschema import Draft7Validator

    own = parts.load(part)
    if not hasattr(own, "fields") or part.kind == "figures":  # whose tables refer to the schema of their file
        return
    document = schema_of(own.fields, kind=True)
    Draft7Validator.check_schema(document)
    table = json.loads(json.dumps({"kind": part.name, **example(own.fields)}))
    wrong = [error.message for error in Draft7Validator(document).iter_errors(table)]
    require(not wrong, f"{part} refuses its own defaults: {'; '.join(wrong)}")


def is_found_in_a_new_process(part: parts.Part) -> None:
    """A worker, which begins from nothing, finds it, too; a built-in part or a package's by import, a script's by running it."""
    if part.origin == parts.HERE:
        return  # every command does so
    scripts = [origin for origin in parts.plugins() if origin == part.origin]
    code = (
        "import sys; from grokbench import parts; "
        f"[parts.run_plugin(path) for path in {scripts!r}]; parts.find({part.kind!r}, {part.name!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    last = done.stderr.strip().splitlines()[-1:] or [""]
    require(done.returncode == 0, f"{part} is not found in a new process: {last[0]}")


CHECKS: tuple[Promise, ...] = (
    ("says what it is", says_what_it_is),
    ("has a help text for every field", has_help_for_every_field),
    ("has a schema that takes its defaults", has_a_schema_that_takes_its_defaults),
    ("is found in a new process", is_found_in_a_new_process),
)
