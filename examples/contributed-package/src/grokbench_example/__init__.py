"""A contributed package: one file a part, and a folder of specs. ``pyproject.toml`` says what lies where."""
