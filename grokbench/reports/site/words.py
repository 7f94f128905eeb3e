"""How templates print a report's words."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import Any

from grokbench.reports.rows import SIGNS

CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)


class Markup(str):
    """Text that is HTML already, as jinja2 asks for it."""

    def __html__(self) -> str:
        return self


def prose(text: str) -> Markup:
    """A report's sentence with its code spans.

    >>> prose("`t-gen` < 3 & more")
    '<code>t-gen</code> &lt; 3 &amp; more'
    """
    parts = CODE.split(text)
    out = [escape(parts[0])]
    for code, rest in zip(parts[2::3], parts[3::3], strict=True):
        out += [f"<code>{escape(code.strip())}</code>", escape(rest)]
    return Markup("".join(out))


def slug(text: str) -> str:
    """A verdict as the name of a class.

    >>> slug("NOT REPRODUCED")
    'not-reproduced'
    """
    return text.lower().replace(" ", "-")


FILTERS: dict[str, Callable[..., Any]] = {
    "prose": prose,
    "slug": slug,
    "sign": lambda verdict: SIGNS[verdict],
}
