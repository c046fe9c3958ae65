"""Rank cities, types and streets by their number of incidents. Most answers keep only the top ranks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

INCIDENT_COUNT = {"incidents": ("incident_id", "count")}
"""The argument `columns` of `aggregate` that counts incidents."""

MAX_CITIES = 4
MAX_TYPES = 4
MAX_STREETS = 4
MIN_TIMED_INCIDENTS = 5
"""If an average includes fewer incidents than this number, the column `few_incidents` is true."""

_TOTAL = "_rank_by_incidents_total"


def rank_by_incidents(
    counts: DataFrame, *, columns: Sequence[str], name: str, group_by: Sequence[str] = ()
) -> DataFrame:
    """Rank each combination of values in `columns` by its total number of incidents.

    For example, each city gets a rank if `columns` has only city.

    The rank is computed from the counts, so this step needs no second pass over the incidents.

    Rows: all kept.

    Columns: reads incidents, the number of incidents of the row. Adds `name`, an int. In each `group_by` group, the
    combination with the most incidents has rank 1. Ties are broken by the values of `columns`, in ascending order. The
    rank is null if a value in `columns` is null.

    >>> counts = [("Rockville", "Theft", 5), ("Olney", "Theft", 3), ("Olney", "Noise", 4), (None, "Noise", 99)]
    >>> rows = spark.createDataFrame(counts, "city string, initial_type string, incidents int")
    >>> ranked = rows.transform(rank_by_incidents, columns=["city"], name="city_rank").select("city", "city_rank")
    >>> sorted({tuple(row) for row in ranked.collect()}, key=str)
    [('Olney', 1), ('Rockville', 2), (None, None)]
    """
    has_values = reduce(and_, (F.col(column).isNotNull() for column in columns))
    descending = Window.partitionBy(*group_by).orderBy(
        has_values.desc(), F.col(_TOTAL).desc(), *(F.col(column).asc_nulls_first() for column in columns)
    )
    return (
        counts.withColumn(_TOTAL, F.sum("incidents").over(Window.partitionBy(*group_by, *columns)))
        .withColumn(name, F.when(has_values, F.dense_rank().over(descending)))
        .drop(_TOTAL)
    )
