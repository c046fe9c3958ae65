"""The display settings of an answer: its title, columns, order and headline."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DisplayColumn:
    """The display settings of a column.

    Attributes:
        column: The column of the curated table.
        header: Its header.
        format: The format of its values, as in `format(value, …)`. A boolean is shown as yes, or left empty.
        bar: Whether a bar from 0 to 100 is drawn beside the value.
    """

    column: str
    header: str
    format: str = ""
    bar: bool = False


@dataclass(frozen=True)
class Answer:
    """The display settings of an answer.

    Attributes:
        name: The answer's name: `lake.curated.<dataset>_<name>`.
        title: The question that it answers.
        columns: The displayed columns, in order.
        order: The order of the rows, as columns or SQL expressions. `-name` is descending. `-|name|` is descending by
            absolute value. If empty, the first displayed column orders the rows, and the latest rows are displayed.
        note: The facts that a reader needs to read the figures, such as the total of a percentage.
        headline: A sentence about the first row, with the row's columns as `{column:format}`. Only the first answer of
            a dataset needs a headline.
    """

    name: str
    title: str
    columns: tuple[DisplayColumn, ...]
    order: tuple[str, ...] = ()
    note: str = ""
    headline: str = ""
