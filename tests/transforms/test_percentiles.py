from __future__ import annotations

import statistics
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.aggregate import aggregate, pivot
from transforms.errors import ArgumentError, SchemaMismatchError, UnknownFunctionError
from transforms.percentiles import percentile
from transforms.schema import Field, change_schema

ALLOW_PRECISION_LOSS = "spark.sql.decimalOperations.allowPrecisionLoss"


def interpolated(values: list, percent: int) -> Fraction | None:
    """Return the percentile at the position (count - 1) * percent / 100."""
    ordered = [Fraction(value) for value in sorted(values)]
    if not ordered:
        return None
    index, rest = divmod((len(ordered) - 1) * percent, 100)
    upper = ordered[min(index + 1, len(ordered) - 1)]
    return ordered[index] + (upper - ordered[index]) * Fraction(rest, 100)


@given(
    cents=st.lists(st.one_of(st.none(), st.integers(-(10**20), 10**20)), max_size=8),
    percent=st.sampled_from([1, 33, 50, 90, 99]),
)
def test_percentiles_of_decimals_are_exact(spark, cents, percent):
    values = [None if cent is None else Decimal(cent).scaleb(-2) for cent in cents]
    prices = spark.createDataFrame([(value,) for value in values], "price decimal(30,2)")
    (row,) = prices.transform(aggregate, group_by=[], columns={"x": ("price", f"p{percent}")}).collect()

    expected = interpolated([value for value in values if value is not None], percent)
    assert (None if row.x is None else Fraction(row.x)) == expected


@pytest.mark.parametrize("type_", ["int", "bigint", "float", "double", "decimal(9,2)"])
def test_percentiles_agree_with_python(either_ansi, type_):
    """A group without values has null percentiles."""
    groups = {"a": [3, -4, 4, 4, 10], "one": [7], "two": [1, 2], "none": []}
    rows = [(key, value) for key, values in groups.items() for value in [*values, None]]
    calls = either_ansi.createDataFrame(rows, "k string, i int").selectExpr("k", f"CAST(i AS {type_}) AS n")
    columns = {name: ("n", name) for name in ("median", "p1", "p25", "p90", "p99")}
    result = calls.transform(aggregate, group_by=["k"], columns=columns)

    result_type = "decimal(11,4)" if "decimal" in type_ else "double"
    assert {kind for name, kind in result.dtypes if name != "k"} == {result_type}
    for row in result.collect():
        values = groups[row.k]
        for name in columns:
            expected = interpolated(values, 50 if name == "median" else int(name[1:]))
            assert (row[name] is None) == (expected is None)
            if expected is not None:
                assert float(row[name]) == pytest.approx(float(expected)), (row.k, name)
        assert row["median"] == (statistics.median(values) if values else None)


@pytest.mark.parametrize("scale", [0, 2, 18, 33])
@pytest.mark.parametrize("allow_loss", ["true", "false"])
def test_percentiles_of_the_longest_decimals_are_exact(either_ansi, scale, allow_loss):
    """Spark's setting for decimals that need more than 38 digits has no effect."""
    widest = 10**33 - 1
    either_ansi.conf.set(ALLOW_PRECISION_LOSS, allow_loss)
    try:
        for units in ([widest, -widest], [widest, widest - 1], [-widest, 0], [1]):
            values = [Decimal(f"{unit}E-{scale}") for unit in units]
            rows = either_ansi.createDataFrame([(value,) for value in values], f"n decimal(33,{scale})")
            for percent in (0, 1, 50, 99, 100):
                column = percentile(F.col("n"), type_=rows.schema["n"].dataType, percent=percent)
                assert Fraction(rows.select(column).first()[0]) == interpolated(values, percent)
    finally:
        either_ansi.conf.unset(ALLOW_PRECISION_LOSS)


def test_longer_decimals_are_refused(spark):
    """The error says how to convert the column."""
    columns = {"x": ("n", "median")}
    rows = spark.sql("SELECT * FROM VALUES (CAST('9E31' AS decimal(38, 1))), (CAST('-9E31' AS decimal(38, 1))) AS t(n)")
    problem = r"median of column 'n': got the type decimal\(38,1\), expected a decimal with a maximum of 33 digits"
    with pytest.raises(SchemaMismatchError, match=f"{problem}, .* with change_schema"):
        rows.transform(aggregate, group_by=[], columns=columns)

    short = rows.transform(change_schema, fields=[Field("n", "n", "decimal(33, 1)")])
    assert short.transform(aggregate, group_by=[], columns=columns).first().x == 0


def test_nan_is_the_greatest_number(spark):
    rows = spark.createDataFrame([(1.0,), (float("nan"),), (2.0,)], "n double")
    columns = {"middle": ("n", "median"), "high": ("n", "p99")}
    (row,) = rows.transform(aggregate, group_by=[], columns=columns).collect()
    assert (row.middle, str(row.high)) == (2.0, "nan")


def test_pivot_supports_percentiles(spark):
    calls = spark.createDataFrame([("web", 1), ("web", 4), ("fax", 9)], "channel string, n int")
    wide = calls.transform(pivot, group_by=[], column="channel", values=["web"], aggregation=("n", "median"))
    assert wide.collect() == [(2.5, 9.0)]


@pytest.mark.parametrize("function", ["p0", "p100", "p05", "p", "P90", "p9.5", "medians"])
def test_other_names_are_refused(spark, function):
    rows = spark.createDataFrame([], "n int")
    with pytest.raises(UnknownFunctionError, match="is not supported. Use one of .*'median'.*'p1'"):
        rows.transform(aggregate, group_by=[], columns={"x": ("n", function)})


@pytest.mark.parametrize("function", ["median", "p90"])
def test_percentiles_need_numbers(spark, function):
    rows = spark.createDataFrame([], "n string")
    with pytest.raises(SchemaMismatchError, match=f"a number, because the function {function} needs numbers"):
        rows.transform(aggregate, group_by=[], columns={"x": ("n", function)})


def test_percent_must_be_between_0_and_100(spark):
    with pytest.raises(ArgumentError, match="percent is 101, expected a number from 0 to 100"):
        percentile(F.lit(1), type_=T.IntegerType(), percent=101)
