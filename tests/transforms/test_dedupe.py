from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone

import pytest
from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from transforms.dedupe import LINEAGE_COLUMNS, drop_superseded_rows, keep_latest
from transforms.errors import ArgumentError, DuplicateColumnError, MissingColumnError, SchemaMismatchError

DELIVERIES = "day string, file int, n int"
KEYS = st.sampled_from([None, "a", "b"])


def assert_latest(spark, rows, expected_rows, *, valid=None, order_by=("file",)):
    calls = spark.createDataFrame(rows, DELIVERIES)
    latest = calls.transform(keep_latest, key=["day"], order_by=order_by, valid=valid)
    expected = spark.createDataFrame(expected_rows, DELIVERIES)
    # A sort of several partitions starts with a Spark job that samples the rows. `coalesce(1)` avoids this job.
    assert_df_equality(latest.coalesce(1), expected.coalesce(1), ignore_row_order=True)


@pytest.mark.parametrize(
    ("rows", "expected_rows"),
    [
        ([("mon", 2, 20), ("mon", 1, 10), ("tue", 1, 11), ("mon", 3, 30)], [("mon", 3, 30), ("tue", 1, 11)]),
        ([("mon", None, 1), ("mon", -5, 2), ("tue", None, 3)], [("mon", -5, 2), ("tue", None, 3)]),
        ([("mon", 1, 10)] * 3, [("mon", 1, 10)]),
    ],
    ids=["several keys", "a null in the order", "equal rows"],
)
def test_the_latest_row_of_each_key_is_kept(spark, rows, expected_rows):
    assert_latest(spark, rows, expected_rows)


def test_null_validity_condition_counts_as_invalid(spark):
    rows = [("mon", 1, 10), ("mon", 2, None)]
    assert_latest(spark, rows, rows, valid=F.col("n") > 0)


def test_next_order_column_breaks_ties(spark):
    assert_latest(spark, [("mon", 1, 10), ("mon", 1, 30), ("mon", 1, 20)], [("mon", 1, 30)], order_by=("file", "n"))


def test_all_rows_with_a_null_key_are_kept(spark):
    rows = [(None, 1, 10), (None, 1, 10), (None, 2, 20), ("mon", 1, 10)]
    assert_latest(spark, rows, rows)
    assert_latest(spark, rows, rows, valid=F.col("n") < 0)


def test_all_rows_with_a_partly_null_key_are_kept(spark):
    rows = [("mon", None, 1), ("mon", None, 2), (None, 1, 3), (None, 1, 4), ("mon", 1, 5), ("mon", 1, 6)]
    calls = spark.createDataFrame(rows, DELIVERIES)
    latest = calls.transform(keep_latest, key=["day", "file"], order_by=["n"])
    expected = spark.createDataFrame([*rows[:4], rows[5]], DELIVERIES)
    assert_df_equality(latest, expected, ignore_row_order=True)


@pytest.mark.parametrize("arguments", [{"key": ["Day"], "order_by": ["n"]}, {"key": ["n"], "order_by": ["Day"]}])
def test_missing_key_or_order_column_is_refused(spark, arguments):
    calls = spark.createDataFrame([], DELIVERIES)
    with pytest.raises(MissingColumnError, match="keep_latest: column 'Day' is missing") as caught:
        keep_latest(calls, **arguments)
    assert caught.value.available == ("day", "file", "n")


@given(rows=st.lists(st.tuples(KEYS, st.one_of(st.none(), st.integers(0, 3)), st.integers(0, 2)), max_size=12))
def test_last_row_in_sort_order_is_kept(spark, rows):
    calls = spark.createDataFrame(rows, DELIVERIES)
    latest = [tuple(row) for row in calls.transform(keep_latest, key=["day"], order_by=["file", "n"]).collect()]

    def rank(row):
        return (row[1] is not None, row[1] or 0, row[2])

    greatest = {day: max((row for row in rows if row[0] == day), key=rank) for day in {row[0] for row in rows} - {None}}
    assert {row[0]: row for row in latest if row[0]} == greatest
    assert Counter(latest) == Counter([*greatest.values(), *(row for row in rows if row[0] is None)])


@given(rows=st.lists(st.tuples(KEYS, st.booleans()), max_size=12))
def test_latest_valid_row_is_kept_too(spark, rows):
    """The latest row and the latest valid row of each key are kept."""
    numbered = [(key, number, good) for number, (key, good) in enumerate(rows)]
    calls = spark.createDataFrame(numbered, "key string, number int, good boolean")
    latest = calls.transform(keep_latest, key=["key"], order_by=["number"], valid=F.col("good")).collect()
    for key in {row[0] for row in numbered} - {None}:
        key_rows = [row for row in numbered if row[0] == key]
        expected = {key_rows[-1], *[row for row in key_rows if row[2]][-1:]}
        assert {tuple(row) for row in latest if row.key == key} == expected
        assert sum(row.key == key for row in latest) == len(expected) <= 2
    assert sum(row.key is None for row in latest) == sum(key is None for key, _ in rows)


CONTENTS = "day string, n int, `a. File` string, `is. Current` boolean"


def drop_superseded(spark, rows):
    contents = spark.createDataFrame(rows, CONTENTS)
    return contents.transform(drop_superseded_rows, key=["day"], file_column="a. File", current_column="is. Current")


def test_superseded_row_without_matching_current_row_is_dropped(spark):
    """A superseded row is kept only if a current row has the same file and key."""
    rows = [("mon", 1, "a", False), ("mon", 2, "a", True), ("tue", 3, "a", False), ("wed", 4, "a", True)]
    rows += [("thu", 5, "a", None), ("tue", 6, "b", True), ("mon", 7, "b", False)]
    assert sorted(map(tuple, drop_superseded(spark, rows).collect())) == [rows[0], rows[1], rows[5], rows[3]]


def test_superseded_rows_with_a_null_key_are_dropped(spark):
    rows = [(None, 1, "a", False), (None, 2, "a", True), (None, 3, "a", True)]
    assert sorted(row.n for row in drop_superseded(spark, rows).collect()) == [2, 3]


def test_frame_without_current_column_is_refused(spark):
    calls = spark.createDataFrame([("mon", "a")], "day string, _source_file string")
    with pytest.raises(MissingColumnError, match="drop_superseded_rows: column '_is_current' is missing"):
        calls.transform(drop_superseded_rows, key=["day"])


DELIVERED = (
    "day string, n int, _is_current boolean, _modified_at timestamp, _ingested_at timestamp, _source_file string, "
    "_row_number int"
)


def test_modification_times_are_compared_before_landing_times(spark):
    modified_2020, modified_2023 = datetime(2020, 1, 5, tzinfo=timezone.utc), datetime(2023, 1, 5, tzinfo=timezone.utc)
    landed_first, landed_today = datetime(2023, 1, 6, tzinfo=timezone.utc), datetime(2026, 1, 6, tzinfo=timezone.utc)
    rows = [
        ("mon", 289, True, modified_2023, landed_first, "2023.csv", 2),
        ("mon", 300, True, modified_2020, landed_today, "archive.csv", 2),
    ]
    for ordered in (rows, rows[::-1]):
        latest = spark.createDataFrame(ordered, DELIVERED).transform(keep_latest, key=["day"], order_by=LINEAGE_COLUMNS)
        assert_df_equality(latest, spark.createDataFrame(rows[:1], DELIVERED))


def test_landing_time_breaks_ties_before_file_name(spark):
    """The landing time breaks ties first, then the file name, then the row number."""
    modified, early, late = (datetime(2024, 1, day, tzinfo=timezone.utc) for day in (1, 2, 3))
    rows = [
        ("mon", 1, True, modified, early, "b.csv", 9),
        ("mon", 2, True, modified, late, "a.csv", 1),
        ("tue", 3, True, modified, late, "a.csv", 9),
        ("tue", 4, True, modified, late, "b.csv", 1),
        ("wed", 5, True, modified, late, "b.csv", 1),
        ("wed", 6, True, modified, late, "b.csv", 2),
        ("thu", 7, True, None, late, "b.csv", 2),
        ("thu", 8, True, modified, early, "a.csv", 1),
    ]
    for ordered in (rows, rows[::-1]):
        latest = spark.createDataFrame(ordered, DELIVERED).transform(keep_latest, key=["day"], order_by=LINEAGE_COLUMNS)
        assert sorted(row.n for row in latest.collect()) == [2, 4, 6, 8]


def test_current_row_counts_as_later_than_superseded_row(spark):
    rows = [("mon", 1, 100, True), ("mon", 2, 120, False), ("tue", 1, 7, False), ("tue", 2, -7, True)]
    calls = spark.createDataFrame(rows, "day string, file int, n int, _is_current boolean")
    latest = calls.transform(keep_latest, key=["day"], order_by=["_is_current", "file"], valid=F.col("n") > 0)
    assert sorted(row.n for row in latest.collect()) == [-7, 7, 100]


def test_invalid_arguments_of_drop_superseded_rows_are_refused(spark):
    empty = spark.createDataFrame([], CONTENTS)
    with pytest.raises(SchemaMismatchError, match="column 'n': got the type int, expected a boolean"):
        empty.transform(drop_superseded_rows, key=["day"], file_column="a. File", current_column="n")
    with pytest.raises(ArgumentError, match="drop_superseded_rows: key is .., expected one column or more"):
        empty.transform(drop_superseded_rows, key=[], file_column="a. File", current_column="is. Current")
    with pytest.raises(MissingColumnError, match="drop_superseded_rows: column 'f' is missing"):
        empty.transform(drop_superseded_rows, key=["day"], file_column="f", current_column="is. Current")


@pytest.mark.parametrize("empty", ["key", "order_by"])
def test_empty_key_or_order_list_is_refused(spark, empty):
    arguments = {"key": ["day"], "order_by": ["file"]} | {empty: []}
    with pytest.raises(ArgumentError, match=f"keep_latest: {empty} is .., expected one column or more"):
        keep_latest(spark.createDataFrame([], DELIVERIES), **arguments)


@pytest.mark.parametrize(
    ("helper", "step", "arguments"),
    [
        ("__keep_latest_rank", keep_latest, {"key": ["day"], "order_by": ["n"]}),
        ("__keep_latest_valid", keep_latest, {"key": ["day"], "order_by": ["n"], "valid": "n > 0"}),
        ("__drop_superseded_rows_current", drop_superseded_rows, {"key": ["day"], "current_column": "current"}),
    ],
)
def test_reserved_column_names_are_refused(spark, helper, step, arguments):
    """The functions reserve the names of their helper columns."""
    rows = spark.createDataFrame([], f"day string, n int, _source_file string, current boolean, {helper} int")
    if "valid" in arguments:
        arguments = arguments | {"valid": F.expr(arguments["valid"])}
    with pytest.raises(DuplicateColumnError, match=f"{step.__name__}: the result would have two columns '{helper}'"):
        step(rows, **arguments)
