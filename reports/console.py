"""Answers, quarantine and runs as tables on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F
from rich.table import Table

from reports.answer import Answer
from transforms.schema import CAST_FAILURES

_BAR = 10
MOST_ROWS = 24


def answer_table(answer: Answer, curated: DataFrame) -> Table:
    """Draw an answer: its latest rows, at most `MOST_ROWS` of them, oldest first."""
    first = answer.columns[0].column
    rows = curated.orderBy(F.col(first).desc()).limit(MOST_ROWS).collect()[::-1]
    table = Table(title=answer.title, title_justify="left", title_style="bold")
    for shown in answer.columns:
        table.add_column(shown.header, justify="right")
        if shown.bar:
            table.add_column("", no_wrap=True, min_width=_BAR)
    for row in rows:
        cells: list[str] = []
        for shown in answer.columns:
            value = row[shown.column]
            cells.append("-" if value is None else format(value, shown.format))
            if shown.bar:
                cells.append(_bar(value))
        table.add_row(*cells)
    return table


def quarantine_table(quarantine: DataFrame, *, expectations: Mapping[str, tuple[str, Sequence[str]]]) -> Table:
    """Draw which rows are in quarantine and why: at most `MOST_ROWS`, by file and row.

    `expectations` gives for each id what was expected, in words, and of which columns.
    """
    rows = quarantine.orderBy("_source_file", "_row_number").limit(MOST_ROWS).collect()
    table = Table(title="In quarantine", title_justify="left", title_style="bold", show_lines=True)
    table.add_column("File", overflow="fold", ratio=2)
    table.add_column("Row", justify="right")
    table.add_column("Expected, and what there is", ratio=3)
    for row in rows:
        reasons = [_reason(row, *expectations.get(name, (name, ()))) for name in row["_failed_expectations"]]
        table.add_row(row["_source_file"], str(row["_row_number"]), "\n".join(reasons))
    return table


def _reason(row: Row, description: str, columns: Sequence[str]) -> str:
    if CAST_FAILURES in columns:
        failures = row[CAST_FAILURES] or ()
        return "\n".join(
            f"{failure['column']}: {failure['value']!r} is no {failure['expected']}" for failure in failures
        )
    found = ", ".join(f"{column} = {row[column]}" for column in columns if row[column] is not None)
    return f"{description} ({found})" if found else description


def _bar(percentage: float | None) -> str:
    filled = round(min(max(percentage or 0, 0), 100) / 100 * _BAR)
    return "█" * filled + "░" * (_BAR - filled)
