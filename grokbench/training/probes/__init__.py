"""Probes, one file each: series of numbers read off the weights while a run goes on. ``observer`` collects them.

In: weights, or loss, parameters and gradients. Out: a row of numbers. They only look.
"""
