"""Measures that a claim's rule can name: from one seed's records to one number.

In: a SeedView and the rule's arguments. Out: a float (inf: censored, nan: not measurable) or Between.
Each lives in the module of its subject and carries its name; nothing else is ever run from a spec.
"""

from __future__ import annotations

from grokbench.measures import (
    circles,
    circuit,
    curves,
    efficiency,
    endings,
    fractions,
    networks,
    progress,
    rising,
    tables,
    times,
    weights,
)
from grokbench.measures.registry import (
    Between,
    Measure,
    Measured,
    argument_faults,
    argument_names,
    arguments,
    arms_read,
    measure,
    measure_names,
    signature,
)

__all__ = [
    "Between",
    "Measure",
    "Measured",
    "argument_faults",
    "argument_names",
    "arguments",
    "arms_read",
    "circles",
    "circuit",
    "curves",
    "efficiency",
    "endings",
    "fractions",
    "measure",
    "measure_names",
    "networks",
    "progress",
    "rising",
    "signature",
    "tables",
    "times",
    "weights",
]
