"""Runs: what must be trained (plan), under which key, where its record lies (store) and which process trains it.

In: papers and trials. Out: records on disk. Torch is imported by workers alone.
"""
