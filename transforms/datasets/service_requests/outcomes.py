"""What becomes of requests: resolved or not, on the first call or not, and how long it takes."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transforms.aggregate import aggregate, pivot
from transforms.datasets.service_requests.groups import ALL, GROUP, GROUP_KINDS, in_groups, most, rounded_percentage
from transforms.datasets.service_requests.sources.source import CLOSED_OTHERWISE, RESOLVED, UNRESOLVED


def build_resolution(requests: DataFrame) -> DataFrame:
    """Resolved against unresolved: of a city, an agency, a channel, an area.

    Rows: one for each city and group with requests.

    Columns: city, group_kind, group_name; requests; resolved, closed_otherwise (transferred, out of jurisdiction, or no
    request after all), unresolved; status_not_known; resolved_pct, unresolved_pct (of the requests whose status is
    known).
    """
    counts = {becomes: becomes.replace(" ", "_") for becomes in (RESOLVED, CLOSED_OTHERWISE, UNRESOLVED)}
    return (
        requests.transform(in_groups, kinds=GROUP_KINDS, names=GROUP, keep=["resolution"])
        .withColumn("_one", F.lit(1))
        .transform(
            pivot, group_by=["city", *GROUP], column="resolution", values=[*counts], aggregation=("_one", "count")
        )
        .withColumnsRenamed(counts | {"others": "status_not_known"})
        .withColumn("_known", F.expr(" + ".join(counts.values())))
        .withColumn("requests", F.col("_known") + F.col("status_not_known"))
        .transform(rounded_percentage, part="resolved", total="_known", name="resolved_pct")
        .transform(rounded_percentage, part="unresolved", total="_known", name="unresolved_pct")
        .select("city", *GROUP, "requests", *counts.values(), "status_not_known", "resolved_pct", "unresolved_pct")
    )


def build_top_unresolved(requests: DataFrame) -> DataFrame:
    """The types of which most requests are unresolved: of a city, an agency, a channel, an area.

    Rows: at most `TOP` of each city and group, of types that are known; of as many the first by name.

    Columns: city, group_kind, group_name; rank; request_type; requests (unresolved); share_pct (of the group's
    unresolved requests whose type is known).
    """
    return requests.where(F.col("resolution") == UNRESOLVED).transform(most, column="request_type")


def build_first_call_resolution(requests: DataFrame) -> DataFrame:
    """What share of the requests was resolved on the first call: of a city, an agency, a channel, an area.

    Rows: one for each city and group with requests that say so, yes or no.

    Columns: city, group_kind, group_name; requests (that say so), on_first_call (of these); on_first_call_pct
    (on_first_call / requests x 100: what does not say so is in neither).
    """
    sums = {"requests": ("_one", "count"), "on_first_call": ("_one", "sum")}
    return (
        requests.where("first_call_resolution IS NOT NULL")
        .withColumn("_one", F.col("first_call_resolution").cast("int"))
        .transform(in_groups, kinds=GROUP_KINDS, names=GROUP, keep=["_one"])
        .transform(aggregate, group_by=["city", *GROUP], columns=sums)
        .transform(rounded_percentage, part="on_first_call", total="requests", name="on_first_call_pct")
    )


def build_time_to_close(requests: DataFrame) -> DataFrame:
    """How long it takes until requests are closed: half of them, and nine of ten.

    Rows: one for each city, agency, type, and agency and type that have closed requests, and one for the whole city.

    Columns: city; by (`all`, `agency`, `request_type`, `agency and request_type`: what the row is about); agency,
    request_type (null where it is not about one, or it is not known); requests (closed, and not before they were made);
    median_hours, p90_hours.

    The percentiles are exact to the tenth of an hour: of all requests that took as long there is one row first. An
    approximation would differ from run to run, an exact one of all requests would hold each of them in memory.
    """
    # By way of whole seconds: 1.15 hours times ten may be just less than 11.5.
    tenths = F.round(F.round(F.col("hours_to_close") * 3600) / 360).cast("int").alias("_tenths")
    both, nothing = ("agency", "request_type"), F.lit(None).cast("string")
    about = {ALL: (), "agency": both[:1], "request_type": both[1:], "agency and request_type": both}
    ways = F.array(
        *(
            F.struct(
                F.lit(group_by).alias("by"),
                *((F.col(name) if name in column else nothing).alias(f"_{name}") for name in both),
            )
            for group_by, column in about.items()
        )
    )
    hours = (F.percentile("_tenths", share, F.col("_requests")) / 10 for share in (0.5, 0.9))
    median, p90 = (F.round(each, 2) for each in hours)
    return (
        requests.where("hours_to_close IS NOT NULL")
        .groupBy("city", *both, tenths)
        .agg(F.count("*").alias("_requests"))
        .select("city", "_tenths", "_requests", F.inline(ways))
        .groupBy("city", "by", *(F.col(f"_{name}").alias(name) for name in both))
        .agg(F.sum("_requests").alias("requests"), median.alias("median_hours"), p90.alias("p90_hours"))
    )
