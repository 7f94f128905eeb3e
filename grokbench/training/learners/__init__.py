"""Learners: what trains without a gradient, one file each. A step is whatever one of them calls an update.

In: the training rows. Out: outputs for any rows, and named arrays, which become a record's weights. Numpy alone.
"""
