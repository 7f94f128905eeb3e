"""Figures: data in ``figures.toml``, each drawn by its kind from the cells of its experiments.

In: a paper, cells by experiment id. Out: PNG and SVG files, and the numbers that they show.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grokbench import parts
from grokbench.analysis.threads import one_thread
from grokbench.claims import phrases as w
from grokbench.figures.fields import Fields, made
from grokbench.figures.kind import Kind
from grokbench.figures.style import own_look
from grokbench.measures.cells import Cell, Cells
from grokbench.specs.errors import GrokbenchError, PartError
from grokbench.specs.types import Claim, Paper
from grokbench.store.replacing import replaced
from grokbench.training.record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from grokbench.figures.chart import Chart
    from grokbench.plan.compared import CompareResult
    from grokbench.plan.growth import Point
    from grokbench.plan.standings import Standings
    from grokbench.plan.sweep import SweepResult

__all__ = [
    "DRAWN",
    "FORMATS",
    "Kind",
    "charted",
    "draw",
    "draw_compare",
    "draw_curves",
    "draw_growth",
    "draw_standings",
    "draw_sweep",
    "figure",
    "missing",
    "name_for",
    "registry",
    "shown_in",
    "written",
]

FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""Ending of a file that a figure can be saved as → what is kept out of it, so that the same records give the same bytes."""
DRAWN = (".png", ".svg")
"""What a report has of each figure; its page shows the first."""
DENSITY = 200  # dots per inch


def registry(paper: Paper) -> dict[str, tuple[str, Fields]]:
    """Figure id → its kind and its fields: those of ``figures.toml``, then curves for the claims that ask for them.

    A claim that asks for ``curves`` gets those of its experiments, ``curves-<its first experiment>``. A paper without
    figures of its own also has ``curves``, all of its experiments in one. Errors: UnknownNameError.
    """
    found: dict[str, tuple[str, Fields]] = {}
    for table in paper.figures:
        own = written(table)
        apart = own.needs if own.separate else ("",)
        for i, name in enumerate(apart):
            names = own.id if i == 0 else f"{own.id}-{name}"
            chosen = {name: own.experiments[name]} if name else own.experiments
            label = own.experiments[name] if name else ""
            title = f"{own.title} ({label})" if label and "{" not in label else own.title
            found[names] = table["kind"], dataclasses.replace(own, id=names, title=title, experiments=chosen)
    if not paper.figures:
        found["curves"] = "curves", _curves("curves", [one.id for one in paper.experiments])
    plain: dict[str, list[str]] = {}
    for claim in paper.claims:
        if claim.figure == "curves" and claim.experiments:
            plain.setdefault(f"curves-{claim.experiments[0]}", []).extend(claim.experiments)
    for name, experiments in plain.items():
        found.setdefault(name, ("curves", _curves(name, dict.fromkeys(experiments))))
    return found


def written(table: Mapping[str, Any]) -> Fields:
    """One table of ``figures.toml`` as its kind's fields. Errors: UnknownNameError."""
    kind: Kind = parts.find("figures", table["kind"])
    return made(kind.fields, {key: value for key, value in table.items() if key != "kind"}, kind.bare)


def _curves(name: str, experiments: Iterable[str]) -> Fields:
    from grokbench.figures.curves import Curves

    shown = list(experiments)
    title = f"Accuracy and loss of {w.few(shown).replace('`', '')}"
    return Curves(id=name, title=title, experiments=dict.fromkeys(shown, ""))


def name_for(paper: Paper, claim: Claim) -> str | None:
    """The figure that a claim asks for; None when it asks for none, or for an unknown one."""
    return claim.figure_in(registry(paper))


def shown_in(paper: Paper, names: Iterable[str]) -> set[str]:
    """The experiments that these figures show, where they have records."""
    known = registry(paper)
    return {experiment for name in names if name in known for experiment in known[name][1].needs}


def figure(kind: str, own: Fields, cells: Cells) -> Figure | None:
    """Draw one figure; None where no run is there to be shown. Errors: PartError where a kind from outside raises."""
    part = parts.part("figures", kind)
    drawing = parts.load(part)
    try:
        with one_thread():
            drawn: Figure | None = drawing.draw(own, cells)
    except GrokbenchError:
        raise
    except Exception as error:
        if not parts.outsiders([part]):
            raise
        raise PartError(f"{part} failed ({type(error).__name__}: {error})") from error
    return drawn


def charted(kind: str, own: Fields, cells: Cells) -> Chart | None:
    """The numbers that one figure shows, as ``chart.chart`` gives them; None where no run is there to be shown.

    ``stages``: of a kind that knows several, the panels at each, with the words for when. Errors: PartError.
    """
    from grokbench.figures import chart

    with own_look():
        drawn = figure(kind, own, cells)
        if drawn is None:
            return None
        shown = chart.chart(drawn)
        stages = getattr(parts.find("figures", kind), "stages", None)
        if stages is not None:
            shown["stages"] = [
                {"when": when, "panels": chart.chart(one)["panels"]} for when, one in stages(own, cells)
            ]
    return shown


def draw(paper: Paper, cells: Cells, folder: Path, draft: bool = False) -> dict[str, Path]:
    """Draw what can be drawn into ``folder``, in every format of ``DRAWN``; id → its PNG. Other pictures there are removed.

    draft: as PNG alone, in half the density, and without the title's finding, for which the runs of a few steps say nothing.
    """
    drawn: dict[str, Path] = {}
    formats = DRAWN[:1] if draft else DRAWN
    for name, (kind, own) in registry(paper).items():
        shown = dataclasses.replace(own, title=f"{name}: a few steps, which find nothing") if draft else own
        with own_look():
            found = figure(kind, shown, cells)
            if found is not None:
                _save_all(found, folder / name, formats, draft)
                drawn[name] = folder / f"{name}{formats[0]}"
    for ending in DRAWN:
        for path in folder.glob(f"*{ending}"):
            if path.stem not in drawn or ending not in formats:
                path.unlink()
    return drawn


def draw_curves(record: Record, path: Path) -> None:
    """Accuracy and loss of one record at ``path``, in the format of its ending, one of ``FORMATS``."""
    from grokbench.figures import curves

    trial = record.trial
    title = f"{trial.task.id}, {trial.recipe.id}, seed {trial.seed}, α = {trial.alpha:g}"
    own = curves.Curves(id="run", title=title, experiments={"run": "{task.operation}"})
    with own_look():
        found = curves.draw(own, {"run": (Cell(trial.seed, {}, record),)}, untrained=True)
        assert found is not None
        _save(found, path)


def draw_sweep(result: SweepResult, path: Path) -> None:
    """A sweep's solved-α curve and times as a PNG at ``path``."""
    from grokbench.figures import solved

    trial, n = result.trial, len(result.seeds)
    title = f"{trial.task.id}, {trial.recipe.id}, {n} seed{'s' if n > 1 else ''}"
    times = {alpha: result.times(alpha) for alpha in result.alphas}
    with own_look():
        _save(solved.sweep(result.threshold, times, result.budget, title), path)


def draw_compare(result: CompareResult, path: Path, heading: str) -> None:
    """A comparison's times and test accuracies under ``heading``: ``path`` with each ending of ``DRAWN``."""
    from grokbench.figures import compared

    with own_look():
        _save_all(compared.draw(result, heading), path, DRAWN)


def draw_standings(result: Standings, folder: Path, heading: str) -> dict[str, Path]:
    """A track's times and profiles in ``folder``, with each ending of ``DRAWN``; figure → its PNG."""
    from grokbench.figures import standings

    drawn = {"times": standings.times, "profiles": standings.profiles}
    with own_look():
        for name, draw_one in drawn.items():
            _save_all(draw_one(result, f"{heading}: {standings.SHOWN[name]}"), folder / name, DRAWN)
    return {name: folder / f"{name}{DRAWN[0]}" for name in drawn}


def draw_growth(points: Sequence[Point], path: Path) -> None:
    """What a step costs, and how that grows (``plan.growth``): ``path`` with each ending of ``DRAWN``."""
    from grokbench.figures import growth

    with own_look():
        _save_all(growth.draw(points), path, DRAWN)


def missing(paper: Paper, drawn: Collection[str], cells: Cells) -> dict[str, str]:
    """Figure that was not drawn → what it needs, in words: the experiments without records, a few of them by name."""
    out = {}
    for name, (_, own) in registry(paper).items():
        if name not in drawn:
            lacking = [experiment for experiment in own.needs if not cells.get(experiment)]
            out[name] = w.few(lacking or own.needs) or "at least one trained trial"
    return out


def _save_all(figure: Figure, path: Path, formats: Iterable[str], draft: bool = False) -> None:
    for ending in formats:
        _save(figure, path.with_name(f"{path.name}{ending}"), draft)
        figure.set_layout_engine("none")  # it stays as it was laid out for the first


def _save(figure: Figure, path: Path, draft: bool = False) -> None:
    ending = path.suffix.lower()
    with replaced(path) as beside:
        density = DENSITY // 2 if draft else DENSITY
        figure.savefig(beside, format=ending.removeprefix("."), dpi=density, metadata=FORMATS[ending])
        if ending == ".png" and not draft:
            _with_palette(beside)


def _with_palette(path: Path) -> None:
    """Write a picture again in its 256 nearest colours, a third of the size."""
    from PIL import Image

    with Image.open(path) as found:
        flat = found.convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    flat.save(path, format="PNG", optimize=True, dpi=(DENSITY, DENSITY))
