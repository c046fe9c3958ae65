"""New columns out of those a row has, or out of the row before it."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from transforms.schema import quoted, require_columns


def percentage(rows: DataFrame, *, part: str, total: str, name: str) -> DataFrame:
    """Add what percentage `part` is of `total`.

    Rows: all kept.

    Columns: adds `name`, a double, 0 to 100 where 0 <= part <= total. It is null where the part or the total is null,
    and where the total is zero: a share of nothing is not known, it is not 0.

    >>> years = spark.createDataFrame([(93, 100), (0, 0)], "handled int, offered int")
    >>> years.transform(percentage, part="handled", total="offered", name="pct").collect()
    [Row(handled=93, offered=100, pct=93.0), Row(handled=0, offered=0, pct=None)]

    Raises:
        MissingColumnError: A column is not in the frame.
    """
    require_columns(rows, [part, total], where="percentage")
    divisor = F.col(quoted(total)).cast("double")
    share = F.col(quoted(part)).cast("double") * 100 / divisor
    return rows.withColumn(name, F.when(divisor != 0, share))


def change_on_previous(rows: DataFrame, *, column: str, period: str, name: str, by: Sequence[str] = ()) -> DataFrame:
    """Add by how much a column differs from its value in the period before.

    Rows: all kept. Give one row for each period (of each `by` group).

    Columns: reads `period`, a whole number that counts periods (a year, or months since some month); adds `name`, the
    value less the value at `period - 1`, in the units of `column`. It is null for the first period, and where the
    period before is not there: the row before a gap is not the period before.

    >>> years = spark.createDataFrame([(2021, 9.0), (2023, 5.0), (2024, 4.0)], "year int, pct double")
    >>> years.transform(change_on_previous, column="pct", period="year", name="change").collect()[1:]
    [Row(year=2023, pct=5.0, change=None), Row(year=2024, pct=4.0, change=-1.0)]

    Raises:
        MissingColumnError: A column is not in the frame.
    """
    require_columns(rows, [column, period, *by], where="change_on_previous")
    in_order = Window.partitionBy(*map(quoted, by)).orderBy(F.col(quoted(period)).asc_nulls_first())
    follows = F.lag(F.col(quoted(period))).over(in_order) == F.col(quoted(period)) - 1
    change = F.col(quoted(column)) - F.lag(F.col(quoted(column))).over(in_order)
    return rows.withColumn(name, F.when(follows, change))
