"""Figures of Hu, Zhou and Yu 2024: training curves, networks and optimizers side by side, fractions of the table.

In: cells of the experiments named beside each figure. Out: ``FIGURES``, name → drawing.
"""

from __future__ import annotations

from grokbench.reports.figures import Drawing
from grokbench.reports.figures.hu2024 import arms, fractions, source, training

A = tuple(name for names in source.OFFICIAL.values() for name in names)

FIGURES = {
    "encoding-b": Drawing(
        "accuracy and loss of the Transformer in encoding B (Figs 2 and 6)",
        training.encoding_b,
        source.B,
    ),
    "mlp": Drawing(
        "accuracy and loss of the ReLU network at 30 % (Figs 3 and 8)",
        training.mlp,
        tuple(source.MLP),
    ),
    "mlp-15-45": Drawing(
        "accuracy and loss of the ReLU network at 15 and 45 % (Fig 3)",
        training.mlp_others,
        tuple(source.MLP_OTHERS),
    ),
    "lstm": Drawing(
        "accuracy and loss of the LSTM at 30 % (Fig 4)",
        training.lstm,
        tuple(source.LSTM),
    ),
    "lstm-45-60": Drawing(
        "accuracy and loss of the LSTM at 45 and 60 % (Fig 4)",
        training.lstm_others,
        tuple(source.LSTM_OTHERS),
    ),
    "encodings": Drawing(
        "which networks fit and which generalise, by how x and y enter (Figs 2 to 4)",
        arms.encodings,
        tuple(source.AT_30),
    ),
    "optimizers-at-half": Drawing(
        "accuracy after 1800 steps at half of the table (Fig 5)",
        arms.at_half,
        tuple(source.HALF),
    ),
    "optimizers": Drawing(
        "accuracy after 1800 steps of eight optimizers at two fractions (Fig 5)",
        arms.two,
        tuple(source.TWO),
    ),
    "optimizers-grid": Drawing(
        "accuracy after 1800 steps against α for eight optimizers (Fig 5)",
        fractions.optimizers,
        (*source.GRID, source.NINETY),
    ),
    "fractions": Drawing(
        "time to generalise and to fit against α in encoding B (Fig 7)",
        fractions.encoding_b,
        (source.FRACTIONS,),
    ),
    "official": Drawing(
        "time to generalise and to fit against α in encoding A (Fig 1)",
        fractions.official,
        A,
    ),
    "onset": Drawing(
        "solved share against α in either encoding (Section 4.1)",
        fractions.onset,
        tuple(source.ONSET),
    ),
}
