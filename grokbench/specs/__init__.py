"""Specs: JSON Schemas, the loader, the frozen values that every stage passes on, and error messages.

In: TOML files and dotted overrides. Out: TaskSpec, Recipe, Paper, Trial. Touches no other room.
"""
