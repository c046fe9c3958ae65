"""Several frames to one."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame

from transforms.errors import SchemaMismatchError


def union_by_name(first: DataFrame, *others: DataFrame) -> DataFrame:
    """Put the rows of all frames under one another, columns matched by name.

    Rows: all kept, duplicates too: the counts add up.

    Columns: those of the first frame, in its order. Spark's own union matches by position, and types that differ give
    other results on Spark 3.5 than on 4.1; here both are refused.

    >>> y2023 = spark.createDataFrame([(2023, 5)], "year int, handled int")
    >>> y2024 = spark.createDataFrame([(6, 2024)], "handled int, year int")
    >>> union_by_name(y2023, y2024).collect()
    [Row(year=2023, handled=5), Row(year=2024, handled=6)]

    Raises:
        SchemaMismatchError: A frame has other columns or types than the first.
    """
    expected = sorted(first.dtypes)
    for number, other in enumerate(others, start=2):
        if sorted(other.dtypes) != expected:
            raise SchemaMismatchError(
                where=f"union_by_name: frame {number}",
                got=f"{sorted(set(other.dtypes) - set(expected))} and no {sorted(set(expected) - set(other.dtypes))}",
                expected=f"the columns and types of frame 1, {expected}",
                hint="Bring the frames to one schema with change_schema first.",
            )
    return reduce(DataFrame.unionByName, others, first)
