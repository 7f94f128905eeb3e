"""The built-in domains, one file each: its fields, its elements and their arithmetic.

``tasks/domain.py`` says what a domain gives.
"""
