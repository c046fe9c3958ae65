"""Markdown that the generated pages share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NOTE = "\n<!-- This page is generated. Change its source, and run `make reference`. -->\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. In a cell, a `|` is escaped, and a line break becomes a space."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def paragraph(text: str) -> str:
    """Return the text in one line."""
    return " ".join(text.split())


def code(text: str) -> str:
    """Return a text in backticks. An empty text stays empty."""
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    return paragraph(text).replace("|", "\\|")
