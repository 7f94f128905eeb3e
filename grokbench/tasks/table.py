"""The whole table of a task's operation, worked out on arrays.

An operation is evaluated once over all pairs: x is a column, y a row, and numpy broadcasts them together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from grokbench.specs.errors import InputError, UnknownNameError
from grokbench.specs.types import TaskSpec
from grokbench.tasks.algebra import Indices, IntegersMod, SymmetricGroup
from grokbench.tasks.comparing import check_constants, check_varies
from grokbench.tasks.expression import parse
from grokbench.tasks.tree import (
    Binary,
    Choice,
    Comparison,
    Condition,
    Constant,
    Negative,
    Node,
    Odd,
    Power,
    Value,
    Variable,
    children,
    to_text,
)

Mask = NDArray[np.bool_]
DOMAINS = {"integers-mod": "p", "symmetric-group": "n"}  # kind → the key of its size


@dataclass(frozen=True, eq=False)
class Table:
    """Every row (x, y, x∘y) of an operation that has an answer, sorted by (x, y)."""

    rows: Indices  # (n_rows, 3), element indices
    n_elements: int  # p, or n!


def build_table(task: TaskSpec) -> Table:
    """The table of a task.

    A row whose answer needs a division by zero is left out. Raises InputError, one sentence that begins with
    the task's id, for a bad operation, p < 2, a division over composite p, a comparison that decides nothing, a table
    over 5·10⁷ rows (before anything is allocated), or one without rows.
    """
    try:
        domain = make_domain(task)
        tree = parse(task.operation)
        if isinstance(domain, IntegersMod):
            _check_division(tree, domain)
            for node in _walk(tree):
                if isinstance(node, Condition):
                    check_constants(node, domain.p)
            answers, defined = _residues(tree, domain)
        else:
            answers, defined = _permutations(tree, domain), np.ones((1, 1), dtype=np.bool_)
    except UnknownNameError:
        raise
    except InputError as error:
        raise InputError(f"task {task.id!r}: {error}") from None

    n = domain.size
    flat = np.broadcast_to(answers, (n, n)).reshape(-1)  # row x·n + y
    kept = np.flatnonzero(np.broadcast_to(defined, (n, n)))
    if not len(kept):
        raise InputError(f"task {task.id!r}: operation {task.operation!r} divides by zero on every row")
    rows = np.empty((len(kept), 3), dtype=np.int64)
    np.floor_divide(kept, n, out=rows[:, 0])
    np.remainder(kept, n, out=rows[:, 1])
    rows[:, 2] = flat[kept]
    return Table(rows=rows, n_elements=n)


def make_domain(task: TaskSpec) -> IntegersMod | SymmetricGroup:
    """The domain that a task names. Errors as in ``build_table``."""
    kind = task.domain.get("kind")
    if kind not in DOMAINS:
        raise UnknownNameError("domain kind", str(kind), DOMAINS)
    size = DOMAINS[kind]
    if size not in task.domain:
        raise InputError(f"the domain {kind!r} needs {size}, such as {size} = {97 if size == 'p' else 5}")
    number = task.domain[size]
    return IntegersMod(number) if size == "p" else SymmetricGroup(number)


def _residues(node: Value, domain: IntegersMod) -> tuple[Indices, Mask]:
    """Values modulo p, and where they are defined; both broadcast to (p, p)."""
    p = domain.p
    always = np.ones((1, 1), dtype=np.bool_)
    match node:
        case Constant(value):
            return np.full((1, 1), value % p, dtype=np.int64), always
        case Variable(name):
            return np.arange(p, dtype=np.int64).reshape((p, 1) if name == "x" else (1, p)), always
        case Negative(operand):
            a, defined = _residues(operand, domain)
            return -a % p, defined
        case Power(base, exponent):
            a, defined = _residues(base, domain)
            return domain.powers(exponent)[a], defined & (a != 0) if exponent < 0 else defined
        case Binary(operator, left, right):
            a, a_defined = _residues(left, domain)
            b, b_defined = _residues(right, domain)
            defined = a_defined & b_defined
            if operator == "/":
                return a * domain.inverses[b] % p, defined & (b != 0)
            return (a + b if operator == "+" else a - b if operator == "-" else a * b) % p, defined
        case Choice(condition, chosen, otherwise):
            holds, defined = _truth(condition, domain)
            if isinstance(condition, Comparison):
                check_varies(condition, holds, defined)
            a, a_defined = _residues(chosen, domain)
            b, b_defined = _residues(otherwise, domain)
            return np.where(holds, a, b), defined & np.where(holds, a_defined, b_defined)
        case _:
            assert_never(node)


def _truth(node: Condition, domain: IntegersMod) -> tuple[Mask, Mask]:
    """Where a condition holds on the representatives 0…p−1, and where it is defined."""
    if isinstance(node, Odd):
        a, defined = _residues(node.operand, domain)
        return a % 2 == 1, defined
    a, a_defined = _residues(node.left, domain)
    b, b_defined = _residues(node.right, domain)
    compare = {"==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal}[node.operator]
    return compare(a, b), a_defined & b_defined


def _permutations(node: Node, domain: SymmetricGroup) -> Indices:
    """Indices of permutations; broadcasts to (n!, n!)."""
    match node:
        case Variable(name):
            every = np.arange(domain.size, dtype=np.int64)
            return every.reshape((-1, 1) if name == "x" else (1, -1))
        case Power(base, exponent):
            return domain.powers(exponent)[_permutations(base, domain)]
        case Binary("*", left, right):
            return domain.products[_permutations(left, domain), _permutations(right, domain)]
        case Binary("/", left, right):
            raise InputError(f"a group has no '/' in {to_text(node)!r}; write x * y**-1")
        case _:
            raise InputError(f"in a group only '*' and '**' of x and y mean something, not {to_text(node)!r}")


def _check_division(tree: Value, domain: IntegersMod) -> None:
    if domain.is_prime:
        return
    for node in _walk(tree):
        inverts = node.exponent < 0 if isinstance(node, Power) else False
        if inverts or (isinstance(node, Binary) and node.operator == "/"):
            raise InputError(f"{to_text(node)!r} divides, for which p must be prime; p = {domain.p} is not")


def _walk(tree: Node) -> Iterator[Node]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(children(node))
