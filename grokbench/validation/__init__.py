"""Specs checked whole: whatever would fail while a trial trains, or while a claim is decided, is found before anything runs.

In: spec files. Out: mistakes, each with its file, field and nearest valid name.
"""
