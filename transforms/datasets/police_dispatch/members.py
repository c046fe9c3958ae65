"""Which cities, types and streets an answer is of: those with most incidents, as the rows have them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

INCIDENTS = {"incidents": ("incident_id", "count")}
"""How many incidents: for `aggregate`."""

TOP_CITIES = 4
TOP_TYPES = 4
TOP_STREETS = 4
FEW_INCIDENTS = 5
"""An average of fewer times than this is one of few incidents."""

_TOTAL = "_members_total"


def rank_members(counts: DataFrame, *, columns: Sequence[str], name: str, group_by: Sequence[str] = ()) -> DataFrame:
    """Add the rank of the member that a row counts incidents of: of its city, however many rows the city has.

    So the members with most incidents are known from the counts, without another pass over the incidents.

    Rows: all kept.

    Columns: reads incidents; adds `name`, an int, 1 for the member with most incidents (of each `group_by` group); of members
    with as many the first by name comes first. It is null for what is no member: where a column of `column` is null.

    >>> counts = [("Rockville", "Theft", 5), ("Olney", "Theft", 3), ("Olney", "Noise", 4), (None, "Noise", 99)]
    >>> rows = spark.createDataFrame(counts, "city string, initial_type string, incidents int")
    >>> ranked = rows.transform(rank_members, columns=["city"], name="city_rank").select("city", "city_rank")
    >>> sorted({tuple(row) for row in ranked.collect()}, key=str)
    [('Olney', 1), ('Rockville', 2), (None, None)]
    """
    is_member = reduce(and_, (F.col(column).isNotNull() for column in columns))
    most_first = Window.partitionBy(*group_by).orderBy(
        is_member.desc(), F.col(_TOTAL).desc(), *(F.col(column).asc_nulls_first() for column in columns)
    )
    return (
        counts.withColumn(_TOTAL, F.sum("incidents").over(Window.partitionBy(*group_by, *columns)))
        .withColumn(name, F.when(is_member, F.dense_rank().over(most_first)))
        .drop(_TOTAL)
    )
