"""The built-in ways to read answers off outputs, one file each. ``tasks/decoding.py`` says what a decoding gives."""
