"""Tasks: finite domains, the expression language, tables of operations, splits, named random streams.

In: a TaskSpec, a training fraction, a seed. Out: int64 arrays of element indices. Numpy only; no disk.
"""
