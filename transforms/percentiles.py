"""Compute exact medians and percentiles of a group of rows."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.errors import ArgumentError, SchemaMismatchError

_MAX_DIGITS = 33  # Spark adds 5 digits to the type of an interpolated value, and a decimal has at most 38 digits
_PERCENT_DIGITS = 2


def percentile(value: Column, *, type_: T.DataType, percent: int, where: str = "percentile") -> Column:
    """Return an aggregate: the exact percentile of the values of a group. Nulls are ignored.

    The values are sorted. The percentile is at the position `(count - 1) * percent / 100`, counted from 0. Between two
    values, the percentile is interpolated linearly. pandas, NumPy and Spark's `percentile` use the same rule by
    default. The 50th percentile is the median. NaN is greater than all other numbers.

    The result is null only if the group has no values. For a decimal, the result is a decimal with two more decimal
    places, and is exact. For all other numbers, the result is a double.

    `type_` is the type of `value`. The values of a group must fit in the memory of an executor. `where` is the step and
    the column that an error names.

    >>> prices = spark.sql("SELECT * FROM VALUES (0.10), (0.20), (NULL) AS prices(price)")
    >>> prices.select(percentile(F.col("price"), type_=prices.schema["price"].dataType, percent=50)).first()[0]
    Decimal('0.1500')

    Raises:
        ArgumentError: `percent` is not between 0 and 100.
        SchemaMismatchError: The type is a decimal with more than 33 digits. Spark would round the result, or the result
            would be null.

    Source: Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996), definition 7.
    """
    if not 0 <= percent <= 100:
        raise ArgumentError(where="percentile", argument="percent", got=percent, expected="a number from 0 to 100")
    if not isinstance(type_, T.DecimalType):
        return F.percentile(value, F.lit(percent / 100))
    if type_.precision > _MAX_DIGITS:
        raise SchemaMismatchError(
            where=where,
            got=f"the type {type_.simpleString()}",
            expected=f"a decimal with a maximum of {_MAX_DIGITS} digits, or another type of number",
            hint="Spark cannot interpolate longer decimals exactly. Convert the column to a shorter decimal with "
            "change_schema.",
        )
    # `percentile` would convert the decimals to doubles.
    values = F.array_sort(F.collect_list(value))
    position = (F.size(values) - 1) * percent  # in hundredths
    index, fraction = (
        F.floor(position / 100).cast("int"),
        ((position % 100).cast("decimal(2, 0)") * F.lit("0.01").cast("decimal(2, 2)")).cast("decimal(2, 2)"),
    )
    lower, upper = F.get(values, index), F.get(values, F.least(index + 1, F.size(values) - 1))
    result_type = T.DecimalType(type_.precision + _PERCENT_DIGITS, type_.scale + _PERCENT_DIGITS)
    return (lower + (upper - lower) * fraction).cast(result_type)
