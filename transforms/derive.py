"""New columns out of those a row has, or out of the other rows of its group."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.casts import literal_of
from transforms.errors import ArgumentError, SchemaMismatchError, UnknownFunctionError
from transforms.names import require_columns, require_distinct, require_number
from transforms.sql import quoted

_FILL = "fill_missing_values"
_STATISTICS = {"mean": F.avg, "median": F.median}


def change_on_previous(
    rows: DataFrame, *, column: str, period: str, name: str, group_by: Sequence[str] = (), periods: int = 1
) -> DataFrame:
    """Add by how much a column differs from its value in the period before, or `periods` before.

    Rows: all kept. Give one row for each period (of each `group_by` group); of several the least value counts.

    Columns: reads `period`, a whole number that counts periods (a year, or months since some month); adds `name`, the
    value less the value at `period - periods`, in the units of `column`. It is null where that period is not there or
    has no value: the row before a gap is not the period before; and where the change is beyond the column's type.

    >>> years = spark.createDataFrame([(2021, 9.0), (2023, 5.0), (2024, 4.0)], "year int, pct double")
    >>> years.transform(change_on_previous, column="pct", period="year", name="change").collect()[1:]
    [Row(year=2023, pct=5.0, change=None), Row(year=2024, pct=4.0, change=-1.0)]

    Raises:
        MissingColumnError: A column is not in the frame.
        SchemaMismatchError: The column is no number, or the period no whole number.
        DuplicateColumnError: The frame has a column of that name.
        ArgumentError: `periods` is no whole number, or less than 1.
    """
    require_columns(rows, [column, period, *group_by], where="change_on_previous")
    require_number(rows, column, where="change_on_previous")
    require_distinct([*rows.columns, name], where="change_on_previous")
    if not isinstance(rows.schema[period].dataType, T.IntegralType):
        raise SchemaMismatchError(
            where=f"change_on_previous: period {period!r}",
            got=f"the type {rows.schema[period].dataType.simpleString()}",
            expected="a whole number that counts periods",
            hint="Number the periods first, months with year * 12 + month for instance.",
        )
    if not isinstance(periods, int) or periods < 1:
        raise ArgumentError(where="change_on_previous", argument="periods", got=periods, expected="1, 2, 3 …")
    # Wide enough for the least number less `periods`, which an int would wrap around to the greatest.
    number, value = F.col(quoted(period)).cast("decimal(20, 0)"), F.col(quoted(column))
    in_order = Window.partitionBy(*map(quoted, group_by)).orderBy(number.asc_nulls_first())
    before = F.min(value).over(in_order.rangeBetween(-periods, -periods))
    return rows.withColumn(name, F.when(number.isNotNull(), F.try_subtract(value, before)))


def bucket(
    rows: DataFrame,
    *,
    column: str,
    edges: Sequence[float],
    name: str,
    labels: Sequence[str] | None = None,
    order: str | None = None,
) -> DataFrame:
    """Add which of the ranges between edges a number is in: an edge belongs to the range that it begins.

    Rows: all kept. Columns: adds `name`, text: `<0`, `0-5`, `5-10`, `10+` for the edges 0, 5 and 10, or `labels`, one
    more than there are edges; null for a null and for NaN. Text sorts `10+` before `5-10`: `order` names a further
    column, the range's number from 0, to sort by.

    >>> calls = spark.createDataFrame([(4.9,), (5.0,), (None,)], "minutes double")
    >>> calls.transform(bucket, column="minutes", edges=[0, 5, 10], name="band").collect()
    [Row(minutes=4.9, band='0-5'), Row(minutes=5.0, band='5-10'), Row(minutes=None, band=None)]

    Raises:
        MissingColumnError: The column is not in the frame.
        SchemaMismatchError: The column is no number.
        DuplicateColumnError: The frame has a column of that name, or of the order's.
        ArgumentError: The edges do not ascend, or there is not one label more than edges.
    """
    require_columns(rows, [column], where="bucket")
    require_number(rows, column, where="bucket")
    require_distinct([*rows.columns, name, *([order] if order else [])], where="bucket")
    if not edges or edges[0] != edges[0] or any(not low < high for low, high in pairwise(edges)):
        raise ArgumentError(where="bucket", argument="edges", got=[*edges], expected="one or more, each above the last")
    between = [f"{low}-{high}" for low, high in pairwise(edges)]
    names = [f"<{edges[0]}", *between, f"{edges[-1]}+"] if labels is None else [*labels]
    if len(names) != len(edges) + 1:
        expected = f"{len(edges) + 1}, one below, between and above {len(edges)} edges"
        raise ArgumentError(where="bucket", argument="labels", got=names, expected=expected)
    value = F.col(quoted(column))
    bounds = [_edge(edge, rows.schema[column].dataType) for edge in edges]
    missing = value.isNull() | F.isnan(value.cast("double"))

    def by_range(outcomes: Sequence[object]) -> Column:
        # Not an element of an array: with ANSI on Spark takes an element at no place for one that is never null.
        chosen = F.when(missing, None)
        for bound, outcome in zip(bounds, outcomes, strict=False):
            chosen = chosen.when(value < bound, outcome)
        return chosen.otherwise(outcomes[-1])

    return rows.withColumns({name: by_range(names), **({order: by_range(range(len(names)))} if order else {})})


def fill_missing_values(
    rows: DataFrame,
    *,
    column: str,
    name: str,
    value: object = None,
    statistic: str | None = None,
    group_by: Sequence[str] = (),
) -> DataFrame:
    """Add a column whose nulls are filled: with a value, or with the mean or median of its group.

    Glue Studio's Fill Missing Values fills with what a model guesses. This says what stands there.

    Rows: all kept.

    Columns: adds `name`. Named otherwise than `column`, it leaves to be seen which values were missing. Filled with a
    value it has the column's type; with a statistic it is a double, and null where the whole group is. NaN is a value,
    not a missing one.

    >>> calls = spark.createDataFrame([("a", 2), ("a", None), ("a", 4)], "area string, minutes int")
    >>> filled = calls.transform(
    ...     fill_missing_values, column="minutes", name="filled", statistic="mean", group_by=["area"]
    ... )
    >>> sorted(row.filled for row in filled.collect())
    [2.0, 3.0, 4.0]

    Raises:
        MissingColumnError: A column is not in the frame.
        ArgumentError: Not one of `value` and `statistic`, or a value that is none of the column's type.
        DuplicateColumnError: The frame has another column of that name.
        UnknownFunctionError: The statistic is none of mean and median.
        SchemaMismatchError: A statistic of a column that is no number.

    Source: AWS Glue Studio, the Fill Missing Values transform.
    """
    require_columns(rows, [column, *group_by], where=_FILL)
    require_distinct([*(each for each in rows.columns if each != column or name != column), name], where=_FILL)
    if (value is None) == (statistic is None):
        expected = "a value or a statistic, and not both"
        raise ArgumentError(where=_FILL, argument="value", got=value, expected=expected)
    if statistic is None:
        wanted = rows.schema[column].dataType
        filling = literal_of(value, wanted)
        if filling is None:
            expected = f"a value of the type of {column!r}, {wanted.simpleString()}"
            raise ArgumentError(where=_FILL, argument="value", got=value, expected=expected)
        return rows.withColumn(name, F.coalesce(F.col(quoted(column)), filling))
    if statistic not in _STATISTICS:
        raise UnknownFunctionError(where=_FILL, name=statistic, known=[*_STATISTICS])
    require_number(rows, column, where=_FILL)
    measured = F.col(quoted(column)).cast("double")
    group = Window.partitionBy(*map(quoted, group_by))
    return rows.withColumn(name, F.coalesce(measured, _STATISTICS[statistic](measured).over(group)))


def _edge(edge: float, type_: T.DataType) -> Column:
    """Return an edge such that a value of the type equals it which is written as it is: 0.7 as a float is not 0.7D."""
    if isinstance(type_, T.FloatType):
        return F.lit(edge).cast("float")
    exact = Decimal(str(edge))
    return F.lit(exact if isinstance(type_, T.DecimalType) and exact.is_finite() else edge)
