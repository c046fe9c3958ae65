"""How many requests there are: of what, where, by which channel, when."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from transforms.datasets.service_requests.groups import (
    AREA,
    AREA_KINDS,
    GROUP,
    GROUP_KINDS,
    change,
    count_requests,
    in_groups,
    most,
    shares,
)

TOP_TYPES = 5
_LARGER = tuple(kind for kind in GROUP_KINDS if kind != "grid_cell")


def build_monthly_volume(requests: DataFrame) -> DataFrame:
    """Requests by the month in which they were made, and how they move: of a city, a channel, an agency, an area.

    Rows: one for each city, group and month with requests. A group is everything (`all`), a channel, an agency, or an
    area other than a grid cell.

    Columns: city, group_kind, group_name (null where the source does not say it); month (its first day, by the city's
    clocks); requests; change_on_month, change_on_month_pct (against the month before), change_on_year,
    change_on_year_pct (the same month of the year before). Null where that month has none.
    """
    group_by = ["city", *GROUP]
    return (
        requests.withColumnRenamed("created_month", "month")
        .transform(in_groups, kinds=_LARGER, names=GROUP, keep=["month"])
        .transform(count_requests, group_by=[*group_by, "month"])
        .transform(change, name="change_on_month", group_by=group_by, months=1)
        .transform(change, name="change_on_year", group_by=group_by, months=12)
    )


def build_volume_by_area(requests: DataFrame) -> DataFrame:
    """Requests by area: neighborhood, council and police district, ZIP code, and cell of a grid of 0.01 degrees.

    Rows: one for each city, kind of area and area with requests; kinds that no row of a city's source has are left out.

    Columns: city, area_kind, area (null for requests whose area is not known); requests; share_pct (of the city's
    requests; those of a kind add up to exactly 100.000).
    """
    return requests.transform(in_groups, kinds=AREA_KINDS, names=AREA, keep=[]).transform(shares, column=AREA)


def build_volume_by_channel(requests: DataFrame) -> DataFrame:
    """Requests by the channel that they came by.

    Rows: one for each city and channel. Columns: city, channel (null where not said); requests; share_pct (of the
    city's requests; they add up to exactly 100.000).
    """
    return requests.transform(shares, column=["channel"])


def build_top_types_by_area(requests: DataFrame) -> DataFrame:
    """The types of which an area had most requests.

    Rows: at most `TOP_TYPES` of each area, of requests whose area and type are known; of as many the first by name.

    Columns: city, area_kind, area; rank (1 for the most); request_type; requests; share_pct (of the area's requests of
    known type).
    """
    most_of_each = requests.transform(most, column="request_type", kinds=AREA_KINDS, names=AREA, n=TOP_TYPES)
    return most_of_each.where("area IS NOT NULL")


def build_top_type_months(requests: DataFrame) -> DataFrame:
    """How the types of which an area had most requests move from month to month.

    Rows: one for each type of `build_top_types_by_area` and each month in which the area had requests of it.

    Columns: city, area_kind, area; rank (of the type, over all months), request_type; month (its first day); requests;
    change_on_month, change_on_month_pct (against the month before; null where it has none).
    """
    area = ["city", *AREA]
    of_type = [*area, "request_type"]
    most_first = Window.partitionBy(*area).orderBy(F.col("_total").desc_nulls_last(), F.asc_nulls_last("request_type"))
    return (
        requests.where("request_type IS NOT NULL")
        .withColumnRenamed("created_month", "month")
        .transform(in_groups, kinds=AREA_KINDS, names=AREA, keep=["request_type", "month"])
        .where("area IS NOT NULL")
        .transform(count_requests, group_by=[*of_type, "month"])
        .withColumn("_total", F.sum("requests").over(Window.partitionBy(*of_type)))
        .withColumn("rank", F.dense_rank().over(most_first))
        .where(F.col("rank") <= TOP_TYPES)
        .transform(change, name="change_on_month", group_by=of_type, months=1)
        .select(*area, "rank", "request_type", "month", "requests", "change_on_month", "change_on_month_pct")
    )


def build_busiest_agencies(requests: DataFrame) -> DataFrame:
    """The agencies with most requests: of a city, a channel, an area.

    Rows: at most `TOP` of each city and group, of requests whose agency is said; of as many the first by name.

    Columns: city, group_kind, group_name (null where the source does not say it); rank; agency; requests; share_pct (of
    the group's requests whose agency is said).
    """
    return requests.transform(most, column="agency")


def build_most_common_types(requests: DataFrame) -> DataFrame:
    """The most common types of requests: of a city, an agency, a channel, an area.

    Rows: at most `TOP` of each city and group, of requests whose type is known; of as many the first by name.

    Columns: city, group_kind, group_name; rank; request_type; requests; share_pct (of the group's requests whose type
    is known).
    """
    return requests.transform(most, column="request_type")


def build_by_hour_and_weekday(requests: DataFrame) -> DataFrame:
    """When requests are made: of a city, a channel, an agency, an area other than a grid cell.

    Rows: one for each city, group, weekday and hour with requests.

    Columns: city, group_kind, group_name; weekday (1 is Monday), hour (0 to 23), by the city's clocks; requests.
    """
    at = ["weekday", "hour"]
    return (
        requests.withColumnsRenamed({"created_weekday": "weekday", "created_hour": "hour"})
        .transform(in_groups, kinds=_LARGER, names=GROUP, keep=at)
        .transform(count_requests, group_by=["city", *GROUP, *at])
    )


def build_traffic_by_area(requests: DataFrame) -> DataFrame:
    """Requests about traffic and about accidents, by area and type.

    Rows: one for each city, area, kind of traffic request and type with requests.

    Columns: city, area_kind, area (null where it is not known); traffic_kind (`accident` or `traffic`, by whole words
    in type, topic and summary); request_type; requests.
    """
    kept = ["traffic_kind", "request_type"]
    return (
        requests.where("traffic_kind IS NOT NULL")
        .transform(in_groups, kinds=AREA_KINDS, names=AREA, keep=kept)
        .transform(count_requests, group_by=["city", *AREA, *kept])
    )
