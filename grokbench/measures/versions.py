"""Versions of the analyses that are made after training; a raised one is made again from stored weights, without training."""

ANALYSES = {"progress": 1, "circuit": 1, "circles": 1}
"""Name → version; raise it whenever the numbers of that analysis change."""
