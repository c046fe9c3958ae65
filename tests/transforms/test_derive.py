from __future__ import annotations

import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.derive import change_on_previous
from transforms.errors import MissingColumnError
from transforms.shares import percentage

YEARS = "year int, pct double"


def test_a_share_is_given_in_percent(either_ansi):
    years = either_ansi.createDataFrame([(93, 100), (0, 5), (7, 7), (1, 8)], "part int, total int")
    shares = years.transform(percentage, part="part", total="total", name="pct")
    rows = [(93, 100, 93.0), (0, 5, 0.0), (7, 7, 100.0), (1, 8, 12.5)]
    assert_df_equality(shares, either_ansi.createDataFrame(rows, "part int, total int, pct double"))


def test_a_share_of_nothing_is_not_known(spark):
    years = spark.createDataFrame([(93, 100), (0, 0)], "handled int, offered int")

    shares = years.transform(percentage, part="handled", total="offered", name="pct")

    expected = spark.createDataFrame([(93, 100, 93.0), (0, 0, None)], "handled int, offered int, pct double")
    assert_df_equality(shares, expected)


def test_a_share_of_the_unknown_is_not_known(either_ansi):
    years = either_ansi.createDataFrame([(0, 0), (5, 0), (None, 5), (5, None), (None, None)], "part int, total int")
    shares = years.transform(percentage, part="part", total="total", name="pct")
    assert [row.pct for row in shares.collect()] == [None] * 5


def test_a_share_of_numbers_as_large_as_a_bigint_does_not_overflow(either_ansi):
    years = either_ansi.createDataFrame([(2**62, 2**62)], "part bigint, total bigint")
    shares = years.transform(percentage, part="part", total="total", name="pct")
    assert shares.collect()[0].pct == 100.0


def test_shares_of_no_rows_are_no_rows(spark):
    shares = spark.createDataFrame([], "a int, b int").transform(percentage, part="a", total="b", name="pct")
    assert_df_equality(shares, spark.createDataFrame([], "a int, b int, pct double"))


@settings(max_examples=10, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(1, 2**31 - 1)), min_size=1, max_size=8))
def test_the_share_of_the_total_is_the_part_again(spark, pairs):
    years = spark.createDataFrame(pairs, "part int, total int")
    for row in years.transform(percentage, part="part", total="total", name="pct").collect():
        assert row.pct * row.total / 100 == pytest.approx(row.part, rel=1e-12)


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
    changes = years.transform(change_on_previous, column="pct", period="year", name="change", by=["k"])
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
    schema = "`the. Key` string, `L'année` int, `% Done` int, `all. of` int"
    years = spark.createDataFrame([("a", 2021, 1, 4), ("a", 2022, 2, 4)], schema)
    shares = years.transform(percentage, part="% Done", total="all. of", name="Part. %")
    changes = shares.transform(
        change_on_previous, column="Part. %", period="L'année", name="Ändérung. %", by=["the. Key"]
    )
    rows = [("a", 2021, 1, 4, 25.0, None), ("a", 2022, 2, 4, 50.0, 25.0)]
    assert_df_equality(changes, spark.createDataFrame(rows, f"{schema}, `Part. %` double, `Ändérung. %` double"))


@pytest.mark.parametrize(("part", "total"), [("Pct", "year"), ("year", "Pct")])
def test_a_missing_part_or_total_is_named(spark, part, total):
    with pytest.raises(MissingColumnError, match="percentage: column 'Pct' is missing.*rename it to 'pct'"):
        percentage(spark.createDataFrame([], YEARS), part=part, total=total, name="share")


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
