"""Tasks: domains, sources of rows, the expression language, tables, splits, corrupted labels, named random streams.

In: a TaskSpec, a training fraction, a seed. Out: arrays of rows, int64 element indices or sampled vectors. Numpy only; no disk.
"""
