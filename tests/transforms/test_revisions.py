"""The as-of time of a file: its modification time, but not later than the latest time that it mentions."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F

from transforms.errors import ArgumentError, DuplicateColumnError, MissingColumnError, SchemaMismatchError
from transforms.revisions import file_as_of

ROWS = "n int, _source_file string, _ingested_at timestamp, _modified_at timestamp, created timestamp, closed timestamp"
MENTIONED = ["created", "closed"]


def at(hour, minute=0):
    return datetime(2024, 7, 4, hour, minute, tzinfo=timezone.utc)


def assert_as_of(spark, rows, times, **arguments):
    dated = spark.createDataFrame(rows, ROWS).transform(file_as_of, mentioned=MENTIONED, **arguments)
    expected = [(*row, time) for row, time in zip(rows, times, strict=True)]
    assert_df_equality(
        dated, spark.createDataFrame(expected, f"{ROWS}, as_of timestamp"), ignore_row_order=True, ignore_nullable=True
    )


def test_a_file_is_as_old_as_the_latest_time_that_one_of_its_rows_mentions(either_ansi):
    rows = [
        (1, "a.csv", at(15), at(14), at(9), at(13, 10)),
        (2, "a.csv", at(15), at(14), at(12), None),
        (3, "a.csv", at(15), at(14), None, None),
    ]
    assert_as_of(either_ansi, rows, [at(13, 10)] * 3)


def test_a_file_is_never_newer_than_its_modification(spark):
    rows = [(1, "a.csv", at(15), at(14), at(9), at(23)), (2, "a.csv", at(15), at(14), at(8), None)]
    assert_as_of(spark, rows, [at(14)] * 2)


def test_a_file_that_mentions_no_time_has_its_modification_time(spark):
    rows = [(1, "a.csv", at(15), at(14), None, None), (2, "b.csv", at(15), None, None, None)]
    assert_as_of(spark, rows, [at(14), None])


def test_without_a_modification_time_the_mentioned_time_counts(spark):
    assert_as_of(spark, [(1, "a.csv", at(15), None, at(9), None)], [at(9)])


def test_each_delivery_of_a_file_is_dated_by_itself(spark):
    rows = [
        (1, "a.csv", at(11), at(10), at(9), None),
        (2, "a.csv", at(15), at(14), at(9), at(13)),
        (3, "b.csv", at(15), at(14), at(8), None),
        (4, None, None, at(14), at(7), None),
    ]
    assert_as_of(spark, rows, [at(9), at(13), at(8), at(7)])


def test_times_that_are_equal_are_no_tie_to_break(spark):
    rows = [(n, "a.csv", at(15), at(14), at(14), at(14)) for n in range(3)]
    assert_as_of(spark, rows, [at(14)] * 3)


def test_no_rows_give_no_rows(spark):
    assert_as_of(spark, [], [])


def test_names_with_dots_and_one_column_are_enough(spark):
    rows = spark.createDataFrame([(at(14), at(13))], "`saved. At` timestamp, `closed. At` timestamp")
    rows = rows.withColumn("the. File", F.lit("a"))
    dated = rows.transform(
        file_as_of, mentioned=["closed. At"], file=["the. File"], modified="saved. At", name="as. Of"
    )
    assert dated.columns == [*rows.columns, "as. Of"]
    assert dated.select("`as. Of`").first()[0] == datetime(2024, 7, 4, 13)


def test_what_is_wrong_is_named(spark):
    rows = spark.createDataFrame([], ROWS)
    with pytest.raises(MissingColumnError, match="file_as_of: column 'opened' is missing"):
        file_as_of(rows, mentioned=["opened"])
    with pytest.raises(ArgumentError, match="file_as_of: mentioned is .., expected one column or more"):
        file_as_of(rows, mentioned=[])
    with pytest.raises(ArgumentError, match="file_as_of: file is .., expected one column or more"):
        file_as_of(rows, mentioned=MENTIONED, file=[])
    with pytest.raises(SchemaMismatchError, match="file_as_of: column 'n': got the type int, expected a timestamp"):
        file_as_of(rows, mentioned=["n"])
    with pytest.raises(DuplicateColumnError, match="file_as_of: would give two columns 'n'"):
        file_as_of(rows, mentioned=MENTIONED, name="n")
