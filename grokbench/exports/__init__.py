"""Runs that a store has, found and taken away: tables of runs, curves, probes, measures and verdicts, as files.

In: records, a selection, a paper or a claim. Out: rows, and CSV, Parquet or TensorBoard files beside what their columns mean.
"""

from grokbench.exports.writing import DEFAULT_OUT, FORMATS, export

__all__ = ["DEFAULT_OUT", "FORMATS", "export"]
