"""Group and count requests, compute shares, and compare months. Several answers use these steps."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transforms.aggregate import aggregate, top_n
from transforms.datasets.service_requests.sources import SOURCES
from transforms.datasets.service_requests.sources.city_source import CitySource
from transforms.dates import month_number
from transforms.derive import change_on_previous, round_columns
from transforms.shares import share_of_total

MAX_VALUES_PER_GROUP = 10
ALL_REQUESTS = "all"
"""The group of all requests of a city. The text `all` is both the kind and the name of the group."""

AREA_KINDS = ("neighborhood", "council_district", "police_district", "zip", "grid_cell")
GROUP_KINDS = (ALL_REQUESTS, "agency", "channel", *AREA_KINDS)
GROUP_COLUMNS = ("group_kind", "group_name")


def assign_groups(requests: DataFrame, *, kinds: Sequence[str], keep: Sequence[str]) -> DataFrame:
    """Assign each request to one group of each kind, for example to its ZIP code and to its channel.

    Rows: for each request, one row for each kind in `kinds` that the city publishes.

    Columns: city, the columns of `keep`, group_kind and group_name. For the kind `all`, the name is `all`. For any
    other kind, such as `zip`, the name is the value of the column `zip`, and can be null.

    >>> requests = spark.createDataFrame([("denver", "80202", "Phone")], "city string, zip string, channel string")
    >>> groups = requests.transform(assign_groups, kinds=["zip", "channel"], keep=[])
    >>> [tuple(row) for row in groups.collect()]
    [('denver', 'zip', '80202'), ('denver', 'channel', 'Phone')]
    """
    # One literal map has the kinds of all cities, so a new city does not add a condition to the plan.
    kinds_by_city = []
    for source in SOURCES:
        city_kinds = (F.lit(kind) for kind in kinds if _has_kind(source, kind))
        kinds_by_city += [F.lit(source.city), F.array(*city_kinds).cast("array<string>")]
    kind_names = F.element_at(F.create_map(*kinds_by_city), F.col("city"))
    columns = dict.fromkeys([*keep, *(kind for kind in kinds if kind != ALL_REQUESTS)])
    groups = (
        F.when(F.col("group_kind") == kind, F.lit(kind) if kind == ALL_REQUESTS else F.col(kind)) for kind in kinds
    )
    return requests.select("city", *columns, F.explode(kind_names).alias("group_kind")).select(
        "city", *keep, "group_kind", F.coalesce(*groups).alias("group_name")
    )


def count_requests(requests: DataFrame, *, group_by: Sequence[str]) -> DataFrame:
    """Count the requests of each group.

    Rows: one for each combination of the `group_by` columns. Columns: the `group_by` columns and `requests`.
    """
    return requests.transform(aggregate, group_by=group_by, columns={"requests": ("city", "count")})


def count_with_share(requests: DataFrame, *, columns: Sequence[str]) -> DataFrame:
    """Count requests by city and `columns`, and add the share of each count.

    The denominator of share_pct is the number of requests with the same city and the same values in all `columns`
    except the last column. If `columns` has only one column, the denominator is the number of requests of the city.

    Rows: one for each combination of values of city and `columns`. Columns: city, `columns`, requests and share_pct.
    Shares with the same denominator add up to 100.000.
    """
    group_by = ["city", *columns]
    return requests.transform(count_requests, group_by=group_by).transform(
        share_of_total, column="requests", name="share_pct", group_by=group_by[:-1]
    )


def top_values(
    requests: DataFrame,
    *,
    column: str,
    kinds: Sequence[str] = GROUP_KINDS,
    n: int = MAX_VALUES_PER_GROUP,
) -> DataFrame:
    """Keep the `n` most frequent values of `column` in each group of requests.

    Rows: at most `n` for each group. Requests in which `column` is null are left out. Ties are broken by the value of
    `column`, in ascending order.

    Columns: city, group_kind, group_name, rank, `column`, requests and share_pct. The denominator of share_pct is the
    number of the group's requests in which `column` is not null.
    """
    group_by = ["city", *GROUP_COLUMNS]
    return (
        requests.where(F.col(column).isNotNull())
        .transform(assign_groups, kinds=[kind for kind in kinds if kind != column], keep=[column])
        .transform(count_requests, group_by=[*group_by, column])
        .transform(share_of_total, column="requests", name="share_pct", group_by=group_by)
        .transform(top_n, n=n, column="requests", group_by=group_by, order_by=[column])
        .select(*group_by, "rank", column, "requests", "share_pct")
    )


def add_change_since(volumes: DataFrame, *, name: str, group_by: Sequence[str], months: int) -> DataFrame:
    """Add the change in requests since an earlier month, as a number and as a percentage.

    `months` is the number of months from the earlier month to the month of the row.

    Rows: all kept.

    Columns: reads requests, and month, the first day of the month. Adds `name`, the change. Adds `<name>_pct`, the
    change as a percentage of the requests of the earlier month. Both columns are null if the earlier month has no row.
    `<name>_pct` is also null if the earlier month has 0 requests.
    """
    percentage_name = f"{name}_pct"
    return (
        volumes.withColumn("_number", month_number("month"))
        .transform(
            change_on_previous,
            column="requests",
            period="_number",
            name=name,
            percentage_name=percentage_name,
            group_by=group_by,
            periods=months,
        )
        .transform(round_columns, columns=[percentage_name], decimals=2)
        .drop("_number")
    )


def _has_kind(source: CitySource, kind: str) -> bool:
    return kind == ALL_REQUESTS or {"grid_cell": "longitude"}.get(kind, kind) in source.column_names
