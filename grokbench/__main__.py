"""``python -m grokbench``."""

from grokbench.cli import main

if __name__ == "__main__":
    main()
