"""The experiments that the figures show, the numbers that the paper states, and the measures that its claims read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grokbench.figures import style
from grokbench.measures import measure
from grokbench.measures.cells import Cell, SeedView
from grokbench.measures.reading import baseline, ends

MAIN = "b30"
B = (
    "b15",
    MAIN,
    "b30-fresh",
    "b45",
    "b90",
)  # b30-fresh: seeds of which nothing was known; b90: the control of b30
STATED_ALPHA = 0.3  # the fraction of which Fig 2b is
STATED = (  # of Fig 2b: step, colour and line, what the text says of it
    (200, style.GREEN, ":", "paper, α = 0.3: training set fitted (200)"),
    (6_000, style.PURPLE, "-.", "paper, α = 0.3: test accuracy rises (6000)"),
    (9_100, "0.35", "-", "paper, α = 0.3: test accuracy full (9100)"),
)

ENCODINGS = {"scalars": "numbers", "one-hot": "unit vectors", "embedding": "learned embedding"}


def _arms(network: str, name: str, percents: Iterable[int]) -> dict[str, str]:
    """Experiment → network and how x and y enter it, fraction by fraction."""
    return {f"{name}-{e}-{n}": f"{network}, {said}" for n in percents for e, said in ENCODINGS.items()}


MLP = {
    **_arms("ReLU network", "mlp", (30,)),
    "mlp-3-matrices-30": "ReLU network, three matrices, unit vectors",
}
MLP_OTHERS = _arms("ReLU network", "mlp", (15, 45))
LSTM = _arms("LSTM", "lstm", (30,))
LSTM_OTHERS = _arms("LSTM", "lstm", (45, 60))
AT_30 = {  # experiment → the label of its place, in two or three lines
    MAIN: "Transformer,\nencoding B",
    "mlp-scalars-30": "ReLU,\nnumbers",
    "mlp-one-hot-30": "ReLU, unit\nvectors",
    "mlp-embedding-30": "ReLU,\nembedding",
    "mlp-3-matrices-30": "ReLU, unit\nvectors,\n3 matrices",
    "lstm-scalars-30": "LSTM,\nnumbers",
    "lstm-one-hot-30": "LSTM, unit\nvectors",
    "lstm-embedding-30": "LSTM,\nembedding",
}

HALF = {  # AdamW and Adam in turn, so that each pair stands side by side
    "adamw-half": "AdamW,\nfull batch",
    "adam-half": "Adam,\nfull batch",
    "adamw-128-half": "AdamW,\nbatches of 128",
    "adam-128-half": "Adam,\nbatches of 128",
    "adamw-128-half-other-init": "AdamW, 128,\nother initial\nweights",
    "adam-128-half-other-init": "Adam, 128,\nother initial\nweights",
}
OPTIMIZERS = {  # the eight arms of Fig 5
    "adamw": "AdamW,\nfull batch",
    "adamw-128": "AdamW,\nbatches of 128",
    "adam": "Adam,\nfull batch",
    "adam-128": "Adam,\nbatches of 128",
    "adam-lr-3e-4": "Adam,\nlr 3e-4",
    "adam-lr-3e-3": "Adam,\nlr 3e-3",
    "adam-update-noise": "Adam, noise\non updates",
    "adam-weight-noise": "Adam, noise\non weights",
}
TWO = {f"{name}-two": label for name, label in OPTIMIZERS.items()}
GRID = {f"{name}-grid": label for name, label in OPTIMIZERS.items()}
NINETY = "adam-90"  # full-batch Adam once more, at the largest fraction of the grid alone
FITS = (100, 200)  # updates after which the paper has every method fit its training set

FRACTIONS = "b-fractions"
OFFICIAL = {  # panel → its experiments; of those that share a fraction the first one with records is shown
    "weight decay 1": ("official-05", "official-45-60", "official-75", "official-90", "official-fractions"),
    "no weight decay": (
        "official-no-decay-05",
        "official-no-decay-45-60",
        "official-no-decay-75",
        "official-no-decay-90",
        "official-no-decay-fractions",
    ),
}
EPOCHS = 6_000  # after which encoding A generalises
EPOCHS_ALPHAS = (0.45, 0.6)  # the fractions of which the paper says so
ONSET = {
    "official-20000": "encoding A, weight decay 1",
    "official-no-decay-20000": "encoding A, no weight decay",
    "b-20000": "encoding B, weight decay 1",
    "b-no-decay-20000": "encoding B, no weight decay",
}


ABOVE = "a′ = (a\u00a0−\u00a0b)/(1\u00a0−\u00a0b)"  # what a caption says of it; not to be broken over lines


def measured(name: str, cell: Cell) -> float:
    """A measure of one run, the one that claims name; infinite where it is bounded below only."""
    seed, settings, record = cell
    return ends(measure(name)(SeedView(seed, ((Cell(seed, settings, record),),)))).high


def memoriser(group: Iterable[Cell]) -> float:
    """b of these runs, the median over their splits."""
    return style.median(baseline(record) for _, _, record in group)


def by_alpha(group: Iterable[Cell]) -> Mapping[float, tuple[Cell, ...]]:
    """The cells by their training fraction, ascending."""
    out: dict[float, list[Cell]] = {}
    for cell in group:
        out.setdefault(float(cell[2].trial.alpha), []).append(cell)
    return {alpha: tuple(out[alpha]) for alpha in sorted(out)}
