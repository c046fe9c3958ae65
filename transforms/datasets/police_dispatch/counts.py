"""Count incidents by type, priority, city and time."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
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


def build_cities(incidents: DataFrame) -> DataFrame:
    """Rank the cities by their number of incidents (question 1).

    Rows: one for each city, and one for the incidents without a city.

    Columns:

    - rank: 1 for the city with the most incidents, or null in the row without a city.
    - city.
    - incidents: the number of incidents.
    - share_pct: incidents as a percentage of all incidents. The percentages add up to exactly 100.000.
    - first_day, last_day: the days of the first and the last incident, in the county's local time.
    """
    days = {"first_day": ("start_date", "min"), "last_day": ("start_date", "max")}
    return (
        incidents.transform(aggregate, group_by=["city"], columns=INCIDENT_COUNT | days)
        .transform(share_of_total, column="incidents", name="share_pct")
        .transform(rank_by_incidents, columns=["city"], name="rank")
        .select("rank", "city", "incidents", "share_pct", *days)
    )


def build_top_city_types(
    incidents: DataFrame, *, max_cities: int = MAX_CITIES, max_types: int = MAX_TYPES
) -> DataFrame:
    """Rank the most frequent types in the cities with the most incidents (question 2).

    Rows: at most `max_types` for each of the `max_cities` cities. Ties are broken by the name of the type.

    Columns:

    - city_rank, city: the rank of the city is 1 for the city with the most incidents.
    - rank, initial_type: the rank of the type is 1 for the most frequent type in the city.
    - incidents: the number of incidents of the type in the city.
    - share_pct: incidents as a percentage of the city's incidents of all types.
    """
    return _rank_types(incidents, place_column="city", max_places=max_cities, max_types=max_types)


def build_top_street_types(
    incidents: DataFrame, *, max_streets: int = MAX_STREETS, max_types: int = MAX_TYPES
) -> DataFrame:
    """Rank the most frequent types on the streets with the most incidents (question 4).

    Rows: at most `max_types` for each of the `max_streets` streets. Ties are broken by the name of the type.

    Columns:

    - street_rank, street: the rank of the street is 1 for the street with the most incidents.
    - rank, initial_type: the rank of the type is 1 for the most frequent type on the street.
    - incidents: the number of incidents of the type at blocks of the street.
    - share_pct: incidents as a percentage of the incidents of all types at blocks of the street.

    Incidents at intersections are left out of all columns.
    """
    return _rank_types(incidents, place_column="street", max_places=max_streets, max_types=max_types)


def build_type_shares(incidents: DataFrame) -> DataFrame:
    """Compare the share of each type in each city with the share of the type in the whole county (question 3).

    Rows: one for each combination of city and type with incidents. Incidents without a city and incidents without a
    type also have rows.

    Columns:

    - city, initial_type.
    - incidents: the number of incidents of the type in the city.
    - share_pct: incidents as a percentage of the city's incidents. The percentages of a city add up to exactly 100.000.
    - overall_incidents: the number of incidents of the type in the whole county.
    - overall_pct: overall_incidents as a percentage of all incidents, rounded to three decimals.
    - difference_pct_points: share_pct minus overall_pct.
    """
    all_cities = F.sum("incidents").over(Window.partitionBy("initial_type"))
    return (
        incidents.transform(aggregate, group_by=["city", "initial_type"], columns=INCIDENT_COUNT)
        .transform(share_of_total, column="incidents", name="share_pct", group_by=["city"])
        .withColumn("overall_incidents", all_cities)
        .withColumn("_all", F.sum("incidents").over(Window.partitionBy()))
        .transform(percentage, part="overall_incidents", total="_all", name="overall_pct")
        .withColumn("overall_pct", F.round("overall_pct", 3).cast("decimal(6, 3)"))
        .select(
            *("city", "initial_type", "incidents", "share_pct", "overall_incidents", "overall_pct"),
            (F.col("share_pct") - F.col("overall_pct")).alias("difference_pct_points"),
        )
    )


def build_priority_shares(
    incidents: DataFrame, *, max_cities: int = MAX_CITIES, max_types: int = MAX_TYPES
) -> DataFrame:
    """Compare types and priorities between cities (question 18).

    Rows: one for each combination of city, type and priority with incidents. The cities are the `max_cities` cities
    with the most incidents. The types are the `max_types` types with the most incidents in the whole county. Incidents
    without a priority also have rows.

    Columns:

    - city, initial_type, priority.
    - incidents: the number of incidents of the type in the city that have the priority.
    - type_incidents: the number of incidents of the type in the city.
    - type_share_pct: type_incidents as a percentage of the city's incidents of all types.
    - priority_share_pct: incidents as a percentage of type_incidents. For each combination of city and type, the
      percentages add up to exactly 100.000.
    """
    type_window, city_window = Window.partitionBy("city", "initial_type"), Window.partitionBy("city")
    totals = {"type_incidents": F.sum("incidents").over(type_window), "_city": F.sum("incidents").over(city_window)}
    return (
        incidents.transform(aggregate, group_by=["city", "initial_type", "priority"], columns=INCIDENT_COUNT)
        .transform(rank_by_incidents, columns=["city"], name="city_rank")
        .transform(rank_by_incidents, columns=["initial_type"], name="type_rank")
        .withColumns(totals)
        .where((F.col("city_rank") <= max_cities) & (F.col("type_rank") <= max_types))
        .transform(percentage, part="type_incidents", total="_city", name="type_share_pct")
        .transform(share_of_total, column="incidents", name="priority_share_pct", group_by=["city", "initial_type"])
        .select(
            *("city", "initial_type", "type_incidents", F.round("type_share_pct", 3).alias("type_share_pct")),
            *("priority", "incidents", "priority_share_pct"),
        )
    )


def build_hours(incidents: DataFrame) -> DataFrame:
    """Count incidents by the weekday and hour of their start.

    Rows: one for each combination of weekday and hour with incidents.

    Columns:

    - weekday: 1 is Monday, 7 is Sunday.
    - hour: from 0 to 23.
    - incidents: the number of incidents.
    - share_pct: incidents as a percentage of all incidents. The percentages add up to exactly 100.000.

    Weekday and hour are in the county's local time. In November, the clocks show one hour twice. The incidents of both
    hours are counted in the same row.
    """
    return (
        incidents.transform(aggregate, group_by=["start_weekday", "start_hour"], columns=INCIDENT_COUNT)
        .withColumnsRenamed({"start_weekday": "weekday", "start_hour": "hour"})
        .transform(share_of_total, column="incidents", name="share_pct")
        .select("weekday", "hour", "incidents", "share_pct")
    )


def _rank_types(incidents: DataFrame, *, place_column: str, max_places: int, max_types: int) -> DataFrame:
    rank = f"{place_column}_rank"
    return (
        incidents.transform(aggregate, group_by=[place_column, "initial_type"], columns=INCIDENT_COUNT)
        .transform(share_of_total, column="incidents", name="share_pct", group_by=[place_column])
        .transform(rank_by_incidents, columns=[place_column], name=rank)
        .where((F.col(rank) <= max_places) & F.col("initial_type").isNotNull())
        .transform(top_n, n=max_types, column="incidents", group_by=[place_column], order_by=["initial_type"])
        .select(rank, place_column, "rank", "initial_type", "incidents", "share_pct")
    )
