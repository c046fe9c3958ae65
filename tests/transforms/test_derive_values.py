"""Tests of `bucket` and `fill_missing_values`. `test_derive` tests `change_on_previous` and `round_columns`."""

from __future__ import annotations

import statistics
from bisect import bisect_right
from datetime import date, datetime, timezone
from decimal import Decimal
from itertools import pairwise
from math import nan

import pytest
from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st

from transforms.derive import bucket, fill_missing_values
from transforms.errors import (
    ArgumentError,
    DuplicateColumnError,
    MissingColumnError,
    SchemaMismatchError,
    UnknownFunctionError,
)


def test_edge_value_belongs_to_the_upper_range(either_ansi):
    minutes = [(-1.0,), (0.0,), (4.9,), (5.0,), (10.0,), (float("inf"),), (None,), (nan,), (-0.0,)]
    calls = either_ansi.createDataFrame(minutes, "minutes double")
    banded = calls.transform(bucket, column="minutes", edges=[0, 5, 10], name="band", order_column="number")
    actual = [(row.band, row.number) for row in banded.collect()]
    in_order = [
        ("<0", 0),
        ("0-5", 1),
        ("0-5", 1),
        ("5-10", 2),
        ("10+", 3),
        ("10+", 3),
        (None, None),
        (None, None),
        ("0-5", 1),
    ]
    assert actual == in_order


@pytest.mark.parametrize(
    ("type_", "cell", "edges", "band"),
    [
        ("float", 0.7, [0.1, 0.7], "0.7+"),
        ("decimal(20,16)", Decimal("4.9999999999999999"), [0.0, 5.0], "0.0-5.0"),
        ("decimal(2,1)", Decimal("0.7"), [0.1, 0.7], "0.7+"),
        ("decimal(2,1)", Decimal("0.7"), [0.1, float("inf")], "0.1-inf"),
        ("int", 1, [0.5, 1.5], "0.5-1.5"),
    ],
)
def test_edge_equals_value_with_the_same_digits(either_ansi, type_, cell, edges, band):
    rows = either_ansi.createDataFrame([(cell,)], f"v {type_}")
    assert rows.transform(bucket, column="v", edges=edges, name="band").first().band == band


def test_ranges_may_have_custom_labels(spark):
    calls = spark.createDataFrame([(1,), (3,)], "`Wait. s` int")
    banded = calls.transform(bucket, column="Wait. s", edges=[2], name="Größe. x", labels=["short", "long"])
    expected = spark.createDataFrame([(1, "short"), (3, "long")], "`Wait. s` int, `Größe. x` string")
    assert_df_equality(banded, expected, ignore_nullable=True)
    assert calls.where("1 = 0").transform(bucket, column="Wait. s", edges=[2], name="b").collect() == []


@given(
    values=st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(-5, 5)), max_size=8),
    edges=st.lists(st.integers(-5, 5) | st.sampled_from([2**53, 2**53 + 1]), min_size=1, max_size=4, unique=True).map(
        sorted
    ),
)
def test_integer_ranges_agree_with_python_bisect(spark, values, edges):
    rows = spark.createDataFrame([(value,) for value in [*values, 2**53, 2**53 + 1]], "n bigint")
    banded = rows.transform(bucket, column="n", edges=edges, name="band", order_column="number").collect()
    labels = [f"<{edges[0]}", *(f"{low}-{high}" for low, high in pairwise(edges)), f"{edges[-1]}+"]
    for row in banded:
        assert row.number == (None if row.n is None else bisect_right(edges, row.n))
        assert row.band == (None if row.n is None else labels[row.number])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"column": "N"}, MissingColumnError, "column 'N' is missing.*rename it to 'n'"),
        ({"column": "text"}, SchemaMismatchError, "column 'text': got the type string, expected a number"),
        ({"edges": []}, ArgumentError, r"edges is \[\], expected one edge or more, in ascending order"),
        ({"edges": [1, 1]}, ArgumentError, r"edges is \[1, 1\], expected one edge or more, in ascending order"),
        ({"edges": [nan]}, ArgumentError, r"edges is \[nan\], expected one edge or more"),
        ({"labels": ["a"]}, ArgumentError, r"labels is \['a'\], expected 2 labels for 1 edges"),
        (
            {"name": "Text"},
            DuplicateColumnError,
            "the result would have columns 'text' and 'Text', which are the same name to Spark",
        ),
        ({"order_column": "band"}, DuplicateColumnError, "the result would have two columns 'band'"),
    ],
)
def test_invalid_arguments_of_bucket_are_refused(spark, arguments, error, message):
    rows = spark.createDataFrame([], "n int, text string")
    with pytest.raises(error, match=f"^bucket: {message}"):
        bucket(rows, **({"column": "n", "edges": [1], "name": "band"} | arguments))


@pytest.mark.parametrize(
    ("type_", "cell", "value", "filled"),
    [
        ("int", 1, 0, 0),
        ("smallint", 1, -(2**15), -(2**15)),
        ("bigint", 1, 2**63 - 1, 2**63 - 1),
        ("double", 1.0, 7, 7.0),
        ("float", 1.0, 0.5, 0.5),
        ("decimal(5,2)", Decimal("1.00"), 0.1, Decimal("0.10")),
        ("decimal(38,0)", Decimal(1), 10**38 - 1, Decimal(10**38 - 1)),
        ("decimal(2,2)", Decimal("0.25"), 0, Decimal("0.00")),
        ("string", "", "it's \\ é", "it's \\ é"),
        ("boolean", True, False, False),
        ("date", date(2024, 1, 1), date(1900, 1, 1), date(1900, 1, 1)),
        ("timestamp_ntz", datetime(2024, 1, 1), datetime(2024, 3, 10, 2, 30, 0, 5), datetime(2024, 3, 10, 2, 30, 0, 5)),
        ("binary", bytearray(b"a"), b"b", bytearray(b"b")),
    ],
)
def test_nulls_are_filled_with_the_given_value(either_ansi, type_, cell, value, filled):
    rows = either_ansi.createDataFrame([(cell,), (None,)], f"`my. x` {type_}")
    whole = rows.transform(fill_missing_values, column="my. x", name="Ça. y", value=value)
    assert_df_equality(
        whole,
        either_ansi.createDataFrame([(cell, cell), (None, filled)], f"`my. x` {type_}, `Ça. y` {type_}"),
        ignore_nullable=True,
    )
    same = rows.transform(fill_missing_values, column="my. x", name="my. x", value=value)
    assert same.columns == ["my. x"]


def test_filled_timestamp_ignores_session_time_zone(in_zone):
    moment = datetime(2024, 3, 10, 7, 30, tzinfo=timezone.utc)
    rows = in_zone.createDataFrame([(1,)], "n int").selectExpr("CAST(null AS timestamp) AS t")
    filled = rows.transform(fill_missing_values, column="t", name="t", value=moment)
    assert filled.selectExpr("unix_micros(t)").first()[0] == int(moment.timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("int", 3_000_000_000),
        ("tinyint", 128),
        ("int", 1.0),
        ("int", True),
        ("int", "1"),
        ("decimal(5,2)", 0.125),
        ("decimal(5,2)", 1000),
        ("decimal(5,2)", nan),
        ("float", 1e300),
        ("float", 2**24 + 1),
        ("float", 1e-60),
        ("double", 2**53 + 1),
        ("double", 2**1024),
        ("double", Decimal("1e-400")),
        ("string", 1),
        ("boolean", 1),
        ("date", datetime(2024, 1, 1)),
        ("date", "2024-01-01"),
        ("timestamp", datetime(2024, 1, 1)),
        ("timestamp_ntz", datetime(2024, 1, 1, tzinfo=timezone.utc)),
        ("array<int>", [1]),
        ("map<string,int>", {"a": 1}),
    ],
)
def test_values_outside_the_column_type_are_refused(spark, type_, value):
    """The type of the column cannot hold the value exactly."""
    rows = spark.createDataFrame([], f"x {type_}")
    with pytest.raises(ArgumentError) as caught:
        fill_missing_values(rows, column="x", name="filled", value=value)
    assert (
        str(caught.value)
        == f"fill_missing_values: value is {value!r}, expected a value of type {type_}, the type of column 'x'."
    )


@pytest.mark.parametrize("statistic", ["mean", "median"])
@given(
    rows=st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.one_of(st.none(), st.integers(-9, 9))), max_size=10)
)
def test_nulls_are_filled_with_a_group_statistic(spark, statistic, rows):
    calls = spark.createDataFrame([(n, *row) for n, row in enumerate(rows)], "id int, k string, n int")
    filled = calls.transform(
        fill_missing_values, column="n", name="filled", statistic=statistic, group_by=["k"]
    ).collect()
    assert sorted((row.id, row.k, row.n) for row in filled) == [(n, *row) for n, row in enumerate(rows)]
    for row in filled:
        group = [n for key, n in rows if key == row.k and n is not None]
        expected = row.n if row.n is not None else getattr(statistics, statistic)(group) if group else None
        assert row.filled == (expected if expected is None else pytest.approx(expected))


def test_a_statistic_replaces_only_null_values(either_ansi):
    rows = either_ansi.createDataFrame(
        [(Decimal("1.5"), 1.0), (Decimal("2.5"), nan), (None, None)], "d decimal(3,1), x double"
    )
    filled = rows.transform(fill_missing_values, column="d", name="d2", statistic="median")
    filled = filled.transform(fill_missing_values, column="x", name="x2", statistic="mean")
    assert [repr(tuple(row)[2:]) for row in filled.orderBy("d2").collect()] == [
        "(1.5, 1.0)",
        "(2.0, nan)",
        "(2.5, nan)",
    ]
    assert rows.where("1 = 0").transform(fill_missing_values, column="d", name="d", statistic="mean").collect() == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"column": "N"}, MissingColumnError, "column 'N' is missing.*rename it to 'n'"),
        ({"group_by": ["k"]}, MissingColumnError, "column 'k' is missing"),
        ({}, ArgumentError, "value is None, expected either the argument `value` or the argument `statistic`"),
        ({"value": 1, "statistic": "mean"}, ArgumentError, "value is 1, expected either the argument `value` or"),
        ({"statistic": "mode"}, UnknownFunctionError, "'mode' is not supported. Use one of .'mean', 'median'."),
        (
            {"column": "text", "statistic": "mean"},
            SchemaMismatchError,
            "column 'text': got the type string, expected a n",
        ),
        (
            {"name": "N", "value": 1},
            DuplicateColumnError,
            "the result would have columns 'n' and 'N', which are the same name to Spark",
        ),
        (
            {"name": "TEXT", "value": 1},
            DuplicateColumnError,
            "the result would have columns 'text' and 'TEXT', which are the same name to Spark",
        ),
    ],
)
def test_invalid_arguments_of_fill_missing_values_are_refused(spark, arguments, error, message):
    rows = spark.createDataFrame([], "n int, text string")
    with pytest.raises(error, match=f"^fill_missing_values: {message}"):
        fill_missing_values(rows, **({"column": "n", "name": "filled"} | arguments))
