"""The labels of panels, categories and series in charts. `reports.sql.labels` has the same rules in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

UNKNOWN = "(unknown)"
"""The label of a missing value."""

NAMES_OF_COLUMNS = ("area_kind", "dimension", "field", "group_kind")
"""Columns whose values are names of columns, such as `council_district`."""

NUMBERED = ("priority",)
"""Columns whose numbers need the name of the column in a label. For example, a label shows `priority 2`."""


def label_of(row: Mapping[str, Any], columns: Iterable[str]) -> str:
    """Return the label of a row: the values of the columns as one text.

    >>> label_of({"initial_type": "THEFT", "priority": 2}, ["initial_type", "priority"])
    'THEFT, priority 2'
    """
    label = ""
    for name in columns:
        label += f"{_text(name, row[name])}{separator_after(name)}"
    return label.rstrip(", ")


def separator_after(name: str) -> str:
    """Return the text between the value of a column and the next value of a label."""
    return " " if name in NAMES_OF_COLUMNS else ", "


def subject_of(name: str) -> str:
    """Return the word that a label shows before `yes` or `no`.

    >>> subject_of("is_intersection")
    'intersection'
    """
    return name.removeprefix("is_")


def _text(name: str, value: Any) -> str:
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return f"{subject_of(name)}: {'yes' if value else 'no'}"
    if name in NUMBERED:
        return f"{name} {value}"
    return str(value).replace("_", " ") if name in NAMES_OF_COLUMNS else str(value)
