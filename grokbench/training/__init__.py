"""Training: from one trial to one record.

In: a frozen ``Trial``. Out: a ``Record`` with curves, probes, snapshots, final weights, environment and cost.
Writes no file, and puts back every setting of the process that it changes. Probes and snapshots only look.
"""
