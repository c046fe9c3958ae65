"""How many incidents of which types and priorities, in which city and when. Each share says what it is of."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from transforms.aggregate import aggregate, top_n
from transforms.datasets.police_dispatch.members import INCIDENTS, TOP_CITIES, TOP_STREETS, TOP_TYPES, rank_members
from transforms.shares import percentage, share_of_total


def build_cities(incidents: DataFrame) -> DataFrame:
    """Question 1: which cities have the highest number of incidents.

    Rows: one for each city, and one for incidents without a city. Columns: rank (1 for the most; null without a city);
    city; incidents; share_pct (of all incidents; they add up to exactly 100.000).
    """
    return (
        incidents.transform(aggregate, group_by=["city"], columns=INCIDENTS)
        .transform(share_of_total, column="incidents", name="share_pct")
        .transform(rank_members, columns=["city"], name="rank")
        .select("rank", "city", "incidents", "share_pct")
    )


def build_top_city_types(incidents: DataFrame, *, cities: int = TOP_CITIES, types: int = TOP_TYPES) -> DataFrame:
    """Question 2: the most common types in the cities with most incidents.

    Rows: at most `types` of each of `cities` cities; of types with as many, the first by name.

    Columns: city_rank, city; rank, initial_type; incidents; share_pct (of the city's incidents, of all types).
    """
    return _top_types(incidents, place="city", places=cities, types=types)


def build_top_street_types(incidents: DataFrame, *, streets: int = TOP_STREETS, types: int = TOP_TYPES) -> DataFrame:
    """Question 4: the most common types on the streets with most incidents.

    Rows: at most `types` of each of `streets` streets; of types with as many, the first by name.

    Columns: street_rank, street; rank, initial_type; incidents (at blocks of the street); share_pct (of these).
    """
    return _top_types(incidents, place="street", places=streets, types=types)


def build_type_shares(incidents: DataFrame) -> DataFrame:
    """Question 3: the share of each type in each city, beside its share of all incidents.

    Rows: one for each city and type with incidents; those without a city or a type have rows too.

    Columns: city, initial_type; incidents; share_pct (of the city's incidents; a city's add up to exactly 100.000);
    overall_incidents (of the type, in all cities); overall_pct (of all incidents, rounded by itself);
    difference_pct_points (how much more of the city's incidents are of the type than of all).
    """
    everywhere = F.sum("incidents").over(Window.partitionBy("initial_type"))
    return (
        incidents.transform(aggregate, group_by=["city", "initial_type"], columns=INCIDENTS)
        .transform(share_of_total, column="incidents", name="share_pct", group_by=["city"])
        .withColumn("overall_incidents", everywhere)
        .withColumn("_all", F.sum("incidents").over(Window.partitionBy()))
        .transform(percentage, part="overall_incidents", total="_all", name="overall_pct")
        .withColumn("overall_pct", _thousandths("overall_pct").cast("decimal(6, 3)"))
        .select(
            *("city", "initial_type", "incidents", "share_pct", "overall_incidents", "overall_pct"),
            (F.col("share_pct") - F.col("overall_pct")).alias("difference_pct_points"),
        )
    )


def build_priority_shares(incidents: DataFrame, *, cities: int = TOP_CITIES, types: int = TOP_TYPES) -> DataFrame:
    """Question 18: types and priorities, in one city compared to another.

    Rows: one for each of `cities` cities, each of the `types` types with most incidents in all the county, and each
    priority with incidents, none too.

    Columns: city, initial_type; type_incidents (of the type in the city); type_share_pct (of the city's incidents);
    priority; incidents; priority_share_pct (of the type's incidents in the city; they add up to exactly 100.000).
    """
    of_type, of_city = Window.partitionBy("city", "initial_type"), Window.partitionBy("city")
    totals = {"type_incidents": F.sum("incidents").over(of_type), "_city": F.sum("incidents").over(of_city)}
    return (
        incidents.transform(aggregate, group_by=["city", "initial_type", "priority"], columns=INCIDENTS)
        .transform(rank_members, columns=["city"], name="city_rank")
        .transform(rank_members, columns=["initial_type"], name="type_rank")
        .withColumns(totals)
        .where((F.col("city_rank") <= cities) & (F.col("type_rank") <= types))
        .transform(percentage, part="type_incidents", total="_city", name="type_share_pct")
        .transform(share_of_total, column="incidents", name="priority_share_pct", group_by=["city", "initial_type"])
        .select(
            *("city", "initial_type", "type_incidents", _thousandths("type_share_pct").alias("type_share_pct")),
            *("priority", "incidents", "priority_share_pct"),
        )
    )


def build_hours(incidents: DataFrame) -> DataFrame:
    """When incidents begin, by hour and weekday.

    Rows: one for each weekday and hour with incidents.

    Columns: weekday (1 is Monday), hour, as clocks in the county showed them: the hour that November has twice is one;
    incidents; share_pct (of all incidents; they add up to exactly 100.000).
    """
    return (
        incidents.transform(aggregate, group_by=["start_weekday", "start_hour"], columns=INCIDENTS)
        .withColumnsRenamed({"start_weekday": "weekday", "start_hour": "hour"})
        .transform(share_of_total, column="incidents", name="share_pct")
        .select("weekday", "hour", "incidents", "share_pct")
    )


def _top_types(incidents: DataFrame, *, place: str, places: int, types: int) -> DataFrame:
    rank = f"{place}_rank"
    return (
        incidents.transform(aggregate, group_by=[place, "initial_type"], columns=INCIDENTS)
        .transform(share_of_total, column="incidents", name="share_pct", group_by=[place])
        .transform(rank_members, columns=[place], name=rank)
        .where((F.col(rank) <= places) & F.col("initial_type").isNotNull())
        .transform(top_n, n=types, column="incidents", group_by=[place], order_by=["initial_type"])
        .select(rank, place, "rank", "initial_type", "incidents", "share_pct")
    )


def _thousandths(name: str) -> Column:
    return F.round(name, 3)
