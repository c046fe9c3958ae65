"""Measure the outcomes of requests: resolution, first-call resolution, and the time to close."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transforms.aggregate import aggregate, pivot
from transforms.datasets.service_requests.groups import (
    ALL_REQUESTS,
    GROUP_COLUMNS,
    GROUP_KINDS,
    assign_groups,
    top_values,
)
from transforms.datasets.service_requests.sources.city_source import CLOSED_OTHERWISE, RESOLVED, UNRESOLVED
from transforms.derive import round_columns
from transforms.shares import percentage


def build_resolution(requests: DataFrame) -> DataFrame:
    """Count resolved and unresolved requests in each city, and in each agency, channel and area of the city.

    Rows: for each city, one row for each group with requests.

    Columns:

    - city, group_kind, group_name.
    - requests: the number of requests.
    - resolved, unresolved: the numbers of resolved and unresolved requests.
    - closed_otherwise: the number of requests that were closed for another reason, for example as duplicates.
    - status_not_known: the number of requests without a known status.
    - resolved_pct, unresolved_pct: resolved and unresolved as percentages of the requests that have a known status.
    """
    counts = {resolution: resolution.replace(" ", "_") for resolution in (RESOLVED, CLOSED_OTHERWISE, UNRESOLVED)}
    return (
        requests.transform(assign_groups, kinds=GROUP_KINDS, keep=["resolution"])
        .withColumn("_one", F.lit(1))
        .transform(
            pivot,
            group_by=["city", *GROUP_COLUMNS],
            column="resolution",
            values=[*counts],
            aggregation=("_one", "count"),
        )
        .withColumnsRenamed(counts | {"others": "status_not_known"})
        .withColumn("_known", F.expr(" + ".join(counts.values())))
        .withColumn("requests", F.col("_known") + F.col("status_not_known"))
        .transform(percentage, part="resolved", total="_known", name="resolved_pct")
        .transform(percentage, part="unresolved", total="_known", name="unresolved_pct")
        .transform(round_columns, columns=["resolved_pct", "unresolved_pct"], decimals=2)
        .select(
            *("city", *GROUP_COLUMNS, "requests", *counts.values()),
            *("status_not_known", "resolved_pct", "unresolved_pct"),
        )
    )


def build_top_unresolved(requests: DataFrame) -> DataFrame:
    """Rank the types with the most unresolved requests in each city, and in each agency, channel and area of the city.

    Rows: for each group of a city, at most `MAX_VALUES_PER_GROUP` rows. Requests without a type are left out. Ties are
    broken by the name of the type.

    Columns:

    - city, group_kind, group_name.
    - rank: 1 for the type with the most unresolved requests.
    - request_type.
    - requests: the number of unresolved requests.
    - share_pct: requests as a percentage of the group's unresolved requests that have a type.
    """
    return requests.where(F.col("resolution") == UNRESOLVED).transform(top_values, column="request_type")


def build_first_call_resolution(requests: DataFrame) -> DataFrame:
    """Compute the percentage of requests that were resolved on the first call.

    The percentage is computed for each city, and for each agency, channel and area of the city.

    Rows: for each city, one row for each group. Requests whose first-call resolution is unknown are left out.

    Columns:

    - city, group_kind, group_name.
    - requests: the number of requests whose first-call resolution is yes or no.
    - on_first_call: the number of requests whose first-call resolution is yes.
    - on_first_call_pct: 100 x on_first_call / requests.
    """
    sums = {"requests": ("_one", "count"), "on_first_call": ("_one", "sum")}
    return (
        requests.where("first_call_resolution IS NOT NULL")
        .withColumn("_one", F.col("first_call_resolution").cast("int"))
        .transform(assign_groups, kinds=GROUP_KINDS, keep=["_one"])
        .transform(aggregate, group_by=["city", *GROUP_COLUMNS], columns=sums)
        .transform(percentage, part="on_first_call", total="requests", name="on_first_call_pct")
        .transform(round_columns, columns=["on_first_call_pct"], decimals=2)
    )


def build_time_to_close(requests: DataFrame) -> DataFrame:
    """Compute the median and the 90th percentile of the time until requests are closed.

    Rows: for each city, one row for all requests, one for each agency, one for each type, and one for each pair of
    agency and type. Requests without hours_to_close are left out. Such a request is unresolved, lacks a time, or has a
    close time before the creation time.

    Columns:

    - city.
    - requests: the number of requests.
    - group_kind: `all`, `agency`, `request_type` or `agency and request_type`.
    - agency, request_type: null if the group includes all values of the column, or if the value is unknown.
    - median_hours, p90_hours: the median and the 90th percentile of hours_to_close.

    The percentiles are exact to a tenth of an hour. The code first counts the requests for each tenth of an hour, and
    then computes the percentiles from these counts. Percentiles that are computed from single requests would need all
    requests in memory. An approximate percentile would differ between runs.
    """
    # Times are rounded to whole seconds first. Otherwise 1.15 hours could become slightly less than 11.5 tenths,
    # because doubles are not exact.
    tenths = F.round(F.round(F.col("hours_to_close") * 3600) / 360).cast("int").alias("_tenths")
    dimensions, null = ("agency", "request_type"), F.lit(None).cast("string")
    groupings = {
        ALL_REQUESTS: (),
        "agency": ("agency",),
        "request_type": ("request_type",),
        "agency and request_type": dimensions,
    }
    groups = F.array(
        *(
            F.struct(
                F.lit(kind).alias("group_kind"),
                *((F.col(name) if name in columns else null).alias(f"_{name}") for name in dimensions),
            )
            for kind, columns in groupings.items()
        )
    )
    hours = (F.percentile("_tenths", share, F.col("_requests")) / 10 for share in (0.5, 0.9))
    median, p90 = (F.round(percentile, 2) for percentile in hours)
    return (
        requests.where("hours_to_close IS NOT NULL")
        .groupBy("city", *dimensions, tenths)
        .agg(F.count("*").alias("_requests"))
        .select("city", "_tenths", "_requests", F.inline(groups))
        .groupBy("city", "group_kind", *(F.col(f"_{name}").alias(name) for name in dimensions))
        .agg(F.sum("_requests").alias("requests"), median.alias("median_hours"), p90.alias("p90_hours"))
    )
