"""Measures: pure functions from arrays to numbers (numpy; scipy inside functions only).

In: curves, weight matrices, outcomes over seeds. Out: times, shares, phases, intervals.
Nothing here trains, reads a file or knows a paper.
"""
