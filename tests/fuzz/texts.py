"""Texts that no honest person writes: operations, and TOML of tasks, recipes, papers and figures."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from grokbench.specs import files
from grokbench.specs.locate import builtin_root
from grokbench.tasks.tree import to_text
from tests.tasks.test_expression import TREES

# -- operations ------------------------------------------------------------------------------------------

PIECES = [
    "x",
    "y",
    "odd(",
    "(",
    ")",
    "+",
    "-",
    "*",
    "/",
    "**",
    "==",
    "!=",
    "<",
    "<=",
    " if ",
    " else ",
    "0",
    "1",
    "97",
]
ODD_PIECES = [
    "10**18",
    "9" * 400,
    "__import__('os')",
    "lambda: 0",
    "x.y",
    "x[0]",
    "²",
    "\0",
    "\u202e",
    "//",
    "%",
    "\n",
    "é",
]
NESTED = st.tuples(st.sampled_from(["(", "-", "odd(", "x**(", "x if x==y else "]), st.integers(0, 1200)).map(
    lambda pair: pair[0] * pair[1] + "x"
)
CHAINS = st.tuples(st.sampled_from(["+x", "**2", "*x", "-1", "/y", "<=x"]), st.integers(0, 1200)).map(
    lambda pair: "x" + pair[0] * pair[1]
)


@st.composite
def broken(draw: st.DrawFn, whole: st.SearchStrategy[str]) -> str:
    """A text with a few pieces taken out, doubled or put in."""
    text = draw(whole)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        end = draw(st.integers(at, min(len(text), at + 12)))
        text = text[:at] + draw(st.sampled_from(["", text[at:end] * 2, *PIECES, *ODD_PIECES])) + text[end:]
    return text


OPERATIONS: st.SearchStrategy[str] = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from([*PIECES, *ODD_PIECES]), max_size=60).map("".join),
    broken(TREES.map(to_text)),
    NESTED,
    CHAINS,
)

# -- TOML ------------------------------------------------------------------------------------------------


@cache
def committed(kind: str) -> tuple[tuple[str, str], ...]:
    """The path inside its folder of specs, and the text, of every built-in spec of a kind."""
    found = [file for file in files.in_root(builtin_root()) if file.kind == kind]
    return tuple((file.key, files.text_of(file.path)) for file in found)


VALUES = st.sampled_from(
    [
        "0", "-1", "1", "true", '""', '"x"', "[]", "{}", "[{}]", "1e308", "-1e308", "inf", "nan", "1e-320", "0.5",
        "9" * 25, "9" * 400, "1" + "0" * 4400, "0x" + "f" * 5000, "1979-05-27", "07:32:00", "[[[]]]", "[1, 'a', {}]",
        '"\\u0000"', '"../../etc/passwd"', '"__import__(\'os\').system(\'true\')"', '{ kind = "mse" }', '{ kind = 1 }',
        '{ kind = [] }', "'''\n\n'''", '"' + "a" * 5000 + '"', "[" * 60 + "]" * 60, "[" * 1500 + "]" * 1500,
        "{a=" * 1500 + "1" + "}" * 1500, "[" + "0," * 3000 + "]", '"gromov2023/gd"', '"quick"', "[0, 0]", "[-1]", "7071",
        "100000000000",
    ]
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "id", "title", "operation", "domain", "kind", "p", "n", "k", "model", "loss", "optimizer", "learner", "extends",
        "width", "lr", "groups", "wrapper", "data", "split", "corruption", "evaluation", "growth", "paper", "experiment",
        "claim", "figure", "rule", "tier", "quick", "seeds", "steps", "alphas", "vary", "start", "set", "args", "measure",
        "snapshots", "horizon", "probes", "analyses", "source", "decode", "thresholds", '"a.b"', "a.b.c", '""', "é",
        ".".join(["a"] * 1500),
    ]
)  # fmt: skip


@st.composite
def changed(draw: st.DrawFn, kind: str) -> tuple[str, str]:
    """A committed spec with some of its lines changed: other values, keys, tables, lines gone or doubled."""
    key, text = draw(st.sampled_from(committed(kind)))
    lines = text.splitlines()
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, max(0, len(lines) - 1)))
        line = lines[at] if lines else ""
        name = line.partition("=")[0].strip() or "id"
        new = draw(
            st.one_of(
                VALUES.map(lambda value, name=name: [f"{name} = {value}"]),
                st.tuples(KEYS, VALUES).map(lambda pair, line=line: [line, f"{pair[0]} = {pair[1]}"]),
                KEYS.map(lambda key: [f"[{key}]"]),
                KEYS.map(lambda key: [f"[[{key}]]"]),
                st.just([]),
                st.just([line, line]),
                broken(st.just(line)).map(lambda text: [text]),
            )
        )
        lines[at : at + 1] = new
    return key, "\n".join(lines)


@st.composite
def invented(draw: st.DrawFn, kind: str) -> tuple[str, str]:
    """Tables and values in no order at all, or no TOML, where a spec is expected."""
    key, _ = draw(st.sampled_from(committed(kind)))
    line = st.one_of(
        st.tuples(KEYS, VALUES).map(" = ".join),
        KEYS.map("[{}]".format),
        KEYS.map("[[{}]]".format),
        st.text(max_size=60),
    )
    return key, "\n".join(draw(st.lists(line, max_size=12)))


KINDS = ("task", "baseline", "paper", "figures")
SPECS: st.SearchStrategy[tuple[str, tuple[str, str]]] = st.sampled_from(KINDS).flatmap(
    lambda kind: st.tuples(st.just(kind), st.one_of(changed(kind), invented(kind)))
)
Spec = tuple[str, tuple[str, Any]]


def written(spec: Spec, folder: Path) -> Path:
    """The file of a spec, at its own place below a folder."""
    path = folder / spec[1][0]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(spec[1][1], encoding="utf-8", errors="surrogatepass")
    return path
