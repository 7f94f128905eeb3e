"""Sentences of Markdown and of help texts, for the tests that count their words."""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST_WORDS = 30
"""The longest sentence that a document, a help text or a report may have."""

FENCE = re.compile(r"^[ \t]*```.*?^[ \t]*```[ \t]*$", re.M | re.S)
COMMENT = re.compile(r"<!--.*?-->", re.S)
CODE_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
ADDRESS = re.compile(r"<https?://[^>]*>")
ITEM = re.compile(r"^\s*(?:[*+-]|\d+\.)\s+")
ABBREVIATION = re.compile(
    r"\b(?:al|Figs?|App|Eqs?|Sec|No|e\.g|i\.e|cf|vs|etc|approx)\.(?=\s|$)|\b[A-Z]\.(?=\s+[A-Z])"
)
END = re.compile(r"(?<=[.!?])[\"”’')\]*_]*\s+(?=[\"“‘'(\[*_]*[A-ZΑ-Ω0-9⌊])")
DOT = "\u2024"  # stands for the full stop of an abbreviation


def paragraphs(markdown: str) -> Iterator[str]:
    """The prose: paragraphs and items of lists, without headings, tables, code blocks, images and comments."""
    text = COMMENT.sub("", FENCE.sub("\n", markdown))
    kept: list[str] = []
    blank, listed = True, False
    for line in [*text.splitlines(), ""]:
        indented = line.startswith("    ") and blank and not kept and not listed
        skipped = not line.strip() or line.lstrip().startswith(("|", "#")) or indented
        if skipped or ITEM.match(line):
            if kept:
                yield " ".join(kept)
            kept = []
        if skipped:
            listed = listed and not line.startswith("#")
            blank = True
            continue
        if ITEM.match(line):
            listed = True
        elif blank and not line.startswith(" "):
            listed = False
        kept.append(ITEM.sub("", line).strip())
        blank = False


def plain(text: str) -> str:
    """The text with one word for a code span or an address, and a link's words for the link."""
    text = CODE_SPAN.sub("CODE", text)
    text = ADDRESS.sub("ADDRESS", IMAGE.sub("", text))
    return " ".join(LINK.sub(r"\1", text).split())


def sentences(markdown: str) -> list[str]:
    """Every sentence of the prose, its code spans as the word CODE."""
    out = []
    for paragraph in paragraphs(markdown):
        text = ABBREVIATION.sub(lambda found: found[0].replace(".", DOT), plain(paragraph))
        out += [part.replace(DOT, ".").strip() for part in END.split(text) if part.strip()]
    return out


def words(sentence: str) -> int:
    """How many words a sentence has; signs that stand alone, such as a dash, are none."""
    return sum(any(sign.isalnum() for sign in word) for word in sentence.split())


def too_long(markdown: str) -> list[str]:
    """The sentences with more than ``MOST_WORDS``, with their number of words before them."""
    return [f"{words(one)}: {one}" for one in sentences(markdown) if words(one) > MOST_WORDS]
