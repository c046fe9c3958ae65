from __future__ import annotations

import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.aggregate import FUNCTIONS, aggregate
from transforms.errors import MissingColumnError, TransformError, UnknownFunctionError

ALL = {name: ("n", name) for name in ("avg", "count", "max", "min", "sum")}
ALL_DDL = "avg double, count bigint, max int, min int, sum bigint"


def test_rows_become_one_row_a_group(spark):
    calls = spark.createDataFrame([(2023, 1), (2024, 3), (2024, 5)], "year int, n int")
    totals = calls.transform(aggregate, by=["year"], columns=ALL)
    expected = spark.createDataFrame([(2023, 1.0, 1, 1, 1, 1), (2024, 4.0, 2, 5, 3, 8)], f"year int, {ALL_DDL}")
    assert_df_equality(totals, expected, ignore_row_order=True, ignore_nullable=True)


def test_nulls_are_left_out_and_a_group_of_nulls_has_count_zero_and_no_sum(spark):
    calls = spark.createDataFrame([("a", 3), ("a", None), ("b", None)], "k string, n int")
    totals = calls.transform(aggregate, by=["k"], columns=ALL)
    rows = [("a", 3.0, 1, 3, 3, 3), ("b", None, 0, None, None, None)]
    assert_df_equality(
        totals, spark.createDataFrame(rows, f"k string, {ALL_DDL}"), ignore_row_order=True, ignore_nullable=True
    )


def test_null_is_a_group_of_its_own(spark):
    calls = spark.createDataFrame([(None, 1), (None, 2), ("", 4)], "k string, n int")
    totals = calls.transform(aggregate, by=["k"], columns={"sum": ("n", "sum")})
    expected = spark.createDataFrame([(None, 3), ("", 4)], "k string, sum bigint")
    assert_df_equality(totals, expected, ignore_row_order=True, ignore_nullable=True)


def test_duplicates_count_as_often_as_they_occur(spark):
    calls = spark.createDataFrame([("a", 2)] * 3, "k string, n int")
    totals = calls.transform(aggregate, by=["k"], columns={"rows": ("n", "count"), "total": ("n", "sum")})
    assert_df_equality(
        totals, spark.createDataFrame([("a", 3, 6)], "k string, rows bigint, total bigint"), ignore_nullable=True
    )


def test_an_empty_frame_has_no_groups(spark):
    totals = spark.createDataFrame([], "k string, n int").transform(aggregate, by=["k"], columns=ALL)
    assert_df_equality(totals, spark.createDataFrame([], f"k string, {ALL_DDL}"), ignore_nullable=True)


def test_a_sum_of_ints_may_exceed_an_int(either_ansi):
    calls = either_ansi.createDataFrame([("a", 2_000_000_000)] * 3, "k string, n int")
    totals = calls.transform(aggregate, by=["k"], columns={"total": ("n", "sum")})
    assert_df_equality(
        totals, either_ansi.createDataFrame([("a", 6_000_000_000)], "k string, total bigint"), ignore_nullable=True
    )


def test_names_may_have_dots_spaces_and_accents(spark):
    calls = spark.createDataFrame([("a", "x", 2)], "`The. Key` string, `clé` string, `Calls. Offered` int")
    totals = calls.transform(aggregate, by=["The. Key", "clé"], columns={"Sum. of Calls": ("Calls. Offered", "sum")})
    expected = spark.createDataFrame([("a", "x", 2)], "`The. Key` string, `clé` string, `Sum. of Calls` bigint")
    assert_df_equality(totals, expected, ignore_nullable=True)


def test_an_unknown_function_is_refused_with_those_that_are_known(spark):
    calls = spark.createDataFrame([], "k string, n int")
    with pytest.raises(UnknownFunctionError) as caught:
        aggregate(calls, by=["k"], columns={"mean": ("n", "mean")})
    error = caught.value
    assert (error.where, error.name, error.known) == ("aggregate", "mean", tuple(sorted(FUNCTIONS)))
    assert str(error) == f"aggregate: 'mean' is no function it knows; use one of {sorted(FUNCTIONS)}."
    assert isinstance(error, TransformError)


@pytest.mark.parametrize(("by", "source"), [("K", "n"), ("k", "K")])
def test_a_missing_column_is_named(spark, by, source):
    calls = spark.createDataFrame([], "k string, n int")
    with pytest.raises(MissingColumnError, match="aggregate: column 'K' is missing.*rename it to 'k'"):
        aggregate(calls, by=[by], columns={"total": (source, "sum")})


@settings(max_examples=10, deadline=None)
@given(rows=st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.integers(-9, 9)), max_size=10))
def test_the_groups_sums_and_counts_add_up_to_the_whole(spark, rows):
    calls = spark.createDataFrame(rows, "k string, n int")
    totals = calls.transform(aggregate, by=["k"], columns={"rows": ("n", "count"), "total": ("n", "sum")}).collect()
    assert {row.k for row in totals} == {key for key, _ in rows}
    assert sum(row.rows for row in totals) == len(rows)
    assert sum(row.total for row in totals) == sum(n for _, n in rows)
