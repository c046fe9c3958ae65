"""What became of incidents: which dispositions they had, and which times are missing."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from transforms.aggregate import aggregate, top_n
from transforms.datasets.police_dispatch.members import INCIDENTS, TOP_CITIES, TOP_TYPES, rank_members
from transforms.shares import percentage, share_of_total

TOP_COMBINATIONS = 10
_COMBINATION = ("initial_type", "disposition_desc")
_KNOWN = "initial_type IS NOT NULL AND disposition_desc IS NOT NULL"


def build_type_dispositions(
    incidents: DataFrame, *, cities: int = TOP_CITIES, combinations: int = TOP_COMBINATIONS
) -> DataFrame:
    """Question 6: the most common combinations of type and disposition in the cities with most incidents.

    Rows: at most `combinations` of each of `cities` cities; of those with as many, the first by name.

    Columns: city_rank, city; rank, initial_type, disposition_desc; incidents; share_pct (of the city's incidents).
    """
    return (
        incidents.transform(_in_top_cities, cities=cities)
        .where(_KNOWN)
        .transform(top_n, n=combinations, column="incidents", group_by=["city"], order_by=_COMBINATION)
        .select("city_rank", "city", "rank", *_COMBINATION, "incidents", "share_pct")
    )


def build_common_type_dispositions(incidents: DataFrame, *, cities: int = TOP_CITIES) -> DataFrame:
    """Question 6: the combinations of type and disposition that all of the cities with most incidents have.

    Rows: one for each combination that each of `cities` cities has.

    Columns: rank (1 for the most incidents), initial_type, disposition_desc; cities (how many they are); incidents (in
    these cities); least_share_pct, most_share_pct (of a city's incidents, where the combination has least and most).
    """
    how_many = F.max("city_rank").over(Window.partitionBy())
    return (
        incidents.transform(_in_top_cities, cities=cities)
        .withColumn("cities", how_many)
        .where(_KNOWN)
        .groupBy(*_COMBINATION, "cities")
        .agg(
            F.count("*").alias("_having"),
            F.sum("incidents").alias("incidents"),
            F.min("share_pct").alias("least_share_pct"),
            F.max("share_pct").alias("most_share_pct"),
        )
        .where("_having = cities")
        .transform(rank_members, columns=_COMBINATION, name="rank")
        .select("rank", *_COMBINATION, "cities", "incidents", "least_share_pct", "most_share_pct")
    )


def build_top_type_dispositions(incidents: DataFrame, *, cities: int = TOP_CITIES, types: int = TOP_TYPES) -> DataFrame:
    """Question 7: the dispositions of the most common types in the cities with most incidents.

    Rows: one for each of `cities` cities, each of its `types` most common types, and each disposition, none too.

    Columns: city_rank, city; type_rank, initial_type; disposition_desc; incidents; share_pct (of the type's incidents
    in the city; they add up to exactly 100.000).
    """
    return (
        incidents.transform(_in_top_cities, cities=cities)
        .drop("share_pct")
        .transform(rank_members, columns=["initial_type"], name="type_rank", group_by=["city"])
        .where(F.col("type_rank") <= types)
        .transform(share_of_total, column="incidents", name="share_pct", group_by=["city", "initial_type"])
        .select("city_rank", "city", "type_rank", *_COMBINATION, "incidents", "share_pct")
    )


def build_missing_times(incidents: DataFrame) -> DataFrame:
    """Question 8: how many times of arrival and of clearing are missing, and of which incidents.

    Rows: one for all incidents (`all`), and one for each type, sector and police district with incidents, and for
    incidents without.

    Columns: dimension (`all`, `initial_type`, `sector`, `police_district_number`), value (null for all and for none);
    incidents; arrival_missing (without dispatch_arrive, or with one that is no number of 0 or more), clearing_missing
    (the same of arrive_cleared); arrival_missing_pct, clearing_missing_pct (of the row's incidents).
    """
    dimensions = ("initial_type", "sector", "police_district_number")
    all_of_them = F.struct(F.lit("all").alias("dimension"), F.lit(None).cast("string").alias("value"))
    groups = (F.struct(F.lit(name).alias("dimension"), F.col(name).alias("value")) for name in dimensions)
    missing = ("arrival_missing", "clearing_missing")
    columns = {"incidents": ("arrival_missing", "count"), **{name: (name, "sum") for name in missing}}
    shares = (F.round(f"{name}_pct", 2).alias(f"{name}_pct") for name in missing)
    return (
        incidents.select(
            F.inline(F.array(all_of_them, *groups)),
            _is_missing("dispatch_arrive").alias("arrival_missing"),
            _is_missing("arrive_cleared").alias("clearing_missing"),
        )
        .transform(aggregate, group_by=["dimension", "value"], columns=columns)
        .transform(percentage, part="arrival_missing", total="incidents", name="arrival_missing_pct")
        .transform(percentage, part="clearing_missing", total="incidents", name="clearing_missing_pct")
        .select("dimension", "value", "incidents", *missing, *shares)
    )


def _in_top_cities(incidents: DataFrame, *, cities: int) -> DataFrame:
    """Count combinations of type and disposition in the top cities; share_pct is of the city's incidents."""
    return (
        incidents.transform(aggregate, group_by=["city", *_COMBINATION], columns=INCIDENTS)
        .transform(rank_members, columns=["city"], name="city_rank")
        .where(F.col("city_rank") <= cities)
        .transform(share_of_total, column="incidents", name="share_pct", group_by=["city"])
    )


def _is_missing(name: str) -> Column:
    return F.col(name).isNull().cast("int")
