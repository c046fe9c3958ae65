"""Count requests by month, area, channel, type, agency, weekday and hour."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from transforms.aggregate import aggregate
from transforms.datasets.service_requests.groups import (
    AREA_KINDS,
    GROUP_COLUMNS,
    GROUP_KINDS,
    add_change_since,
    assign_groups,
    count_requests,
    count_with_share,
    top_values,
)
from transforms.shares import share_of_total

MAX_TYPES_PER_AREA = 5
_POINT_COLUMNS = ("latitude", "longitude")
_KINDS_WITHOUT_GRID_CELL = tuple(kind for kind in GROUP_KINDS if kind != "grid_cell")


def build_monthly_volume(requests: DataFrame) -> DataFrame:
    """Count the requests of each group by month of creation. Compare each count with earlier months.

    A group has all requests of a city, or the requests of one channel, agency or area. Grid cells are left out.

    Rows: for each group of a city, one row for each month with requests.

    Columns:

    - city.
    - group_kind: `all`, or the column by which the requests are grouped, such as `channel`.
    - group_name: `all`, or the value of the column in group_kind. group_name is null for the requests without a value.
    - requests: the number of requests.
    - month: the first day of the month, in the city's local time.
    - change_on_month, change_on_month_pct: the changes since the month before.
    - change_on_year, change_on_year_pct: the changes since the same month of the year before.

    A change is null if the earlier month has no requests.
    """
    group_by = ["city", *GROUP_COLUMNS]
    return (
        requests.withColumnRenamed("created_month", "month")
        .transform(assign_groups, kinds=_KINDS_WITHOUT_GRID_CELL, keep=["month"])
        .transform(count_requests, group_by=[*group_by, "month"])
        .transform(add_change_since, name="change_on_month", group_by=group_by, months=1)
        .transform(add_change_since, name="change_on_year", group_by=group_by, months=12)
    )


def build_volume_by_area(requests: DataFrame) -> DataFrame:
    """Count requests by neighborhood, council district, police district, ZIP code, and grid cell of 0.01 degrees.

    Rows: for each city and each kind of area, one row for each area with requests. Kinds of areas that the city does
    not publish are left out.

    Columns:

    - city.
    - group_kind: the kind of the area, such as `zip`.
    - group_name: the name of the area, or null if the area is unknown.
    - latitude, longitude: a point in the area, in degrees with 3 decimals. For a grid cell, the point is the centre of
      the cell. For any other area, the point is the mean of the centres of the grid cells of the area's requests. Both
      columns are null if the area is unknown, or if no request of the area has a grid cell.
    - requests: the number of requests.
    - share_pct: requests as a percentage of the city's requests. For each kind of area, the percentages add up to
      exactly 100.000.

    The mean is computed from the centres of cells and not from the coordinates of requests. So if an area has only one
    request, the point does not show the exact place of this request.
    """
    points = {name: (name, "avg") for name in _POINT_COLUMNS}
    columns = {"requests": ("city", "count"), **points}
    return (
        requests.transform(_add_cell_centres)
        .transform(assign_groups, kinds=AREA_KINDS, keep=_POINT_COLUMNS)
        .transform(aggregate, group_by=["city", *GROUP_COLUMNS], columns=columns)
        .transform(share_of_total, column="requests", name="share_pct", group_by=["city", "group_kind"])
        .withColumns({name: F.when(F.col("group_name").isNotNull(), F.round(F.col(name) / 1000, 3)) for name in points})
        .select("city", *GROUP_COLUMNS, *_POINT_COLUMNS, "requests", "share_pct")
    )


def build_volume_by_channel(requests: DataFrame) -> DataFrame:
    """Count requests by channel.

    Rows: one for each combination of city and channel.

    Columns:

    - city.
    - channel: null if the channel is unknown.
    - requests: the number of requests.
    - share_pct: requests as a percentage of the city's requests. The percentages of a city add up to exactly 100.000.
    """
    return requests.transform(count_with_share, columns=["channel"])


def build_top_types_by_area(requests: DataFrame) -> DataFrame:
    """Rank the most frequent types of requests in each area.

    Rows: at most `MAX_TYPES_PER_AREA` for each area. Requests without an area or a type are left out. Ties are broken
    by the name of the type.

    Columns:

    - city, group_kind, group_name.
    - rank: 1 for the type with the most requests in the area.
    - request_type.
    - requests: the number of requests.
    - share_pct: requests as a percentage of the area's requests that have a type.
    """
    top_types = requests.transform(top_values, column="request_type", kinds=AREA_KINDS, n=MAX_TYPES_PER_AREA)
    return top_types.where("group_name IS NOT NULL")


def build_top_type_months(requests: DataFrame) -> DataFrame:
    """Count the requests of the most frequent types of each area by month.

    Rows: for each area and each of its types in `build_top_types_by_area`, one row for each month with requests.

    Columns:

    - city, group_kind, group_name, request_type.
    - rank: the rank of the type in the area, over all months.
    - month: the first day of the month.
    - requests: the number of requests in the month.
    - change_on_month, change_on_month_pct: the changes since the month before, or null if the month before has no
      requests.
    """
    area = ["city", *GROUP_COLUMNS]
    area_type = [*area, "request_type"]
    descending = Window.partitionBy(*area).orderBy(F.col("_total").desc_nulls_last(), F.asc_nulls_last("request_type"))
    return (
        requests.where("request_type IS NOT NULL")
        .withColumnRenamed("created_month", "month")
        .transform(assign_groups, kinds=AREA_KINDS, keep=["request_type", "month"])
        .where("group_name IS NOT NULL")
        .transform(count_requests, group_by=[*area_type, "month"])
        .withColumn("_total", F.sum("requests").over(Window.partitionBy(*area_type)))
        .withColumn("rank", F.dense_rank().over(descending))
        .where(F.col("rank") <= MAX_TYPES_PER_AREA)
        .transform(add_change_since, name="change_on_month", group_by=area_type, months=1)
        .select(*area, "rank", "request_type", "month", "requests", "change_on_month", "change_on_month_pct")
    )


def build_busiest_agencies(requests: DataFrame) -> DataFrame:
    """Rank the agencies with the most requests in each city, and in each channel and area of the city.

    Rows: for each group of a city, at most `MAX_VALUES_PER_GROUP` rows. Requests without an agency are left out. Ties
    are broken by the name of the agency.

    Columns:

    - city, group_kind, group_name: as in `build_monthly_volume`.
    - rank: 1 for the agency with the most requests.
    - agency.
    - requests: the number of requests.
    - share_pct: requests as a percentage of the group's requests that have an agency.
    """
    return requests.transform(top_values, column="agency")


def build_most_common_types(requests: DataFrame) -> DataFrame:
    """Rank the most frequent types of requests in each city, and in each agency, channel and area of the city.

    Rows: for each group of a city, at most `MAX_VALUES_PER_GROUP` rows. Requests without a type are left out. Ties are
    broken by the name of the type.

    Columns:

    - city, group_kind, group_name: as in `build_monthly_volume`.
    - rank: 1 for the type with the most requests.
    - request_type.
    - requests: the number of requests.
    - share_pct: requests as a percentage of the group's requests that have a type.
    """
    return requests.transform(top_values, column="request_type")


def build_by_hour_and_weekday(requests: DataFrame) -> DataFrame:
    """Count requests by the weekday and hour of their creation.

    The requests are counted for each city, and for each agency, channel and area of the city. Grid cells are left out.

    Rows: one row for each combination of group, weekday and hour that has requests.

    Columns:

    - city, group_kind, group_name: as in `build_monthly_volume`.
    - weekday, hour: weekday (1 is Monday) and hour (0 to 23) in the city's local time.
    - requests: the number of requests.
    """
    time_columns = ["weekday", "hour"]
    return (
        requests.withColumnsRenamed({"created_weekday": "weekday", "created_hour": "hour"})
        .transform(assign_groups, kinds=_KINDS_WITHOUT_GRID_CELL, keep=time_columns)
        .transform(count_requests, group_by=["city", *GROUP_COLUMNS, *time_columns])
    )


def build_traffic_by_area(requests: DataFrame) -> DataFrame:
    """Count requests about traffic and requests about accidents, by area and type.

    Rows: for each area of a city, one row for each combination of traffic_kind and request_type with requests.

    Columns:

    - city.
    - group_kind: the kind of the area, such as `zip`.
    - group_name: the name of the area, or null if the area is unknown.
    - traffic_kind: `accident` or `traffic`, from the words in type, topic and summary.
    - request_type.
    - requests: the number of requests.
    """
    kind_columns = ["traffic_kind", "request_type"]
    return (
        requests.where("traffic_kind IS NOT NULL")
        .transform(assign_groups, kinds=AREA_KINDS, keep=kind_columns)
        .transform(count_requests, group_by=["city", *GROUP_COLUMNS, *kind_columns])
    )


def _add_cell_centres(requests: DataFrame) -> DataFrame:
    """Replace latitude and longitude by the centre of the grid cell, in whole thousandths of a degree.

    A mean of whole numbers does not depend on the order of the rows.
    """
    corner = F.split("grid_cell", ",")
    return requests.withColumns(
        {
            name: (corner[position].cast("decimal(5, 2)") * 1000 + 5).cast("bigint")
            for position, name in enumerate(_POINT_COLUMNS)
        }
    )
