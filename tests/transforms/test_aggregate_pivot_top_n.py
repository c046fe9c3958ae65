"""Tests of `pivot` and `top_n`."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st

from transforms.aggregate import pivot, top_n
from transforms.errors import (
    ArgumentError,
    DuplicateColumnError,
    MissingColumnError,
    SchemaMismatchError,
    UnknownFunctionError,
)

CALLS = "year int, channel string, n int"
CHANNELS = st.sampled_from([None, "web", "phone", "fax", ""])


def test_other_column_aggregates_unlisted_values(spark):
    rows = [(2023, "web", 1), (2023, "web", 2), (2023, "fax", 4), (2023, None, 8), (2024, "phone", None), (None, "", 3)]
    counted = spark.createDataFrame(rows, CALLS).transform(
        pivot, group_by=["year"], column="channel", values=["web", "phone"], aggregation=("n", "sum")
    )
    expected = spark.createDataFrame(
        [(2023, 3, None, 12), (2024, None, None, None), (None, None, None, 3)],
        "year int, web bigint, phone bigint, others bigint",
    )
    assert_df_equality(counted, expected, ignore_row_order=True, ignore_nullable=True)


def test_count_of_absent_values_is_0(spark):
    calls = spark.createDataFrame([(2023, "web", None), (2023, None, 1)], CALLS)
    arguments = {"column": "channel", "values": ["web", "phone"], "aggregation": ("n", "count"), "other_column": "rest"}
    assert calls.transform(pivot, group_by=["year"], **arguments).collect() == [(2023, 0, 0, 1)]
    assert calls.where("year < 0").transform(pivot, group_by=["year"], **arguments).collect() == []
    assert calls.where("year < 0").transform(pivot, group_by=[], **arguments).collect() == [(0, 0, 0)]


@pytest.mark.parametrize(
    ("type_", "cells", "values"),
    [
        ("int", [1, 2, None], [1, 2]),
        ("bigint", [2**40, 2, 3], [2**40, 2]),
        ("float", [0.1, 2.0, None], [0.1, 2]),
        ("decimal(5,2)", [Decimal("1.10"), Decimal("2"), None], [Decimal("1.1"), 2]),
        ("boolean", [True, False, None], [True, False]),
        ("date", [date(2024, 1, 1), date(2024, 1, 2), None], [date(2024, 1, 1), date(2024, 1, 2)]),
        ("string", ["true", "it's", "1"], ["true", "it's"]),
    ],
)
def test_pivot_accepts_values_of_simple_types(either_ansi, type_, cells, values):
    rows = either_ansi.createDataFrame([(value, n) for n, value in enumerate(cells)], f"value {type_}, n int")
    spread = rows.transform(pivot, group_by=[], column="value", values=values, aggregation=("n", "sumDistinct"))
    assert spread.columns == [*map(str, values), "others"]
    assert spread.collect() == [(0, 1, 2)]


@given(rows=st.lists(st.tuples(st.integers(1, 2), CHANNELS, st.integers(-9, 9)), max_size=10))
def test_pivot_aggregates_each_row_in_exactly_one_column(spark, rows):
    spread = spark.createDataFrame(rows, CALLS).transform(
        pivot, group_by=["year"], column="channel", values=["web", "phone"], aggregation=("n", "sum")
    )
    actual = {row.year: (row.web or 0, row.phone or 0, row.others or 0) for row in spread.collect()}
    expected = {year: [0, 0, 0] for year, _, _ in rows}
    for year, channel, n in rows:
        expected[year][{"web": 0, "phone": 1}.get(channel, 2)] += n
    assert actual == {year: tuple(sums) for year, sums in expected.items()}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"values": ["web", None]},
            ArgumentError,
            "values is .'web', None., expected values of type string, the type of the column",
        ),
        ({"values": [1]}, ArgumentError, "values is .1., expected values of type string"),
        ({"column": "year", "values": [True]}, ArgumentError, "values is .True., expected values of type int"),
        ({"column": "n", "values": [1, 1]}, DuplicateColumnError, "two columns '1'"),
        ({"column": "d", "values": [1, Decimal("1.0")]}, ArgumentError, "values is .*, expected each value once"),
        ({"column": "year", "values": ["2024"]}, ArgumentError, "values is .'2024'., expected values of type int"),
        (
            {"aggregation": ("n", "first")},
            ArgumentError,
            "aggregation is .'n', 'first'., expected a function that needs no order",
        ),
        (
            {"aggregation": ("channel", "sum")},
            SchemaMismatchError,
            "column 'channel': got the type string, expected a number",
        ),
        ({"aggregation": ("n", "mean")}, UnknownFunctionError, "'mean' is not supported"),
        ({"aggregation": ("N", "sum")}, MissingColumnError, "column 'N' is missing.*rename it to 'n'"),
        ({"column": "Channel"}, MissingColumnError, "column 'Channel' is missing"),
        ({"group_by": ["Year"]}, MissingColumnError, "column 'Year' is missing"),
        ({"values": ["web", "Web"]}, DuplicateColumnError, "columns 'web' and 'Web', which are the same name to Spark"),
        ({"values": ["others"]}, DuplicateColumnError, "two columns 'others'"),
        ({"other_column": "YEAR"}, DuplicateColumnError, "columns 'year' and 'YEAR'"),
    ],
)
def test_invalid_arguments_of_pivot_are_refused(spark, arguments, error, message):
    calls = spark.createDataFrame([], f"{CALLS}, d decimal(5,2)")
    good = {"group_by": ["year"], "column": "channel", "values": ["web"], "aggregation": ("n", "sum")}
    with pytest.raises(error, match=f"^pivot: (the result would have )?{message}"):
        pivot(calls, **(good | arguments))


def test_top_rows_get_a_rank(spark):
    rows = [(2023, "web", 5), (2023, "fax", 9), (2023, "sms", 7), (2024, "web", None), (2024, "fax", -1), (None, "", 1)]
    top_rows = spark.createDataFrame(rows, CALLS).transform(top_n, n=2, column="n", group_by=["year"])
    expected = [
        (2023, "fax", 9, 1),
        (2023, "sms", 7, 2),
        (2024, "fax", -1, 1),
        (2024, "web", None, 2),
        (None, "", 1, 1),
    ]
    assert_df_equality(
        top_rows, spark.createDataFrame(expected, f"{CALLS}, rank int"), ignore_row_order=True, ignore_nullable=True
    )


def test_ranks_of_equal_values_ignore_partitioning(spark):
    rows = [
        ("b", 1, {"x": 2}),
        ("a", 2, {"x": 1}),
        (None, 1, {"x": 1}),
        ("a", 1, {"x": 3}),
        ("a", 1, {"x": 1}),
        ("a", 1, None),
    ]
    for ordered in (rows, rows[::-1], rows[3:] + rows[:3]):
        tied = spark.createDataFrame(ordered, "k string, m int, tags map<string, int>").selectExpr("*", "7 AS n")
        top_rows = tied.repartition(3).transform(top_n, n=5, column="n", order_by=["k"])
        actual = [(row.k, row.m, row.tags) for row in sorted(top_rows.collect(), key=lambda row: row.rank)]
        assert actual == [rows[4], rows[3], rows[5], rows[1], rows[0]]


@given(rows=st.lists(st.tuples(st.integers(1, 2), CHANNELS, st.one_of(st.none(), st.integers(0, 3))), max_size=12))
def test_each_group_keeps_its_greatest_values(spark, rows):
    top_rows = spark.createDataFrame(rows, CALLS).transform(top_n, n=2, column="n", group_by=["year"]).collect()
    for year in {row[0] for row in rows}:
        greatest = sorted((-1 if n is None else n for column, _, n in rows if column == year), reverse=True)[:2]
        ranked = sorted((row for row in top_rows if row.year == year), key=lambda row: row.rank)
        assert [-1 if row.n is None else row.n for row in ranked] == greatest
        assert [row.rank for row in ranked] == [1, 2][: len(greatest)]
    assert not Counter(tuple(row)[:3] for row in top_rows) - Counter(rows)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n": 0}, ArgumentError, "^top_n: n is 0, expected 1 or more.$"),
        ({"column": "N"}, MissingColumnError, "^top_n: column 'N' is missing.*rename it to 'n'"),
        ({"group_by": ["Year"]}, MissingColumnError, "^top_n: column 'Year' is missing"),
        ({"order_by": ["day"]}, MissingColumnError, "^top_n: column 'day' is missing"),
        (
            {"rank": "Year"},
            DuplicateColumnError,
            "^top_n: the result would have columns 'year' and 'Year', which are the same name to Spark",
        ),
    ],
)
def test_invalid_arguments_of_top_n_are_refused(spark, arguments, error, message):
    with pytest.raises(error, match=message):
        top_n(spark.createDataFrame([], CALLS), **({"n": 1, "column": "n"} | arguments))
