"""What stands on a panel, artist by artist, as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grokbench.figures import style
from grokbench.figures.curves import thinned
from grokbench.figures.looks import Item, look

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

POINTS = 200
"""The most points of a line."""
FEW = 100
"""The most points of a thin line, and of each line where a panel has many."""
MANY = 8  # lines
THIN = 1.0  # width of a line from which on it is drawn in full, in points
DIGITS, FEWER = 4, 3  # of a number; of a thin line's, or of many lines'
LEVELS = 100  # of a heat map's colours


def items(ax: Axes, names: Mapping[str, Item]) -> Iterator[Item]:
    """Everything that the panel shows, lowest first.

    ``kind`` is "line" (marks and areas too), "band" (the two ends on one axis), "bars", "image" or "text". A level line has
    a ``y`` alone, and an upright one an ``x``. ``name``: the legend's. ``seeds``: one of the whole, or one of each point. What is
    empty is left out, and so are artists of other kinds.
    """
    found = [*ax.images, *ax.patches, *ax.collections, *ax.lines]
    for artist in sorted(found, key=lambda one: one.get_zorder()):
        item = _read(artist, ax)
        if item is None:
            continue
        name = _named(artist, item, names)
        if name:
            item["name"] = name
        seeds = style.seeds_of(artist)
        if seeds:
            item["seeds"] = list(seeds)
        yield item
    for text in ax.texts:
        item = _text(text, ax)
        if item is not None:
            yield item


def rounded(values: Any, digits: int = DIGITS) -> list[float | int | None]:
    """Numbers of so many digits, whole ones without a point; None for what is not finite.

    >>> rounded([0.123456, 6050.0, float("nan")], 3), rounded([123456.0], 3)
    ([0.123, 6050, None], [123456])
    """
    return [_number(float(value), digits) for value in np.ravel(np.asarray(values, dtype=float))]


def _number(value: float, digits: int) -> float | int | None:
    if not np.isfinite(value):
        return None
    if value.is_integer() and abs(value) < 1e9:
        return int(value)
    short = float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() and abs(short) < 1e9 else short


def _named(artist: Artist, item: Item, names: Mapping[str, Item]) -> str:
    """The legend's name for an artist: its own; else that of the entry that looks like it, or else has its colour."""
    own = " ".join(str(artist.get_label()).split())
    if own in names:
        return own
    color, marker = item.get("color"), item.get("marker")
    alike = [name for name, known in names.items() if known["color"] == color]
    exact = [name for name in alike if names[name].get("marker") == marker and marker]
    return (exact or alike or [""])[0]


def _read(artist: Any, ax: Axes) -> Item | None:
    from matplotlib.collections import LineCollection, PathCollection, PolyCollection
    from matplotlib.image import AxesImage
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle, StepPatch

    if isinstance(artist, Line2D):
        return _line(artist, ax)
    if isinstance(artist, Rectangle):
        return _rectangle(artist, ax)
    if isinstance(artist, StepPatch):
        return _steps(artist)
    if isinstance(artist, PolyCollection):
        return _area(artist)
    if isinstance(artist, LineCollection):
        return _sticks(artist)
    if isinstance(artist, PathCollection):
        return _points(artist)
    return _image(artist) if isinstance(artist, AxesImage) else None


def _line(line: Any, ax: Axes) -> Item | None:
    steps, values = (np.asarray(own, dtype=float) for own in (line.get_xdata(), line.get_ydata()))
    if not steps.size or not (np.isfinite(steps) & np.isfinite(values)).any():
        return None
    own = {"kind": "line", **look(line)}
    on_x, on_y = line.get_transform().contains_branch_seperately(ax.transData)
    if not (on_x and on_y):
        return {**own, **({"x": rounded(steps[:1])} if on_x else {"y": rounded(values[:1])})}
    few = len(ax.lines) >= MANY or (line.get_linewidth() < THIN and "marker" not in own)
    steps, values = thinned((steps, values), (FEW if few else POINTS) // 2)
    digits = FEWER if few else DIGITS
    return {**own, "x": rounded(steps, 5), "y": rounded(values, digits)}


def _rectangle(patch: Any, ax: Axes) -> Item | None:
    """A bar, or a band across the panel."""
    x, y, width, height = (float(value) for value in (*patch.get_xy(), patch.get_width(), patch.get_height()))
    own = look(patch)
    if patch.get_alpha() is not None:
        own["opacity"] = patch.get_alpha()
    on_x, on_y = patch.get_transform().contains_branch_seperately(ax.transData)
    if on_x and on_y:
        own |= {"kind": "bars", "width": rounded([width])[0], "base": rounded([y])[0]}
        return {**own, "x": rounded([x + width / 2]), "y": rounded([height])}
    return {
        "kind": "band",
        **own,
        **({"x": rounded([x, x + width])} if on_x else {"y": rounded([y, y + height])}),
    }


def _steps(patch: Any) -> Item:
    values, edges, _ = patch.get_data()
    own = {
        "kind": "line",
        **look(patch),
        "x": rounded(np.repeat(edges, 2)[1:-1]),
        "y": rounded(np.repeat(values, 2)),
    }
    if patch.get_fill():
        own |= {"line": "solid", "width": 0, "opacity": patch.get_alpha() or 1.0}
    return own


def _area(area: Any) -> Item | None:
    """What lies between two lines, as its outline."""
    paths = area.get_paths()
    if not paths:
        return None
    outline = np.asarray(paths[0].vertices)
    own = {
        "kind": "line",
        **look(area),
        "line": "solid",
        "width": 0,
        "opacity": 0.2 if area.get_alpha() else 1.0,
    }
    return {**own, "x": rounded(outline[:, 0]), "y": rounded(outline[:, 1])}


def _sticks(lines: Any) -> Item | None:
    """Lines from one place to another, each apart from the next."""
    from matplotlib.colors import to_hex

    ends = [np.asarray(segment, dtype=float) for segment in lines.get_segments()]
    if not ends:
        return None
    gap = np.full((1, 2), np.nan)
    path = np.concatenate([part for segment in ends for part in (segment, gap)])
    colors = lines.get_edgecolor()
    own = {
        "kind": "line",
        "color": to_hex(colors[0]),
        "line": "solid",
        "width": float(lines.get_linewidth()[0]),
    }
    return {**own, "x": rounded(path[:, 0]), "y": rounded(path[:, 1])}


def _points(points: Any) -> Item:
    """Marks that each have a colour of their own."""
    from matplotlib.colors import to_hex

    at = _filled(points.get_offsets())
    values = points.get_array()
    colors = points.get_facecolor() if values is None else points.to_rgba(values)
    own = {
        "kind": "line",
        "marker": "circle",
        "size": float(np.sqrt(points.get_sizes()[0])),
        "color": "#000000",
    }
    return {
        **own,
        "colors": [to_hex(color) for color in colors],
        "x": rounded(at[:, 0]),
        "y": rounded(at[:, 1]),
    }


def _filled(values: Any) -> NDArray[Any]:
    """Numbers as they are, nan where they are masked."""
    found: NDArray[Any] = np.ma.asarray(values, dtype=float).filled(np.nan)
    return found


def _image(image: Any) -> Item:
    """A heat map: places on its scale, from 0 to ``LEVELS``, row by row from below; the ends of both axes and of the scale."""
    from matplotlib.colors import LogNorm, to_hex

    values = _filled(image.get_array())[:: 1 if image.origin == "lower" else -1]
    shares = np.where(np.isnan(values), np.nan, np.clip(_filled(image.norm(values)), 0, 1))
    bar = image.colorbar
    return {
        "kind": "image",
        "color": "#000000",
        "x": rounded(image.get_extent()[:2]),
        "y": rounded(image.get_extent()[2:]),
        "values": [[None if np.isnan(v) else int(v) for v in row] for row in np.round(LEVELS * shares)],
        "ends": rounded([image.norm.vmin, image.norm.vmax]),
        "log": isinstance(image.norm, LogNorm),
        "scale": [[i / 8, to_hex(image.cmap(i / 8))] for i in range(9)],
        "label": bar.ax.get_ylabel() if bar is not None else "",
    }


def _text(text: Any, ax: Axes) -> Item | None:
    """Words at a place; ``y`` is left out where they stand above the panel, both where they stand in its middle."""
    from matplotlib.colors import to_hex
    from matplotlib.text import Annotation

    words = text.get_text()
    if not words:
        return None
    own: Item = {
        "kind": "text",
        "text": words,
        "color": to_hex(text.get_color()),
        "size": text.get_fontsize(),
    }
    if not isinstance(text, Annotation):
        on_x, on_y = text.get_transform().contains_branch_seperately(ax.transData)
        x, y = text.get_position()
        return {**own, **({"x": rounded([x]), "y": rounded([y])} if on_x and on_y else {})}
    (x, y), align = text.xy, [text.get_horizontalalignment(), text.get_verticalalignment()]
    shift = text.xyann if text.anncoords == "offset points" else (0, 0)
    own |= {"align": align, "x": rounded([x])}
    return own if isinstance(text.xycoords, tuple) else {**own, "y": rounded([y]), "shift": list(shift)}
