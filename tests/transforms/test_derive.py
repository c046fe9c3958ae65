from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.derive import change_on_previous
from transforms.errors import ArgumentError, DuplicateColumnError, MissingColumnError, SchemaMismatchError

YEARS = "year int, pct double"


def test_the_change_is_the_difference_to_the_period_before(spark):
    years = spark.createDataFrame([(2024, 5.0), (2022, 9.0), (2023, 7.5)], YEARS)
    changes = years.transform(change_on_previous, column="pct", period="year", name="change")
    rows = [(2022, 9.0, None), (2023, 7.5, -1.5), (2024, 5.0, -2.5)]
    assert_df_equality(changes, spark.createDataFrame(rows, f"{YEARS}, change double"), ignore_row_order=True)


def test_after_a_gap_the_change_is_not_known(spark):
    years = spark.createDataFrame([(2021, 9.0), (2023, 5.0), (2024, 4.0)], YEARS)
    changes = years.transform(change_on_previous, column="pct", period="year", name="change")
    assert {row.year: row.change for row in changes.collect()} == {2021: None, 2023: None, 2024: -1.0}


def test_a_null_value_or_period_makes_the_change_unknown(spark):
    years = spark.createDataFrame([(None, 1.0), (2021, 9.0), (2022, None), (2023, 5.0)], YEARS)
    changes = years.transform(change_on_previous, column="pct", period="year", name="change")
    assert {row.change for row in changes.collect()} == {None}
    assert changes.count() == 4


def test_groups_do_not_mix(spark):
    rows = [("a", 2021, 1.0), ("b", 2022, 50.0), ("a", 2022, 3.0), (None, 2021, 7.0), (None, 2022, 8.0)]
    years = spark.createDataFrame(rows, f"k string, {YEARS}")
    changes = years.transform(change_on_previous, column="pct", period="year", name="change", group_by=["k"])
    found = {(row.k, row.year): row.change for row in changes.collect()}
    assert found == {("a", 2021): None, ("a", 2022): 2.0, ("b", 2022): None, (None, 2021): None, (None, 2022): 1.0}


def test_two_rows_of_one_period_are_both_kept(spark):
    years = spark.createDataFrame([(2021, 9.0), (2021, 9.0)], YEARS)
    changes = years.transform(change_on_previous, column="pct", period="year", name="change")
    expected = spark.createDataFrame([(2021, 9.0, None)] * 2, f"{YEARS}, change double")
    assert_df_equality(changes, expected)


def test_changes_of_no_rows_are_no_rows(spark):
    changes = spark.createDataFrame([], YEARS).transform(change_on_previous, column="pct", period="year", name="change")
    assert_df_equality(changes, spark.createDataFrame([], f"{YEARS}, change double"))


def test_names_may_have_dots_spaces_and_accents(spark):
    schema = "`the. Key` string, `L'année` int, `% Done` int"
    years = spark.createDataFrame([("a", 2021, 1), ("a", 2022, 3)], schema)
    changes = years.transform(
        change_on_previous, column="% Done", period="L'année", name="Ändérung. %", group_by=["the. Key"]
    )
    rows = [("a", 2021, 1, None), ("a", 2022, 3, 2)]
    assert_df_equality(changes, spark.createDataFrame(rows, f"{schema}, `Ändérung. %` int"))


@pytest.mark.parametrize(
    "names",
    [
        {"column": "x", "period": "year"},
        {"column": "pct", "period": "x"},
        {"column": "pct", "period": "year", "by": ["x"]},
    ],
)
def test_a_missing_column_period_or_group_is_named(spark, names):
    with pytest.raises(MissingColumnError, match="change_on_previous: column 'x' is missing") as caught:
        change_on_previous(spark.createDataFrame([], YEARS), name="change", **names)
    assert caught.value.available == ("year", "pct")


@settings(max_examples=10, deadline=None)
@given(values=st.lists(st.integers(-99, 99), min_size=2, max_size=8))
def test_the_changes_add_up_to_last_less_first(spark, values):
    years = spark.createDataFrame(list(enumerate(values)), "year int, n int")
    changes = years.transform(change_on_previous, column="n", period="year", name="change").collect()
    assert sum(row.change for row in changes if row.change is not None) == values[-1] - values[0]
    assert sum(row.change is None for row in changes) == 1


@pytest.mark.parametrize("type_", ["smallint", "int", "bigint", "decimal(38,0)"])
def test_a_change_beyond_the_columns_type_is_not_known(either_ansi, type_):
    limit = {"smallint": 2**15, "int": 2**31, "bigint": 2**63, "decimal(38,0)": 10**38}[type_] - 1
    value = Decimal if "decimal" in type_ else int
    rows = [(2021, value(-limit)), (2022, value(limit)), (2023, value(limit - 1))]
    years = either_ansi.createDataFrame(rows, f"year int, n {type_}")
    changes = years.transform(change_on_previous, column="n", period="year", name="change")
    assert [row.change for row in changes.orderBy("year").collect()] == [None, None, -1]
    assert dict(changes.dtypes)["change"] == type_


@pytest.mark.parametrize(("type_", "bits"), [("smallint", 16), ("int", 32), ("bigint", 64)])
def test_the_least_period_does_not_follow_the_greatest(either_ansi, type_, bits):
    rows = [(-(2 ** (bits - 1)), 1), (2 ** (bits - 1) - 1, 2), (2 ** (bits - 1) - 2, 5)]
    years = either_ansi.createDataFrame(rows, f"year {type_}, n int")
    changes = years.transform(change_on_previous, column="n", period="year", name="change")
    assert {row.n: row.change for row in changes.collect()} == {1: None, 5: None, 2: -3}
    far = years.transform(change_on_previous, column="n", period="year", name="change", periods=100_000)
    assert {row.change for row in far.collect()} == {None}


@settings(max_examples=10, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(1, 8), st.one_of(st.none(), st.integers(-9, 9))), max_size=10),
    periods=st.integers(1, 4),
)
def test_a_change_is_against_the_least_value_so_many_periods_before(spark, rows, periods):
    months = spark.createDataFrame(rows, "month int, n int")
    changes = months.transform(change_on_previous, column="n", period="month", name="change", periods=periods)

    def expected(month, n):
        before = [value for column, value in rows if column == month - periods and value is not None]
        return n - min(before) if before and n is not None else None

    found = Counter(map(tuple, changes.collect()))
    assert found == Counter((month, n, expected(month, n)) for month, n in rows)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"column": "text"}, SchemaMismatchError, "column 'text': got the type string, expected a number"),
        (
            {"period": "pct"},
            SchemaMismatchError,
            "period 'pct': got the type double, expected a whole number that counts",
        ),
        ({"periods": 0}, ArgumentError, "periods is 0, expected 1, 2, 3"),
        ({"periods": 1.5}, ArgumentError, "periods is 1.5, expected 1, 2, 3"),
        ({"name": "Pct"}, DuplicateColumnError, "would give columns 'pct' and 'Pct', one name to Spark"),
    ],
)
def test_what_has_no_change_is_refused(spark, arguments, error, message):
    years = spark.createDataFrame([], f"{YEARS}, text string")
    with pytest.raises(error, match=f"^change_on_previous: {message}"):
        change_on_previous(years, **({"column": "pct", "period": "year", "name": "change"} | arguments))
