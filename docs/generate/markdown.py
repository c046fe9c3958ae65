"""Markdown that the generated pages share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NOTE = "\n<!-- This page is generated. Change its source, and run `make reference`. -->\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. A bar in a cell is escaped, and a line end becomes a blank."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def paragraph(text: str) -> str:
    """Return the text in one line."""
    return " ".join(text.split())


def code(text: str) -> str:
    """Return text in code type, or nothing for no text."""
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    return paragraph(text).replace("|", "\\|")
