"""How an artist looks, as plain values: its colour, its line and its marker."""

from __future__ import annotations

from typing import Any

Item = dict[str, Any]
"""What a browser is told of a thing that is drawn."""
PLAIN = {"-": "solid", "--": "dash", ":": "dot", "-.": "dashdot"}
BARE = ("None", "none", " ", "")
MARKERS = {
    "o": "circle", "s": "square", "D": "diamond", "v": "triangle-down", "^": "triangle-up", ">": "triangle-right",
    "P": "cross", "X": "x", "x": "x-thin", "*": "star",
}  # fmt: skip
"""A marker of matplotlib → its name in Plotly."""


def look(artist: Any) -> Item:
    """Colour, line and marker of an artist, or of its entry in a legend."""
    from matplotlib.collections import Collection
    from matplotlib.colors import to_hex
    from matplotlib.container import BarContainer
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    if isinstance(artist, BarContainer):
        return look(artist.patches[0])
    if isinstance(artist, Line2D):
        return _line_look(artist)
    if isinstance(artist, Patch):
        bare = not artist.get_fill()
        own: Item = {"color": to_hex(artist.get_edgecolor() if bare else artist.get_facecolor())}
        own["line" if bare else "fill"] = _dash(artist) if bare else True
        return own
    if isinstance(artist, Collection):
        faces: Any = artist.get_facecolor()
        colors: Any = faces if len(faces) else artist.get_edgecolor()
        return {"color": to_hex(colors[0] if len(colors) else "black"), "fill": True}
    return {"color": "#000000"}


def _line_look(line: Any) -> Item:
    from matplotlib.colors import to_hex

    own: Item = {"color": to_hex(line.get_color())}
    if line.get_linestyle() not in BARE:
        own |= {"line": _dash(line), "width": line.get_linewidth()}
    marker = str(line.get_marker())
    if marker not in BARE:
        own |= {"marker": MARKERS.get(marker, "circle"), "size": line.get_markersize()}
        if line.get_markerfacecolor() in BARE:
            own["open"] = True
    if line.get_alpha() is not None:
        own["opacity"] = line.get_alpha()
    return own


def _dash(artist: Any) -> str:
    """Of a line: a word, or lengths of ink and gap in widths of the line."""
    lengths = getattr(artist, "_unscaled_dash_pattern", (0, None))[1]  # matplotlib has no other way to ask
    word = PLAIN.get(artist.get_linestyle())
    if word and (word != "dash" or not lengths or len(lengths) == 2):
        return word
    return " ".join(f"{length:g}" for length in lengths) if lengths else "solid"
