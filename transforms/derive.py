"""New columns out of those a row has, or out of the other rows of its group."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.errors import ArgumentError, SchemaMismatchError, UnknownFunctionError
from transforms.names import quoted, require_columns

_STATISTICS = {"mean": F.avg, "median": F.median}


def change_on_previous(
    rows: DataFrame, *, column: str, period: str, name: str, by: Sequence[str] = (), periods: int = 1
) -> DataFrame:
    """Add by how much a column differs from its value in the period before, or `periods` before.

    Rows: all kept. Give one row for each period (of each `by` group); of several the least value counts.

    Columns: reads `period`, a whole number that counts periods (a year, or months since some month); adds `name`, the
    value less the value at `period - periods`, in the units of `column`. It is null where that period is not there or
    has no value: the row before a gap is not the period before.

    >>> years = spark.createDataFrame([(2021, 9.0), (2023, 5.0), (2024, 4.0)], "year int, pct double")
    >>> years.transform(change_on_previous, column="pct", period="year", name="change").collect()[1:]
    [Row(year=2023, pct=5.0, change=None), Row(year=2024, pct=4.0, change=-1.0)]

    Raises:
        MissingColumnError: A column is not in the frame.
        ArgumentError: `periods` is less than 1.
    """
    require_columns(rows, [column, period, *by], where="change_on_previous")
    if periods < 1:
        raise ArgumentError(where="change_on_previous", argument="periods", got=periods, expected="1 or more")
    number, value = F.col(quoted(period)), F.col(quoted(column))
    in_order = Window.partitionBy(*map(quoted, by)).orderBy(number.asc_nulls_first())
    before = F.min(value).over(in_order.rangeBetween(-periods, -periods))
    return rows.withColumn(name, F.when(number.isNotNull(), value - before))


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
        ArgumentError: The edges do not ascend, or there is not one label more than edges.
    """
    require_columns(rows, [column], where="bucket")
    _require_number(rows, column, where="bucket")
    if not edges or any(not low < high for low, high in pairwise(edges)):
        raise ArgumentError(where="bucket", argument="edges", got=[*edges], expected="one or more, each above the last")
    between = [f"{low}-{high}" for low, high in pairwise(edges)]
    names = [f"<{edges[0]}", *between, f"{edges[-1]}+"] if labels is None else [*labels]
    if len(names) != len(edges) + 1:
        expected = f"{len(edges) + 1}, one below, between and above {len(edges)} edges"
        raise ArgumentError(where="bucket", argument="labels", got=names, expected=expected)
    value = F.col(quoted(column))
    numbered = F.when(value.isNull() | F.isnan(value.cast("double")), None)
    for number, edge in enumerate(edges):
        numbered = numbered.when(value < F.lit(edge), number)
    place = numbered.otherwise(len(edges))
    label = F.element_at(F.array(*map(F.lit, names)), place + 1)
    return rows.withColumns({name: label, **({order: place} if order else {})})


def fill_missing_values(
    rows: DataFrame,
    *,
    column: str,
    name: str,
    value: object = None,
    statistic: str | None = None,
    by: Sequence[str] = (),
) -> DataFrame:
    """Add a column whose nulls are filled: with a value, or with the mean or median of its group.

    Glue Studio's Fill Missing Values fills with what a model guesses. This says what stands there.

    Rows: all kept.

    Columns: adds `name`. Named otherwise than `column`, it leaves to be seen which values were missing. Filled with a
    value it has the column's type; with a statistic it is a double, and null where the whole group is. NaN is a value,
    not a missing one.

    >>> calls = spark.createDataFrame([("a", 2), ("a", None), ("a", 4)], "area string, minutes int")
    >>> filled = calls.transform(fill_missing_values, column="minutes", name="filled", statistic="mean", by=["area"])
    >>> sorted(row.filled for row in filled.collect())
    [2.0, 3.0, 4.0]

    Raises:
        MissingColumnError: A column is not in the frame.
        ArgumentError: Not one of `value` and `statistic`, or a value that is none of the column's type.
        UnknownFunctionError: The statistic is none of mean and median.
        SchemaMismatchError: A statistic of a column that is no number.

    Source: AWS Glue Studio, the Fill Missing Values transform.
    """
    require_columns(rows, [column, *by], where="fill_missing_values")
    if (value is None) == (statistic is None):
        expected = "a value or a statistic, and not both"
        raise ArgumentError(where="fill_missing_values", argument="value", got=value, expected=expected)
    if statistic is None:
        filling = _of_type(rows, column, value)
        return rows.withColumn(name, F.coalesce(F.col(quoted(column)), filling))
    if statistic not in _STATISTICS:
        raise UnknownFunctionError(where="fill_missing_values", name=statistic, known=[*_STATISTICS])
    _require_number(rows, column, where="fill_missing_values")
    measured = F.col(quoted(column)).cast("double")
    group = Window.partitionBy(*map(quoted, by))
    return rows.withColumn(name, F.coalesce(measured, _STATISTICS[statistic](measured).over(group)))


def _of_type(rows: DataFrame, column: str, value: object) -> Column:
    wanted = rows.schema[column].dataType
    given = rows.select(F.lit(value)).schema[0].dataType
    kinds = (T.NumericType, T.StringType, T.BooleanType, T.DateType, T.TimestampType, T.BinaryType)
    alike = any(isinstance(given, kind) and isinstance(wanted, kind) for kind in kinds)
    if not alike or (isinstance(wanted, T.IntegralType) and not isinstance(given, T.IntegralType)):
        expected = f"a value of the type of {column!r}, {wanted.simpleString()}"
        raise ArgumentError(where="fill_missing_values", argument="value", got=value, expected=expected)
    return F.lit(value).cast(wanted)


def _require_number(rows: DataFrame, column: str, *, where: str) -> None:
    type_ = rows.schema[column].dataType
    if not isinstance(type_, T.NumericType):
        raise SchemaMismatchError(
            where=f"{where}: column {column!r}",
            got=f"the type {type_.simpleString()}",
            expected="a number",
            hint="Read it as a number with change_schema first.",
        )
