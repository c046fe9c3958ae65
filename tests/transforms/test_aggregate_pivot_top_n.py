"""Pivoted rows, and the first few of a group."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
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
FEW = settings(max_examples=10, deadline=None)
CHANNELS = st.sampled_from([None, "web", "phone", "fax", ""])


def test_a_column_is_made_of_each_value_and_one_of_all_others(spark):
    rows = [(2023, "web", 1), (2023, "web", 2), (2023, "fax", 4), (2023, None, 8), (2024, "phone", None), (None, "", 3)]
    counted = spark.createDataFrame(rows, CALLS).transform(
        pivot, group_by=["year"], column="channel", values=["web", "phone"], aggregation=("n", "sum")
    )
    expected = spark.createDataFrame(
        [(2023, 3, None, 12), (2024, None, None, None), (None, None, None, 3)],
        "year int, web bigint, phone bigint, others bigint",
    )
    assert_df_equality(counted, expected, ignore_row_order=True, ignore_nullable=True)


def test_a_count_of_no_rows_is_zero_and_an_empty_frame_has_no_groups(spark):
    calls = spark.createDataFrame([(2023, "web", None), (2023, None, 1)], CALLS)
    arguments = {"column": "channel", "values": ["web", "phone"], "of": ("n", "count"), "others": "rest"}
    assert calls.transform(pivot, group_by=["year"], **arguments).collect() == [(2023, 0, 0, 1)]
    assert calls.where("year < 0").transform(pivot, group_by=["year"], **arguments).collect() == []
    assert calls.where("year < 0").transform(pivot, group_by=[], **arguments).collect() == [(0, 0, 0)]


@pytest.mark.parametrize(
    ("type_", "given", "values"),
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
def test_values_of_any_simple_type_are_found(either_ansi, type_, given, values):
    rows = either_ansi.createDataFrame([(value, n) for n, value in enumerate(given)], f"value {type_}, n int")
    spread = rows.transform(pivot, group_by=[], column="value", values=values, aggregation=("n", "sumDistinct"))
    assert spread.columns == [*map(str, values), "others"]
    assert spread.collect() == [(0, 1, 2)]


@FEW
@given(rows=st.lists(st.tuples(st.integers(1, 2), CHANNELS, st.integers(-9, 9)), max_size=10))
def test_no_value_vanishes_from_a_pivot(spark, rows):
    spread = spark.createDataFrame(rows, CALLS).transform(
        pivot, group_by=["year"], column="channel", values=["web", "phone"], aggregation=("n", "sum")
    )
    found = {row.year: (row.web or 0, row.phone or 0, row.others or 0) for row in spread.collect()}
    expected = {year: [0, 0, 0] for year, _, _ in rows}
    for year, channel, n in rows:
        expected[year][{"web": 0, "phone": 1}.get(channel, 2)] += n
    assert found == {year: tuple(sums) for year, sums in expected.items()}


def test_names_and_values_may_have_dots_spaces_and_accents(spark):
    rows = [("a", "Élan. 1", 3), ("a", "b`c", 4)]
    calls = spark.createDataFrame(rows, "`The. Key` string, `Ça. va` string, `% Done` int")
    spread = calls.transform(
        pivot,
        group_by=["The. Key"],
        column="Ça. va",
        values=["Élan. 1", "b`c"],
        aggregation=("% Done", "max"),
        others="Les. autres",
    )
    assert spread.columns == ["The. Key", "Élan. 1", "b`c", "Les. autres"]
    assert spread.collect() == [("a", 3, 4, None)]
    ranked = calls.transform(top_n, n=1, column="% Done", group_by=["The. Key"], order_by=["Ça. va"], rank="Le. rang")
    assert ranked.collect() == [("a", "b`c", 4, 1)]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"values": ["web", None]},
            ArgumentError,
            "values is .'web', None., expected values of the column's type, str",
        ),
        ({"values": [1]}, ArgumentError, "values is .1., expected values of the column's type, string"),
        ({"column": "year", "values": [True]}, ArgumentError, "values is .True., expected .* type, int"),
        ({"column": "n", "values": [1, 1]}, DuplicateColumnError, "two columns '1'"),
        ({"column": "d", "values": [1, Decimal("1.0")]}, ArgumentError, "values is .*, expected each value once"),
        ({"column": "year", "values": ["2024"]}, ArgumentError, "values is .'2024'., expected .* type, int"),
        ({"of": ("n", "first")}, ArgumentError, "of is .'n', 'first'., expected a function that needs no order"),
        ({"of": ("channel", "sum")}, SchemaMismatchError, "column 'channel': got the type string, expected a number"),
        ({"of": ("n", "mean")}, UnknownFunctionError, "'mean' is no function it knows"),
        ({"of": ("N", "sum")}, MissingColumnError, "column 'N' is missing.*rename it to 'n'"),
        ({"column": "Channel"}, MissingColumnError, "column 'Channel' is missing"),
        ({"by": ["Year"]}, MissingColumnError, "column 'Year' is missing"),
        ({"values": ["web", "Web"]}, DuplicateColumnError, "columns 'web' and 'Web', one name to Spark"),
        ({"values": ["others"]}, DuplicateColumnError, "two columns 'others'"),
        ({"others": "YEAR"}, DuplicateColumnError, "columns 'year' and 'YEAR'"),
    ],
)
def test_what_cannot_be_pivoted_is_refused(spark, arguments, error, message):
    calls = spark.createDataFrame([], f"{CALLS}, d decimal(5,2)")
    good = {"by": ["year"], "column": "channel", "values": ["web"], "of": ("n", "sum")}
    with pytest.raises(error, match=f"^pivot: (would give )?{message}"):
        pivot(calls, **(good | arguments))


def test_the_rows_with_most_are_kept_and_numbered(spark):
    rows = [(2023, "web", 5), (2023, "fax", 9), (2023, "sms", 7), (2024, "web", None), (2024, "fax", -1), (None, "", 1)]
    kept = spark.createDataFrame(rows, CALLS).transform(top_n, n=2, column="n", group_by=["year"])
    expected = [
        (2023, "fax", 9, 1),
        (2023, "sms", 7, 2),
        (2024, "fax", -1, 1),
        (2024, "web", None, 2),
        (None, "", 1, 1),
    ]
    assert_df_equality(
        kept, spark.createDataFrame(expected, f"{CALLS}, rank int"), ignore_row_order=True, ignore_nullable=True
    )


def test_rows_that_have_as_much_are_ranked_alike_however_they_are_spread(spark):
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
        kept = tied.repartition(3).transform(top_n, n=5, column="n", order_by=["k"])
        found = [(row.k, row.m, row.tags) for row in sorted(kept.collect(), key=lambda row: row.rank)]
        assert found == [rows[4], rows[3], rows[5], rows[1], rows[0]]


@FEW
@given(rows=st.lists(st.tuples(st.integers(1, 2), CHANNELS, st.one_of(st.none(), st.integers(0, 3))), max_size=12))
def test_no_row_left_out_has_more_than_a_row_kept(spark, rows):
    kept = spark.createDataFrame(rows, CALLS).transform(top_n, n=2, column="n", group_by=["year"]).collect()
    for year in {row[0] for row in rows}:
        most = sorted((-1 if n is None else n for column, _, n in rows if column == year), reverse=True)[:2]
        ranked = sorted((row for row in kept if row.year == year), key=lambda row: row.rank)
        assert [-1 if row.n is None else row.n for row in ranked] == most
        assert [row.rank for row in ranked] == [1, 2][: len(most)]
    assert not Counter(tuple(row)[:3] for row in kept) - Counter(rows)


def test_the_top_of_no_rows_is_no_rows(spark):
    kept = spark.createDataFrame([], CALLS).transform(top_n, n=1, column="n")
    assert_df_equality(kept, spark.createDataFrame([], f"{CALLS}, rank int"), ignore_nullable=True)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n": 0}, ArgumentError, "^top_n: n is 0, expected 1 or more.$"),
        ({"of": "N"}, MissingColumnError, "^top_n: column 'N' is missing.*rename it to 'n'"),
        ({"by": ["Year"]}, MissingColumnError, "^top_n: column 'Year' is missing"),
        ({"order_by": ["day"]}, MissingColumnError, "^top_n: column 'day' is missing"),
        ({"rank": "Year"}, DuplicateColumnError, "^top_n: would give columns 'year' and 'Year', one name to Spark"),
    ],
)
def test_what_cannot_be_ranked_is_refused(spark, arguments, error, message):
    with pytest.raises(error, match=message):
        top_n(spark.createDataFrame([], CALLS), **({"n": 1, "of": "n"} | arguments))
