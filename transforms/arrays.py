"""Build arrays from conditions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as F

from transforms.errors import ArgumentError


def array_where(entries: Sequence[tuple[Column, Column]]) -> Column:
    """Return an array of the values whose conditions are true. `entries` are pairs of a condition and a value.

    The values have the order of `entries`. The result is null if no condition is true. A null condition is
    treated as false. All values must have the same type.

    >>> checks = [(F.col("n") < 0, F.lit("negative")), (F.col("n") % 2 == 1, F.lit("odd"))]
    >>> numbers = spark.createDataFrame([(3,), (-2,), (4,)], "n int")
    >>> [row[0] for row in numbers.select(array_where(checks)).collect()]
    [['odd'], ['negative'], None]

    Raises:
        ArgumentError: `entries` is empty.
    """
    if not entries:
        raise ArgumentError(where="array_where", argument="entries", got=[], expected="one entry or more")
    # Code with `array_compact` would be shorter, but Spark does not compile `array_compact`. The last `when` skips
    # `concat` for rows that meet no condition.
    parts = [F.when(condition, F.array(value)).otherwise(F.array()) for condition, value in entries]
    has_match = reduce(or_, (F.coalesce(condition, F.lit(False)) for condition, _ in entries))
    return F.when(has_match, F.concat(*parts))
