"""Flag values outside limits that are computed from quartiles. A few outliers barely change these limits."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from transforms.errors import ArgumentError
from transforms.names import require_columns, require_distinct, require_number
from transforms.sql import quoted

_QUARTILES, _LOW_FENCE, _HIGH_FENCE = "__outliers_quartiles", "low_fence", "high_fence"


def flag_outliers(
    rows: DataFrame, *, column: str, name: str, group_by: Sequence[str] = (), fences: float = 1.5
) -> DataFrame:
    """Flag unusually high or low values of a group, with Tukey's fences on the logarithms of the values.

    The high fence is above the upper quartile of the logarithms, and the low fence is below the lower quartile. The
    distance from a quartile to its fence is `fences` times the interquartile range. A value is `high` if its logarithm
    is above the high fence. A value is `low` if its logarithm is below the low fence. Logarithms compare ratios instead
    of differences, so both very small and very large values can be unusual. If less than a quarter of the values are
    absurd, the absurd values barely change the quartiles. In contrast, a single absurd value can strongly change a mean
    and a standard deviation.

    Rows: all kept. The quartiles of a group are computed with linear interpolation.

    Columns: reads `column`, whose values are 0 or more. The logarithm of a value is computed as `log(value + 1)`,
    because 0 has no logarithm. Adds `name`, which is `high`, `low` or null. Adds `low_fence` and `high_fence`, the
    fences as doubles in the units of `column`. Null, NaN and negative values are not flagged, and the quartiles ignore
    these values. If a group has only null, NaN or negative values, its fences are null.

    >>> volumes = [("a", 90), ("b", 100), ("c", 110), ("d", 120), ("e", 9000)]
    >>> areas = spark.createDataFrame(volumes, "area string, cases int")
    >>> flagged = areas.transform(flag_outliers, column="cases", name="unusual")
    >>> [(row.area, round(row.high_fence)) for row in flagged.collect() if row.unusual == "high"]
    [('e', 158)]

    Raises:
        MissingColumnError: A column is not in the frame.
        SchemaMismatchError: `column` is not a number.
        DuplicateColumnError: The frame already has a column with the name of a new column or of a helper column of this
            step.
        ArgumentError: `fences` is not a finite number above 0.

    Source: J. W. Tukey, "Exploratory Data Analysis" (1977): fences at 1.5 interquartile ranges.
    """
    require_columns(rows, [column, *group_by], where="flag_outliers")
    require_number(rows, column, where="flag_outliers")
    require_distinct([*rows.columns, name, _LOW_FENCE, _HIGH_FENCE, _QUARTILES], where="flag_outliers")
    if not 0 < fences < math.inf:
        raise ArgumentError(where="flag_outliers", argument="fences", got=fences, expected="a finite number above 0")
    value = F.col(quoted(column)).cast("double")
    logarithm = F.when((value >= 0) & ~F.isnan(value), F.log1p(value))
    quartiles = F.percentile(logarithm, [0.25, 0.75]).over(Window.partitionBy(*map(quoted, group_by)))
    lower, upper = F.col(_QUARTILES)[0], F.col(_QUARTILES)[1]
    distance = (upper - lower) * float(fences)
    unusual = F.when(logarithm > upper + distance, "high").when(logarithm < lower - distance, "low")
    return rows.withColumn(_QUARTILES, quartiles).select(
        *map(quoted, rows.columns),
        unusual.alias(name),
        F.when(lower.isNotNull(), F.greatest(F.expm1(lower - distance), F.lit(0.0))).alias(_LOW_FENCE),
        F.expm1(upper + distance).alias(_HIGH_FENCE),
    )
