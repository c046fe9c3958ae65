"""How long police take: from dispatch to the first arrival, and from there until the last unit has cleared.

Averages are of the incidents whose time is known: one that is missing is left out, never 0, and a 0 counts. Of the
cities and streets with most incidents, `few_incidents` marks an average of fewer than `few` times.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from transforms.aggregate import aggregate
from transforms.datasets.police_dispatch.members import (
    FEW_INCIDENTS,
    INCIDENTS,
    TOP_CITIES,
    TOP_STREETS,
    TOP_TYPES,
    rank_members,
)
from transforms.derive import bucket
from transforms.shares import share_of_total

ARRIVAL, CLEARING = "dispatch_arrive", "arrive_cleared"
BANDS = ("0-5", "5-10", "10-15", "15-20", "20-30", "30-40", "40-50", "50+")
"""Bands of minutes: one begins at its lower edge, and ends before the upper."""

_EDGES = tuple(60 * int(band.split("-")[0].rstrip("+")) for band in BANDS)
_COMBINATION = ("initial_type", "priority")


def build_arrival_bands(incidents: DataFrame, *, cities: int = TOP_CITIES, types: int = TOP_TYPES) -> DataFrame:
    """Question 9: how long the first unit takes to arrive, from its dispatch.

    Rows: one for each of `cities` cities, each of the `types` types with most incidents in all the county, and each
    band with incidents.

    Columns: city, initial_type; band_number (from 1), band (minutes, `5-10`: from 5 to less than 10); incidents;
    share_pct (of the incidents of the type in the city whose time is known; they add up to exactly 100.000).
    """
    return _bands(incidents, column=ARRIVAL, cities=cities, types=types)


def build_clearing_bands(incidents: DataFrame, *, cities: int = TOP_CITIES, types: int = TOP_TYPES) -> DataFrame:
    """Question 10: how long it takes to clear an incident, from the first arrival. As `build_arrival_bands`."""
    return _bands(incidents, column=CLEARING, cities=cities, types=types)


def build_arrival_by_city(incidents: DataFrame, *, cities: int = TOP_CITIES, few: int = FEW_INCIDENTS) -> DataFrame:
    """Question 11: which combinations of type and priority have the worst and best average time of arrival.

    Rows: one for each of `cities` cities, and each type and priority (none too) of which a time is known there.

    Columns: city, initial_type, priority; incidents; timed (of these, whose time is known); avg_minutes (of the timed);
    few_incidents; slowest_rank, fastest_rank (of the city's combinations, 1 for the slowest and the fastest; of those
    as slow, the first by name); places (in how many of the cities the combination has a time); overall_minutes (average
    over these cities' timed); fastest, slowest (which of them), spread_minutes (how much longer the slowest takes than
    the fastest): these three are null where there is only one; of cities as fast it is the first by name.
    """
    return _averages(incidents, column=ARRIVAL, place="city", places=cities, few=few)


def build_clearing_by_city(incidents: DataFrame, *, cities: int = TOP_CITIES, few: int = FEW_INCIDENTS) -> DataFrame:
    """Question 13: the same of the time to clear. Rows and columns as `build_arrival_by_city`."""
    return _averages(incidents, column=CLEARING, place="city", places=cities, few=few)


def build_arrival_by_street(incidents: DataFrame, *, streets: int = TOP_STREETS, few: int = FEW_INCIDENTS) -> DataFrame:
    """Question 14: the time of arrival across the streets with most incidents. As `build_arrival_by_city`, by street.

    Incidents at intersections are on no one street, and left out.
    """
    return _averages(incidents, column=ARRIVAL, place="street", places=streets, few=few)


def build_clearing_by_street(
    incidents: DataFrame, *, streets: int = TOP_STREETS, few: int = FEW_INCIDENTS
) -> DataFrame:
    """Question 15: the time to clear across the streets with most incidents. As `build_arrival_by_street`."""
    return _averages(incidents, column=CLEARING, place="street", places=streets, few=few)


def build_slowest_cities(incidents: DataFrame, *, cities: int = TOP_CITIES, few: int = FEW_INCIDENTS) -> DataFrame:
    """Question 12: why a combination of type and priority is slow in one city: mostly, few incidents carry it.

    Rows: one for each combination with a time in two or more of `cities` cities: that of its slowest city.

    Columns: city, initial_type, priority; timed, avg_minutes; others_timed, others_minutes (of the other cities
    together); more_minutes (than the others); few_incidents (whether the city's average is one of few).
    """
    seconds, timed = (F.col(f"_all_{name}") - F.col(name) for name in ("seconds", "timed"))
    others = _minutes(seconds, timed)
    return (
        incidents.transform(_combinations, column=ARRIVAL, place="city", places=cities, few=few)
        .where("city = slowest")
        .select(
            *("city", *_COMBINATION, "timed", F.round("_minutes", 2).alias("avg_minutes")),
            *(timed.alias("others_timed"), F.round(others, 2).alias("others_minutes")),
            *(F.round(F.col("_minutes") - others, 2).alias("more_minutes"), "few_incidents"),
        )
    )


def build_quadrants(incidents: DataFrame, *, cities: int = TOP_CITIES, few: int = FEW_INCIDENTS) -> DataFrame:
    """Questions 16 and 17: where a city is slower or faster, with more or fewer incidents, than the cities together.

    A city is `slower` in a combination of type and priority where its average time of arrival is above that of all
    timed incidents of the combination in the `cities` cities, and has `more` where it has more incidents than these
    cities on average, those that have none among them. `slower, more` indicates response challenges (question 16),
    `faster, more` an efficient response (question 17).

    Rows: as `build_arrival_by_city`. Columns: city, initial_type, priority; incidents, usual_incidents (of a city on
    average); timed, avg_minutes, overall_minutes; quadrant (null where one of the two is exactly as usual, as in a
    combination that one city has alone); few_incidents.
    """
    minutes, overall = F.col("_minutes"), F.col("_overall")
    speed = F.when(minutes > overall, "slower").when(minutes < overall, "faster")
    incidents_here, usual = F.col("incidents") * F.col("_cities"), F.col("_all_incidents")
    volume = F.when(incidents_here > usual, "more").when(incidents_here < usual, "fewer")
    return (
        incidents.transform(_combinations, column=ARRIVAL, place="city", places=cities, few=few)
        .withColumn("usual_incidents", F.round(F.try_divide("_all_incidents", "_cities"), 2))
        .select(
            *("city", *_COMBINATION, "incidents", "usual_incidents", "timed"),
            *(F.round("_minutes", 2).alias("avg_minutes"), F.round("_overall", 2).alias("overall_minutes")),
            *(F.concat(speed, F.lit(", "), volume).alias("quadrant"), "few_incidents"),
        )
    )


def _bands(incidents: DataFrame, *, column: str, cities: int, types: int) -> DataFrame:
    names = ("city", "initial_type", "band_number", "band")
    return (
        incidents.transform(
            bucket, column=column, edges=_EDGES, labels=["<0", *BANDS], name="band", order_column="band_number"
        )
        .transform(aggregate, group_by=names, columns=INCIDENTS)
        .transform(rank_members, columns=["city"], name="_city_rank")
        .transform(rank_members, columns=["initial_type"], name="_type_rank")
        .where((F.col("_city_rank") <= cities) & (F.col("_type_rank") <= types) & F.col("band").isNotNull())
        .transform(share_of_total, column="incidents", name="share_pct", group_by=["city", "initial_type"])
        .select(*names, "incidents", "share_pct")
    )


def _averages(incidents: DataFrame, *, column: str, place: str, places: int, few: int) -> DataFrame:
    slowest_first, fastest_first = (
        Window.partitionBy(place).orderBy(order, "initial_type", "priority")
        for order in (F.desc("_minutes"), F.asc("_minutes"))
    )
    return (
        incidents.transform(_combinations, column=column, place=place, places=places, few=few)
        .withColumn("slowest_rank", F.row_number().over(slowest_first))
        .withColumn("fastest_rank", F.row_number().over(fastest_first))
        .select(
            *(place, *_COMBINATION, "incidents", "timed", F.round("_minutes", 2).alias("avg_minutes")),
            *("few_incidents", "slowest_rank", "fastest_rank", "places"),
            *(F.round("_overall", 2).alias("overall_minutes"), "fastest", "slowest"),
            F.round("_spread", 2).alias("spread_minutes"),
        )
    )


def _combinations(incidents: DataFrame, *, column: str, place: str, places: int, few: int) -> DataFrame:
    """Average a time by place, type and priority, in the top places, and compare the places of a combination."""
    combination, rank = Window.partitionBy(*_COMBINATION), f"_{place}_rank"
    counted = incidents.groupBy(place, *_COMBINATION).agg(
        F.count("*").alias("incidents"), F.count(column).alias("timed"), F.sum(column).alias("seconds")
    )
    totals = {f"_all_{name}": F.sum(name).over(combination) for name in ("incidents", "timed", "seconds")}
    several, name = F.col("places") > 1, F.col(place)
    first = {"fastest": F.struct(F.col("_minutes"), name), "slowest": F.struct(-F.col("_minutes"), name)}
    return (
        counted.transform(rank_members, columns=[place], name=rank)
        .where(F.col(rank) <= places)
        .withColumns(totals | {"_cities": F.max(rank).over(Window.partitionBy())})
        .where("timed > 0 AND initial_type IS NOT NULL")
        .withColumns(
            {
                "_minutes": _minutes(F.col("seconds"), F.col("timed")),
                "_overall": _minutes(F.col("_all_seconds"), F.col("_all_timed")),
                "few_incidents": F.col("timed") < few,
                "places": F.count("*").over(combination),
            }
        )
        .withColumns(
            {
                **{end: F.when(several, F.min_by(name, order).over(combination)) for end, order in first.items()},
                "_spread": F.when(several, F.max("_minutes").over(combination) - F.min("_minutes").over(combination)),
            }
        )
    )


def _minutes(seconds: Column, timed: Column) -> Column:
    return F.try_divide(seconds, timed * 60)
