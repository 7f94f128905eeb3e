"""Wrappers: one file each; they change a gradient and hand it on to the optimizer that they are built around.

In: an optimizer. Out: another one.
"""
