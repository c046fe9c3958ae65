"""Tests of `join` and `lookup`. `test_combine` tests unions."""

from __future__ import annotations

from collections import Counter

import pytest
from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from transforms.combine import JOIN_TYPES, join, lookup
from transforms.errors import (
    ArgumentError,
    DuplicateColumnError,
    MissingColumnError,
    SchemaMismatchError,
    UnknownFunctionError,
)

CALLS, NAMES = "id int, channel string", "code string, label string"
KEYS = st.sampled_from([None, "a", "b", "c"])


def calls_and_names(spark):
    calls = spark.createDataFrame([(1, "web"), (2, "web"), (3, "fax"), (4, None)], CALLS)
    names = [("web", "Online"), ("web", "Internet"), ("sms", "Text"), (None, "None")]
    return calls, spark.createDataFrame(names, NAMES)


MATCHED = [("web", 1, "Internet"), ("web", 1, "Online"), ("web", 2, "Internet"), ("web", 2, "Online")]
LEFT_ONLY, RIGHT_ONLY = [("fax", 3, None), (None, 4, None)], [("sms", None, "Text"), (None, None, "None")]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("inner", MATCHED),
        ("left", [*MATCHED, *LEFT_ONLY]),
        ("right", [*MATCHED, *RIGHT_ONLY]),
        ("outer", [*MATCHED, *LEFT_ONLY, *RIGHT_ONLY]),
        ("left semi", [("web", 1), ("web", 2)]),
        ("left anti", [("fax", 3), (None, 4)]),
    ],
)
def test_null_keys_match_no_rows(spark, how, expected):
    calls, names = calls_and_names(spark)
    joined = join(calls, names, on={"channel": "code"}, how=how)
    assert joined.columns == ["channel", "id", "label"][: len(expected[0])]
    assert Counter(map(tuple, joined.collect())) == Counter(expected)


@pytest.mark.parametrize("how", JOIN_TYPES)
def test_frame_joins_its_own_aggregation(spark, how):
    calls = spark.createDataFrame([("web", 1), ("web", 2), ("fax", 5)], "channel string, n int")
    busy = calls.where("n < 5").groupBy("channel").agg(F.sum("n").alias("total"))
    joined = join(calls, busy, on=["channel"], how=how)
    matched = [("web", 1, 3), ("web", 2, 3)]
    expected = {
        "inner": matched,
        "right": matched,
        "left": [("fax", 5, None), *matched],
        "outer": [("fax", 5, None), *matched],
        "left semi": [("web", 1), ("web", 2)],
        "left anti": [("fax", 5)],
    }
    assert sorted(map(tuple, joined.collect())) == expected[how]


def test_frame_joins_itself_on_different_columns(spark):
    people = spark.createDataFrame([(1, None), (2, 1), (3, 1)], "id int, chief int")
    assert sorted(join(people, people, on={"id": "chief"}, how="left semi").collect()) == [(1, None)]
    chiefs = people.withColumnRenamed("chief", "of chief")
    assert sorted(join(people, chiefs, on={"chief": "id"}, how="inner").collect()) == [(1, 2, None), (1, 3, None)]
    same = join(people, people.select("id"), on=["id"], how="inner")
    assert sorted(map(tuple, same.collect())) == [(1, None), (2, 1), (3, 1)]


def test_two_left_columns_match_one_right_column(spark):
    left = spark.createDataFrame([(1, 2, 5), (3, 3, 6)], "`a.b` int, `Ça va` int, CODE int")
    right = spark.createDataFrame([(3, "x"), (1, "y")], "code int, `l. b` string")
    joined = join(left, right, on={"a.b": "code", "Ça va": "code"}, how="left")
    assert joined.columns == ["a.b", "Ça va", "CODE", "l. b"]
    assert sorted(map(tuple, joined.collect())) == [(1, 2, 5, None), (3, 3, 6, "x")]
    assert join(left, right.toDF("ID", "x"), on={"CODE": "ID"}, how="outer").columns == ["CODE", "a.b", "Ça va", "x"]


@pytest.mark.parametrize(
    ("left", "right", "on", "how", "error", "message"),
    [
        ("k int", "k int", ["k"], "cross", UnknownFunctionError, "join: how: 'cross' is not supported. Use one"),
        ("k int", "k int", [], "left", ArgumentError, r"join: on is \[\], expected a list of key columns"),
        ("k int", "k int", "k", "left", ArgumentError, "join: on is 'k', expected a list of key columns"),
        ("k int", "k int", ["K"], "left", MissingColumnError, "join: the left frame: column 'K'.*rename it to 'k'"),
        ("k int", "code int", ["k"], "left", MissingColumnError, "join: the right frame: column 'k' is missing"),
        (
            "k int",
            "k bigint",
            ["k"],
            "left",
            SchemaMismatchError,
            "join: key 'k': got the type bigint in the right frame, ex",
        ),
        (
            "k int, n int",
            "k int, n int",
            ["k"],
            "outer",
            DuplicateColumnError,
            "join: the result would have two columns 'n'",
        ),
        (
            "k int, n int",
            "k int, N int",
            ["k"],
            "inner",
            DuplicateColumnError,
            "columns 'n' and 'N', which are the same name to Spark",
        ),
        ("k int, n int", "code int, K int", {"k": "code"}, "left", DuplicateColumnError, "columns 'k' and 'K'"),
        (
            "k int, K int",
            "k int",
            ["k"],
            "left anti",
            SchemaMismatchError,
            "left frame: column 'k': got .'k', 'K'., which",
        ),
    ],
)
def test_invalid_arguments_of_join_are_refused(spark, left, right, on, how, error, message):
    with pytest.raises(error, match=message):
        join(spark.createDataFrame([], left), spark.createDataFrame([], right), on=on, how=how)


def test_semi_and_anti_joins_allow_shared_column_names(spark):
    calls = spark.createDataFrame([(1, 5), (2, 6)], "k int, n int")
    assert join(calls, calls.where("k = 1").toDF("k", "N"), on=["k"], how="left semi").collect() == [(1, 5)]
    assert join(calls, calls.where("k = 1"), on=["k"], how="left anti").collect() == [(2, 6)]


@given(left=st.lists(KEYS, max_size=8), right=st.lists(KEYS, max_size=8), how=st.sampled_from(JOIN_TYPES))
def test_number_of_joined_rows_agrees_with_python(spark, left, right, how):
    calls = spark.createDataFrame([(key, n) for n, key in enumerate(left)], "k string, n int")
    names = spark.createDataFrame([(key, n) for n, key in enumerate(right)], "k string, m int")
    matched = sum(right.count(key) for key in left if key is not None)
    matching_left = sum(key is not None and key in right for key in left)
    unmatched_right = sum(key is None or key not in left for key in right)
    expected = {
        "inner": matched,
        "left": matched + len(left) - matching_left,
        "right": matched + unmatched_right,
        "outer": matched + len(left) - matching_left + unmatched_right,
        "left semi": matching_left,
        "left anti": len(left) - matching_left,
    }
    assert len(join(calls, names, on=["k"], how=how).collect()) == expected[how]


def test_lookup_uses_the_latest_reference_row(spark):
    calls, _ = calls_and_names(spark)
    rows = [("web", "Internet", 2019), ("web", "Online", 2024), ("web", "Zuse", None), (None, "None", 2024)]
    names = spark.createDataFrame(rows, f"{NAMES}, since int")
    arguments = {"on": {"channel": "code"}, "columns": ["label"], "order_by": ["since"], "match_column": "is known"}
    looked_up = calls.transform(lookup, names, **arguments)
    expected = [(1, "web", "Online", True), (2, "web", "Online", True), (3, "fax", None, False), (4, None, None, False)]
    schema = f"{CALLS}, label string, `is known` boolean"
    assert_df_equality(looked_up, spark.createDataFrame(expected, schema), ignore_row_order=True, ignore_nullable=True)


def test_lookup_matches_both_key_columns(spark):
    calls = spark.createDataFrame([(1, "web"), (1, "fax"), (2, "web"), (2, None)], CALLS)
    rows = [(1, "web", "a"), (1, "fax", "b"), (2, "web", "c"), (2, None, "d"), (1, "web", "A")]
    names = spark.createDataFrame(rows, "id int, channel string, label string")
    looked_up = calls.transform(lookup, names, on=["id", "channel"], columns=["label"], order_by=[])
    assert [tuple(row)[2] for row in looked_up.orderBy("id", "channel").collect()] == ["b", "a", None, "c"]


def test_lookup_of_tied_rows_ignores_partitioning(spark):
    """The reference has several rows with the same key and the same value in the `order_by` column."""
    calls = spark.createDataFrame([("web",), ("web",)], "code string")
    rows = [("web", "b", None, 1), ("web", "b", "x", 1), ("web", "a", "z", 1), ("web", "z", "z", 0)]
    for ordered in (rows, rows[::-1], rows[2:] + rows[:2]):
        names = spark.createDataFrame(ordered, f"{NAMES}, more string, since int").repartition(3)
        looked_up = calls.transform(lookup, names, on=["code"], columns=["label", "more"], order_by=["since"])
        assert looked_up.collect() == [("web", "b", "x")] * 2


def test_lookup_frames_may_share_column_names(spark):
    calls = spark.createDataFrame([(1, "web", "x"), (2, "fax", "y")], "Code int, channel string, note string")
    reference = [("web", 1, "p", "no"), ("web", 2, "q", "no")]
    names = spark.createDataFrame(reference, "code string, note int, label string, channel string")
    on = {"channel": "code"}
    looked_up = calls.transform(lookup, names, on=on, columns=["label"], order_by=["note"], match_column="known")
    assert looked_up.columns == ["Code", "channel", "note", "label", "known"]
    assert sorted(map(tuple, looked_up.collect())) == [(1, "web", "x", "q", True), (2, "fax", "y", None, False)]


def test_added_column_may_have_the_key_name(spark):
    """The name of an added column may equal the name of the key of the reference."""
    calls, names = calls_and_names(spark)
    taken = calls.transform(lookup, names, on={"channel": "code"}, columns=["code"], order_by=["label"])
    assert sorted(map(tuple, taken.collect())) == [
        (1, "web", "web"),
        (2, "web", "web"),
        (3, "fax", None),
        (4, None, None),
    ]
    flagged = calls.transform(lookup, names, on={"channel": "code"}, columns=[], order_by=[], match_column="Code")
    assert sorted(map(tuple, flagged.collect())) == [
        (1, "web", True),
        (2, "web", True),
        (3, "fax", False),
        (4, None, False),
    ]


def test_lookup_accepts_an_aggregation_of_the_same_rows(spark):
    calls = spark.createDataFrame([("web", 1), ("web", 2), ("fax", 5)], "channel string, n int")
    busy = calls.groupBy("channel").agg(F.max("n").alias("most"), F.max("n").alias("n"))
    looked_up = calls.transform(lookup, busy, on=["channel"], columns=["most"], order_by=["n"])
    assert sorted(map(tuple, looked_up.collect())) == [("fax", 5, 5), ("web", 1, 2), ("web", 2, 2)]


@given(keys=st.lists(KEYS, max_size=8), reference=st.lists(st.tuples(KEYS, st.integers(0, 2), KEYS), max_size=8))
def test_a_lookup_returns_every_row_exactly_once(spark, keys, reference):
    calls = spark.createDataFrame([(n, key) for n, key in enumerate(keys)], "n int, k string")
    names = spark.createDataFrame(reference, "k string, since int, label string")
    rows = calls.transform(
        lookup, names, on=["k"], columns=["label"], order_by=["since"], match_column="known"
    ).collect()
    assert sorted((row.n, row.k) for row in rows) == list(enumerate(keys))
    for row in rows:
        candidates = [(since, label or "", label) for key, since, label in reference if key == row.k is not None]
        assert (row.label, row.known) == (max(candidates)[2] if candidates else None, bool(candidates))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"on": ["code"]}, MissingColumnError, "lookup: the left frame: column 'code' is missing"),
        ({"on": ["channel"]}, MissingColumnError, "lookup: the right frame: column 'channel' is missing"),
        ({"on": {}}, ArgumentError, "lookup: on is {}, expected a list of key columns"),
        ({"on": {"id": "code"}}, SchemaMismatchError, "lookup: key 'id': got the type string in the right frame"),
        ({"columns": ["Label"]}, MissingColumnError, "lookup: the reference: column 'Label' is missing"),
        ({"order_by": ["since"]}, MissingColumnError, "lookup: the reference: column 'since' is missing"),
        ({"columns": ["label", "label"]}, DuplicateColumnError, "lookup: the result would have two columns 'label'"),
        (
            {"match_column": "ID"},
            DuplicateColumnError,
            "lookup: the result would have columns 'id' and 'ID', which are the same name to Spark",
        ),
    ],
)
def test_invalid_arguments_of_lookup_are_refused(spark, arguments, error, message):
    calls, names = spark.createDataFrame([], CALLS), spark.createDataFrame([], NAMES)
    good = {"on": {"channel": "code"}, "columns": ["label"], "order_by": ["label"]}
    with pytest.raises(error, match=message):
        lookup(calls, names, **(good | arguments))
