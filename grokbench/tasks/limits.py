"""How large a table may be."""

MAX_ROWS = 50_000_000
MAX_ELEMENTS = 7071  # whose square is the largest below MAX_ROWS
