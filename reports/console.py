"""Draw answers, quarantine and warnings as tables on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import fill
from typing import Any

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql import types as T
from rich.console import Console, Group
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from reports.answer import Answer
from reports.columns import Columns, DisplayColumn, bar_columns, display_columns
from reports.plain_table import plain_table
from reports.rows import require_readable, sort_rows
from reports.validation import result_text
from transforms.masking import REDACTED
from transforms.schema import CAST_FAILURES
from transforms.sql import quoted

Expectations = Mapping[str, tuple[str, Sequence[str]]]
"""Maps the id of each expectation to the description and the columns of the expectation."""

SourceRow = tuple[str, int, int]
"""A landed row: the file, the row number and the time of the ingest in microseconds since 1970 (UTC)."""


@dataclass(frozen=True)
class SourceCell:
    """A cell of a landed file. `column` is its column in the file, and `text` is the text of the cell."""

    column: str
    text: str


MAX_ROWS = 24
"""Maximum number of rows that a table displays, if the caller sets no other maximum."""

DEFAULT_WIDTH = 80  # characters

_BAR_WIDTH = 10  # characters


def answer_table(
    answer: Answer,
    curated: DataFrame,
    *,
    table_name: str = "",
    columns: Columns | None = None,
    max_rows: int = MAX_ROWS,
    width: int = DEFAULT_WIDTH,
) -> Group:
    """Draw the first rows of an answer. If `answer.order` is empty, draw the latest rows.

    `columns` are the columns that the report declares. `table_name` is the name of the table, for error messages.

    Columns that do not fit in `width` are left out, the last column first. A line below the table names these columns.

    Raises:
        OutdatedAnswerError: The table lacks a column that the answer displays.
    """
    answer, declared = answer.with_columns(curated.columns), columns or {}
    require_readable(answer, curated.schema, where=table_name or answer.name)
    rows = sort_rows(answer, curated, table=table_name).limit(max_rows + 1).collect()
    notes = []
    if len(rows) > max_rows:
        end = "first" if answer.order else "latest"
        notes.append(f"Only the {end} {shown_of(max_rows, curated.count())}")
    rows = rows[:max_rows] if answer.order else rows[:max_rows][::-1]
    notes += [answer.note] if answer.note else []
    displayed = display_columns(answer.columns, curated.schema, columns=declared)
    bars = bar_columns(answer.columns, answer.charts, columns=declared)
    table, hidden = _fitting_table(displayed, rows, width, bars=bars)
    if hidden:
        names = ", ".join(column.header for column in hidden)
        notes.append(f"These columns do not fit in this terminal: {names}. Use --csv to see all columns.")
    # The notes are below the table and not in its caption, because a caption wraps at the width of the table.
    return Group(f"[bold]{escape(answer.question)}[/]", "", table, *(["", escape(" ".join(notes))] if notes else []))


def shown_of(shown: int, total: int, noun: str = "rows") -> str:
    """Return how many rows are displayed, and the options that show more.

    >>> shown_of(24, 1000)
    '24 of 1,000 rows are displayed. To see more, add --rows 1000. To see all rows and columns, add --csv.'
    >>> shown_of(2, 2)
    '2 of 2 rows are displayed.'
    """
    hint = f" To see more, add --rows {total}. To see all {noun} and columns, add --csv." if shown < total else ""
    return f"{shown:,} of {total:,} {noun} are displayed.{hint}"


def quarantine_table(
    quarantine: DataFrame,
    *,
    expectations: Expectations,
    sources: Mapping[str, str] | None = None,
    cells: Mapping[SourceRow, Mapping[str, SourceCell]] | None = None,
    max_rows: int = MAX_ROWS,
) -> Table:
    """Draw the first rows of quarantine, grouped by file. Each row has the reasons why the row is in quarantine.

    `sources` maps each column to its name in the landed files. `cells` maps rows and columns to the cells of the landed
    files. Without a cell, the value in quarantine is displayed. Timestamps in quarantine are in UTC.
    """
    first = quarantine.orderBy("_source_file", "_row_number").limit(max_rows)
    ingested = F.unix_micros("_ingested_at") if "_ingested_at" in first.columns else F.lit(0)
    rows = first.select(*map(_displayed, first.schema), ingested.alias("_ingested")).collect()
    table = plain_table("Quarantine")
    table.add_column("Row", justify="right", no_wrap=True)
    table.add_column("File, and the reasons for each row", overflow="fold")
    file = None
    for row in rows:
        if row["_source_file"] != file:
            file = row["_source_file"]
            table.add_row("", f"[bold]{escape(file)}[/]")
        failed = [expectations.get(name, (name, ())) for name in row["_failed_expectations"]]
        source_row = (str(file), row["_row_number"], row["_ingested"])
        own = (cells or {}).get(source_row, {})
        reasons = [_reason(row, description, columns, sources or {}, own) for description, columns in failed]
        parked = row["_blocked_by"] if "_blocked_by" in quarantine.columns else None
        reasons += [f"parked, because these expectations blocked the increment: {', '.join(parked)}"] if parked else []
        table.add_row(str(row["_row_number"]), escape("\n".join(reasons)))
    return table


def warning_lines(trusted: DataFrame, *, expectations: Expectations, results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line for each expectation that published rows fail, with the number of failed rows.

    `results` are the validation results of the suite. The last lines are for table-level expectations that are not met.
    """
    rows = trusted.select(F.explode("_warnings").alias("name")).groupBy("name").count().orderBy(F.desc("count"), "name")
    counts = {row["name"]: f"{row['count']:,} row{'' if row['count'] == 1 else 's'}" for row in rows.collect()}
    for entry in results:
        config = entry["expectation_config"]
        if not entry["success"] and config["severity"] != "critical":
            counts.setdefault(config["id"], result_text(entry))
    return [f"{name} ({count}): {expectations.get(name, (name, ()))[0]}" for name, count in counts.items()]


def _fitting_table(
    columns: Sequence[DisplayColumn], rows: Sequence[Row], width: int, *, bars: Sequence[str]
) -> tuple[Table, Sequence[DisplayColumn]]:
    """Return a table of the columns that fit, and the other columns.

    If the table is too wide, bars are left out first.
    """
    console = Console(width=10_000)  # Every table fits in this width.
    for count, drawn_bars in ((len(columns), bars), *((count, ()) for count in range(len(columns), 0, -1))):
        table = _table(columns[:count], rows, bars=drawn_bars)
        if Measurement.get(console, console.options, table).minimum <= width:
            break
    return table, columns[count:]


def _table(columns: Sequence[DisplayColumn], rows: Sequence[Row], *, bars: Sequence[str]) -> Table:
    table = plain_table()
    for column in columns:
        if column.format:  # A figure stays on one line, but its header may wrap.
            figures = [len(column.text(row[column.name])) for row in rows]
            header = fill(column.header, max(*figures, *map(len, column.header.split()), 1), break_long_words=False)
            table.add_column(header, justify="right", no_wrap=True)
        else:
            table.add_column(column.header)
        if column.name in bars:
            table.add_column("", no_wrap=True, min_width=_BAR_WIDTH)
    for row in rows:
        cells: list[str] = []
        for column in columns:
            value = row[column.name]
            cells.append(escape(column.text(value)))
            if column.name in bars:
                cells.append(_bar(value))
        table.add_row(*cells)
    return table


def _displayed(field: T.StructField) -> Column:
    """Return a column for the display. Python would show a timestamp in the time zone of this process."""
    column = F.col(quoted(field.name))
    is_time = isinstance(field.dataType, T.TimestampType) and not field.name.startswith("_")
    return F.date_format(column, "yyyy-MM-dd HH:mm:ss 'UTC'").alias(field.name) if is_time else column


def _reason(
    row: Row,
    description: str,
    columns: Sequence[str],
    sources: Mapping[str, str],
    cells: Mapping[str, SourceCell],
) -> str:
    if CAST_FAILURES in columns:
        return "\n".join(_cast_failure(failure, sources) for failure in row[CAST_FAILURES] or ())
    values = [(name, row[name]) for name in columns if row[name] is not None]
    texts = (
        _cell_text(cells[name], value) if name in cells else f"{sources.get(name, name)} = {value}"
        for name, value in values
    )
    return f"{description} ({', '.join(texts)})" if values else description


def _cell_text(cell: SourceCell, value: Any) -> str:
    """Return a cell as the file has it. A date is added to a cell that does not show the date, such as 45292."""
    is_hidden = isinstance(value, date) and str(value) not in cell.text
    return f"{cell.column} = {cell.text}" + (f", which is {value}" if is_hidden else "")


def _cast_failure(failure: Row, sources: Mapping[str, str]) -> str:
    column, value = sources.get(failure["column"], failure["column"]), failure["value"]
    cell = "the cell (masked here; see the file)" if value == REDACTED else repr(value)
    return f"{column}: {cell} is not a valid {failure['expected']}"


def _bar(percentage: float | None) -> str:
    filled = round(min(max(percentage or 0, 0), 100) / 100 * _BAR_WIDTH)
    return "█" * filled + "░" * (_BAR_WIDTH - filled)
