"""How much of what: ratios, percentages, and shares that add up."""

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

_DIGITS = 28  # with 10 more, for the sum, it is the most that a decimal has
_VALUE, _TOTAL, _LEAST = "__share_value", "__share_total", "__share_least"
_DOWN, _LOST, _MISSING, _PLACE = "__share_down", "__share_lost", "__share_missing", "__share_place"
_HELPERS = (_VALUE, _TOTAL, _LEAST, _DOWN, _LOST, _MISSING, _PLACE)


def ratio(rows: DataFrame, *, part: str, total: str, name: str, per: float = 1) -> DataFrame:
    """Add how much `part` is for each `per` of `total`: a fraction, or cases per 1,000 inhabitants with `per=1000`.

    Rows: all kept.

    Columns: adds `name`, a double. It is null where the part or the total is null, and where the total is zero: a
    share of nothing is not known, it is not 0.

    >>> areas = spark.createDataFrame([(30, 12_000), (5, 0)], "cases int, people int")
    >>> areas.transform(ratio, part="cases", total="people", name="rate", per=1000).collect()
    [Row(cases=30, people=12000, rate=2.5), Row(cases=5, people=0, rate=None)]

    Raises:
        MissingColumnError: A column is not in the frame.
        SchemaMismatchError: The part or the total is no number.
        DuplicateColumnError: The frame has a column of that name.
    """
    return _ratio(rows, part, total, name, per=per, where="ratio")


def percentage(rows: DataFrame, *, part: str, total: str, name: str) -> DataFrame:
    """Add what percentage `part` is of `total`: `ratio` per 100.

    Rows: all kept.

    Columns: adds `name`, a double, 0 to 100 where 0 <= part <= total. It is null where the part or the total is null,
    and where the total is zero: a share of nothing is not known, it is not 0.

    >>> years = spark.createDataFrame([(93, 100), (0, 0)], "handled int, offered int")
    >>> years.transform(percentage, part="handled", total="offered", name="pct").collect()
    [Row(handled=93, offered=100, pct=93.0), Row(handled=0, offered=0, pct=None)]

    Raises:
        MissingColumnError: A column is not in the frame.
        SchemaMismatchError: The part or the total is no number.
        DuplicateColumnError: The frame has a column of that name.
    """
    return _ratio(rows, part, total, name, per=100, where="percentage")


def share_of_total(
    rows: DataFrame, *, column: str, name: str, group_by: Sequence[str] = (), decimals: int = 3
) -> DataFrame:
    """Add what percentage of its group's total a row is, rounded so that the shares of a group add up to exactly 100.

    Largest-remainder rounding: every share is rounded down, and what is missing to 100 goes, one unit of the last
    decimal each, to the rows that lost most; of rows that lost as much to the first by all columns, least first.

    Rows: all kept. The total is that of the rows there are.

    Columns: adds `name`, a decimal with `decimals` digits after the point, less than one unit of the last from the
    exact share. It is null where `column` is null (such a row is no part of the total), and in a group whose total is zero
    or one of whose values is negative. `column` is a whole number or a decimal: a sum of doubles depends on their order.

    >>> types = spark.createDataFrame([("Noise", 1), ("Trees", 1), ("Graffiti", 1)], "type string, cases int")
    >>> [str(row.pct) for row in types.transform(share_of_total, column="cases", name="pct").orderBy("type").collect()]
    ['33.334', '33.333', '33.333']

    Raises:
        MissingColumnError: A column is not in the frame.
        SchemaMismatchError: `column` is no whole number and no decimal.
        DuplicateColumnError: The frame has a column of that name, or of one that is needed on the way.
        ArgumentError: `decimals` is not from 0 to 6.

    Source: the largest remainder method (Hamilton, 1792).
    """
    require_columns(rows, [column, *group_by], where="share_of_total")
    require_distinct([*rows.columns, name, *_HELPERS], where="share_of_total")
    if not 0 <= decimals <= 6:
        raise ArgumentError(where="share_of_total", argument="decimals", got=decimals, expected="0 to 6")
    value = F.col(quoted(column)).cast(_exact(rows, column))
    group = Window.partitionBy(*map(quoted, group_by))
    most_lost_first = group.orderBy(F.col(_LOST).desc_nulls_last(), *tie_breakers(rows, group_by))
    counts = f"{_VALUE} IS NOT NULL AND {_LEAST} >= 0 AND {_TOTAL} > 0"
    in_units = f"{_VALUE} * {100 * 10**decimals}BD"
    down, lost = (F.expr(f"CASE WHEN {counts} THEN {in_units} {how} {_TOTAL} END") for how in ("div", "%"))
    shares = (
        rows.select("*", value.alias(_VALUE))
        .select("*", F.try_sum(_VALUE).over(group).alias(_TOTAL), F.min(_VALUE).over(group).alias(_LEAST))
        .select("*", down.alias(_DOWN), lost.alias(_LOST))
        .select(
            "*",
            (100 * 10**decimals - F.sum(_DOWN).over(group)).alias(_MISSING),
            F.row_number().over(most_lost_first).alias(_PLACE),
        )
    )
    share = F.col(_DOWN) + F.when(F.col(_PLACE) <= F.col(_MISSING), 1).otherwise(0)
    last = F.lit(Decimal(1).scaleb(-decimals))
    return shares.withColumn(name, (share * last).cast(f"decimal({decimals + 3}, {decimals})")).select(
        *map(quoted, [*rows.columns, name])
    )


def _ratio(rows: DataFrame, part: str, total: str, name: str, *, per: float, where: str) -> DataFrame:
    require_columns(rows, [part, total], where=where)
    for column in (part, total):
        require_number(rows, column, where=where)
    require_distinct([*rows.columns, name], where=where)
    divisor = F.col(quoted(total)).cast("double")
    share = F.col(quoted(part)).cast("double") * float(per) / divisor
    return rows.withColumn(name, F.when(divisor != 0, share))


def _exact(rows: DataFrame, column: str) -> str:
    type_ = rows.schema[column].dataType
    if isinstance(type_, T.IntegralType):
        return "decimal(19, 0)"
    if isinstance(type_, T.DecimalType) and type_.precision <= _DIGITS:
        return type_.simpleString()
    raise SchemaMismatchError(
        where=f"share_of_total: column {column!r}",
        got=f"the type {type_.simpleString()}",
        expected=f"a whole number, or a decimal of at most {_DIGITS} digits",
        hint="A sum of doubles depends on their order; read the column as a decimal with change_schema.",
    )
