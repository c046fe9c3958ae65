from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone

import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from transforms.dedupe import LINEAGE_COLUMNS, drop_superseded_rows, keep_latest
from transforms.errors import ArgumentError, MissingColumnError, SchemaMismatchError

DELIVERIES = "day string, file int, n int"
KEYS = st.sampled_from([None, "a", "b"])
FEW = settings(max_examples=10, deadline=None)


def assert_latest(spark, given_rows, kept, *, valid=None, order_by=("file",)):
    calls = spark.createDataFrame(given_rows, DELIVERIES)
    latest = calls.transform(keep_latest, key=["day"], order_by=order_by, valid=valid)
    expected = spark.createDataFrame(kept, DELIVERIES)
    # One partition each: a sort of several starts a Spark job more to find its ranges.
    assert_df_equality(latest.coalesce(1), expected.coalesce(1), ignore_row_order=True)


def test_the_latest_row_of_each_key_is_kept(spark):
    rows = [("mon", 2, 20), ("mon", 1, 10), ("tue", 1, 11), ("mon", 3, 30)]
    assert_latest(spark, rows, [("mon", 3, 30), ("tue", 1, 11)])


def test_a_null_in_the_order_comes_before_any_value(spark):
    assert_latest(spark, [("mon", None, 1), ("mon", -5, 2), ("tue", None, 3)], [("mon", -5, 2), ("tue", None, 3)])


def test_of_rows_alike_in_every_column_one_is_kept(spark):
    assert_latest(spark, [("mon", 1, 10)] * 3, [("mon", 1, 10)])


def test_a_tie_is_broken_by_the_next_column_of_the_order(spark):
    assert_latest(spark, [("mon", 1, 10), ("mon", 1, 30), ("mon", 1, 20)], [("mon", 1, 30)], order_by=("file", "n"))


def test_rows_without_a_key_are_all_kept(spark):
    rows = [(None, 1, 10), (None, 1, 10), (None, 2, 20), ("mon", 1, 10)]
    assert_latest(spark, rows, rows)
    assert_latest(spark, rows, rows, valid=F.col("n") < 0)


def test_a_null_in_any_column_of_the_key_makes_it_no_key(spark):
    rows = [("mon", None, 1), ("mon", None, 2), (None, 1, 3), (None, 1, 4), ("mon", 1, 5), ("mon", 1, 6)]
    calls = spark.createDataFrame(rows, DELIVERIES)
    latest = calls.transform(keep_latest, key=["day", "file"], order_by=["n"])
    expected = spark.createDataFrame([*rows[:4], rows[5]], DELIVERIES)
    assert_df_equality(latest, expected, ignore_row_order=True)


def test_of_an_empty_frame_nothing_is_kept(spark):
    assert_latest(spark, [], [])
    assert_latest(spark, [], [], valid=F.col("n") > 0)


def test_a_broken_newest_row_does_not_take_the_older_good_one_away(spark):
    rows = [("mon", 1, 10), ("mon", 2, 20), ("mon", 3, -1)]
    assert_latest(spark, rows, [("mon", 2, 20), ("mon", 3, -1)], valid=F.col("n") > 0)


def test_of_several_broken_newest_rows_the_very_latest_is_kept(spark):
    rows = [("mon", 1, 10), ("mon", 2, -2), ("mon", 3, -3)]
    assert_latest(spark, rows, [("mon", 1, 10), ("mon", 3, -3)], valid=F.col("n") > 0)


def test_a_broken_row_that_was_mended_since_is_dropped(spark):
    assert_latest(spark, [("mon", 1, -1), ("mon", 2, 20)], [("mon", 2, 20)], valid=F.col("n") > 0)


def test_of_a_key_with_broken_rows_only_the_latest_is_kept(spark):
    assert_latest(spark, [("mon", 1, -1), ("mon", 2, -2)], [("mon", 2, -2)], valid=F.col("n") > 0)


def test_a_row_of_which_it_is_not_known_whether_it_is_valid_is_broken(spark):
    assert_latest(spark, [("mon", 1, 10), ("mon", 2, None)], [("mon", 1, 10), ("mon", 2, None)], valid=F.col("n") > 0)


def test_names_may_have_dots_spaces_and_accents(spark):
    schema = "`The. Day` string, `Delivered At` int, `zähler` int"
    calls = spark.createDataFrame([("mon", 1, 6), ("mon", 2, 5)], schema)
    latest = calls.transform(keep_latest, key=["The. Day"], order_by=["Delivered At", "zähler"])
    assert_df_equality(latest, spark.createDataFrame([("mon", 2, 5)], schema))
    latest = calls.transform(keep_latest, key=["The. Day"], order_by=["zähler"], valid=F.col("`The. Day`") != "mon")
    assert_df_equality(latest, spark.createDataFrame([("mon", 1, 6)], schema))


@pytest.mark.parametrize("arguments", [{"key": ["Day"], "order_by": ["n"]}, {"key": ["n"], "order_by": ["Day"]}])
def test_a_missing_column_of_the_key_or_the_order_is_named(spark, arguments):
    calls = spark.createDataFrame([], DELIVERIES)
    with pytest.raises(MissingColumnError, match="keep_latest: column 'Day' is missing") as caught:
        keep_latest(calls, **arguments)
    assert caught.value.available == ("day", "file", "n")


@FEW
@given(rows=st.lists(st.tuples(KEYS, st.one_of(st.none(), st.integers(0, 3)), st.integers(0, 2)), max_size=12))
def test_each_key_has_exactly_one_row_and_it_is_the_greatest(spark, rows):
    calls = spark.createDataFrame(rows, DELIVERIES)
    latest = [tuple(row) for row in calls.transform(keep_latest, key=["day"], order_by=["file", "n"]).collect()]

    def rank(row):
        return (row[1] is not None, row[1] or 0, row[2])

    greatest = {day: max((row for row in rows if row[0] == day), key=rank) for day in {row[0] for row in rows} - {None}}
    assert {row[0]: row for row in latest if row[0]} == greatest
    assert Counter(latest) == Counter([*greatest.values(), *(row for row in rows if row[0] is None)])


@FEW
@given(rows=st.lists(st.tuples(KEYS, st.booleans()), max_size=12))
def test_each_key_keeps_its_latest_valid_row_and_a_broken_row_only_if_it_is_the_latest(spark, rows):
    numbered = [(key, number, good) for number, (key, good) in enumerate(rows)]
    calls = spark.createDataFrame(numbered, "key string, number int, good boolean")
    kept = calls.transform(keep_latest, key=["key"], order_by=["number"], valid=F.col("good")).collect()
    for key in {row[0] for row in numbered} - {None}:
        of_key = [row for row in numbered if row[0] == key]
        expected = {of_key[-1], *[row for row in of_key if row[2]][-1:]}
        assert {tuple(row) for row in kept if row.key == key} == expected
        assert sum(row.key == key for row in kept) == len(expected) <= 2
    assert sum(row.key is None for row in kept) == sum(key is None for key, _ in rows)


CONTENTS = "day string, n int, `a. File` string, `is. Current` boolean"


def superseded_dropped(spark, rows):
    contents = spark.createDataFrame(rows, CONTENTS)
    return contents.transform(drop_superseded_rows, key=["day"], file="a. File", current="is. Current")


def test_what_a_files_current_content_no_longer_says_is_dropped_and_the_rest_may_stand_in(spark):
    rows = [("mon", 1, "a", False), ("mon", 2, "a", True), ("tue", 3, "a", False), ("wed", 4, "a", True)]
    rows += [("thu", 5, "a", None), ("tue", 6, "b", True), ("mon", 7, "b", False)]
    assert sorted(map(tuple, superseded_dropped(spark, rows).collect())) == [rows[0], rows[1], rows[5], rows[3]]


def test_a_row_without_a_key_is_kept_only_if_it_is_current(spark):
    rows = [(None, 1, "a", False), (None, 2, "a", True), (None, 3, "a", True)]
    assert sorted(row.n for row in superseded_dropped(spark, rows).collect()) == [2, 3]


def test_rows_that_do_not_say_whether_they_are_current_are_refused(spark):
    calls = spark.createDataFrame([("mon", "a")], "day string, _source_file string")
    with pytest.raises(MissingColumnError, match="drop_superseded_rows: column '_is_current' is missing"):
        calls.transform(drop_superseded_rows, key=["day"])


def test_a_file_modified_long_ago_does_not_replace_a_newer_one_because_it_lands_later(spark):
    schema = (
        "day string, n int, _is_current boolean, _modified_at timestamp, _ingested_at timestamp, _source_file string, "
        "_row_number int"
    )
    modified_2020, modified_2023 = datetime(2020, 1, 5, tzinfo=timezone.utc), datetime(2023, 1, 5, tzinfo=timezone.utc)
    landed_first, landed_today = datetime(2023, 1, 6, tzinfo=timezone.utc), datetime(2026, 1, 6, tzinfo=timezone.utc)
    rows = [
        ("mon", 289, True, modified_2023, landed_first, "2023.csv", 2),
        ("mon", 300, True, modified_2020, landed_today, "archive.csv", 2),
    ]
    for ordered in (rows, rows[::-1]):
        latest = spark.createDataFrame(ordered, schema).transform(keep_latest, key=["day"], order_by=LINEAGE_COLUMNS)
        assert_df_equality(latest, spark.createDataFrame(rows[:1], schema))


def test_of_one_modification_time_the_file_that_landed_last_counts_then_its_name_then_the_row(spark):
    schema = (
        "day string, n int, _is_current boolean, _modified_at timestamp, _ingested_at timestamp, _source_file string, "
        "_row_number int"
    )
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
        latest = spark.createDataFrame(ordered, schema).transform(keep_latest, key=["day"], order_by=LINEAGE_COLUMNS)
        assert sorted(row.n for row in latest.collect()) == [2, 4, 6, 8]


def test_what_is_no_longer_said_stands_in_for_what_is_but_comes_before_all_that_is(spark):
    # b says 120 no more, and of a's correction only the first is good
    rows = [("mon", 1, 100, True), ("mon", 2, 120, False), ("tue", 1, 7, False), ("tue", 2, -7, True)]
    calls = spark.createDataFrame(rows, "day string, file int, n int, _is_current boolean")
    latest = calls.transform(keep_latest, key=["day"], order_by=["_is_current", "file"], valid=F.col("n") > 0)
    assert sorted(row.n for row in latest.collect()) == [-7, 7, 100]


def test_nothing_is_dropped_from_no_rows_and_what_is_wrong_is_named(spark):
    empty = spark.createDataFrame([], CONTENTS)
    assert superseded_dropped(spark, []).collect() == []
    with pytest.raises(SchemaMismatchError, match="column 'n': got the type int, expected a boolean"):
        empty.transform(drop_superseded_rows, key=["day"], file="a. File", current="n")
    with pytest.raises(ArgumentError, match="drop_superseded_rows: key is .., expected one column or more"):
        empty.transform(drop_superseded_rows, key=[], file="a. File", current="is. Current")
    with pytest.raises(MissingColumnError, match="drop_superseded_rows: column 'f' is missing"):
        empty.transform(drop_superseded_rows, key=["day"], file="f", current="is. Current")


@pytest.mark.parametrize("empty", ["key", "order_by"])
def test_the_latest_of_no_key_or_in_no_order_is_refused(spark, empty):
    arguments = {"key": ["day"], "order_by": ["file"]} | {empty: []}
    with pytest.raises(ArgumentError, match=f"keep_latest: {empty} is .., expected one column or more"):
        keep_latest(spark.createDataFrame([], DELIVERIES), **arguments)
