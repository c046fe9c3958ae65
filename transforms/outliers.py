"""What is unusually high or low among others, by a rule that what is unusual does not move."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from transforms.errors import ArgumentError
from transforms.names import require_columns, require_distinct, require_number
from transforms.sql import quoted

_QUARTILES, _LOW, _HIGH = "__outliers_quartiles", "low_fence", "high_fence"


def flag_outliers(
    rows: DataFrame, *, column: str, name: str, group_by: Sequence[str] = (), fences: float = 1.5
) -> DataFrame:
    """Add which rows of a group are unusually high or low, by Tukey's fences on the logarithm.

    A value is `high` where its logarithm lies above the upper quartile by more than `fences` times the distance of the
    quartiles, and `low` where it lies as far below the lower one. On the logarithm what counts is how many times more,
    not how much more: volumes that spread over orders of magnitude have unusual ones at both ends. Quartiles stay where
    they are while less than a quarter of the values is absurd, which mean and standard deviation do not.

    Rows: all kept. The quartiles (linear between two values) are those of the group's values.

    Columns: reads `column`, 0 or more; its logarithm is that of the value plus one, so that 0 has one. Adds `name`, `high`,
    `low` or null; and `low_fence` and `high_fence`, doubles, in the units of `column`: from and to what is usual. A null,
    NaN and a value below 0 are neither, and no part of the quartiles; in a group of nothing else the fences are null.

    >>> volumes = [("a", 90), ("b", 100), ("c", 110), ("d", 120), ("e", 9000)]
    >>> areas = spark.createDataFrame(volumes, "area string, cases int")
    >>> found = areas.transform(flag_outliers, column="cases", name="unusual")
    >>> [(row.area, round(row.high_fence)) for row in found.collect() if row.unusual == "high"]
    [('e', 158)]

    Raises:
        MissingColumnError: A column is not in the frame.
        SchemaMismatchError: `column` is no number.
        DuplicateColumnError: The frame has a column of a name that is added.
        ArgumentError: `fences` is not above 0, or infinite.

    Source: J. W. Tukey, "Exploratory Data Analysis" (1977): fences at 1.5 times the distance of the quartiles.
    """
    require_columns(rows, [column, *group_by], where="flag_outliers")
    require_number(rows, column, where="flag_outliers")
    require_distinct([*rows.columns, name, _LOW, _HIGH, _QUARTILES], where="flag_outliers")
    if not 0 < fences < math.inf:
        raise ArgumentError(where="flag_outliers", argument="fences", got=fences, expected="a finite number above 0")
    value = F.col(quoted(column)).cast("double")
    logarithm = F.when((value >= 0) & ~F.isnan(value), F.log1p(value))
    quartiles = F.percentile(logarithm, [0.25, 0.75]).over(Window.partitionBy(*map(quoted, group_by)))
    lower, upper = F.col(_QUARTILES)[0], F.col(_QUARTILES)[1]
    reach = (upper - lower) * float(fences)
    unusual = F.when(logarithm > upper + reach, "high").when(logarithm < lower - reach, "low")
    return rows.withColumn(_QUARTILES, quartiles).select(
        *map(quoted, rows.columns),
        unusual.alias(name),
        F.when(lower.isNotNull(), F.greatest(F.expm1(lower - reach), F.lit(0.0))).alias(_LOW),
        F.expm1(upper + reach).alias(_HIGH),
    )
