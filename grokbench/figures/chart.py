"""A drawn figure as numbers: what a browser needs to draw it again, so that every kind of figure has one description.

In: a figure as a kind drew it. Out: plain values for JSON: panels with their axes, and on them lines, bands, bars, heat maps
and texts, each with its colour, the name that the legend gives it and the seeds it is of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from grokbench.figures import artists, style
from grokbench.figures.looks import Item, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Chart = dict[str, Any]
COLORBAR = "<colorbar>"  # what matplotlib calls the axes of one


def chart(figure: Figure) -> Chart:
    """The figure's numbers.

    ``title``, ``caption``; ``columns``: panels in a row; ``names``: the entries of the legend, each with its look; ``seeds``;
    ``panels``: ``heading``, ``x`` and ``y`` (``label``, ``scale``, ``range``, ``ticks``), ``items`` (``artists.items``), and
    ``seeds`` where the whole panel is of one.
    """
    axes = [ax for ax in figure.axes if ax.get_label() != COLORBAR]
    title, caption = (" ".join(text.get_text().split()) for text in figure.texts)
    names = _names(axes)
    panels = [_panel(ax, names) for ax in axes]
    return {
        "title": title,
        "caption": caption,
        "columns": max(_columns(ax) for ax in axes),
        "names": [{"name": name, **look} for name, look in names.items()],
        "seeds": sorted(set(_seeds(panels))),
        "panels": panels,
    }


def _names(axes: Sequence[Axes]) -> dict[str, Item]:
    """The entries of the legend: name → look, each once."""
    found: dict[str, Item] = {}
    for ax in axes:
        for handle, name in zip(*ax.get_legend_handles_labels(), strict=True):
            found.setdefault(" ".join(name.split()), look(handle))
    return found


def _columns(ax: Axes) -> int:
    place = ax.get_subplotspec()
    return 1 if place is None else place.get_gridspec().ncols


def _panel(ax: Axes, names: Mapping[str, Item]) -> Item:
    own: Item = {
        "heading": ax.get_title(loc="left"),
        "x": _axis(ax, "x"),
        "y": _axis(ax, "y"),
        "items": joined(artists.items(ax, names)),
    }
    if seeds := style.seeds_of(ax):
        own["seeds"] = list(seeds)
    if ax.get_aspect() == 1:
        own["square"] = True
    return own


def _axis(ax: Axes, name: str) -> Item:
    """Label, scale and ends of an axis; its ticks where they have words of their own, such as the names of arms."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter

    axis = getattr(ax, f"{name}axis")
    own: Item = {
        "label": axis.get_label_text(),
        "scale": axis.get_scale(),
        "range": artists.rounded(getattr(ax, f"get_{name}lim")(), 6),
    }
    locator, formatter = axis.get_major_locator(), axis.get_major_formatter()
    if isinstance(locator, FixedLocator) and isinstance(formatter, FixedFormatter | FuncFormatter):
        places = locator()
        texts = formatter.format_ticks(list(places))
        named = zip(artists.rounded(places, 6), texts, strict=True)
        own["ticks"] = [[at, text] for at, text in named if text]
    return own


def joined(items: Iterable[Item]) -> list[Item]:
    """Marks and bars of one look as one item, however many artists drew them."""
    out: list[Item] = []
    for one in items:
        known = next((other for other in out if _alike(one, other)), None)
        if known is None:
            out.append(one)
            continue
        for column in ("x", "y", *(["seeds"] if "seeds" in known else [])):
            known[column] = [*known[column], *one[column]]
    return out


def _alike(one: Item, other: Item) -> bool:
    """Whether both are bars, or marks without a line, that differ only in where they stand."""
    marks = one["kind"] == "bars" or (one["kind"] == "line" and "line" not in one)
    if not marks or one.keys() != other.keys():
        return False
    for item in (one, other):
        if "seeds" in item and len(item["seeds"]) != len(item["x"]):
            return False
    return all(one[key] == other[key] for key in one if key not in ("x", "y", "seeds"))


def _seeds(panels: Iterable[Item]) -> Iterator[int]:
    for panel in panels:
        yield from panel.get("seeds", ())
        for item in panel["items"]:
            yield from item.get("seeds", ())
