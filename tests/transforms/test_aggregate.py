from __future__ import annotations

import statistics
from decimal import Decimal
from itertools import permutations

import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.aggregate import FUNCTIONS, aggregate
from transforms.errors import (
    ArgumentError,
    DuplicateColumnError,
    MissingColumnError,
    SchemaMismatchError,
    TransformError,
    UnknownFunctionError,
)

ALL = {name: ("n", name) for name in ("avg", "count", "max", "min", "sum")}
ALL_DDL = "avg double, count bigint, max int, min int, sum bigint"
FEW = settings(max_examples=10, deadline=None)
GROUPED = st.lists(
    st.tuples(st.sampled_from([None, "a", "b"]), st.one_of(st.none(), st.integers(-9, 9)), st.integers(0, 3)),
    max_size=12,
)


def moment(values, power):
    return sum((value - statistics.fmean(values)) ** power for value in values) / len(values)


IN_PYTHON = {
    "avg": statistics.fmean,
    "kurtosis": lambda values: moment(values, 4) / moment(values, 2) ** 2 - 3 if moment(values, 2) else None,
    "skewness": lambda values: moment(values, 3) / moment(values, 2) ** 1.5 if moment(values, 2) else None,
    "stddev_pop": statistics.pstdev,
    "stddev_samp": lambda values: statistics.stdev(values) if len(values) > 1 else None,
    "sum": sum,
    "sumDistinct": lambda values: sum(set(values)),
    "var_pop": statistics.pvariance,
    "var_samp": lambda values: statistics.variance(values) if len(values) > 1 else None,
    "count": len,
    "countDistinct": lambda values: len(set(values)),
    "max": max,
    "min": min,
}


def test_rows_become_one_row_a_group(spark):
    calls = spark.createDataFrame([(2023, 1), (2024, 3), (2024, 5)], "year int, n int")
    totals = calls.transform(aggregate, group_by=["year"], columns=ALL)
    expected = spark.createDataFrame([(2023, 1.0, 1, 1, 1, 1), (2024, 4.0, 2, 5, 3, 8)], f"year int, {ALL_DDL}")
    assert_df_equality(totals, expected, ignore_row_order=True, ignore_nullable=True)


@pytest.mark.parametrize("type_", ["int", "bigint", "double", "decimal(9,2)"])
def test_the_functions_are_those_of_pythons_statistics(either_ansi, type_):
    groups = {"a": [3, -4, 4, 4, 10], "one": [7], "alike": [2, 2, 2]}
    rows = [(key, value) for key, values in groups.items() for value in [*values, None]]
    calls = either_ansi.createDataFrame(rows, "k string, i int").selectExpr("k", f"CAST(i AS {type_}) AS n")
    totals = calls.transform(aggregate, group_by=["k"], columns={name: ("n", name) for name in IN_PYTHON})
    assert {*FUNCTIONS} == {*IN_PYTHON, "first", "last"}
    for row in totals.collect():
        for name, function in IN_PYTHON.items():
            expected = function(groups[row.k])
            found = None if row[name] is None else float(row[name])
            assert found == (None if expected is None else pytest.approx(float(expected))), (row.k, name)


def test_the_first_and_last_values_are_those_of_the_order(spark):
    rows = [("a", 2, "x", 5), ("a", 1, "z", 6), ("a", 3, "y", None), ("a", None, "n", 7), ("b", 1, "q", None)]
    calls = spark.createDataFrame(rows, "k string, day int, channel string, n int")
    columns = {
        "first channel": ("channel", "first"),
        "last channel": ("channel", "last"),
        "first": ("n", "first"),
        "last": ("n", "last"),
    }
    ends = calls.transform(aggregate, group_by=["k"], columns=columns, order_by=["day"])
    assert sorted(map(tuple, ends.collect())) == [("a", "n", "y", 7, 5), ("b", "q", "q", None, None)]


def test_of_several_first_or_last_values_the_least_and_the_greatest_are_taken_however_rows_are_spread(spark):
    rows = [("a", 1, value) for value in (5, 3, None, 9, 4)]
    columns = {"first": ("n", "first"), "last": ("n", "last")}
    for ordered in (rows, rows[::-1], rows[2:] + rows[:2]):
        calls = spark.createDataFrame(ordered, "k string, __value int, n int").repartition(3)
        ends = calls.transform(aggregate, group_by=["k"], columns=columns, order_by=["__value"])
        assert ends.collect() == [("a", 3, 9)]


@FEW
@given(rows=GROUPED)
def test_first_and_last_are_the_ends_of_the_sorted_group(spark, rows):
    calls = spark.createDataFrame(rows, "k string, day int, n int")
    columns = {"first": ("n", "first"), "last": ("n", "last")}
    ends = calls.transform(aggregate, group_by=["k"], columns=columns, order_by=["day"]).collect()

    def group(key):
        return sorted(
            (row[1:] for row in rows if row[0] == key), key=lambda row: (row[0] is not None, row[0] or 0, row[1])
        )

    assert {row.k: (row.first, row.last) for row in ends} == {
        key: (group(key)[0][1], group(key)[-1][1]) for key in {row[0] for row in rows}
    }


def test_nulls_are_left_out_and_a_group_of_nulls_has_count_zero_and_no_sum(spark):
    calls = spark.createDataFrame([("a", 3), ("a", None), ("b", None)], "k string, n int")
    columns = {name: ("n", name) for name in FUNCTIONS}
    totals = {
        row.k: row for row in calls.transform(aggregate, group_by=["k"], columns=columns, order_by=["n"]).collect()
    }
    assert [totals["a"][name] for name in ("count", "sum", "avg", "first", "last")] == [1, 3, 3.0, 3, 3]
    of_nulls = totals["b"].asDict()
    assert {name for name, value in of_nulls.items() if value is not None} == {"k", "count", "countDistinct"}
    assert of_nulls["count"] == of_nulls["countDistinct"] == 0


def test_null_is_a_group_of_its_own(spark):
    calls = spark.createDataFrame([(None, 1), (None, 2), ("", 4)], "k string, n int")
    totals = calls.transform(aggregate, group_by=["k"], columns={"sum": ("n", "sum")})
    expected = spark.createDataFrame([(None, 3), ("", 4)], "k string, sum bigint")
    assert_df_equality(totals, expected, ignore_row_order=True, ignore_nullable=True)


def test_duplicates_count_as_often_as_they_occur(spark):
    calls = spark.createDataFrame([("a", 2)] * 3, "k string, n int")
    totals = calls.transform(aggregate, group_by=["k"], columns={"rows": ("n", "count"), "total": ("n", "sum")})
    assert_df_equality(
        totals, spark.createDataFrame([("a", 3, 6)], "k string, rows bigint, total bigint"), ignore_nullable=True
    )


def test_an_empty_frame_has_no_groups_and_without_groups_one_row(spark):
    empty = spark.createDataFrame([], "k string, n int")
    totals = empty.transform(aggregate, group_by=["k"], columns=ALL)
    assert_df_equality(totals, spark.createDataFrame([], f"k string, {ALL_DDL}"), ignore_nullable=True)
    assert empty.transform(aggregate, group_by=[], columns=ALL).collect() == [(None, 0, None, None, None)]


def test_a_sum_of_ints_may_exceed_an_int(either_ansi):
    calls = either_ansi.createDataFrame([("a", 2_000_000_000)] * 3, "k string, n int")
    totals = calls.transform(aggregate, group_by=["k"], columns={"total": ("n", "sum")})
    assert_df_equality(
        totals, either_ansi.createDataFrame([("a", 6_000_000_000)], "k string, total bigint"), ignore_nullable=True
    )


def test_a_sum_beyond_its_type_is_null(either_ansi):
    most = 10**38 - 1
    rows = [("over", 2**63 - 1, Decimal(most)), ("over", 1, Decimal(most - 1)), ("fits", -(2**63), Decimal(most))]
    calls = either_ansi.createDataFrame(rows, "k string, n bigint, d decimal(38,0)")
    columns = {f"{name} {source}": (source, name) for source in "nd" for name in ("sum", "sumDistinct")}
    totals = calls.transform(aggregate, group_by=["k"], columns={**columns, "avg": ("d", "avg")})
    assert sorted(map(tuple, totals.collect())) == [
        ("fits", -(2**63), -(2**63), Decimal(most), Decimal(most), None),
        ("over", None, None, None, None, None),
    ]
    assert dict(totals.dtypes)["sum n"] == dict(totals.dtypes)["sumDistinct n"] == "bigint"


def test_a_sum_that_leaves_the_bigints_on_its_way_and_comes_back_is_exact_in_every_order(either_ansi):
    orders = list(permutations([2**63 - 1, 2**32, -(2**32) - 5, None]))
    rows = [(number, value) for number, order in enumerate(orders) for value in order]
    calls = either_ansi.createDataFrame(rows, "k int, n bigint").coalesce(1)
    columns = {"total": ("n", "sum"), "of distinct": ("n", "sumDistinct")}
    totals = calls.transform(aggregate, group_by=["k"], columns=columns).collect()
    assert {tuple(row)[1:] for row in totals} == {(2**63 - 6, 2**63 - 6)}
    assert len(totals) == len(orders)


@FEW
@given(values=st.lists(st.sampled_from([2**63 - 1, -(2**63), 2**62, -1, 1, 2**32, None]), min_size=1, max_size=6))
def test_a_sum_of_bigints_is_pythons_or_null_if_it_is_none(spark, values):
    calls = spark.createDataFrame([(value,) for value in values], "n bigint")
    columns = {"total": ("n", "sum"), "of distinct": ("n", "sumDistinct")}
    found = calls.transform(aggregate, group_by=[], columns=columns).first()
    given = [value for value in values if value is not None]
    for total, expected in zip(found, (sum(given), sum({*given})), strict=True):
        assert total == (expected if given and -(2**63) <= expected < 2**63 else None)


def test_names_may_have_dots_spaces_and_accents(spark):
    calls = spark.createDataFrame([("a", "x", 2)], "`The. Key` string, `clé` string, `Calls. Offered` int")
    columns = {f"{name}. of Calls": ("Calls. Offered", name) for name in FUNCTIONS}
    totals = calls.transform(aggregate, group_by=["The. Key", "clé"], columns=columns, order_by=["clé"])
    assert totals.columns == ["The. Key", "clé", *columns]
    assert [totals.first()[f"{name}. of Calls"] for name in ("sum", "sumDistinct", "last")] == [2, 2, 2]


def test_an_unknown_function_is_refused_with_those_that_are_known(spark):
    calls = spark.createDataFrame([], "k string, n int")
    with pytest.raises(UnknownFunctionError) as caught:
        aggregate(calls, group_by=["k"], columns={"mean": ("n", "mean")})
    error = caught.value
    assert (error.where, error.name, error.known) == ("aggregate", "mean", tuple(sorted(FUNCTIONS)))
    assert str(error) == f"aggregate: 'mean' is no function it knows; use one of {sorted(FUNCTIONS)}."
    assert isinstance(error, TransformError)


@pytest.mark.parametrize(
    ("by", "source", "order_by"), [("K", "n", []), ("k", "K", []), ("k", "n", ["K"])], ids=["by", "source", "order"]
)
def test_a_missing_column_is_named(spark, group_by, source, order_by):
    calls = spark.createDataFrame([], "k string, n int")
    with pytest.raises(MissingColumnError, match="aggregate: column 'K' is missing.*rename it to 'k'"):
        aggregate(calls, group_by=[group_by], columns={"total": (source, "sum")}, order_by=order_by)


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        (
            {"n": ("text", "avg")},
            SchemaMismatchError,
            "aggregate: column 'text': got the type string, expected a number, to take avg of. "
            "Read it as a number with change_schema first.",
        ),
        (
            {"n": ("tags", "max")},
            SchemaMismatchError,
            "aggregate: column 'tags': got the type map<string,int>, expected values that can be compared, to take max "
            "of. Make text of the map with change_schema first.",
        ),
        (
            {"n": ("text", "first")},
            ArgumentError,
            "aggregate: order_by is [], expected the columns that say which row is first.",
        ),
        ({}, ArgumentError, "aggregate: columns is {}, expected one or more."),
        (
            {"K": ("text", "max")},
            DuplicateColumnError,
            "aggregate: would give columns 'k' and 'K', one name to Spark, of ['k', 'K']. "
            "Rename or drop one of them first.",
        ),
    ],
)
def test_what_cannot_be_aggregated_is_refused(spark, columns, error, message):
    calls = spark.createDataFrame([], "k string, text string, tags map<string, int>")
    with pytest.raises(error) as caught:
        aggregate(calls, group_by=["k"], columns=columns)
    assert str(caught.value) == message


@FEW
@given(rows=GROUPED)
def test_the_groups_sums_and_counts_add_up_to_the_whole(spark, rows):
    calls = spark.createDataFrame(rows, "k string, m int, n int")
    totals = calls.transform(
        aggregate, group_by=["k"], columns={"rows": ("n", "count"), "total": ("n", "sum")}
    ).collect()
    assert {row.k for row in totals} == {row[0] for row in rows}
    assert sum(row.rows for row in totals) == len(rows)
    assert sum(row.total for row in totals) == sum(row[2] for row in rows)
