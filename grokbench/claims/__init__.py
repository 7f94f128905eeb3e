"""Claims: from the records of an experiment to a verdict.

In: a Claim (its rule) and SeedViews (records by seed and arm). Out: a Verdict with its interval and reason.
Nothing here trains, reads a file or writes one.
"""
