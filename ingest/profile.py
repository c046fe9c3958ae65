"""Profile files: the type of each column, the key, the event time, personal data, and doubts.

Only the first rows are read. Spark is needed only for Parquet files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from ingest.first_rows import FirstRows, read_first_rows
from ingest.parquet import is_parquet
from ingest.profile_columns import ColumnProfile, profile_column
from ingest.profile_header import may_be_value
from ingest.profile_keys import Key, KeyColumn, find_key
from ingest.profile_names import safe_names
from ingest.storage import LandedFile

MAX_ROWS = 100_000
"""Maximum number of rows to read, in all files together."""

_MAX_KEY_CHARACTERS = 80  # longer texts are not part of a key
_EVENT_WORDS = frozenset(
    {"call", "created", "event", "incident", "issued", "opened", "open", "received", "recorded", "reported", "start"}
    | {"started", "submitted", "begin"}
)
_OTHER_MOMENT_WORDS = frozenset(
    {"approved", "closed", "close", "completed", "due", "end", "ended", "exported", "expires", "expiry", "expiration"}
    | {"last", "loaded", "modified", "resolved", "target", "updated", "as"}
)
_MIDNIGHT_HOURS = frozenset({0, 1, 2, 21, 22, 23})
_MIN_ROWS_NEAR_MIDNIGHT = 5
_MIN_SHARE_OF_SAME_DAYS = 0.99


@dataclass(frozen=True)
class OffsetConflict:
    """A column of times whose offset from UTC contradicts a column of dates.

    In at least 99 % of the rows, the day of the time equals the date, also near midnight. In a city outside UTC, this
    is possible only if the times are local times, and the offset is wrong.

    Attributes:
        column: The name of the column of times.
        date: The name of the column of dates.
        offset: The offset that the times have, such as `+00:00`.
        rows: Number of rows that have both values.
        near_midnight: Number of these rows with a time less than three hours from midnight.
        similar_column: If only another column with the same offset matches the dates, the name of that column.
            Otherwise empty. For example, the arrival of a unit can be on the day after the date of the call.
    """

    column: str
    date: str
    offset: str
    rows: int
    near_midnight: int
    similar_column: str = ""


@dataclass(frozen=True)
class Profile:
    """The findings about files with the same columns.

    Attributes:
        files: The names of the files.
        rows: Number of rows that were read.
        is_complete: Whether these are all rows.
        columns: The columns, in the order of the first file.
        key: The columns that identify a row.
        event_time: The name of the column with the time of the event. None if no complete column has dates or times.
        identical_rows: Number of rows that are identical to an earlier row.
        malformed: The places of records that do not fit the header or are not JSON objects.
        conflicts: The columns of times whose offset from UTC is suspicious.
        sheets: Number of visible sheets of the workbook. Only the first sheet is read.
    """

    files: tuple[str, ...]
    rows: int
    is_complete: bool
    columns: tuple[ColumnProfile, ...]
    key: Key
    event_time: str | None
    identical_rows: int
    malformed: tuple[str, ...]
    conflicts: tuple[OffsetConflict, ...]
    sheets: int

    def column(self, name: str) -> ColumnProfile:
        """Return the column with this name in the tables of the lake."""
        return next(column for column in self.columns if column.name == name)


def profile_files(files: Sequence[LandedFile], *, max_rows: int = MAX_ROWS, now: datetime | None = None) -> Profile:
    """Profile files of the same kind.

    Args:
        files: The files. They must have the same columns.
        max_rows: Maximum number of rows to read, in all files together.
        now: The current time. A column with later times is not the event time [default: the clock].

    Raises:
        IngestError: See `read_first_rows`.
    """
    read = read_first_rows(files, max_rows=max_rows)
    return profile_rows(read, files=[file.name for file in files], now=now)


def profile_rows(read: FirstRows, *, files: Sequence[str], now: datetime | None = None) -> Profile:
    """Profile rows of the files with the names `files`. See `profile_files`."""
    places = [_place(file, number, is_only=len(files) == 1) for file, number in read.places]
    names = safe_names(read.columns)
    cells = [*zip(*read.rows, strict=True)]
    columns = tuple(
        profile_column(
            source, name, cells[index], places, is_workbook=read.is_workbook, has_fractions=source in read.fractions
        )
        for index, (source, name) in enumerate(zip(read.columns, names, strict=True))
    )
    columns = _mark_unsure_names(columns, read, files=files)
    return Profile(
        files=tuple(files),
        rows=len(read.rows),
        is_complete=read.is_complete,
        columns=columns,
        key=_choose_key(columns, read.rows, is_complete=read.is_complete),
        event_time=_choose_event_time(columns, now or datetime.now(timezone.utc)),
        identical_rows=len(read.rows) - len({*read.rows}),
        malformed=tuple(_place(file, number, is_only=len(files) == 1) for file, number in read.malformed),
        conflicts=_find_conflicts(columns, read),
        sheets=read.sheets,
    )


def _mark_unsure_names(
    columns: tuple[ColumnProfile, ...], read: FirstRows, *, files: Sequence[str]
) -> tuple[ColumnProfile, ...]:
    """Mark the columns whose names may be values. JSON objects and Parquet files always have names."""
    if read.is_json or all(map(is_parquet, files)):
        return columns
    is_header = [len(columns) > 1 and row == read.columns for row in read.rows]
    return tuple(
        replace(column, is_name_unsure=may_be_value(column.source, cells, is_header_repeated=is_header))
        for column, cells in zip(columns, zip(*read.rows, strict=True), strict=True)
    )


def _place(file: str, number: int, *, is_only: bool) -> str:
    return f"row {number}" if is_only else f"row {number} of {file}"


def _choose_key(columns: Sequence[ColumnProfile], rows: Sequence[tuple[str | None, ...]], *, is_complete: bool) -> Key:
    """Choose a key. Return an empty key if no combination of columns identifies a row.

    Identical rows are the same record only if they have an identifier, such as a case number. Otherwise they can be
    different records, such as two visits of the same kind.
    """
    distinct = [*dict.fromkeys(rows)]
    candidates = []
    for index, column in enumerate(columns):
        values = column.values
        is_usable = column.is_complete and not (column.personal or values.is_nested or values.is_formatted)
        if not is_usable or column.type in ("boolean", "decimal(18,2)", "double"):
            continue
        cells = [row[index] for row in distinct]
        if max((len(cell or "") for cell in cells), default=0) <= _MAX_KEY_CHARACTERS:
            is_time = column.type in ("timestamp", "timestamp_ntz")
            candidates.append(KeyColumn(column.name, column.words, cells, is_number=column.is_number, is_time=is_time))
    key = find_key(candidates, rows=len(distinct), is_complete=is_complete)
    has_identifier = any(column.is_id_like for column in candidates if column.name in key.columns)
    return key if has_identifier or len(distinct) == len(rows) else Key(())


def _choose_event_time(columns: Sequence[ColumnProfile], now: datetime) -> str | None:
    """Choose the column with the time of the event: a complete column of dates or times that are not in the future."""
    candidates = [
        column
        for column in columns
        if column.moments and column.type in ("date", "timestamp") and column.is_complete and not column.personal
        if max(column.moments.moments.values()) <= now
    ]

    def rank(column: ColumnProfile) -> int:
        words = frozenset(column.words)
        return 0 if words & _EVENT_WORDS else 2 if words & _OTHER_MOMENT_WORDS else 1

    return min(candidates, key=rank).name if candidates else None


def _find_conflicts(columns: Sequence[ColumnProfile], read: FirstRows) -> tuple[OffsetConflict, ...]:
    """Find columns of times with the offset `Z` or `+00:00` whose days equal a column of dates in almost all rows.

    If there is such a column, the other columns with the same offset are suspicious too.
    """
    times = [
        (index, column)
        for index, column in enumerate(columns)
        if column.moments and column.moments.offset in ("Z", "+00:00")
    ]
    dates = [(index, column) for index, column in enumerate(columns) if column.moments and column.moments.is_date]
    conflicts = []
    for time_index, time in times:
        for date_index, date in dates:
            conflict = _compare_days(time, date, [(row[time_index], row[date_index]) for row in read.rows])
            if conflict:
                conflicts.append(conflict)
                break
    proofs = {conflict.offset: conflict for conflict in conflicts}
    proven = {conflict.column for conflict in conflicts}
    for _, time in times:
        proof = proofs.get(time.moments.offset) if time.moments else None
        if proof and time.name not in proven:
            conflicts.append(replace(proof, column=time.name, similar_column=proof.column))
    return tuple(conflicts)


def _compare_days(
    time: ColumnProfile, date: ColumnProfile, cells: Sequence[tuple[str | None, str | None]]
) -> OffsetConflict | None:
    if time.moments is None or date.moments is None or date.moments.kind == "month":
        return None
    pairs = [
        (time.moments.moments[first], date.moments.moments[second])
        for first, second in cells
        if first and second and first in time.moments.moments and second in date.moments.moments
    ]
    same = [moment for moment, day in pairs if moment.date() == day.date()]
    near_midnight = sum(moment.hour in _MIDNIGHT_HOURS for moment in same)
    if near_midnight < _MIN_ROWS_NEAR_MIDNIGHT or len(same) < _MIN_SHARE_OF_SAME_DAYS * len(pairs):
        return None
    return OffsetConflict(time.name, date.name, time.moments.offset, len(pairs), near_midnight)
