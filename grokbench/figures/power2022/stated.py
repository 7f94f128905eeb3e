"""The experiments that the figures show, under the names of the paper's operations and interventions."""

from __future__ import annotations

DIVISION, ADDITION, SUBTRACTION = "division", "addition", "subtraction"
NO_DECAY = "division-adam"
HALF = (DIVISION, ADDITION, SUBTRACTION)  # the operations that are trained on half of their tables
NINETY = ("division-90-short", "addition-90", "subtraction-90")  # the same on nine tenths of them
TRAINED = tuple(name for pair in zip(HALF, NINETY, strict=True) for name in pair)
NEVER = ("cubic", "cubic-80")

AT_HALF = {  # experiment → what is trained there
    DIVISION: "x / y",
    SUBTRACTION: "x − y",
    ADDITION: "x + y",
    "addition-mirrored": "x + y,\nmirrors together",
}
READINGS = {  # experiment → in what it differs from the main recipe; those of earlier seeds are paired with each other
    DIVISION: "main recipe\n(the text)",
    "division-both-tokens": "answer and closing\ntoken scored",
    "division-first": "main recipe,\nearlier seeds",
    "division-one-split": "the code’s\none split,\nearlier seeds",
}

SMALL_FRACTIONS = {  # experiment → optimizer
    "s5-small-fractions-adam": "Adam, no weight decay",
    "s5-small-fractions": "AdamW, weight decay 1",
}
LEARNING_RATES = "s5-learning-rates"
DECAY = {"addition-80": "AdamW,\nweight decay 1", "addition-80-adam": "Adam,\nno weight decay"}

OPERATIONS = {  # experiment → operation, in the order of the paper's appendix A.1.1
    "addition-fractions": "x + y",
    "subtraction-fractions": "x − y",
    "division-fractions": "x / y",
    "mixed-fractions": "x / y for odd y, else x − y",
    "sum-of-squares-fractions": "x² + y²",
    "symmetric-quadratic-fractions": "x² + xy + y²",
    "quadratic-fractions": "x² + xy + y² + x",
    "cubic-product-fractions": "x³ + xy",
    "cubic": "x³ + xy² + y",
    "s5-decay": "x · y in S₅",
    "s5-conjugation-fractions": "x · y · x⁻¹ in S₅",
    "s5-palindrome-fractions": "x · y · x in S₅",
}
INTERVENTIONS = {  # experiment → intervention of Fig 2 left
    "s5-decay": "weight decay 1",
    "s5-decay-to-initial": "weight decay 1 to the start",
    "s5-adam": "Adam, minibatches",
    "s5-full-batch": "Adam, full batch",
    "s5-update-noise": "full batch, update noise",
    "s5-weight-noise": "weight noise 0.01",
    "s5-dropout": "dropout 0.1",
    "s5-lr-low": "learning rate 3e-4",
    "s5-lr-high": "learning rate 3e-3",
}

# What the paper says of Fig 1 center: how much later each hundredth of the table less makes T_gen, and where T_mem lies.
GROWTH = (1.4, 1.5)
FITS = (1_000, 10_000)
