"""What of a curated table is shown, and how."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """A column as people see it.

    Attributes:
        column: The curated table's column.
        header: Its heading.
        format: How a value is written, as in `format(value, …)`.
        bar: Whether a bar is drawn beside it, from 0 to 100.
    """

    column: str
    header: str
    format: str = ""
    bar: bool = False


@dataclass(frozen=True)
class Answer:
    """A curated table as people see it, ordered by its first column.

    Attributes:
        name: The answer's name: `lake.curated.<dataset>_<name>`.
        title: The question it answers.
        columns: The columns shown, in order.
    """

    name: str
    title: str
    columns: tuple[Shown, ...]
