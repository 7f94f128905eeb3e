"""What every part promises, as checks that a package or a script gets for nothing: ``pytest --grokbench-contract PACKAGE``.

In: the name of an installed package, a script that registers parts, or "grokbench" for the built-in ones. Out: checks, each a
sentence and a function that raises ``BrokenError`` with what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grokbench import parts
from grokbench.contract.saying import BrokenError
from grokbench.specs.errors import InputError, UnknownNameError

__all__ = ["BrokenError", "Check", "checks", "parts_of"]

SPECIFIC = {
    "networks": "grokbench.contract.networks:CHECKS",
    "losses": "grokbench.contract.losses:CHECKS",
    "optimizers": "grokbench.contract.optimizers:CHECKS",
    "wrappers": "grokbench.contract.optimizers:WRAPPED",
    "measures": "grokbench.contract.measures:CHECKS",
    "figures": "grokbench.contract.figures:CHECKS",
    "domains": "grokbench.contract.domains:CHECKS",
}
"""Kind of part → its own checks, which are loaded when one is asked for."""


@dataclass(frozen=True)
class Check:
    """One promise of one part. ``run`` returns nothing, or raises ``BrokenError``."""

    part: parts.Part
    promise: str
    run: Callable[[], None]

    @property
    def name(self) -> str:
        """What a test is called."""
        return f"{parts.one(self.part.kind)} {self.part.name}: {self.promise}"


def checks(of: str) -> list[Check]:
    """Every check of every part of a package or script. Errors: as ``parts_of``."""
    return [check for part in parts_of(of) for check in _of(part)]


def parts_of(of: str) -> list[parts.Part]:
    """The parts that a distribution or package adds, or that a script (``.py``) registers; "grokbench": the built-in ones.

    Errors: InputError for a script that cannot be run, UnknownNameError for a package that adds none.
    """
    every = [part for kind in parts.KINDS for part in parts.listed(kind)]
    if of.endswith(".py"):
        parts.run_plugin(of)
        every = [part for kind in parts.KINDS for part in parts.listed(kind)]
        own = [part for part in every if part.origin in parts.plugins() and part.origin.endswith(_name(of))]
        if not own:
            raise InputError(f"{of}: the script registers no part")
        return own
    own = [part for part in every if _package(part) == _plain(of)]
    if not own:
        raise UnknownNameError("package with parts", of, sorted({_package(part) for part in every}))
    return own


def _name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _package(part: parts.Part) -> str:
    return _plain(part.origin.split(" ")[0])


def _plain(name: str) -> str:
    return name.replace("_", "-").lower()


def _of(part: parts.Part) -> Iterator[Check]:
    from grokbench.contract import general

    for promise, run in (
        *general.CHECKS,
        *(parts.loaded(SPECIFIC[part.kind]) if part.kind in SPECIFIC else ()),
    ):
        yield Check(part, promise, _bound(run, part))


def _bound(run: Callable[[parts.Part], None], part: parts.Part) -> Callable[[], None]:
    return lambda: run(part)
