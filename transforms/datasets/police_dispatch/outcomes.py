"""Count the dispositions and the missing times of incidents."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from transforms.aggregate import aggregate, top_n
from transforms.datasets.police_dispatch.ranking import (
    INCIDENT_COUNT,
    MAX_CITIES,
    MAX_STREETS,
    MAX_TYPES,
    rank_by_incidents,
)
from transforms.shares import percentage, share_of_total

MAX_COMBINATIONS = 10
_COMBINATION = ("initial_type", "disposition_desc")
_HAS_COMBINATION = "initial_type IS NOT NULL AND disposition_desc IS NOT NULL"


def build_type_dispositions(
    incidents: DataFrame, *, max_cities: int = MAX_CITIES, max_combinations: int = MAX_COMBINATIONS
) -> DataFrame:
    """Rank the most frequent combinations of type and disposition in the cities with the most incidents (question 6).

    Rows: at most `max_combinations` for each of the `max_cities` cities. Ties are broken by the names of type and
    disposition.

    Columns:

    - city_rank, city: the rank of the city is 1 for the city with the most incidents.
    - rank, initial_type, disposition_desc: the rank is 1 for the most frequent combination in the city.
    - incidents: the number of incidents of the combination in the city.
    - share_pct: incidents as a percentage of all incidents in the city.
    """
    return (
        incidents.transform(_count_combinations, max_cities=max_cities)
        .where(_HAS_COMBINATION)
        .transform(top_n, n=max_combinations, column="incidents", group_by=["city"], order_by=_COMBINATION)
        .select("city_rank", "city", "rank", *_COMBINATION, "incidents", "share_pct")
    )


def build_common_type_dispositions(incidents: DataFrame, *, max_cities: int = MAX_CITIES) -> DataFrame:
    """Find the combinations of type and disposition that occur in all top cities (question 6).

    The top cities are the `max_cities` cities with the most incidents.

    Rows: one for each combination that has incidents in every top city.

    Columns:

    - rank: 1 for the combination with the most incidents in the top cities.
    - initial_type, disposition_desc.
    - cities: the number of top cities.
    - incidents: the number of incidents of the combination in the top cities.
    - min_share_pct, max_share_pct: the smallest and the largest share of the combination in a top city. A share is a
      percentage of the city's incidents.
    """
    number_of_cities = F.max("city_rank").over(Window.partitionBy())
    return (
        incidents.transform(_count_combinations, max_cities=max_cities)
        .withColumn("cities", number_of_cities)
        .where(_HAS_COMBINATION)
        .groupBy(*_COMBINATION, "cities")
        .agg(
            F.count("*").alias("_cities_with_combination"),
            F.sum("incidents").alias("incidents"),
            F.min("share_pct").alias("min_share_pct"),
            F.max("share_pct").alias("max_share_pct"),
        )
        .where("_cities_with_combination = cities")
        .transform(rank_by_incidents, columns=_COMBINATION, name="rank")
        .select("rank", *_COMBINATION, "cities", "incidents", "min_share_pct", "max_share_pct")
    )


def build_top_type_dispositions(
    incidents: DataFrame, *, max_cities: int = MAX_CITIES, max_types: int = MAX_TYPES
) -> DataFrame:
    """Count the dispositions of the most frequent types in the cities with the most incidents (question 7).

    Rows: one for each combination of city, type and disposition with incidents. The answer has `max_cities` cities, and
    the `max_types` most frequent types of each city. Incidents without a disposition also have rows.

    Columns:

    - city_rank, city: the rank of the city is 1 for the city with the most incidents.
    - type_rank, initial_type: the rank of the type is 1 for the most frequent type in the city.
    - disposition_desc.
    - incidents: the number of incidents with this city, type and disposition.
    - share_pct: incidents as a percentage of the incidents with this city and type. For each combination of city and
      type, the percentages add up to exactly 100.000.
    """
    return (
        incidents.transform(_count_combinations, max_cities=max_cities)
        .drop("share_pct")
        .transform(rank_by_incidents, columns=["initial_type"], name="type_rank", group_by=["city"])
        .where(F.col("type_rank") <= max_types)
        .transform(share_of_total, column="incidents", name="share_pct", group_by=["city", "initial_type"])
        .select("city_rank", "city", "type_rank", *_COMBINATION, "incidents", "share_pct")
    )


def build_street_type_dispositions(
    incidents: DataFrame, *, max_streets: int = MAX_STREETS, max_combinations: int = MAX_COMBINATIONS
) -> DataFrame:
    """Rank the most frequent combinations of type and disposition on each street of the largest city.

    The largest city is the city with the most incidents. The source document lists this answer as a future improvement.

    Rows: at most `max_combinations` for each of the `max_streets` streets with the most incidents in the city. Ties are
    broken by the names of type and disposition. Incidents at intersections are left out, because an intersection has
    more than one street.

    Columns:

    - city: the city with the most incidents.
    - street_rank, street: the rank of the street is 1 for the street with the most incidents at blocks in the city.
    - rank, initial_type, disposition_desc: the rank is 1 for the most frequent combination on the street.
    - incidents: the number of incidents of the combination at blocks of the street in the city.
    - share_pct: incidents as a percentage of all incidents at blocks of the street in the city.
    """
    return (
        incidents.transform(_count_combinations, max_cities=1, group_by=["city", "street"])
        .transform(rank_by_incidents, columns=["street"], name="street_rank")
        .where((F.col("street_rank") <= max_streets) & F.expr(_HAS_COMBINATION))
        .transform(top_n, n=max_combinations, column="incidents", group_by=["street"], order_by=_COMBINATION)
        .select("city", "street_rank", "street", "rank", *_COMBINATION, "incidents", "share_pct")
    )


def build_missing_times(incidents: DataFrame) -> DataFrame:
    """Count the missing times of arrival and clearing, by type, sector, police district and city (question 8).

    Rows: one for all incidents (`all`), one for each type, one for each sector, one for each police district, and one
    for each city. Incidents without a type have a row with a null type. The same applies to sectors, districts and
    cities.

    Columns:

    - group_kind: `all`, `initial_type`, `sector`, `police_district_number` or `city`.
    - group_name: the type, sector, district or city, or null if unknown. For the kind `all`, group_name is null.
    - incidents: the number of incidents.
    - arrival_missing: the number of incidents in which dispatch_arrive is null.
    - clearing_missing: the number of incidents in which arrive_cleared is null.
    - arrival_missing_pct, clearing_missing_pct: arrival_missing and clearing_missing as percentages of incidents.
    """
    dimensions = ("initial_type", "sector", "police_district_number", "city")
    overall = F.struct(F.lit("all").alias("group_kind"), F.lit(None).cast("string").alias("group_name"))
    groups = (F.struct(F.lit(name).alias("group_kind"), F.col(name).alias("group_name")) for name in dimensions)
    missing = ("arrival_missing", "clearing_missing")
    columns = {"incidents": ("arrival_missing", "count"), **{name: (name, "sum") for name in missing}}
    percentages = (F.round(f"{name}_pct", 2).alias(f"{name}_pct") for name in missing)
    return (
        incidents.select(
            F.inline(F.array(overall, *groups)),
            _is_missing("dispatch_arrive").alias("arrival_missing"),
            _is_missing("arrive_cleared").alias("clearing_missing"),
        )
        .transform(aggregate, group_by=["group_kind", "group_name"], columns=columns)
        .transform(percentage, part="arrival_missing", total="incidents", name="arrival_missing_pct")
        .transform(percentage, part="clearing_missing", total="incidents", name="clearing_missing_pct")
        .select("group_kind", "group_name", "incidents", *missing, *percentages)
    )


def _count_combinations(incidents: DataFrame, *, max_cities: int, group_by: Sequence[str] = ("city",)) -> DataFrame:
    """Count incidents by type and disposition in each group of the top cities.

    A group is a city, or a part of a city. share_pct is a percentage of the group's incidents.
    """
    return (
        incidents.transform(aggregate, group_by=[*group_by, *_COMBINATION], columns=INCIDENT_COUNT)
        .transform(rank_by_incidents, columns=["city"], name="city_rank")
        .where(F.col("city_rank") <= max_cities)
        .transform(share_of_total, column="incidents", name="share_pct", group_by=group_by)
    )


def _is_missing(name: str) -> Column:
    return F.col(name).isNull().cast("int")
