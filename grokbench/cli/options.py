"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.types import IntParamType

from grokbench.cli import completion
from grokbench.specs import values
from grokbench.specs.errors import InputError

if TYPE_CHECKING:
    from grokbench.specs.loader import Library

F = TypeVar("F", bound=Callable[..., Any])


class _Path(click.Path):
    """A path, with ``~`` as the home folder."""

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        # click makes the working directory of an empty path, which is refused here
        return values.path(_flag(param), value and super().convert(value, param, ctx))


class _Integer(IntParamType):
    """A whole number in any spelling: 100000, 100_000, 1e5, 3.0."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        return value if isinstance(value, int) else whole(_flag(param), value)


def _flag(param: click.Parameter | None) -> str:
    if isinstance(param, click.Argument):
        return param.human_readable_name
    return max(param.opts, key=len) if param is not None else "value"


MOST_DIGITS = 40


def whole(flag: str, text: str) -> int:
    """A whole number in any spelling.

    >>> whole("--steps", "1e5"), whole("--steps", "100_000"), whole("--seed", "3.0")
    (100000, 100000, 3)
    """
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("nan")
    # 1e999999999 is a whole number, too, and would fill the memory.
    if not number.is_finite() or number.adjusted() > MOST_DIGITS or number != number.to_integral_value():
        raise InputError(f"{flag} {text}: expected a whole number, such as 3 or 1e5")
    return int(number)


PATH = _Path(path_type=Path)
INTEGER = _Integer()


def task(function: F) -> F:
    """``--task ID``."""
    return click.option(
        "--task",
        required=True,
        shell_complete=completion.tasks,
        help="Task id or .toml file; `grokbench list tasks` prints the ids.",
    )(function)


def baseline(function: F) -> F:
    """``--baseline ID``."""
    return click.option(
        "--baseline",
        required=True,
        shell_complete=completion.baselines,
        help="Recipe id or .toml file; `grokbench list baselines` prints the ids.",
    )(function)


def changes(function: F) -> F:
    """``--set KEY=VALUE``, repeatable."""
    return click.option(
        "--set",
        "pairs",
        multiple=True,
        metavar="KEY=VALUE",
        help="Replace a field of the recipe, or task.… (repeatable). The value is TOML.",
    )(function)


def paper(function: F) -> F:
    """The argument PAPER, which --all stands in for."""
    return click.argument("paper", required=False, shell_complete=completion.papers)(function)


def specs(function: F) -> F:
    """``--specs DIR``, repeatable."""
    return click.option(
        "--specs",
        "specs",
        multiple=True,
        type=PATH,
        help="A further folder of specs: DIR/tasks, DIR/baselines/<paper> (repeatable).",
    )(function)


def open_library(folders: Sequence[Path]) -> Library:
    """The built-in specs and those of the folders of ``--specs``. What there is to tell of them is said on stderr."""
    from grokbench.specs.loader import Library

    return Library(folders, on_note=lambda text: click.echo(f"note: {text}", err=True))


def plugin(function: F) -> F:
    """``--plugin FILE.py``, repeatable: scripts that register parts, run before anything else."""

    def run(context: click.Context, parameter: click.Parameter, paths: Sequence[Path]) -> None:
        from grokbench import parts

        for path in paths:
            parts.run_plugin(path)

    return click.option(
        "--plugin",
        multiple=True,
        type=PATH,
        is_eager=True,
        expose_value=False,
        callback=run,
        metavar="FILE.py",
        help="A script that registers networks, losses or optimizers (repeatable).",
    )(function)


def store(function: F) -> F:
    """``--store DIR``."""
    text = "Folder of records [default: $GROKBENCH_STORE, else the platform's user data folder]."
    return click.option("--store", "store", type=PATH, help=text)(function)


def size(count: int) -> str:
    """A number of bytes in words.

    >>> size(2_000_000), size(300)
    ('2.0 MB', '0.3 kB')
    """
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def runs(function: F) -> F:
    """What chooses runs that are there: ``--task``, ``--baseline``, ``--paper``, ``--alpha``, ``--seed``, ``--run``."""
    chosen = (
        click.option(
            "--task",
            multiple=True,
            shell_complete=completion.tasks,
            help="Only runs of this task (repeatable).",
        ),
        click.option(
            "--baseline",
            multiple=True,
            shell_complete=completion.baselines,
            help="Only runs of this recipe, with whatever fields changed (repeatable).",
        ),
        click.option(
            "--paper",
            shell_complete=completion.papers,
            help="Only runs of this paper's experiments, any seed.",
        ),
        click.option("--alpha", multiple=True, type=float, help="Only this training fraction (repeatable)."),
        click.option("--seed", multiple=True, type=INTEGER, help="Only this seed (repeatable)."),
        click.option(
            "--run", multiple=True, metavar="KEY", help="Only the run whose key begins so (repeatable)."
        ),
    )
    for one in reversed(chosen):
        function = one(function)
    return function


def places(function: F) -> F:
    """Where records are looked for: ``--store`` or ``--records``."""
    text = "A folder of committed records, in place of the store."
    return store(click.option("--records", type=PATH, help=text)(function))


def as_json(function: F) -> F:
    """``--json``."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document on stdout and nothing else there."
    )(function)


def examples(*lines: str) -> str:
    """The epilog of a command: command lines, which click is told to leave as they are."""
    return "\b\n" + "\n".join(["Examples:", *(f"  {line}" for line in lines)])


def note(text: str) -> None:
    """A note on stderr, beside what a command prints."""
    click.echo(f"note: {text}", err=True)


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def settings(pairs: Sequence[str]) -> dict[str, Any]:
    """``key=value`` pairs of ``--set`` as dotted paths and TOML values.

    Errors: InputError for a pair without ``=``, a value that is no TOML, or a path given twice.

    >>> settings(["optimizer.lr=1e-3", 'model.convention="folded"'])
    {'optimizer.lr': 0.001, 'model.convention': 'folded'}
    """
    out: dict[str, Any] = {}
    for pair in pairs:
        path, equals, value = pair.partition("=")
        path = path.strip()
        if not equals or not path:
            raise InputError(f"--set {pair}: expected key=value, as in --set optimizer.lr=1e-3")
        if path in out:
            raise InputError(f"--set {path} is given twice")
        try:
            out[path] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            raise InputError(
                f"--set {pair}: the value is not TOML (text needs quotes: --set {path}='\"{value}\"')"
            ) from None
    return out


MOST_VALUES = 1000


def fractions(text: str) -> tuple[float, ...]:
    """Training fractions as numbers and ranges ``first:last:step``, which include their end; ascending, each once.

    Errors: InputError for what is no number, a step that is not positive, or more than 1000 values.

    >>> fractions("0.3:0.6:0.1")
    (0.3, 0.4, 0.5, 0.6)
    >>> fractions("0.75,0.2:0.3:0.05")
    (0.2, 0.25, 0.3, 0.75)
    """
    found: set[float] = set()
    for part in text.split(","):
        try:
            numbers = [Decimal(number.strip()) for number in part.split(":")]
        except InvalidOperation:
            numbers = []
        if len(numbers) not in (1, 3) or not all(number.is_finite() for number in numbers):
            raise InputError(f"--alphas {text}: expected fractions or ranges, as in 0.2:0.8:0.05 or 0.3,0.5")
        if any(abs(number) > 1 for number in numbers):
            raise InputError(f"--alphas {part}: fractions of the table lie between 0 and 1")
        if len(numbers) == 1:
            found.add(float(numbers[0]))
            continue
        first, last, step = numbers
        if step <= 0 or last < first:
            raise InputError(f"--alphas {part}: a range rises from its first to its last by a step above 0")
        if (last - first) / step >= MOST_VALUES:
            raise InputError(f"--alphas {part}: more than {MOST_VALUES} values")
        found |= {float(first + i * step) for i in range(int((last - first) / step) + 1)}
    return tuple(sorted(found))


def _seed_range(text: str) -> Iterable[int]:
    """One seed, or those from the first to the last of ``first:last:step``, both included."""
    ends = [whole("--seeds", part) for part in text.split(":")]
    if len(ends) == 1:
        return ends
    if len(ends) > 3 or (len(ends) == 3 and ends[2] < 1) or ends[1] - ends[0] > MOST_VALUES:
        raise InputError("--seeds")
    return range(ends[0], ends[1] + 1, *ends[2:])


def seeds(text: str) -> tuple[int, ...]:
    """How many seeds, from 0 on, or the seeds themselves: a comma or a colon makes it a list.

    >>> seeds("3"), seeds("0,3,7"), seeds("9000,"), seeds("200:203"), seeds("0:4:2,7")
    ((0, 1, 2), (0, 3, 7), (9000,), (200, 201, 202, 203), (0, 2, 4, 7))
    """
    try:
        numbers = [n for part in text.split(",") if part.strip() for n in _seed_range(part)]
    except InputError:
        numbers = []
    if not numbers or min(numbers) < 0:
        raise InputError(f"--seeds {text}: expected a number of seeds, or a list such as 0,3,7")
    if "," in text or ":" in text:
        return tuple(dict.fromkeys(numbers))
    if not 1 <= numbers[0] <= MOST_VALUES:
        raise InputError(f"--seeds {text}: a number of seeds lies between 1 and {MOST_VALUES}")
    return tuple(range(numbers[0]))
