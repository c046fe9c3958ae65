"""Add an as-of time to rows that have no revision time, such as the rows of an export of a live system."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.errors import ArgumentError, SchemaMismatchError
from transforms.names import require_columns, require_distinct
from transforms.sql import quoted

_PREFIX, _LATEST = "__file_as_of_", "__file_as_of_latest"


def file_as_of(
    rows: DataFrame,
    *,
    time_columns: Sequence[str],
    file_columns: Sequence[str] = ("_source_file", "_ingested_at"),
    modified_column: str = "_modified_at",
    name: str = "as_of",
) -> DataFrame:
    """Add the as-of time of each file: the time at which the rows of the file were up to date.

    The as-of time is the earlier of two times: the modification time of the file and the latest time in its rows. A
    copy or a second download of an export has a new modification time, although the rows are not newer. With the
    modification time alone, these old rows would replace later revisions. If the rows have no time, the as-of time is
    the modification time.

    This rule has two limits. First, an export can contain a change that was made after the latest time in its rows. The
    as-of time is then earlier than this change. If another file has a revision that is later than the as-of time but
    earlier than the change, the revision wrongly replaces the change. Second, if an export has only old rows, its as-of
    time is too early.

    Rows: all kept. A separate pass reads `file_columns` and `time_columns`, and finds the latest time of each file.
    Spark broadcasts the result of this pass. So the rows are not shuffled, and a large file is not processed in one
    task.

    Columns: reads `file_columns`, `modified_column` and `time_columns`. `file_columns` identify a delivery of a file.
    `time_columns` contain the times in the rows, and can be null. Adds `name`, a timestamp.

    >>> rows = [("a.csv", "14:00", "13:10"), ("a.csv", "14:00", "09:00"), ("b.csv", "14:00", None)]
    >>> rows = spark.createDataFrame(rows, "file string, saved string, closed string")
    >>> times = {name: F.concat(F.lit("2024-07-04 "), name).cast("timestamp") for name in ("saved", "closed")}
    >>> dated = rows.withColumns(times).transform(
    ...     file_as_of, time_columns=["closed"], file_columns=["file"], modified_column="saved"
    ... )
    >>> [f"{row.file} {row.as_of:%H:%M}" for row in dated.sort("file").collect()]
    ['a.csv 13:10', 'a.csv 13:10', 'b.csv 14:00']

    Raises:
        MissingColumnError: A column is not in the frame.
        DuplicateColumnError: The frame already has a column `name`, or a column with the name of a helper column of
            this step.
        ArgumentError: `file_columns` or `time_columns` is empty.
        SchemaMismatchError: `modified_column` or a time column is not a timestamp.
    """
    keys = {column: f"{_PREFIX}{index}" for index, column in enumerate(file_columns)}
    for argument, columns in (("file_columns", file_columns), ("time_columns", time_columns)):
        if not columns:
            raise ArgumentError(where="file_as_of", argument=argument, got=columns, expected="one column or more")
    require_columns(rows, [*file_columns, modified_column, *time_columns], where="file_as_of")
    require_distinct([*rows.columns, name, _LATEST, *keys.values()], where="file_as_of")
    for column in (modified_column, *time_columns):
        if not isinstance(rows.schema[column].dataType, T.TimestampType):
            raise SchemaMismatchError(
                where=f"file_as_of: column {column!r}",
                got=f"the type {rows.schema[column].dataType.simpleString()}",
                expected="a timestamp",
                hint="Convert the column to a timestamp with change_schema first.",
            )
    # `greatest` and `least` ignore nulls. If all times in the rows of a file are null, the as-of time is the
    # modification time of the file.
    times = [F.max(quoted(column)) for column in time_columns]
    latest = F.greatest(*times) if len(times) > 1 else times[0]
    files = rows.groupBy(*(F.col(quoted(column)).alias(key) for column, key in keys.items())).agg(latest.alias(_LATEST))
    same_file = reduce(and_, (F.col(quoted(column)).eqNullSafe(F.col(key)) for column, key in keys.items()))
    as_of = F.least(F.col(quoted(modified_column)), F.col(_LATEST)).alias(name)
    return rows.join(F.broadcast(files), on=same_file, how="left").select(*map(quoted, rows.columns), as_of)
