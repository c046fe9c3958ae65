from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st

from transforms.derive import change_on_previous, round_columns
from transforms.errors import ArgumentError, DuplicateColumnError, MissingColumnError, SchemaMismatchError

YEARS = "year int, pct double"


def test_a_change_after_a_missing_period_is_null(spark):
    years = spark.createDataFrame([(2024, 5.0), (2022, 9.0), (2023, 7.5), (2020, 1.0), (None, 2.0)], YEARS)
    changes = years.transform(change_on_previous, column="pct", period="year", name="change")
    rows = [(None, 2.0, None), (2020, 1.0, None), (2022, 9.0, None), (2023, 7.5, -1.5), (2024, 5.0, -2.5)]
    assert_df_equality(changes, spark.createDataFrame(rows, f"{YEARS}, change double"), ignore_row_order=True)


def test_changes_are_computed_within_each_group(spark):
    """All rows with a null key form one group."""
    rows = [("a", 2021, 1.0), ("b", 2022, 50.0), ("a", 2022, 3.0), (None, 2021, 7.0), (None, 2022, 8.0)]
    years = spark.createDataFrame(rows, f"k string, {YEARS}")
    changes = years.transform(change_on_previous, column="pct", period="year", name="change", group_by=["k"])
    actual = {(row.k, row.year): row.change for row in changes.collect()}
    assert actual == {("a", 2021): None, ("a", 2022): 2.0, ("b", 2022): None, (None, 2021): None, (None, 2022): 1.0}


def test_percentage_change_from_0_is_null(spark):
    """The percentage change is null if the earlier value is missing or 0."""
    years = spark.createDataFrame(
        [(2021, 8), (2022, 6), (2023, 0), (2024, 5), (2026, 9), (2027, None)], "year int, n int"
    )
    changes = years.transform(
        change_on_previous, column="n", period="year", name="change", percentage_name="change_pct"
    )
    actual = {row.year: (row.change, row.change_pct) for row in changes.collect()}
    nothing = (None, None)
    assert actual == {
        2021: nothing, 2022: (-2, -25.0), 2023: (-6, -100.0), 2024: (5, None), 2026: nothing, 2027: nothing
    }  # fmt: skip
    with pytest.raises(DuplicateColumnError, match="columns 'n' and 'N'"):
        change_on_previous(years, column="n", period="year", name="change", percentage_name="N")


def test_halves_are_rounded_away_from_zero(spark):
    rows = spark.createDataFrame([(0.125, 0.125, 2.5), (-0.125, 7.0, None)], "`a.` double, b double, c double")
    rounded = rows.transform(round_columns, columns=["a.", "c"], decimals=2)
    assert [tuple(row) for row in rounded.collect()] == [(0.13, 0.125, 2.5), (-0.13, 7.0, None)]
    assert rounded.columns == rows.columns
    with pytest.raises(MissingColumnError, match="round_columns: column 'x' is missing"):
        round_columns(rows, columns=["x"], decimals=2)
    with pytest.raises(SchemaMismatchError, match="round_columns"):
        round_columns(rows.selectExpr("'1' AS text"), columns=["text"], decimals=2)


@pytest.mark.parametrize(
    "names",
    [
        {"column": "x", "period": "year"},
        {"column": "pct", "period": "x"},
        {"column": "pct", "period": "year", "group_by": ["x"]},
    ],
)
def test_missing_column_in_any_argument_is_refused(spark, names):
    with pytest.raises(MissingColumnError, match="change_on_previous: column 'x' is missing") as caught:
        change_on_previous(spark.createDataFrame([], YEARS), name="change", **names)
    assert caught.value.available == ("year", "pct")


@pytest.mark.parametrize("type_", ["smallint", "int", "bigint", "decimal(38,0)"])
def test_overflow_of_a_change_gives_null(either_ansi, type_):
    limit = {"smallint": 2**15, "int": 2**31, "bigint": 2**63, "decimal(38,0)": 10**38}[type_] - 1
    value = Decimal if "decimal" in type_ else int
    rows = [(2021, value(-limit)), (2022, value(limit)), (2023, value(limit - 1))]
    years = either_ansi.createDataFrame(rows, f"year int, n {type_}")
    changes = years.transform(change_on_previous, column="n", period="year", name="change")
    assert [row.change for row in changes.orderBy("year").collect()] == [None, None, -1]
    assert dict(changes.dtypes)["change"] == type_


@pytest.mark.parametrize(("type_", "bits"), [("smallint", 16), ("int", 32), ("bigint", 64)])
def test_overflow_of_the_earlier_period_gives_null(either_ansi, type_, bits):
    """The change is null if the type of the period cannot hold the earlier period."""
    rows = [(-(2 ** (bits - 1)), 1), (2 ** (bits - 1) - 1, 2), (2 ** (bits - 1) - 2, 5)]
    years = either_ansi.createDataFrame(rows, f"year {type_}, n int")
    changes = years.transform(change_on_previous, column="n", period="year", name="change")
    assert {row.n: row.change for row in changes.collect()} == {1: None, 5: None, 2: -3}
    far = years.transform(change_on_previous, column="n", period="year", name="change", periods=100_000)
    assert {row.change for row in far.collect()} == {None}


@given(
    rows=st.lists(st.tuples(st.integers(1, 8), st.one_of(st.none(), st.integers(-9, 9))), max_size=10),
    periods=st.integers(1, 4),
)
def test_change_uses_the_minimum_of_the_earlier_period(spark, rows, periods):
    months = spark.createDataFrame(rows, "month int, n int")
    changes = months.transform(change_on_previous, column="n", period="month", name="change", periods=periods)

    def expected(month, n):
        earlier = [value for column, value in rows if column == month - periods and value is not None]
        return n - min(earlier) if earlier and n is not None else None

    actual = Counter(map(tuple, changes.collect()))
    assert actual == Counter((month, n, expected(month, n)) for month, n in rows)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"column": "text"}, SchemaMismatchError, "column 'text': got the type string, expected a number"),
        (
            {"period": "pct"},
            SchemaMismatchError,
            "period 'pct': got the type double, expected an integer that numbers",
        ),
        ({"periods": 0}, ArgumentError, "periods is 0, expected 1, 2, 3"),
        ({"periods": 1.5}, ArgumentError, "periods is 1.5, expected 1, 2, 3"),
        (
            {"name": "Pct"},
            DuplicateColumnError,
            "the result would have columns 'pct' and 'Pct', which are the same name to Spark",
        ),
    ],
)
def test_invalid_arguments_are_refused(spark, arguments, error, message):
    years = spark.createDataFrame([], f"{YEARS}, text string")
    with pytest.raises(error, match=f"^change_on_previous: {message}"):
        change_on_previous(years, **({"column": "pct", "period": "year", "name": "change"} | arguments))
