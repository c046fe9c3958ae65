"""Answers, quarantine and runs as tables on a terminal."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from rich.table import Table

from reports.answer import Answer

_BAR = 20
MOST_ROWS = 24


def answer_table(answer: Answer, curated: DataFrame) -> Table:
    """Draw an answer: its latest rows, at most `MOST_ROWS` of them, oldest first."""
    first = answer.columns[0].column
    rows = curated.orderBy(F.col(first).desc()).limit(MOST_ROWS).collect()[::-1]
    table = Table(title=answer.title, title_justify="left", title_style="bold")
    for shown in answer.columns:
        table.add_column(shown.header, justify="right")
        if shown.bar:
            table.add_column("")
    for row in rows:
        cells: list[str] = []
        for shown in answer.columns:
            value = row[shown.column]
            cells.append("-" if value is None else format(value, shown.format))
            if shown.bar:
                cells.append(_bar(value))
        table.add_row(*cells)
    return table


def quarantine_table(quarantine: DataFrame, *, descriptions: dict[str, str]) -> Table:
    """Draw which rows are in quarantine and why: at most `MOST_ROWS`, by file and row."""
    rows = quarantine.orderBy("_source_file", "_row_number").limit(MOST_ROWS).collect()
    table = Table(title="In quarantine", title_justify="left", title_style="bold")
    table.add_column("File")
    table.add_column("Row", justify="right")
    table.add_column("Not as expected")
    for row in rows:
        reasons = [descriptions.get(name, name) for name in row["_failed_expectations"] or ()]
        table.add_row(row["_source_file"], str(row["_row_number"]), "\n".join([*reasons, *_unread(row)]))
    return table


def _unread(row: Any) -> list[str]:
    failures = row["_cast_failures"] or ()
    return [f"{failure['column']}: {failure['value']!r} is no {failure['expected']}" for failure in failures]


def _bar(percentage: float | None) -> str:
    filled = round(min(max(percentage or 0, 0), 100) / 100 * _BAR)
    return "█" * filled + "░" * (_BAR - filled)
