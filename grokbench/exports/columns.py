"""The columns of each exported table: what they are called, of which type and unit, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass

STRING, INTEGER, NUMBER, BOOLEAN = "string", "integer", "number", "boolean"
STEPS = "optimizer steps"


@dataclass(frozen=True)
class Column:
    """A column. type: as the Table Schema of Frictionless Data calls it."""

    name: str
    type: str
    meaning: str
    unit: str = ""


IDENTITY = (
    Column("run", STRING, "the first digits of the trial's key; the same in every table"),
    Column("experiments", STRING, "experiments of the paper that read the run, a space between two"),
    Column("task", STRING, "id of the task's spec"),
    Column("baseline", STRING, "id of the recipe's spec"),
    Column("changes", STRING, "fields in which the trial differs from both specs, as `--set` takes them"),
    Column("alpha", NUMBER, "training fraction α", "share of the table"),
    Column("seed", INTEGER, "fixes initial weights, split, batches and noise"),
)
"""What each row says of its run."""

CURVES = (
    Column("step", INTEGER, "when the whole training and test set were evaluated", STEPS),
    Column("train_loss", NUMBER, "the recipe's loss on the training set"),
    Column("train_accuracy", NUMBER, "share of training rows that are answered rightly"),
    Column("test_loss", NUMBER, "the recipe's loss on the test set"),
    Column("test_accuracy", NUMBER, "share of test rows that are answered rightly"),
    Column("train_accuracy_clean", NUMBER, "of training rows with true labels, where others are corrupted"),
    Column("train_accuracy_corrupted", NUMBER, "of training rows with corrupted labels, by these labels"),
    Column("train_accuracy_corrected", NUMBER, "of training rows with corrupted labels, by the true ones"),
)
PROBES = (
    Column("step", INTEGER, "when it was looked at", STEPS),
    Column("probe", STRING, "the probe, or the analysis of snapshots, that made the series"),
    Column("series", STRING, "the series"),
    Column("index", INTEGER, "place among several numbers at one step, from 0; empty where there is one"),
    Column("value", NUMBER, "the number; kept in single precision"),
)
RUNS = (
    Column("key", STRING, "the trial's whole key"),
    Column("rows", INTEGER, "number of training rows"),
    Column("budget", INTEGER, "steps that were allowed", STEPS),
    Column("steps", INTEGER, "steps that were done", STEPS),
    Column("memoriser_baseline", NUMBER, "b: test accuracy of a memoriser without arithmetic"),
    Column("t_mem", NUMBER, "T_mem; inf: not reached", STEPS),
    Column("t_gen", NUMBER, "T_gen; inf: not reached", STEPS),
    Column("half_rise_ratio", NUMBER, "R½; inf: not reached"),
    Column("f_95", NUMBER, "first evaluation with test accuracy 0.95 or more; inf: not reached", STEPS),
    Column("f_99", NUMBER, "first evaluation with test accuracy 0.99 or more; inf: not reached", STEPS),
    Column("outcome", STRING, "outcome class: grokking, comprehension, partial, memorisation, …"),
    Column("strong", BOOLEAN, "whether it is strong grokking"),
    Column(
        "stays", BOOLEAN, "whether it does not lose what it has learned; empty where the run is too short"
    ),
    Column("ended", STRING, "finished (budget used), stopped (horizon reached) or diverged"),
    Column("final_train_accuracy", NUMBER, "at the last evaluation"),
    Column("final_test_accuracy", NUMBER, "at the last evaluation"),
    Column("seconds", NUMBER, "wall time of the whole trial", "seconds"),
    Column("engine", STRING, "the engine that trained it"),
    Column("cpu", STRING, "the processor that it ran on"),
    Column("torch", STRING, "version of torch"),
    Column("content", STRING, "hash of curves, outcome and weights"),
)
CLAIM = (
    Column("paper", STRING, "id of the paper"),
    Column("claim", STRING, "id of the claim"),
)
MEASURES = (
    Column("of", STRING, "claim: the runs under test; control: those on which the rule must say no"),
    Column("seed", INTEGER, "the seed; of a claim on pairs, the first of two"),
    Column("measure", STRING, "the measure that a condition of the rule asks"),
    Column("arguments", STRING, "what it was asked with, as JSON"),
    Column("value", NUMBER, "the number, in the measure's unit; inf: not reached; empty: not measurable"),
    Column("accepted_min", NUMBER, "least number that the condition accepts; empty: unbounded"),
    Column("accepted_max", NUMBER, "largest number that the condition accepts; empty: unbounded"),
    Column("yes", BOOLEAN, "whether the seed meets all conditions of the rule; empty: unknown"),
)
VERDICTS = (
    Column("title", STRING, "the claim in a sentence"),
    Column("kind", STRING, "kind of claim, which says what decides it"),
    Column("verdict", STRING, "REPRODUCED, NOT REPRODUCED, INCONCLUSIVE, NOT RUN or ERROR"),
    Column("name", STRING, "the verdict as pages call it: under our reading, where it is"),
    Column("tier", STRING, "the tier that decided it"),
    Column("seeds", INTEGER, "seeds, or draws, that it was decided on"),
    Column("yes", INTEGER, "how many of them meet the rule"),
    Column("statistic", NUMBER, "what was compared with the accepted region"),
    Column("interval_low", NUMBER, "lower end of its 95 % interval"),
    Column("interval_high", NUMBER, "upper end of its 95 % interval"),
    Column("accepted_min", NUMBER, "lower end of the accepted region; empty: unbounded"),
    Column("accepted_max", NUMBER, "upper end of the accepted region; empty: unbounded"),
    Column("median", NUMBER, "median of the first condition's number over the seeds"),
    Column("median_low", NUMBER, "lower end of the median's exact interval"),
    Column("median_high", NUMBER, "upper end of the median's exact interval"),
    Column("paper_says", STRING, "the paper's own number, or its words"),
    Column("source", STRING, "where the paper says so"),
    Column("grade", STRING, "A: from the paper itself; B: second-hand; C: derived by us"),
    Column("headline", BOOLEAN, "whether it stands in the first table of the report"),
    Column("reason", STRING, "why the verdict is this one, in a sentence"),
)

TABLES = {
    "runs": (*IDENTITY, *RUNS),
    "curves": (*IDENTITY, *CURVES),
    "probes": (*IDENTITY, *PROBES),
    "measures": (*CLAIM, *MEASURES),
    "verdicts": (*CLAIM, *VERDICTS),
}
"""Every table there is, in the order in which they are written."""
MEANINGS = {
    "runs": "a row for each run: what it is of, when it fitted and generalised, and what it cost",
    "curves": "a row for each evaluation of each run",
    "probes": "a row for each number of a probe, or of an analysis over the steps, of each run",
    "measures": "a row for each seed and condition of each claim's rule",
    "verdicts": "a row for each claim",
}
