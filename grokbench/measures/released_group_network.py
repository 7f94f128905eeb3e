"""The S5 network that Chughtai, Chan and Nanda (2023, arXiv 2302.03025) released, as a computation: does it do what they say?

The file holds the network as it acts (embedding times the matrix that reads it, and the readout; float32), its training pairs,
the group's table, and the numbers that the authors' code printed for it. Rows are permutations in lexicographic order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grokbench.measures.computation import Computation
from grokbench.specs.fields import field
from grokbench.specs.locate import builtin_root
from grokbench.specs.types import Section

AUTHORS = ("trivial", "sign", "standard", "standard_sign", "s5_5d_b", "s5_5d_a", "s5_6d")
"""The authors' names of the irreps of S5 in the order of ``analysis.representations``: 1a, 1b, 4a, 4b, 5a, 5b, 6a."""
PURE = 0.9  # share of one irrep from which a neuron is said to serve it


@dataclass(frozen=True)
class Fields:
    """a trained network of S5 with one hidden layer, and what its authors' code printed for it"""

    file: str = field("chughtai2023/s5-trained.npz", help="a file among the built-in recipes, paper/name.npz")


def _path(fields: Section) -> Path:
    return builtin_root() / "baselines" / str(fields["file"])


def faults(fields: Section) -> Iterator[tuple[str, str]]:
    """The file is there, and among the recipes."""
    root, path = builtin_root() / "baselines", _path(fields)
    if not (path.resolve().is_relative_to(root.resolve()) and path.suffix == ".npz" and path.is_file()):
        known = ", ".join(sorted(p.relative_to(root).as_posix() for p in root.glob("*/*.npz")))
        yield "file", f"expected a file among the built-in recipes: {known}; got {fields['file']!r}"


def compute(fields: Section, seed: int) -> dict[str, float]:
    """See ``NUMBERS``; the seed changes nothing."""
    import numpy as np

    with np.load(_path(fields), allow_pickle=False) as saved:
        file = dict(saved)
    printed = dict(zip(file["names"].tolist(), file["values"].tolist(), strict=True))
    ours, rest = numbers_as_printed(file)
    losses = [name for name in ours if "loss" in name]
    shares = [name for name in ours if "loss" not in name]
    return {
        "numbers-compared": float(len(set(ours) & set(printed))),
        "largest-loss-error": max(abs(ours[name] / printed[name] - 1) for name in losses),
        "largest-share-error": max(abs(ours[name] - printed[name]) for name in shares),
        "logit-share": ours["percent_logits_explained"],
        "embedding-share": min(ours[f"percent_{side}_embed_explained"] for side in "xy"),
        "readout-share": ours["percent_unembed_explained"],
        "product-share": ours["percent_hidden_xy_explained"],
        "excluded-loss": ours["total_hidden_excluded_loss"],
        **rest,
    }


def numbers_as_printed(file: Any) -> tuple[dict[str, float], dict[str, float]]:
    """Ours under the names that the authors' code gives them, and what it does not print.

    Not among them are the epoch, and Σw², which the file no longer has.
    """
    import numpy as np

    from grokbench.analysis import group_circuit as circuit
    from grokbench.analysis.progress import cross_entropy
    from grokbench.analysis.representations import irreps

    products = file["products"].astype(np.int64)
    n = len(products)
    of_x, of_y, readout = (file[name].astype(np.float64) for name in ("of_x", "of_y", "readout"))
    train = np.unpackbits(file["train"], count=n * n).reshape(n, n).astype(bool)
    parts = circuit.projectors(irreps(products), products)
    hidden = np.maximum(of_x[:, None] + of_y, 0)
    logits = hidden @ readout
    similar = circuit.trace_similarities(logits, products, parts)
    key = [i for i in range(1, len(parts)) if similar[i] > circuit.KEY]
    inside = circuit.hidden_shares(hidden, products, parts)
    rows = {"x_embed": of_x, "y_embed": of_y, "unembed": readout.T}
    shares = {name: circuit.row_shares(own, parts) for name, own in rows.items()}

    out: dict[str, float] = {
        "percent_logits_explained": float((similar[key] ** 2).sum()),
        "percent_hidden_explained": inside[:, key].sum(),
        "percent_hidden_xy_explained": inside[2, key].sum(),
        **{f"percent_{name}_explained": own[key].sum() for name, own in shares.items()},
    }
    for i, name in enumerate(AUTHORS):
        out |= {f"percent_{own}_{name}_rep": share[i] for own, share in shares.items()}
        out |= {f"percent_hidden_{side}_{name}_rep": inside[j, i] for j, side in enumerate(("x", "y", "xy"))}
        out[f"total_percent_hidden_{name}_rep"] = inside[:, i].sum()
        if i:
            out[f"logit_{name}_rep_trace_similarity"] = similar[i]
    one = [([i], f"{{}}_{name}_rep") for i, name in enumerate(AUTHORS)]
    everywhere = {}
    for which, called in [*one, (key, "total_{}")]:
        some = parts[which]
        of_hidden = circuit.product_logits(hidden, readout, products, some)
        found = {"hidden": of_hidden, "logit": circuit.character_logits(logits, products, some)}
        for where, by_product in found.items():
            if which == [0] and where == "logit":
                continue
            out[called.format(f"{where}_restricted_loss")] = circuit.restricted_loss(by_product)
            out[called.format(f"{where}_excluded_loss")] = circuit.excluded_loss(
                logits, by_product, products, train
            )
        everywhere[called] = float(cross_entropy(logits - of_hidden[products], products).mean())
    losses = cross_entropy(logits, products)
    out |= {"all_loss": losses.mean(), "train_loss": losses[train].mean(), "test_loss": losses[~train].mean()}
    out["test_loss_restricted_loss_ratio"] = out["test_loss"] / out["total_hidden_restricted_loss"]
    right = logits.argmax(axis=2) == products
    out |= {"train_acc": right[train].mean(), "test_acc": right[~train].mean()}
    purity = np.nan_to_num(circuit.neuron_purity(hidden, products, parts[1:]))
    rest = {
        "loss-without-standard": everywhere["{}_standard_rep"],
        "loss-without-sign": everywhere["{}_sign_rep"],
        "pure-neurons": float((purity >= PURE).mean()),
    }
    return {name: float(value) for name, value in out.items()}, rest


NUMBERS = {
    "numbers-compared": "how many of the printed numbers are made again",
    "largest-loss-error": "largest relative error of a printed loss",
    "largest-share-error": "largest absolute error of a printed share, similarity or accuracy",
    "logit-share": "share of the logits, centred over classes, along the characters of the key irreps",
    "embedding-share": "share of the embedding in the key irreps, the lesser of x's and y's",
    "readout-share": "share of the readout in the key irreps",
    "product-share": "share of the hidden layer's variance that ρ(ab) of the key irreps explains",
    "excluded-loss": "training loss once the key irreps' ρ(ab) is taken out of the hidden layer",
    "loss-without-standard": "loss over all pairs without ρ(ab) of the standard irrep",
    "loss-without-sign": "loss over all pairs without ρ(ab) of the sign",
    "pure-neurons": "share of the neurons whose best irrep has 0.9 or more of what all irreps explain",
}
RELEASED_GROUP_NETWORK = Computation(
    "released-group-network",
    Fields,
    NUMBERS,
    compute="grokbench.measures.released_group_network:compute",
    faults=faults,
)
