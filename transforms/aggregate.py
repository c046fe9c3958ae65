"""Aggregate rows by group, pivot values into columns, and keep the top rows of each group."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import combinations
from operator import or_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.casts import to_literal
from transforms.errors import ArgumentError, SchemaMismatchError, UnknownFunctionError
from transforms.keys import tie_breakers
from transforms.names import require_columns, require_distinct
from transforms.percentiles import percentile
from transforms.sql import quoted

_BIGINT_RANGE = (-(2**63), 2**63 - 1)

_NUMERIC_FUNCTIONS: Mapping[str, Callable[[Column], Column]] = {
    "avg": F.try_avg,
    "kurtosis": F.kurtosis,
    "skewness": F.skewness,
    "stddev_pop": F.stddev_pop,
    "stddev_samp": F.stddev_samp,
    "sum": F.try_sum,
    "sumDistinct": F.sum_distinct,
    "var_pop": F.var_pop,
    "var_samp": F.var_samp,
}
_ANY_TYPE_FUNCTIONS: Mapping[str, Callable[[Column], Column]] = {
    "count": F.count,
    "countDistinct": F.count_distinct,
    "max": F.max,
    "min": F.min,
}
_ORDERED_FUNCTIONS: Mapping[str, Callable[[Column, Column], Column]] = {"first": F.min_by, "last": F.max_by}
_MEDIAN = "median"
_PERCENTILE = re.compile(r"p([1-9][0-9]?)")
AGGREGATE_FUNCTIONS = (*_NUMERIC_FUNCTIONS, _MEDIAN, *_ANY_TYPE_FUNCTIONS, *_ORDERED_FUNCTIONS)
"""The names of the aggregate functions: the 15 functions of Glue Studio, and `median`.

The names `p1` to `p99` are percentiles.
"""


def aggregate(
    rows: DataFrame, *, group_by: Sequence[str], columns: Mapping[str, tuple[str, str]], order_by: Sequence[str] = ()
) -> DataFrame:
    """Aggregate rows into one row for each group.

    Rows: one row for each combination of the `group_by` columns. A null in a `group_by` column is treated as a value.
    If the frame is empty, the result has no rows. If `group_by` is empty, the result always has one row, even if the
    frame is empty.

    Columns: the `group_by` columns, then one column for each entry of `columns`. An entry maps the name of the new
    column to a source column and a function. All functions ignore nulls in the source column. If all values of a group
    are null, `count` and `countDistinct` give 0, and all other functions give null. `first` and `last` sort the rows of
    a group by `order_by`, with nulls first. Ties are broken by the value of the source column. If a sum overflows its
    type, the sum is null, even in ANSI mode. For a decimal with a precision above 28, the sum is also null if a partial
    sum has more than 38 digits. `median` and the percentiles `p1` to `p99` are exact, and are interpolated between two
    values as in `percentiles.percentile`. They are decimals for decimals, and doubles for other numbers. The values of
    a group must fit in the memory of an executor.

    >>> calls = spark.createDataFrame([(2024, 3), (2024, 4)], "year int, offered int")
    >>> calls.transform(aggregate, group_by=["year"], columns={"offered": ("offered", "sum")}).collect()
    [Row(year=2024, offered=7)]
    >>> limits = {"middle": ("offered", "median"), "high": ("offered", "p90")}
    >>> calls.transform(aggregate, group_by=["year"], columns=limits).collect()
    [Row(year=2024, middle=3.5, high=3.9)]

    Raises:
        MissingColumnError: A column is not in the frame.
        UnknownFunctionError: A function is neither in `AGGREGATE_FUNCTIONS` nor a percentile from `p1` to `p99`.
        SchemaMismatchError: The source column of a numeric function is not a number. Without this error, Spark would
            try to cast the column. This error is also raised if a function other than `count` reads a map, because
            Spark cannot compare maps. It is also raised for a median or percentile of decimals with more than 33
            digits.
        ArgumentError: `columns` is empty, or `first` or `last` has no `order_by`. Without `order_by`, Spark would use
            an arbitrary row.
        DuplicateColumnError: Two columns would have the same name.

    Source: AWS Glue Studio, the Aggregate transform.
    """
    require_columns(rows, [*group_by, *(source for source, _ in columns.values()), *order_by], where="aggregate")
    require_distinct([*group_by, *columns], where="aggregate")
    if not columns:
        raise ArgumentError(where="aggregate", argument="columns", got=columns, expected="one entry or more")
    for source, function in columns.values():
        _require_function(rows, source, function, where="aggregate")
        if function in _ORDERED_FUNCTIONS and not order_by:
            expected = f"the columns that define which row is {function}"
            raise ArgumentError(where="aggregate", argument="order_by", got=[*order_by], expected=expected)
    return rows.groupBy(*map(quoted, group_by)).agg(
        *(_apply_function(rows, source, function, order_by).alias(name) for name, (source, function) in columns.items())
    )


def pivot(
    rows: DataFrame,
    *,
    group_by: Sequence[str],
    column: str,
    values: Sequence[object],
    aggregation: tuple[str, str],
    other_column: str = "others",
) -> DataFrame:
    """Aggregate rows into one row for each group, and turn the values of a column into columns.

    Replaces Glue Studio's Pivot Rows Into Columns. `values` lists the values that become columns. A transform cannot
    find the values in the rows, because a transform does not start a Spark job. Rows in which `column` is null or not
    in `values` are aggregated in `other_column`, so unexpected values stay visible. Spark's `pivot` would drop these
    rows.

    Rows: one row for each combination of the `group_by` columns, as in `aggregate`.

    Columns: the `group_by` columns, one column for each value in `values`, and `other_column`. The name of a value's
    column is the value as text. `aggregation` is a pair of a source column and a function. In the column of a value,
    the function is applied only to the rows with that value.

    >>> calls = spark.createDataFrame([(2024, "web", 3), (2024, "fax", 1)], "year int, channel string, calls int")
    >>> channels, total = ["web", "phone"], ("calls", "sum")
    >>> calls.transform(pivot, group_by=["year"], column="channel", values=channels, aggregation=total).collect()
    [Row(year=2024, web=3, phone=None, others=1)]

    Raises:
        MissingColumnError, UnknownFunctionError, SchemaMismatchError, DuplicateColumnError: As in `aggregate`.
        ArgumentError: The function is `first` or `last`. This error is also raised if a value in `values` is repeated
            or does not have the type of `column`.

    Source: AWS Glue Studio, the Pivot Rows Into Columns transform.
    """
    source, function = aggregation
    require_columns(rows, [*group_by, column, source], where="pivot")
    require_distinct([*group_by, *map(str, values), other_column], where="pivot")
    if any(first == second for first, second in combinations(values, 2)):
        raise ArgumentError(where="pivot", argument="values", got=[*values], expected="each value once")
    _require_function(rows, source, function, where="pivot")
    if function in _ORDERED_FUNCTIONS:
        raise ArgumentError(
            where="pivot", argument="aggregation", got=aggregation, expected="a function that needs no order"
        )
    value, type_ = F.col(quoted(column)), rows.schema[column].dataType
    literals = {str(label): to_literal(label, type_) for label in values}
    if any(literal is None for literal in literals.values()):
        expected = f"values of type {type_.simpleString()}, the type of the column"
        raise ArgumentError(where="pivot", argument="values", got=[*values], expected=expected)
    conditions = {name: value == literal for name, literal in literals.items() if literal is not None}
    has_listed_value = reduce(or_, (F.coalesce(test, F.lit(False)) for test in conditions.values()), F.lit(False))
    conditions[other_column] = ~has_listed_value
    # `_apply_function` writes `sumDistinct` as SQL text, and SQL text needs the name of a column. So each conditional
    # value first becomes a column with a name.
    spread = rows.select(
        *map(quoted, group_by), *(F.when(test, F.col(quoted(source))).alias(name) for name, test in conditions.items())
    )
    return spread.groupBy(*map(quoted, group_by)).agg(
        *(_apply_function(spread, name, function).alias(name) for name in conditions)
    )


def top_n(
    rows: DataFrame,
    *,
    n: int,
    column: str,
    group_by: Sequence[str] = (),
    order_by: Sequence[str] = (),
    rank: str = "rank",
) -> DataFrame:
    """For each group, keep the `n` rows with the greatest values of a column.

    Rows: at most `n` rows of each combination of the `group_by` columns are kept. NaN ranks first and null ranks last.
    If rows have the same value of `column`, they are ranked by `order_by`, then by all remaining columns. All these
    columns are sorted in ascending order with nulls last. As a result, every run keeps the same rows.

    Columns: all kept. Adds `rank`, an int. In each group, the row with the greatest value of `column` has rank 1.

    >>> types = spark.createDataFrame([("Noise", 7), ("Graffiti", 9), ("Trees", 7)], "type string, cases int")
    >>> sorted(types.transform(top_n, n=2, column="cases", order_by=["type"]).collect(), key=lambda row: row.rank)
    [Row(type='Graffiti', cases=9, rank=1), Row(type='Noise', cases=7, rank=2)]

    Raises:
        MissingColumnError: A column is not in the frame.
        DuplicateColumnError: The frame already has a column with the name `rank`.
        ArgumentError: `n` is less than 1.
    """
    require_columns(rows, [column, *group_by, *order_by], where="top_n")
    require_distinct([*rows.columns, rank], where="top_n")
    if n < 1:
        raise ArgumentError(where="top_n", argument="n", got=n, expected="1 or more")
    ties = [F.col(quoted(name)).asc_nulls_last() for name in order_by]
    greatest_first = Window.partitionBy(*map(quoted, group_by)).orderBy(
        F.col(quoted(column)).desc_nulls_last(), *ties, *tie_breakers(rows, [column, *group_by, *order_by])
    )
    return rows.withColumn(rank, F.row_number().over(greatest_first)).where(F.col(quoted(rank)) <= n)


def _apply_function(rows: DataFrame, source: str, function: str, order_by: Sequence[str] = ()) -> Column:
    value, type_ = F.col(quoted(source)), rows.schema[source].dataType
    if function == "sum" and isinstance(type_, T.LongType):
        # Depending on the order of the rows, a partial sum can overflow although the total fits the type. Separate sums
        # of the high and the low 32 bits of the values do not overflow.
        high, low = F.shiftright(value, 32), value.bitwiseAND(F.lit(2**32 - 1))
        return _cast_to_bigint(F.try_sum(high).cast("decimal(20, 0)") * 2**32 + F.try_sum(low))
    if function == "sumDistinct":
        # Spark 3.5 has no Python function for a `try_sum` of distinct values, and `sum_distinct` fails if the sum
        # overflows.
        if isinstance(type_, T.IntegralType):
            return _cast_to_bigint(F.expr(f"try_sum(DISTINCT CAST({quoted(source)} AS decimal(19, 0)))"))
        return F.expr(f"try_sum(DISTINCT {quoted(source)})")
    if function in _ORDERED_FUNCTIONS:
        # `min_by` and `max_by` ignore rows whose ordering value is null. The struct `ordering` is never null, so a row
        # with a null in an order column is not ignored.
        ordering = F.struct(*(quoted(name) for name in order_by), value.alias("__value"))
        return _ORDERED_FUNCTIONS[function](value, F.when(value.isNotNull(), ordering))
    if (percent := _percent(function)) is not None:
        return percentile(value, type_=type_, percent=percent, where=f"{function} of column {source!r}")
    return {**_NUMERIC_FUNCTIONS, **_ANY_TYPE_FUNCTIONS}[function](value)


def _percent(function: str) -> int | None:
    match = _PERCENTILE.fullmatch(function)
    return 50 if function == _MEDIAN else int(match[1]) if match else None


def _cast_to_bigint(total: Column) -> Column:
    return F.when(total.between(*map(F.lit, _BIGINT_RANGE)), total.cast("bigint"))


def _require_function(rows: DataFrame, source: str, function: str, *, where: str) -> None:
    percent = _percent(function)
    if function not in AGGREGATE_FUNCTIONS and percent is None:
        known = [*sorted(AGGREGATE_FUNCTIONS), "p1", "p2", "…", "p99"]
        raise UnknownFunctionError(where=where, name=function, known=known)
    type_ = rows.schema[source].dataType.simpleString()
    if (function in _NUMERIC_FUNCTIONS or percent is not None) and not isinstance(
        rows.schema[source].dataType, T.NumericType
    ):
        raise SchemaMismatchError(
            where=f"{where}: column {source!r}",
            got=f"the type {type_}",
            expected=f"a number, because the function {function} needs numbers",
            hint="Convert the column to a number with change_schema first.",
        )
    if function != "count" and "map<" in type_:
        raise SchemaMismatchError(
            where=f"{where}: column {source!r}",
            got=f"the type {type_}",
            expected=f"a comparable type for {function}",
            hint="Convert the map to text with change_schema first.",
        )
