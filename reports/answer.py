"""What of a curated table is shown, and how."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """A column as people see it.

    Attributes:
        column: The curated table's column.
        header: Its heading.
        format: How a value is written, as in `format(value, …)`. A truth is written as yes, or not at all.
        bar: Whether a bar is drawn beside it, from 0 to 100.
    """

    column: str
    header: str
    format: str = ""
    bar: bool = False


@dataclass(frozen=True)
class Answer:
    """A curated table as people see it.

    Attributes:
        name: The answer's name: `lake.curated.<dataset>_<name>`.
        title: The question it answers.
        columns: The columns shown, in order.
        order: What orders the rows, columns or SQL expressions: `-name` for the greatest first, `-|name|` for the
            furthest from 0 first. Where none is given the first column shown does, and where there are too many rows to
            show it is the latest that are shown.
        note: What a reader must know to read the figures right: what a share is a share of.
    """

    name: str
    title: str
    columns: tuple[Shown, ...]
    order: tuple[str, ...] = ()
    note: str = ""
