"""Figures of Hu, Zhou and Yu 2024: training curves, networks and optimizers side by side, fractions of the table.

In: cells of the experiments named beside each figure. Out: ``FIGURES``, name → drawing.
"""

from __future__ import annotations

from grokbench.figures import Drawing
from grokbench.figures.hu2024 import arms, fractions, stated, training

A = tuple(name for names in stated.OFFICIAL.values() for name in names)

FIGURES = {
    "encoding-b": Drawing(
        "accuracy and loss of the Transformer in encoding B (Figs 2 and 6)",
        training.encoding_b,
        stated.B,
    ),
    "mlp": Drawing(
        "accuracy and loss of the ReLU network at 30 % (Figs 3 and 8)",
        training.mlp,
        tuple(stated.MLP),
    ),
    "mlp-15-45": Drawing(
        "accuracy and loss of the ReLU network at 15 and 45 % (Fig 3)",
        training.mlp_others,
        tuple(stated.MLP_OTHERS),
    ),
    "lstm": Drawing(
        "accuracy and loss of the LSTM at 30 % (Fig 4)",
        training.lstm,
        tuple(stated.LSTM),
    ),
    "lstm-45-60": Drawing(
        "accuracy and loss of the LSTM at 45 and 60 % (Fig 4)",
        training.lstm_others,
        tuple(stated.LSTM_OTHERS),
    ),
    "encodings": Drawing(
        "which networks fit and which generalise, by how x and y enter (Figs 2 to 4)",
        arms.encodings,
        tuple(stated.AT_30),
    ),
    "optimizers-at-half": Drawing(
        "accuracy after 1800 steps at half of the table (Fig 5)",
        arms.at_half,
        tuple(stated.HALF),
    ),
    "optimizers": Drawing(
        "accuracy after 1800 steps of eight optimizers at two fractions (Fig 5)",
        arms.two,
        tuple(stated.TWO),
    ),
    "optimizers-grid": Drawing(
        "accuracy after 1800 steps against α for eight optimizers (Fig 5)",
        fractions.optimizers,
        (*stated.GRID, stated.NINETY),
    ),
    "fractions": Drawing(
        "time to generalise and to fit against α in encoding B (Fig 7)",
        fractions.encoding_b,
        (stated.FRACTIONS,),
    ),
    "official": Drawing(
        "time to generalise and to fit against α in encoding A (Fig 1)",
        fractions.official,
        A,
    ),
    "onset": Drawing(
        "solved share against α in either encoding (Section 4.1)",
        fractions.onset,
        tuple(stated.ONSET),
    ),
}
