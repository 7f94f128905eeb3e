"""Wrappers: one file each; they change a gradient before the optimizer that they are built around, or its weights after it.

In: an optimizer. Out: another one.
"""
