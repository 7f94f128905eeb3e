"""Measures that a claim's rule can name: from one seed's records to one number.

In: a SeedView and the rule's arguments. Out: a float (inf: censored, nan: not measurable) or Between.
What a measure needs of its records is declared above it (``requiring``).
Each lives in the module of its subject, which is loaded when a rule names it; nothing else is ever run from a spec.
"""

from __future__ import annotations

from grokbench.measures.calling import (
    Measure,
    argument_faults,
    argument_names,
    arguments,
    arms_read,
    lacking,
    measure,
    measure_names,
    measured,
    needs,
    signature,
)
from grokbench.measures.reading import Between, Measured

__all__ = [
    "Between",
    "Measure",
    "Measured",
    "argument_faults",
    "argument_names",
    "arguments",
    "arms_read",
    "lacking",
    "measure",
    "measure_names",
    "measured",
    "needs",
    "signature",
]
