"""Describe the doubts about the files of a new dataset.

The sentences show no cells of the files, except texts that stand for a missing value, such as `n/a`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ingest.profile import MAX_ROWS
from ingest.profile_columns import ColumnProfile
from workflows.new.plan import NewDataset

UNSURE = "Unsure:"
"""The start of each comment that marks a guess in the written files."""


def column_doubts(column: ColumnProfile, dataset: NewDataset) -> Iterator[str]:
    """Yield the doubts about a column."""
    values = column.values
    if column.is_name_unsure:
        yield "the name may be a value, because it looks like the cells of the column"
    if column.is_empty:
        yield "each cell is blank, so the type is unknown"
    if column.misfits.count:
        verb = "is" if column.misfits.count == 1 else "are"
        cells = column.rows - column.blanks
        yield f"{column.misfits.describe()} of {cells:,} cells {verb} not a valid {expected_of(column, dataset)}"
    reasons = {
        "numbers have leading zeros": values.has_leading_zeros,
        "numbers have separators, a currency or a percent sign": values.is_formatted,
        "the cells are nested JSON": values.is_nested,
        "the cells are numbers and other text": values.is_mixed,
        "the numbers have more digits than a bigint or a double holds": values.is_too_long,
    }
    yield from (f"{reason}, so the column stays text" for reason, is_true in reasons.items() if is_true)
    yield from _moment_doubts(column, dataset)
    if column.personal and column.personal.is_unsure:
        yield "the column may be personal, so it is masked"


def _moment_doubts(column: ColumnProfile, dataset: NewDataset) -> Iterator[str]:
    moments = column.moments
    if column.values.kind == "serial":
        yield "the numbers are read as Excel dates"
    if moments is None:
        return
    if moments.is_order_unsure:
        yield f"the month may come before the day, or after it. The pattern {moments.pattern} is a guess"
    if moments.kind == "local_time":
        yield "the times have several forms and no time zone"
    suspicion = next((item for item in dataset.profile.conflicts if item.column == column.name), None)
    if suspicion is None:
        return
    if suspicion.similar_column:
        evidence = f"the times have the offset {suspicion.offset}, which is wrong in {suspicion.similar_column}"
    else:
        evidence = (
            f"the times have the offset {suspicion.offset}, but their days match {suspicion.date}, even near midnight"
        )
    has_zone = dataset.conflict(column) is not None
    yield f"{evidence}. {'They are read as local times in ZONE' if has_zone else 'They are read with this offset'}"


def key_doubts(dataset: NewDataset) -> Iterator[str]:
    """Yield the doubts about the key."""
    if dataset.is_key_of_file:
        yield (
            "no columns without personal data identify a row, so the key is the file and the row number, and all rows "
            "are kept. If two files have the same row, it is counted twice"
        )
        return
    yield from dataset.profile.key.doubts
    if alternatives := dataset.profile.key.alternatives:
        names = ", or ".join(" + ".join(group) for group in alternatives)
        yield f"other columns are unique too: {names}"


def general_doubts(dataset: NewDataset) -> Iterator[str]:
    """Yield the doubts about the files as a whole."""
    profile = dataset.profile
    if not profile.is_complete:
        yield f"only the first {profile.rows:,} rows were read. The maximum is {MAX_ROWS:,}"
    if any(column.is_name_unsure for column in profile.columns):
        yield (
            "the first row may be a row of values, and this row is not read. If it is, insert a first row with the "
            "names of the columns, remove the written files, and run `citylake new` again"
        )
    if profile.malformed:
        first = ", ".join(profile.malformed[:3])
        count = len(profile.malformed)
        yield f"records that do not fit the header go to quarantine. Number of records: {count:,}, such as {first}"
    if profile.identical_rows and not dataset.is_key_of_file:
        yield f"identical rows are kept once. Number of rows that repeat an earlier row: {profile.identical_rows:,}"
    if profile.sheets > 1:
        yield f"the workbook has {profile.sheets} sheets with rows. Only the first sheet is read"
    if any(map(dataset.is_local, dataset.columns)):
        yield "the files do not give the time zone of local times. ZONE is UTC until you change it"
    if profile.event_time is None:
        yield (
            "the dataset has no event time. An event time needs a column of dates or times without blank cells and "
            "without times in the future"
        )


def expected_of(column: ColumnProfile, dataset: NewDataset) -> str:
    """Return the description of a valid cell, for messages."""
    kind, moments = column.values.kind, column.moments
    if conflict := dataset.conflict(column):
        return f"time such as 2024-05-31T12:30:00{conflict.offset}"
    if kind == "number":
        noun = "whole number" if column.type in ("int", "bigint") else "number"
        return f"{noun} of {column.unit}" if column.unit else noun
    if kind == "boolean":
        return "value such as true or no"
    if kind in ("date", "serial"):
        return "date such as 2024-05-31"
    if kind == "month":
        return "month such as 2024-05"
    if kind == "written_date":
        return "date such as 31 May 2024 or 2024/05/31"
    if kind == "instant":
        return "time such as 2024-05-31T12:30:00Z"
    if kind == "local_time":
        return "time such as 2024-05-31T12:30:00"
    if moments and moments.pattern:
        return f"{'date' if moments.is_date else 'time'} in the form {moments.pattern}"
    return "text"
