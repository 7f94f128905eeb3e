"""Training: from one trial to one record.

In: a frozen ``Trial``. Out: a ``Record`` with curves, probes, snapshots, final weights, environment and cost.
Writes no file and sets no global thread count; probes and snapshots only look, they never touch the run.
"""
