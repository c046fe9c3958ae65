"""Many rows to one row a group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from transforms.errors import UnknownFunctionError
from transforms.schema import quoted, require_columns

FUNCTIONS: Mapping[str, Callable[[Column], Column]] = {
    "avg": F.avg,
    "count": F.count,
    "max": F.max,
    "min": F.min,
    "sum": F.sum,
}
"""Glue Studio's names of the aggregate functions."""


def aggregate(rows: DataFrame, *, by: Sequence[str], columns: Mapping[str, tuple[str, str]]) -> DataFrame:
    """Aggregate rows into one row for each group.

    Rows: one for each combination of the `by` columns; null is a group of its own. An empty frame gives no rows.
    Without `by` there is one row, for all rows or none.

    Columns: those of `by`, then one for each entry of `columns`: its name, and the column and function it comes from.
    Nulls are left out of every function; a group with only nulls gives a count of 0 and null for the rest.

    >>> calls = spark.createDataFrame([(2024, 3), (2024, 4)], "year int, offered int")
    >>> calls.transform(aggregate, by=["year"], columns={"offered": ("offered", "sum")}).collect()
    [Row(year=2024, offered=7)]

    Raises:
        MissingColumnError: A column is not in the frame.
        UnknownFunctionError: A function is none of `FUNCTIONS`.

    Source: AWS Glue Studio, the Aggregate transform.
    """
    require_columns(rows, [*by, *(source for source, _ in columns.values())], where="aggregate")
    for _, function in columns.values():
        if function not in FUNCTIONS:
            raise UnknownFunctionError(where="aggregate", name=function, known=sorted(FUNCTIONS))
    return rows.groupBy(*map(quoted, by)).agg(
        *(FUNCTIONS[function](F.col(quoted(source))).alias(name) for name, (source, function) in columns.items())
    )
