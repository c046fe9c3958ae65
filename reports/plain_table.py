"""The style of all tables on a terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table


def plain_table(title: str | None = None) -> Table:
    """Return an empty table that is as narrow as possible. The only border of the table is a line below the header."""
    return Table(
        title=escape(title) if title else None,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
