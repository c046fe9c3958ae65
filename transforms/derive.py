"""Compute changes since an earlier period, round numbers, assign numbers to ranges, and fill missing values."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.casts import to_literal
from transforms.errors import ArgumentError, SchemaMismatchError, UnknownFunctionError
from transforms.names import require_columns, require_distinct, require_number
from transforms.sql import quoted

_FILL = "fill_missing_values"
_STATISTICS = {"mean": F.avg, "median": F.median}


def change_on_previous(
    rows: DataFrame,
    *,
    column: str,
    period: str,
    name: str,
    percentage_name: str | None = None,
    group_by: Sequence[str] = (),
    periods: int = 1,
) -> DataFrame:
    """Add the change of a column since an earlier period. By default, the earlier period is the previous period.

    Rows: all kept. Each group should have one row for each period. If a group has several rows for the earlier period,
    the smallest value of `column` in these rows is used.

    Columns: reads `period`, an integer that numbers the periods, for example a year or a `month_number`. The earlier
    period has the number `period - periods`.

    - `name`: the change of `column` since the earlier period, in the units of `column`. If the group has no value for
      the earlier period, the change is null, and no other period is used instead. If the change overflows the type of
      `column`, the change is null too.
    - `percentage_name`, if it is given: the change as a percentage of the earlier value, a double. The percentage is
      null if the change is null or the earlier value is 0.

    >>> years = spark.createDataFrame([(2021, 9.0), (2023, 5.0), (2024, 4.0)], "year int, pct double")
    >>> years.transform(change_on_previous, column="pct", period="year", name="change").collect()[1:]
    [Row(year=2023, pct=5.0, change=None), Row(year=2024, pct=4.0, change=-1.0)]

    Raises:
        MissingColumnError: A column is not in the frame.
        SchemaMismatchError: `column` is not a number, or `period` is not an integer.
        DuplicateColumnError: The frame already has a column `name` or `percentage_name`.
        ArgumentError: `periods` is not an integer of 1 or more.
    """
    require_columns(rows, [column, period, *group_by], where="change_on_previous")
    require_number(rows, column, where="change_on_previous")
    names = [name, *([percentage_name] if percentage_name else [])]
    require_distinct([*rows.columns, *names], where="change_on_previous")
    if not isinstance(rows.schema[period].dataType, T.IntegralType):
        raise SchemaMismatchError(
            where=f"change_on_previous: period {period!r}",
            got=f"the type {rows.schema[period].dataType.simpleString()}",
            expected="an integer that numbers the periods",
            hint="Number the periods first, for example with dates.month_number.",
        )
    if not isinstance(periods, int) or periods < 1:
        raise ArgumentError(where="change_on_previous", argument="periods", got=periods, expected="1, 2, 3 …")
    # The period is cast to a decimal. With an integer type, the smallest possible period minus `periods` would wrap
    # around to a large positive number.
    number, value = F.col(quoted(period)).cast("decimal(20, 0)"), F.col(quoted(column))
    in_order = Window.partitionBy(*map(quoted, group_by)).orderBy(number.asc_nulls_first())
    before = F.min(value).over(in_order.rangeBetween(-periods, -periods))
    change = F.when(number.isNotNull(), F.try_subtract(value, before))
    percentage = F.when(before != 0, change.cast("double") * 100 / before.cast("double"))
    return rows.withColumns(dict(zip(names, [change, percentage], strict=False)))


def round_columns(rows: DataFrame, *, columns: Sequence[str], decimals: int) -> DataFrame:
    """Round columns to `decimals` digits after the decimal point. Halves are rounded away from zero.

    Rows: all kept. Columns: all kept, in their order. The rounded columns keep their type, except that Spark may give
    a decimal a smaller scale.

    >>> years = spark.createDataFrame([(2024, 93.845), (2025, None)], "year int, pct double")
    >>> years.transform(round_columns, columns=["pct"], decimals=1).collect()
    [Row(year=2024, pct=93.8), Row(year=2025, pct=None)]

    Raises:
        MissingColumnError: A column is not in the frame.
        SchemaMismatchError: A column is not a number.
    """
    require_columns(rows, columns, where="round_columns")
    for column in columns:
        require_number(rows, column, where="round_columns")
    rounded = {name: F.round(quoted(name), decimals).alias(name) for name in columns}
    return rows.select(*(rounded.get(name, F.col(quoted(name))) for name in rows.columns))


def bucket(
    rows: DataFrame,
    *,
    column: str,
    edges: Sequence[float],
    name: str,
    labels: Sequence[str] | None = None,
    order_column: str | None = None,
) -> DataFrame:
    """Assign each number to a range. A number that equals an edge belongs to the range above the edge.

    Rows: all kept.

    Columns: adds `name`, the label of the range as text. The default labels for the edges 0, 5 and 10 are `<0`, `0-5`,
    `5-10` and `10+`. `labels` replaces the default labels and has one more entry than `edges`. Null and NaN give null.
    As text, `10+` sorts before `5-10`. To sort the ranges, give `order_column`, the name of an additional column. This
    column has the position of the range, starting at 0.

    >>> calls = spark.createDataFrame([(4.9,), (5.0,), (None,)], "minutes double")
    >>> calls.transform(bucket, column="minutes", edges=[0, 5, 10], name="range").collect()
    [Row(minutes=4.9, range='0-5'), Row(minutes=5.0, range='5-10'), Row(minutes=None, range=None)]

    Raises:
        MissingColumnError: The column is not in the frame.
        SchemaMismatchError: The column is not a number.
        DuplicateColumnError: The frame already has a column with one of the new names.
        ArgumentError: `edges` is empty or not in ascending order, or `labels` does not have one more entry than
            `edges`.
    """
    require_columns(rows, [column], where="bucket")
    require_number(rows, column, where="bucket")
    require_distinct([*rows.columns, name, *([order_column] if order_column else [])], where="bucket")
    if not edges or edges[0] != edges[0] or any(not low < high for low, high in pairwise(edges)):
        raise ArgumentError(
            where="bucket", argument="edges", got=[*edges], expected="one edge or more, in ascending order"
        )
    middle_labels = [f"{low}-{high}" for low, high in pairwise(edges)]
    names = [f"<{edges[0]}", *middle_labels, f"{edges[-1]}+"] if labels is None else [*labels]
    if len(names) != len(edges) + 1:
        expected = f"{len(edges) + 1} labels for {len(edges)} edges"
        raise ArgumentError(where="bucket", argument="labels", got=names, expected=expected)
    value = F.col(quoted(column))
    bounds = [_cast_edge(edge, rows.schema[column].dataType) for edge in edges]
    missing = value.isNull() | F.isnan(value.cast("double"))

    def select_by_range(outcomes: Sequence[object]) -> Column:
        # Do not look up the outcome in an array. In ANSI mode, Spark assumes that an array element is not null, even if
        # the index is null.
        case = F.when(missing, None)
        for bound, outcome in zip(bounds, outcomes, strict=False):
            case = case.when(value < bound, outcome)
        return case.otherwise(outcomes[-1])

    numbers = {order_column: select_by_range(range(len(names)))} if order_column else {}
    return rows.withColumns({name: select_by_range(names), **numbers})


def fill_missing_values(
    rows: DataFrame,
    *,
    column: str,
    name: str,
    value: object = None,
    statistic: str | None = None,
    group_by: Sequence[str] = (),
) -> DataFrame:
    """Copy a column, and replace each null in the copy by a value, or by the mean or median of the group.

    Glue Studio's Fill Missing Values predicts missing values with a model. Instead, this transform uses a value or a
    statistic that you choose.

    Rows: all kept.

    Columns: adds `name`. If `name` equals `column`, the original column is replaced. Otherwise the original column
    still shows which values were missing. If `value` is given, the new column has the type of `column`. If `statistic`
    is given, the new column is a double, which is null if all values of the group are null. NaN is not a missing value.

    >>> calls = spark.createDataFrame([("a", 2), ("a", None), ("a", 4)], "area string, minutes int")
    >>> filled = calls.transform(
    ...     fill_missing_values, column="minutes", name="filled", statistic="mean", group_by=["area"]
    ... )
    >>> sorted(row.filled for row in filled.collect())
    [2.0, 3.0, 4.0]

    Raises:
        MissingColumnError: A column is not in the frame.
        ArgumentError: `value` and `statistic` are both given or both missing, or `value` does not have the type of
            `column`.
        DuplicateColumnError: The frame already has a column `name`, and `name` is not `column`.
        UnknownFunctionError: The statistic is neither mean nor median.
        SchemaMismatchError: A statistic is given for a column that is not a number.

    Source: AWS Glue Studio, the Fill Missing Values transform.
    """
    require_columns(rows, [column, *group_by], where=_FILL)
    require_distinct([*(other for other in rows.columns if other != column or name != column), name], where=_FILL)
    if (value is None) == (statistic is None):
        expected = "either the argument `value` or the argument `statistic`, but not both"
        raise ArgumentError(where=_FILL, argument="value", got=value, expected=expected)
    if statistic is None:
        column_type = rows.schema[column].dataType
        filling = to_literal(value, column_type)
        if filling is None:
            expected = f"a value of type {column_type.simpleString()}, the type of column {column!r}"
            raise ArgumentError(where=_FILL, argument="value", got=value, expected=expected)
        return rows.withColumn(name, F.coalesce(F.col(quoted(column)), filling))
    if statistic not in _STATISTICS:
        raise UnknownFunctionError(where=_FILL, name=statistic, known=[*_STATISTICS])
    require_number(rows, column, where=_FILL)
    number = F.col(quoted(column)).cast("double")
    group = Window.partitionBy(*map(quoted, group_by))
    return rows.withColumn(name, F.coalesce(number, _STATISTICS[statistic](number).over(group)))


def _cast_edge(edge: float, type_: T.DataType) -> Column:
    """Return an edge as a literal that can be compared with values of a type.

    For a float column, the literal is a float. A double literal could differ from a float value with the same digits.
    For example, the float 0.7 does not equal the double 0.7. For a decimal column, the literal is a decimal if the edge
    is finite.
    """
    if isinstance(type_, T.FloatType):
        return F.lit(edge).cast("float")
    exact = Decimal(str(edge))
    return F.lit(exact if isinstance(type_, T.DecimalType) and exact.is_finite() else edge)
