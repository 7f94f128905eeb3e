"""Figures of Power et al. 2022: training curves, times, fractions of the table, circles in the output layer.

In: cells of the experiments named beside each figure. Out: ``FIGURES``, name → drawing.
"""

from __future__ import annotations

from grokbench.figures import Drawing
from grokbench.figures.power2022 import delays, embedding, fractions, stated, training

FIGURES = {
    "training": Drawing(
        "accuracy and loss from half and from nine tenths of the table (the form of Figs 1 left and 4)",
        training.training,
        stated.TRAINED,
    ),
    "operations-at-half": Drawing(
        "time to fit and to generalise from half of the table", delays.operations, tuple(stated.AT_HALF)
    ),
    "readings": Drawing("the same under each reading of the recipe", delays.readings, tuple(stated.READINGS)),
    "embedding": Drawing(
        "circles in the output layer (Fig 3 right)", embedding.embedding, (stated.ADDITION,)
    ),
    "embedding-addition-80": Drawing(
        "circles in the output layer with and without weight decay (Section 3.4)",
        embedding.decay,
        tuple(stated.DECAY),
    ),
    "never": Drawing("accuracy on x³ + xy² + y (Section 3.2)", training.never, stated.NEVER),
    "adam": Drawing(
        "accuracy and loss without weight decay (Figs 1 left and 4)",
        training.adam,
        (stated.NO_DECAY, stated.DIVISION),
    ),
    "fractions": Drawing(
        "time to generalise and to fit against α (Fig 1 center)",
        fractions.small_fractions,
        tuple(stated.SMALL_FRACTIONS),
    ),
    "interventions": Drawing(
        "solved share against α for each intervention (Fig 2 left)",
        fractions.interventions,
        tuple(stated.INTERVENTIONS),
    ),
    "operations": Drawing(
        "solved share against α for each operation (Fig 2 right)",
        fractions.operations,
        tuple(stated.OPERATIONS),
    ),
    "learning-rates": Drawing(
        "best test accuracy against the learning rate (Section 3.3)",
        fractions.learning_rates,
        (stated.LEARNING_RATES,),
    ),
}
