"""Analyses, one file each: arrays made of a record's weights once its training has ended. ``making`` runs them.

In: a trial, its snapshots and its last weights. Out: arrays by name, which join the record under the analysis's version.
"""
