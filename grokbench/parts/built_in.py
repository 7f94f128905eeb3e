"""The parts that this package brings, as tables of import strings; adding one takes a line here."""

from __future__ import annotations

from collections.abc import Mapping

from grokbench.parts.measures import MEASURES

BUILT_IN: Mapping[str, Mapping[str, str]] = {
    "networks": {
        "quadratic-mlp": "grokbench.networks.quadratic_mlp:ARCHITECTURE",
        "analytic-quadratic-mlp": "grokbench.networks.analytic_mlp:ARCHITECTURE",
        "one-layer-transformer": "grokbench.networks.one_layer_transformer:ARCHITECTURE",
        "decoder-transformer": "grokbench.networks.decoder_transformer:ARCHITECTURE",
        "lstm": "grokbench.networks.lstm:ARCHITECTURE",
        "gru": "grokbench.networks.gru:ARCHITECTURE",
        "relu-mlp": "grokbench.networks.relu_mlp:ARCHITECTURE",
        "vector-mlp": "grokbench.networks.vector_mlp:ARCHITECTURE",
        "diagonal-linear": "grokbench.networks.diagonal_linear:ARCHITECTURE",
        "matrix-factors": "grokbench.networks.matrix_factors:ARCHITECTURE",
    },
    "losses": {
        "mse": "grokbench.training.losses:MSE",
        "cross-entropy": "grokbench.training.losses:CROSS_ENTROPY",
        "hinge": "grokbench.training.losses:HINGE",
        "stablemax": "grokbench.training.stablemax:STABLEMAX",
        "logistic": "grokbench.training.losses:LOGISTIC",
    },
    "optimizers": {
        "gd": "grokbench.training.optimizers.gd:GD",
        "adamw": "grokbench.training.optimizers.adam:ADAMW",
        "none": "grokbench.training.optimizers.untrained:NONE",
        "adam": "grokbench.training.optimizers.adam:ADAM",
        "muon": "grokbench.training.optimizers.muon:MUON",
        "lion": "grokbench.training.optimizers.lion:LION",
    },
    "wrappers": {
        "none": "grokbench.training.wrappers.bare:NONE",
        "grokfast-ema": "grokbench.training.wrappers.grokfast:EMA",
        "orthogonal-grad": "grokbench.training.wrappers.orthogonal:ORTHOGONAL",
    },
    "learners": {
        "rfm": "grokbench.training.learners.rfm:RFM",
    },
    "computations": {
        "memorising-toy": "grokbench.measures.memorising_toy:MEMORISING_TOY",
        "table-relabelling": "grokbench.measures.relabelling:TABLE_RELABELLING",
        "fourier-interpolant": "grokbench.measures.fourier_interpolant:FOURIER_INTERPOLANT",
        "transformer-weights": "grokbench.measures.sizes:TRANSFORMER_WEIGHTS",
    },
    "domains": {
        "integers-mod": "grokbench.tasks.domains.integers_mod:DOMAIN",
        "symmetric-group": "grokbench.tasks.domains.symmetric_group:DOMAIN",
        "alternating-group": "grokbench.tasks.domains.alternating_group:DOMAIN",
        "dihedral-group": "grokbench.tasks.domains.dihedral_group:DOMAIN",
        "cyclic-group": "grokbench.tasks.domains.cyclic_group:DOMAIN",
        "product": "grokbench.tasks.domains.product:DOMAIN",
        "integers": "grokbench.tasks.domains.integers:DOMAIN",
        "bits": "grokbench.tasks.domains.bits:DOMAIN",
        "sparse-linear": "grokbench.tasks.domains.linear:SPARSE",
        "dense-linear": "grokbench.tasks.domains.linear:DENSE",
    },
    "sources": {
        "table": "grokbench.tasks.sources.table:SOURCE",
        "numbers": "grokbench.tasks.sources.numbers:SOURCE",
        "samples": "grokbench.tasks.sources.samples:SOURCE",
        "online": "grokbench.tasks.sources.online:SOURCE",
    },
    "decodings": {
        "classes": "grokbench.tasks.decodings.classes:DECODING",
        "nearest-template": "grokbench.tasks.decodings.nearest_template:DECODING",
        "error-below": "grokbench.tasks.decodings.error_below:DECODING",
    },
    "corruptions": {"labels": "grokbench.tasks.corruptions.labels:CORRUPTION"},
    "probes": {
        "trace": "grokbench.training.probes.trace:PROBE",
        "ipr": "grokbench.training.probes.ipr:PROBE",
        "phases": "grokbench.training.probes.phases:PROBE",
        "spectrum": "grokbench.training.probes.spectrum:PROBE",
        "circulant": "grokbench.training.probes.circulant:PROBE",
        "last-layer": "grokbench.training.probes.last_layer:PROBE",
        "norm": "grokbench.training.probes.norm:PROBE",
    },
    "analyses": {
        "progress": "grokbench.training.analyses.progress:ANALYSIS",
        "circuit": "grokbench.training.analyses.circuit:ANALYSIS",
        "anatomy": "grokbench.training.analyses.anatomy:ANALYSIS",
        "each-frequency": "grokbench.training.analyses.each_frequency:ANALYSIS",
        "circles": "grokbench.training.analyses.circles:ANALYSIS",
        "neuron-phases": "grokbench.training.analyses.phases:ANALYSIS",
        "collapse": "grokbench.training.analyses.collapse:ANALYSIS",
        "max-margins": "grokbench.training.analyses.max_margins:ANALYSIS",
        "periodic-neurons": "grokbench.training.analyses.periodic:ANALYSIS",
        "phase-shuffles": "grokbench.training.analyses.shuffles:ANALYSIS",
        "preactivation-power": "grokbench.training.analyses.preactivation:ANALYSIS",
    },
    "measures": MEASURES,
    "figures": {
        "curves": "grokbench.figures.curves:KIND",
        "against": "grokbench.figures.against:KIND",
        "arms": "grokbench.figures.arms:KIND",
        "solved": "grokbench.figures.solved:KIND",
        "map": "grokbench.figures.map:KIND",
        "histogram": "grokbench.figures.histogram:KIND",
        "spectra": "grokbench.figures.circuit:SPECTRA",
        "neurons": "grokbench.figures.circuit:NEURONS",
        "logits": "grokbench.figures.circuit:LOGITS",
        "ablations": "grokbench.figures.circuit:ABLATIONS",
        "circles": "grokbench.figures.circles:KIND",
        "phases": "grokbench.figures.neurons:PHASES",
        "preactivations": "grokbench.figures.neurons:PREACTIVATIONS",
    },
    "executors": {
        "local": "grokbench.plan.local:LOCAL",
        "here": "grokbench.plan.here:HERE",
    },
}
"""Kind → name → "module:object"."""
FIELD = {
    "networks": "model.kind",
    "losses": "loss.kind",
    "optimizers": "optimizer.kind",
    "wrappers": "optimizer.wrapper.kind",
    "learners": "learner.kind",
    "computations": "computation.kind",
    "domains": "domain.kind",
    "sources": "source.kind",
    "decodings": "decode.kind",
    "corruptions": "data.corruption.kind",
    "figures": "figure.kind",
}
"""Kind → the field of a recipe, a task, a claim or a figure that names one."""
NEEDS = {
    "networks": ("fields", "build", "restore", "size"),
    "losses": ("fields", "total", "reduce"),
    "optimizers": ("fields", "build"),
    "wrappers": ("fields", "build"),
    "learners": ("fields", "build", "size", "loss"),
    "computations": ("fields", "numbers", "compute"),
    "domains": ("fields", "build"),
    "sources": ("fields", "gives", "shape", "count", "rows"),
    "decodings": ("fields", "gives", "outputs", "right"),
    "corruptions": ("fields", "relabel"),
    "probes": ("look", "faults", "every_step"),
    "analyses": ("version", "make", "faults", "first", "passes"),
    "measures": (),
    "figures": ("fields", "draw", "panels", "bare"),
    "executors": ("run",),
}
"""Kind → what such a part has."""
