from __future__ import annotations

import statistics
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.aggregate import AGGREGATE_FUNCTIONS, aggregate
from transforms.errors import (
    ArgumentError,
    DuplicateColumnError,
    MissingColumnError,
    SchemaMismatchError,
    TransformError,
    UnknownFunctionError,
)

COLUMNS = {name: ("n", name) for name in ("avg", "count", "max", "min", "sum")}
GROUPED = st.lists(
    st.tuples(st.sampled_from([None, "a", "b"]), st.one_of(st.none(), st.integers(-9, 9)), st.integers(0, 3)),
    max_size=12,
)


def moment(values, power):
    return sum((value - statistics.fmean(values)) ** power for value in values) / len(values)


PYTHON_FUNCTIONS = {
    "avg": statistics.fmean,
    "kurtosis": lambda values: moment(values, 4) / moment(values, 2) ** 2 - 3 if moment(values, 2) else None,
    "skewness": lambda values: moment(values, 3) / moment(values, 2) ** 1.5 if moment(values, 2) else None,
    "median": statistics.median,
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


@pytest.mark.parametrize("type_", ["int", "bigint", "double", "decimal(9,2)"])
def test_every_function_agrees_with_python(either_ansi, type_):
    groups = {"a": [3, -4, 4, 4, 10], "one": [7], "alike": [2, 2, 2]}
    rows = [(key, value) for key, values in groups.items() for value in [*values, None]]
    calls = either_ansi.createDataFrame(rows, "k string, i int").selectExpr("k", f"CAST(i AS {type_}) AS n")
    totals = calls.transform(aggregate, group_by=["k"], columns={name: ("n", name) for name in PYTHON_FUNCTIONS})
    assert {*AGGREGATE_FUNCTIONS} == {*PYTHON_FUNCTIONS, "first", "last"}
    for row in totals.collect():
        for name, function in PYTHON_FUNCTIONS.items():
            expected = function(groups[row.k])
            actual = None if row[name] is None else float(row[name])
            assert actual == (None if expected is None else pytest.approx(float(expected))), (row.k, name)


def test_the_functions_first_and_last_skip_null_values(spark):
    rows = [("a", 2, "x", 5), ("a", 1, "z", 6), ("a", 3, "y", None), ("a", None, "n", 7), ("b", 1, "q", None)]
    calls = spark.createDataFrame(rows, "k string, __value int, channel string, n int")
    columns = {
        "first channel": ("channel", "first"),
        "last channel": ("channel", "last"),
        "first": ("n", "first"),
        "last": ("n", "last"),
    }
    ends = calls.transform(aggregate, group_by=["k"], columns=columns, order_by=["__value"])
    assert sorted(map(tuple, ends.collect())) == [("a", "n", "y", 7, 5), ("b", "q", "q", None, None)]


@given(rows=GROUPED)
def test_source_value_breaks_ties_in_the_order(spark, rows):
    """The functions `first` and `last` compare tied rows by the value of the source column."""
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


def test_group_without_values_has_null_results(spark):
    """The counts are 0. All other results are null."""
    calls = spark.createDataFrame([("a", 3), ("a", None), ("b", None)], "k string, n int")
    columns = {name: ("n", name) for name in AGGREGATE_FUNCTIONS}
    totals = {
        row.k: row for row in calls.transform(aggregate, group_by=["k"], columns=columns, order_by=["n"]).collect()
    }
    assert [totals["a"][name] for name in ("count", "sum", "avg", "first", "last")] == [1, 3, 3.0, 3, 3]
    null_group = totals["b"].asDict()
    assert {name for name, value in null_group.items() if value is not None} == {"k", "count", "countDistinct"}
    assert null_group["count"] == null_group["countDistinct"] == 0


def test_empty_frame_gives_a_row_only_if_ungrouped(spark):
    """With group columns, the result of an empty frame has no rows."""
    empty = spark.createDataFrame([], "k string, n int")
    assert empty.transform(aggregate, group_by=["k"], columns=COLUMNS).collect() == []
    assert empty.transform(aggregate, group_by=[], columns=COLUMNS).collect() == [(None, 0, None, None, None)]


def test_a_sum_that_overflows_its_type_is_null(either_ansi):
    maximum = 10**38 - 1
    rows = [
        ("over", 2**63 - 1, Decimal(maximum)),
        ("over", 1, Decimal(maximum - 1)),
        ("fits", -(2**63), Decimal(maximum)),
    ]
    calls = either_ansi.createDataFrame(rows, "k string, n bigint, d decimal(38,0)")
    columns = {f"{name} {source}": (source, name) for source in "nd" for name in ("sum", "sumDistinct")}
    totals = calls.transform(aggregate, group_by=["k"], columns={**columns, "avg": ("d", "avg")})
    assert sorted(map(tuple, totals.collect())) == [
        ("fits", -(2**63), -(2**63), Decimal(maximum), Decimal(maximum), None),
        ("over", None, None, None, None, None),
    ]
    assert dict(totals.dtypes)["sum n"] == dict(totals.dtypes)["sumDistinct n"] == "bigint"


def test_sum_is_exact_despite_partial_overflow(either_ansi):
    orders = list(permutations([2**63 - 1, 2**32, -(2**32) - 5, None]))
    rows = [(number, value) for number, order in enumerate(orders) for value in order]
    calls = either_ansi.createDataFrame(rows, "k int, n bigint").coalesce(1)
    columns = {"total": ("n", "sum"), "distinct total": ("n", "sumDistinct")}
    totals = calls.transform(aggregate, group_by=["k"], columns=columns).collect()
    assert {tuple(row)[1:] for row in totals} == {(2**63 - 6, 2**63 - 6)}
    assert len(totals) == len(orders)


@given(values=st.lists(st.sampled_from([2**63 - 1, -(2**63), 2**62, -1, 1, 2**32, None]), min_size=1, max_size=6))
def test_a_sum_of_bigints_is_exact_or_null(spark, values):
    calls = spark.createDataFrame([(value,) for value in values], "n bigint")
    columns = {"total": ("n", "sum"), "distinct total": ("n", "sumDistinct")}
    actual = calls.transform(aggregate, group_by=[], columns=columns).first()
    numbers = [value for value in values if value is not None]
    for total, expected in zip(actual, (sum(numbers), sum({*numbers})), strict=True):
        assert total == (expected if numbers and -(2**63) <= expected < 2**63 else None)


def test_an_unknown_function_is_refused(spark):
    calls = spark.createDataFrame([], "k string, n int")
    with pytest.raises(UnknownFunctionError) as caught:
        aggregate(calls, group_by=["k"], columns={"mean": ("n", "mean")})
    error = caught.value
    known = [*sorted(AGGREGATE_FUNCTIONS), "p1", "p2", "…", "p99"]
    assert (error.where, error.name, error.known) == ("aggregate", "mean", tuple(known))
    assert str(error) == f"aggregate: 'mean' is not supported. Use one of {known}."
    assert isinstance(error, TransformError)


@pytest.mark.parametrize(
    ("group_by", "source", "order_by"),
    [("K", "n", []), ("k", "K", []), ("k", "n", ["K"])],
    ids=["group_by", "source", "order_by"],
)
def test_a_missing_column_is_refused(spark, group_by, source, order_by):
    calls = spark.createDataFrame([], "k string, n int")
    with pytest.raises(MissingColumnError, match="aggregate: column 'K' is missing.*rename it to 'k'"):
        aggregate(calls, group_by=[group_by], columns={"total": (source, "sum")}, order_by=order_by)


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        (
            {"n": ("text", "avg")},
            SchemaMismatchError,
            "aggregate: column 'text': got the type string, expected a number, because the function avg needs numbers. "
            "Convert the column to a number with change_schema first.",
        ),
        (
            {"n": ("tags", "max")},
            SchemaMismatchError,
            "aggregate: column 'tags': got the type map<string,int>, expected a comparable type for max. "
            "Convert the map to text with change_schema first.",
        ),
        (
            {"n": ("text", "first")},
            ArgumentError,
            "aggregate: order_by is [], expected the columns that define which row is first.",
        ),
        ({}, ArgumentError, "aggregate: columns is {}, expected one entry or more."),
        (
            {"K": ("text", "max")},
            DuplicateColumnError,
            "aggregate: the result would have columns 'k' and 'K', which are the same name to Spark. "
            "All columns: ['k', 'K']. "
            "Rename or drop one of the two first.",
        ),
    ],
)
def test_invalid_column_entries_are_refused(spark, columns, error, message):
    calls = spark.createDataFrame([], "k string, text string, tags map<string, int>")
    with pytest.raises(error) as caught:
        aggregate(calls, group_by=["k"], columns=columns)
    assert str(caught.value) == message


@given(rows=GROUPED)
def test_every_row_is_counted_in_a_group(spark, rows):
    """All rows with a null key form one group."""
    calls = spark.createDataFrame(rows, "k string, m int, n int")
    totals = calls.transform(
        aggregate, group_by=["k"], columns={"rows": ("n", "count"), "total": ("n", "sum")}
    ).collect()
    assert {row.k for row in totals} == {row[0] for row in rows}
    assert sum(row.rows for row in totals) == len(rows)
    assert sum(row.total for row in totals) == sum(row[2] for row in rows)
