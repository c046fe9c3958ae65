"""Count incidents by ranges (bands) of the arrival time and of the clearing time.

The arrival time is the time from dispatch to the first arrival. The clearing time is the time from the first arrival
until the last unit has cleared. An incident without a known time is in no band.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transforms.aggregate import aggregate
from transforms.datasets.police_dispatch.ranking import INCIDENT_COUNT, MAX_CITIES, MAX_TYPES, rank_by_incidents
from transforms.datasets.police_dispatch.response import ARRIVAL_SECONDS, CLEARING_SECONDS
from transforms.derive import bucket
from transforms.shares import share_of_total

NAMED_TYPES = ("TRAFFIC/TRANSPORTATION INCIDENT", "DISTURBANCE/NUISANCE", "CHECK WELFARE")
"""The types that questions 9 and 10 name. They are spelled as in trusted: in capitals and with single blanks."""

BANDS = ("0-5", "5-10", "10-15", "15-20", "20-30", "30-40", "40-50", "50+")
"""Ranges of minutes. A band includes its lower limit and excludes its upper limit."""

_EDGES = tuple(60 * int(band.split("-")[0].rstrip("+")) for band in BANDS)


def build_arrival_bands(
    incidents: DataFrame,
    *,
    max_cities: int = MAX_CITIES,
    max_types: int = MAX_TYPES,
    types: Sequence[str] = NAMED_TYPES,
) -> DataFrame:
    """Count incidents by the time from dispatch to the first arrival (question 9).

    Rows: one for each combination of city, type and band with incidents. The cities are the `max_cities` cities with
    the most incidents. The types are the `max_types` types with the most incidents in the whole county, and also the
    types in `types`. The types in `types` are spelled as in trusted. A type without incidents has no row.

    Columns:

    - city, initial_type.
    - is_named_type: whether the type is in `types`. A named type can also be one of the types with the most incidents.
    - incidents: the number of incidents with this city, type and band.
    - band_number: 1 for the band with the shortest times.
    - band: a range of minutes. `5-10` is from 5 to less than 10.
    - share_pct: incidents as a percentage. The denominator is the number of incidents with this city, this type and a
      known time. For each combination of city and type, the percentages add up to exactly 100.000.
    """
    return _count_by_band(incidents, column=ARRIVAL_SECONDS, max_cities=max_cities, max_types=max_types, types=types)


def build_clearing_bands(
    incidents: DataFrame,
    *,
    max_cities: int = MAX_CITIES,
    max_types: int = MAX_TYPES,
    types: Sequence[str] = NAMED_TYPES,
) -> DataFrame:
    """Count incidents by the time from the first arrival until the last unit has cleared (question 10).

    Rows and columns: as in `build_arrival_bands`.
    """
    return _count_by_band(incidents, column=CLEARING_SECONDS, max_cities=max_cities, max_types=max_types, types=types)


def _count_by_band(
    incidents: DataFrame, *, column: str, max_cities: int, max_types: int, types: Sequence[str]
) -> DataFrame:
    names = ("city", "initial_type", "band_number", "band")
    is_in_top_city = F.col("_city_rank") <= max_cities
    has_type = (F.col("_type_rank") <= max_types) | F.col("is_named_type")
    return (
        incidents.transform(
            bucket, column=column, edges=_EDGES, labels=["<0", *BANDS], name="band", order_column="band_number"
        )
        .transform(aggregate, group_by=names, columns=INCIDENT_COUNT)
        .withColumn("is_named_type", F.col("initial_type").isin(*types))
        .transform(rank_by_incidents, columns=["city"], name="_city_rank")
        .transform(rank_by_incidents, columns=["initial_type"], name="_type_rank")
        .where(is_in_top_city & has_type & F.col("band").isNotNull())
        .transform(share_of_total, column="incidents", name="share_pct", group_by=["city", "initial_type"])
        .select("city", "initial_type", "is_named_type", "band_number", "band", "incidents", "share_pct")
    )
