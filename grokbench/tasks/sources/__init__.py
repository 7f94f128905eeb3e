"""The built-in sources of a task's rows, one file each. ``tasks/source.py`` says what a source gives."""
