"""Calculate ratios, percentages, and shares that add up to 100."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.errors import ArgumentError, SchemaMismatchError
from transforms.keys import tie_breakers
from transforms.names import require_columns, require_distinct, require_number
from transforms.sql import quoted

_MAX_DIGITS = 28  # Spark adds 10 digits to the type of a sum, and a decimal has at most 38 digits
_VALUE, _TOTAL, _MIN_VALUE = "__share_value", "__share_total", "__share_min_value"
_ROUNDED_DOWN, _REMAINDER, _MISSING_UNITS, _RANK = (
    "__share_rounded_down",
    "__share_remainder",
    "__share_missing_units",
    "__share_rank",
)
_HELPER_COLUMNS = (_VALUE, _TOTAL, _MIN_VALUE, _ROUNDED_DOWN, _REMAINDER, _MISSING_UNITS, _RANK)


def ratio(rows: DataFrame, *, part: str, total: str, name: str, scale: float = 1) -> DataFrame:
    """Add the ratio `part / total * scale`. By default, `scale` is 1.

    With `scale=1000`, the ratio of cases to inhabitants is the number of cases per 1,000 inhabitants.

    Rows: all kept.

    Columns: adds `name`, a double. The ratio is null if the part or the total is null. The ratio is also null if the
    total is zero, because a division by zero is not defined.

    >>> areas = spark.createDataFrame([(30, 12_000), (5, 0)], "cases int, people int")
    >>> areas.transform(ratio, part="cases", total="people", name="rate", scale=1000).collect()
    [Row(cases=30, people=12000, rate=2.5), Row(cases=5, people=0, rate=None)]

    Raises:
        MissingColumnError: A column is not in the frame.
        SchemaMismatchError: The part or the total is not a number.
        DuplicateColumnError: The frame already has a column `name`.
    """
    return _add_ratio(rows, part, total, name, scale=scale, where="ratio")


def percentage(rows: DataFrame, *, part: str, total: str, name: str) -> DataFrame:
    """Add `part` as a percentage of `total`. The percentage is the `ratio` with a scale of 100.

    Rows: all kept.

    Columns: adds `name`, a double. The percentage is from 0 to 100 if 0 <= part <= total. The percentage is null if the
    part or the total is null. The percentage is also null if the total is zero, because a percentage of zero is not
    defined.

    >>> years = spark.createDataFrame([(93, 100), (0, 0)], "handled int, offered int")
    >>> years.transform(percentage, part="handled", total="offered", name="pct").collect()
    [Row(handled=93, offered=100, pct=93.0), Row(handled=0, offered=0, pct=None)]

    Raises:
        MissingColumnError: A column is not in the frame.
        SchemaMismatchError: The part or the total is not a number.
        DuplicateColumnError: The frame already has a column `name`.
    """
    return _add_ratio(rows, part, total, name, scale=100, where="percentage")


def share_of_total(
    rows: DataFrame, *, column: str, name: str, group_by: Sequence[str] = (), decimals: int = 3
) -> DataFrame:
    """Add each row's percentage of its group's total. The rounded shares of a group add up to exactly 100.

    Shares are rounded with the largest remainder method. First, every share is rounded down. The sum of the rounded
    shares can be less than 100 by some units of the last decimal. These units are added to the rows with the largest
    remainders, one unit to each row. Rows with equal remainders are sorted by all columns in ascending order.

    Rows: all kept. The total is the sum of `column` over all rows of the group in the frame.

    Columns: `column` must be an integer or a decimal, because a sum of doubles depends on the order of rows. Adds
    `name`, a decimal with `decimals` digits after the point. The rounded share differs from the exact share by less
    than one unit of the last digit. If `column` is null, the share is null and the total ignores the row. If a group
    contains a negative value or has a total of zero, all shares of the group are null.

    >>> types = spark.createDataFrame([("Noise", 1), ("Trees", 1), ("Graffiti", 1)], "type string, cases int")
    >>> [str(row.pct) for row in types.transform(share_of_total, column="cases", name="pct").orderBy("type").collect()]
    ['33.334', '33.333', '33.333']

    Raises:
        MissingColumnError: A column is not in the frame.
        SchemaMismatchError: `column` is neither an integer nor a decimal with a maximum of 28 digits.
        DuplicateColumnError: The frame already has a column `name`, or a column with the name of a helper column of
            this step.
        ArgumentError: `decimals` is not from 0 to 6.

    Source: the largest remainder method (Hamilton, 1792).
    """
    require_columns(rows, [column, *group_by], where="share_of_total")
    require_distinct([*rows.columns, name, *_HELPER_COLUMNS], where="share_of_total")
    if not 0 <= decimals <= 6:
        raise ArgumentError(where="share_of_total", argument="decimals", got=decimals, expected="0 to 6")
    value = F.col(quoted(column)).cast(_choose_decimal_type(rows, column))
    group = Window.partitionBy(*map(quoted, group_by))
    largest_remainder_first = group.orderBy(F.col(_REMAINDER).desc_nulls_last(), *tie_breakers(rows, group_by))
    is_defined = f"{_VALUE} IS NOT NULL AND {_MIN_VALUE} >= 0 AND {_TOTAL} > 0"
    in_units = f"{_VALUE} * {100 * 10**decimals}BD"
    rounded_down, remainder = (
        F.expr(f"CASE WHEN {is_defined} THEN {in_units} {operator} {_TOTAL} END") for operator in ("div", "%")
    )
    shares = (
        rows.select("*", value.alias(_VALUE))
        .select("*", F.try_sum(_VALUE).over(group).alias(_TOTAL), F.min(_VALUE).over(group).alias(_MIN_VALUE))
        .select("*", rounded_down.alias(_ROUNDED_DOWN), remainder.alias(_REMAINDER))
        .select(
            "*",
            (100 * 10**decimals - F.sum(_ROUNDED_DOWN).over(group)).alias(_MISSING_UNITS),
            F.row_number().over(largest_remainder_first).alias(_RANK),
        )
    )
    share = F.col(_ROUNDED_DOWN) + F.when(F.col(_RANK) <= F.col(_MISSING_UNITS), 1).otherwise(0)
    unit = F.lit(Decimal(1).scaleb(-decimals))
    return shares.withColumn(name, (share * unit).cast(f"decimal({decimals + 3}, {decimals})")).select(
        *map(quoted, [*rows.columns, name])
    )


def _add_ratio(rows: DataFrame, part: str, total: str, name: str, *, scale: float, where: str) -> DataFrame:
    require_columns(rows, [part, total], where=where)
    for column in (part, total):
        require_number(rows, column, where=where)
    require_distinct([*rows.columns, name], where=where)
    divisor = F.col(quoted(total)).cast("double")
    share = F.col(quoted(part)).cast("double") * float(scale) / divisor
    return rows.withColumn(name, F.when(divisor != 0, share))


def _choose_decimal_type(rows: DataFrame, column: str) -> str:
    type_ = rows.schema[column].dataType
    if isinstance(type_, T.IntegralType):
        return "decimal(19, 0)"
    if isinstance(type_, T.DecimalType) and type_.precision <= _MAX_DIGITS:
        return type_.simpleString()
    raise SchemaMismatchError(
        where=f"share_of_total: column {column!r}",
        got=f"the type {type_.simpleString()}",
        expected=f"an integer, or a decimal with a maximum of {_MAX_DIGITS} digits",
        hint="A sum of doubles depends on the order of rows. Convert the column to a decimal with change_schema.",
    )
