"""Many rows to one row a group, to a column a value, or to the first few of a group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import combinations
from operator import or_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.casts import literal_of
from transforms.errors import ArgumentError, SchemaMismatchError, UnknownFunctionError
from transforms.keys import tie_breakers
from transforms.names import require_columns, require_distinct
from transforms.sql import quoted

_BIGINT = (-(2**63), 2**63 - 1)

_OF_NUMBERS: Mapping[str, Callable[[Column], Column]] = {
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
_OF_ALL: Mapping[str, Callable[[Column], Column]] = {
    "count": F.count,
    "countDistinct": F.count_distinct,
    "max": F.max,
    "min": F.min,
}
_OF_AN_ORDER: Mapping[str, Callable[[Column, Column], Column]] = {"first": F.min_by, "last": F.max_by}
FUNCTIONS = (*_OF_NUMBERS, *_OF_ALL, *_OF_AN_ORDER)
"""Glue Studio's names of the 15 aggregate functions."""


def aggregate(
    rows: DataFrame, *, group_by: Sequence[str], columns: Mapping[str, tuple[str, str]], order_by: Sequence[str] = ()
) -> DataFrame:
    """Aggregate rows into one row for each group.

    Rows: one for each combination of the `group_by` columns; null is a group of its own. An empty frame gives no rows.
    Without `group_by` there is one row, for all rows or none.

    Columns: those of `group_by`, then one for each entry of `columns`: its name, and the column and function it comes from.
    Nulls are left out of every function; a group with only nulls gives a count of 0 and null for the rest. `first` and
    `last` go by `order_by`, nulls first, then by the value itself. A sum beyond its type is null, with ANSI on too; so
    is one of decimals of more than 28 digits that is beyond 38 on its way.

    >>> calls = spark.createDataFrame([(2024, 3), (2024, 4)], "year int, offered int")
    >>> calls.transform(aggregate, group_by=["year"], columns={"offered": ("offered", "sum")}).collect()
    [Row(year=2024, offered=7)]

    Raises:
        MissingColumnError: A column is not in the frame.
        UnknownFunctionError: A function is none of `FUNCTIONS`.
        SchemaMismatchError: A function of numbers is asked of a column that is none, which Spark would try to read, or
            any but `count` of a map, which Spark does not compare.
        ArgumentError: `first` or `last` without `order_by`: Spark would take any row. Or `columns` is empty.
        DuplicateColumnError: Two columns would have one name.

    Source: AWS Glue Studio, the Aggregate transform.
    """
    require_columns(rows, [*group_by, *(source for source, _ in columns.values()), *order_by], where="aggregate")
    require_distinct([*group_by, *columns], where="aggregate")
    if not columns:
        raise ArgumentError(where="aggregate", argument="columns", got=columns, expected="one or more")
    for source, function in columns.values():
        _require_function(rows, source, function, where="aggregate")
        if function in _OF_AN_ORDER and not order_by:
            expected = f"the columns that say which row is {function}"
            raise ArgumentError(where="aggregate", argument="order_by", got=[*order_by], expected=expected)
    return rows.groupBy(*map(quoted, group_by)).agg(
        *(_aggregated(rows, source, function, order_by).alias(name) for name, (source, function) in columns.items())
    )


def pivot(
    rows: DataFrame,
    *,
    group_by: Sequence[str],
    column: str,
    values: Sequence[object],
    aggregation: tuple[str, str],
    others: str = "others",
) -> DataFrame:
    """Aggregate rows into one row for each group, with a column for each value of a column.

    Glue Studio's Pivot Rows Into Columns. The values are given, since a transform does not look at its rows; rows of
    any other value, and of none, are in `others`, so that a value nobody thought of does not vanish, as it does from
    Spark's `pivot`.

    Rows: as `aggregate`. Columns: those of `group_by`, one named after each of `values`, then `others`; each is the
    `aggregation`, a column and a function, over the rows of that value.

    >>> calls = spark.createDataFrame([(2024, "web", 3), (2024, "fax", 1)], "year int, channel string, calls int")
    >>> channels, total = ["web", "phone"], ("calls", "sum")
    >>> calls.transform(pivot, group_by=["year"], column="channel", values=channels, aggregation=total).collect()
    [Row(year=2024, web=3, phone=None, others=1)]

    Raises:
        MissingColumnError, UnknownFunctionError, SchemaMismatchError, DuplicateColumnError: As `aggregate`.
        ArgumentError: The function is `first` or `last`, or a value is none of the column's type, or there twice.

    Source: AWS Glue Studio, the Pivot Rows Into Columns transform.
    """
    source, function = aggregation
    require_columns(rows, [*group_by, column, source], where="pivot")
    require_distinct([*group_by, *map(str, values), others], where="pivot")
    if any(one == another for one, another in combinations(values, 2)):
        raise ArgumentError(where="pivot", argument="values", got=[*values], expected="each value once")
    _require_function(rows, source, function, where="pivot")
    if function in _OF_AN_ORDER:
        raise ArgumentError(
            where="pivot", argument="aggregation", got=aggregation, expected="a function that needs no order"
        )
    value, type_ = F.col(quoted(column)), rows.schema[column].dataType
    literals = {str(each): literal_of(each, type_) for each in values}
    if any(literal is None for literal in literals.values()):
        expected = f"values of the column's type, {type_.simpleString()}"
        raise ArgumentError(where="pivot", argument="values", got=[*values], expected=expected)
    met = {name: value == literal for name, literal in literals.items() if literal is not None}
    met[others] = ~reduce(or_, (F.coalesce(each, F.lit(False)) for each in met.values()), F.lit(False))
    # In columns of their own, since `DISTINCT` is of SQL text, which no `Column` is.
    spread = rows.select(
        *map(quoted, group_by), *(F.when(each, F.col(quoted(source))).alias(name) for name, each in met.items())
    )
    return spread.groupBy(*map(quoted, group_by)).agg(
        *(_aggregated(spread, name, function).alias(name) for name in met)
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
    """Keep the `n` rows of each group that have the most of a column.

    Rows: at most `n` of each combination of the `group_by` columns; those with a null in `column` come last, those with NaN
    first. Rows that have as much go by `order_by`, least first and nulls last, then by all other columns: the same
    rows are kept every time.

    Columns: all kept; adds `rank`, an int, 1 for the most.

    >>> types = spark.createDataFrame([("Noise", 7), ("Graffiti", 9), ("Trees", 7)], "type string, cases int")
    >>> sorted(types.transform(top_n, n=2, column="cases", order_by=["type"]).collect(), key=lambda row: row.rank)
    [Row(type='Graffiti', cases=9, rank=1), Row(type='Noise', cases=7, rank=2)]

    Raises:
        MissingColumnError: A column is not in the frame.
        DuplicateColumnError: The frame has a column of the rank's name.
        ArgumentError: `n` is less than 1.
    """
    require_columns(rows, [column, *group_by, *order_by], where="top_n")
    require_distinct([*rows.columns, rank], where="top_n")
    if n < 1:
        raise ArgumentError(where="top_n", argument="n", got=n, expected="1 or more")
    ties = [F.col(quoted(name)).asc_nulls_last() for name in order_by]
    most_first = Window.partitionBy(*map(quoted, group_by)).orderBy(
        F.col(quoted(column)).desc_nulls_last(), *ties, *tie_breakers(rows, [column, *group_by, *order_by])
    )
    return rows.withColumn(rank, F.row_number().over(most_first)).where(F.col(quoted(rank)) <= n)


def _aggregated(rows: DataFrame, source: str, function: str, order_by: Sequence[str] = ()) -> Column:
    value, type_ = F.col(quoted(source)), rows.schema[source].dataType
    if function == "sum" and isinstance(type_, T.LongType):
        # A sum that leaves the bigints on its way, and comes back, would be null in one order of the rows only.
        high, low = F.shiftright(value, 32), value.bitwiseAND(F.lit(2**32 - 1))
        return _as_bigint(F.try_sum(high).cast("decimal(20, 0)") * 2**32 + F.try_sum(low))
    if function == "sumDistinct":
        # Spark 3.5's functions have no try_sum of distinct values, and `sum_distinct` fails beyond its type.
        if isinstance(type_, T.IntegralType):
            return _as_bigint(F.expr(f"try_sum(DISTINCT CAST({quoted(source)} AS decimal(19, 0)))"))
        return F.expr(f"try_sum(DISTINCT {quoted(source)})")
    if function in _OF_AN_ORDER:
        # min_by and max_by leave out rows whose order is null.
        place = F.struct(*(quoted(name) for name in order_by), value.alias("__value"))
        return _OF_AN_ORDER[function](value, F.when(value.isNotNull(), place))
    return {**_OF_NUMBERS, **_OF_ALL}[function](value)


def _as_bigint(total: Column) -> Column:
    return F.when(total.between(*map(F.lit, _BIGINT)), total.cast("bigint"))


def _require_function(rows: DataFrame, source: str, function: str, *, where: str) -> None:
    if function not in FUNCTIONS:
        raise UnknownFunctionError(where=where, name=function, known=sorted(FUNCTIONS))
    type_ = rows.schema[source].dataType.simpleString()
    if function in _OF_NUMBERS and not isinstance(rows.schema[source].dataType, T.NumericType):
        raise SchemaMismatchError(
            where=f"{where}: column {source!r}",
            got=f"the type {type_}",
            expected=f"a number, to take {function} of",
            hint="Read it as a number with change_schema first.",
        )
    if function != "count" and "map<" in type_:
        raise SchemaMismatchError(
            where=f"{where}: column {source!r}",
            got=f"the type {type_}",
            expected=f"values that can be compared, to take {function} of",
            hint="Make text of the map with change_schema first.",
        )
