"""The labels of panels, categories and series in charts. `reports.sql.labels` has the same rules in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reports.columns import DEFAULT, Column, Columns

UNKNOWN = "(unknown)"
"""The label of a missing value."""


def label_of(row: Mapping[str, Any], names: Iterable[str], *, columns: Columns) -> str:
    """Return the label of a row: the values of columns as one text. `columns` are the columns that the report declares.

    >>> priority = Column(is_numbered=True)
    >>> label_of({"type": "THEFT", "priority": 2}, ["type", "priority"], columns={"priority": priority})
    'THEFT, priority 2'
    """
    label = ""
    for name in names:
        column = columns.get(name, DEFAULT)
        label += f"{_text(name, row[name], column)}{separator_after(column)}"
    return label.rstrip(", ")


def separator_after(column: Column) -> str:
    """Return the text between the value of a column and the next value of a label."""
    return " " if column.names_columns else ", "


def subject_of(name: str) -> str:
    """Return the word that a label shows before `yes` or `no`.

    >>> subject_of("is_intersection")
    'intersection'
    """
    return name.removeprefix("is_")


def _text(name: str, value: Any, column: Column) -> str:
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return f"{subject_of(name)}: {'yes' if value else 'no'}"
    if column.is_numbered:
        return f"{name} {value}"
    return str(value).replace("_", " ") if column.names_columns else str(value)
