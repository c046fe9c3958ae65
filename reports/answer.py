"""The display settings of an answer: its title, columns, order and headline."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DisplayColumn:
    """The display settings of a column.

    Attributes:
        column: The column of the curated table.
        header: The header of the column.
        format: The format of the values, as in `format(value, …)`. True is displayed as yes. False is displayed as
            an empty cell.
        bar: Whether to draw a bar from 0 to 100 beside the value.
    """

    column: str
    header: str
    format: str = ""
    bar: bool = False


@dataclass(frozen=True)
class Answer:
    """The display settings of an answer.

    Attributes:
        name: The name of the answer. The table of the answer is `lake.curated.<dataset>_<name>`.
        title: The title above the displayed answer.
        columns: The displayed columns, in order.
        order: The sort keys of the rows: columns or SQL expressions. `-name` sorts in descending order. `-|name|` sorts
            by absolute value, in descending order. If `order` is empty, the table displays only the latest rows, sorted
            by the first displayed column in ascending order.
        note: The facts that a reader needs to understand the figures, such as the total that 100 % stands for.
        headline: A sentence about the first row. In the sentence, `{column:format}` stands for a value of the row. Only
            the first answer of a dataset needs a headline.
    """

    name: str
    title: str
    columns: tuple[DisplayColumn, ...]
    order: tuple[str, ...] = ()
    note: str = ""
    headline: str = ""
