"""Tests of `file_as_of`.

The as-of time of a file is the modification time of the file or the latest time in its rows, whichever is earlier.
"""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from chispa import assert_df_equality

from transforms.errors import ArgumentError, DuplicateColumnError, MissingColumnError, SchemaMismatchError
from transforms.revisions import file_as_of

ROWS = "n int, _source_file string, _ingested_at timestamp, _modified_at timestamp, created timestamp, closed timestamp"
TIMES = ["created", "closed"]


def time(hour, minute=0):
    return datetime(2024, 7, 4, hour, minute, tzinfo=timezone.utc)


def assert_as_of(spark, rows, times, **arguments):
    dated = spark.createDataFrame(rows, ROWS).transform(file_as_of, time_columns=TIMES, **arguments)
    expected = [(*row, as_of) for row, as_of in zip(rows, times, strict=True)]
    assert_df_equality(
        dated, spark.createDataFrame(expected, f"{ROWS}, as_of timestamp"), ignore_row_order=True, ignore_nullable=True
    )


def test_as_of_time_is_the_latest_row_time(either_ansi):
    rows = [
        (1, "a.csv", time(15), time(14), time(9), time(13, 10)),
        (2, "a.csv", time(15), time(14), time(12), None),
        (3, "a.csv", time(15), time(14), None, None),
    ]
    assert_as_of(either_ansi, rows, [time(13, 10)] * 3)


def test_as_of_time_never_exceeds_the_modification_time(spark):
    rows = [(1, "a.csv", time(15), time(14), time(9), time(23)), (2, "a.csv", time(15), time(14), time(8), None)]
    assert_as_of(spark, rows, [time(14)] * 2)


def test_rows_without_times_use_the_modification_time(spark):
    rows = [(1, "a.csv", time(15), time(14), None, None), (2, "b.csv", time(15), None, None, None)]
    assert_as_of(spark, rows, [time(14), None])


def test_files_without_modification_time_use_row_times(spark):
    assert_as_of(spark, [(1, "a.csv", time(15), None, time(9), None)], [time(9)])


def test_each_delivery_has_its_own_as_of_time(spark):
    rows = [
        (1, "a.csv", time(11), time(10), time(9), None),
        (2, "a.csv", time(15), time(14), time(9), time(13)),
        (3, "b.csv", time(15), time(14), time(8), None),
        (4, None, None, time(14), time(7), None),
    ]
    assert_as_of(spark, rows, [time(9), time(13), time(8), time(7)])


def test_invalid_arguments_are_refused(spark):
    rows = spark.createDataFrame([], ROWS)
    with pytest.raises(MissingColumnError, match="file_as_of: column 'opened' is missing"):
        file_as_of(rows, time_columns=["opened"])
    with pytest.raises(ArgumentError, match="file_as_of: time_columns is .., expected one column or more"):
        file_as_of(rows, time_columns=[])
    with pytest.raises(ArgumentError, match="file_as_of: file_columns is .., expected one column or more"):
        file_as_of(rows, time_columns=TIMES, file_columns=[])
    with pytest.raises(SchemaMismatchError, match="file_as_of: column 'n': got the type int, expected a timestamp"):
        file_as_of(rows, time_columns=["n"])
    with pytest.raises(DuplicateColumnError, match="file_as_of: the result would have two columns 'n'"):
        file_as_of(rows, time_columns=TIMES, name="n")
