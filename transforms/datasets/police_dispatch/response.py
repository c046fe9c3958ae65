"""Compute averages of arrival times and clearing times.

The arrival time is the time from dispatch to the first arrival. The clearing time is the time from the first arrival
until the last unit has cleared. An average includes only incidents with a known time. A time of 0 is also a known time.
`few_incidents` is true if an average includes fewer than `min_timed` incidents.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from transforms.datasets.police_dispatch.ranking import (
    MAX_CITIES,
    MAX_STREETS,
    MIN_TIMED_INCIDENTS,
    rank_by_incidents,
)

ARRIVAL_SECONDS, CLEARING_SECONDS = "dispatch_arrive", "arrive_cleared"
_COMBINATION = ("initial_type", "priority")


def build_arrival_by_city(
    incidents: DataFrame, *, max_cities: int = MAX_CITIES, min_timed: int = MIN_TIMED_INCIDENTS
) -> DataFrame:
    """Compute the average arrival time by city, type and priority, and rank the averages of each city (question 11).

    The top cities are the `max_cities` cities with the most incidents. A pair is a type with a priority. The priority
    can be null.

    Rows: one for each pair in each top city. A pair without a known time in the city has no row.

    Columns:

    - city, initial_type, priority.
    - incidents: the number of incidents of the pair in the city.
    - timed: the number of these incidents that have a known time.
    - avg_minutes: the average time of the timed incidents.
    - few_incidents: whether timed is less than `min_timed`.
    - slowest_rank, fastest_rank: the rank of the pair in the city. The slowest pair has slowest_rank 1, and the fastest
      pair has fastest_rank 1. Ties are broken by type and priority.
    - places: the number of top cities that have a known time for the pair.
    - overall_minutes: the average time of the pair in all top cities together.
    - fastest, slowest: the top cities with the lowest and the highest average time of the pair. Ties are broken by the
      name of the city. Both columns are null if places is 1.
    - spread_minutes: the difference between the averages of these two cities, or null if places is 1.
    """
    return _average_times(
        incidents, column=ARRIVAL_SECONDS, place_column="city", max_places=max_cities, min_timed=min_timed
    )


def build_clearing_by_city(
    incidents: DataFrame, *, max_cities: int = MAX_CITIES, min_timed: int = MIN_TIMED_INCIDENTS
) -> DataFrame:
    """Compute the average clearing time by city, type and priority (question 13).

    Rows and columns: as in `build_arrival_by_city`.
    """
    return _average_times(
        incidents, column=CLEARING_SECONDS, place_column="city", max_places=max_cities, min_timed=min_timed
    )


def build_arrival_by_street(
    incidents: DataFrame, *, max_streets: int = MAX_STREETS, min_timed: int = MIN_TIMED_INCIDENTS
) -> DataFrame:
    """Compute the average arrival time of each type and priority on the streets with the most incidents (question 14).

    Rows and columns: as in `build_arrival_by_city`, with streets instead of cities. Incidents at intersections are left
    out, because an intersection has more than one street.
    """
    return _average_times(
        incidents, column=ARRIVAL_SECONDS, place_column="street", max_places=max_streets, min_timed=min_timed
    )


def build_clearing_by_street(
    incidents: DataFrame, *, max_streets: int = MAX_STREETS, min_timed: int = MIN_TIMED_INCIDENTS
) -> DataFrame:
    """Compute the average clearing time of each type and priority on the streets with the most incidents (question 15).

    Rows and columns: as in `build_arrival_by_street`.
    """
    return _average_times(
        incidents, column=CLEARING_SECONDS, place_column="street", max_places=max_streets, min_timed=min_timed
    )


def build_slowest_cities(
    incidents: DataFrame, *, max_cities: int = MAX_CITIES, min_timed: int = MIN_TIMED_INCIDENTS
) -> DataFrame:
    """For each pair of type and priority, compare the slowest city with the other top cities (question 12).

    The top cities are the `max_cities` cities with the most incidents. Usually, the slowest city has a high average
    only because few of its incidents have a known time.

    Rows: one for each pair that has known times in at least two top cities.

    Columns:

    - city: the slowest city of the pair.
    - initial_type, priority.
    - timed, avg_minutes: the number of timed incidents of the pair in the slowest city, and their average time.
    - others_timed, others_minutes: the number of timed incidents of the pair in all other top cities together, and
      their average time.
    - more_minutes: avg_minutes minus others_minutes.
    - few_incidents: whether timed or others_timed is less than `min_timed`.
    """
    other_seconds, other_timed = (F.col(f"_all_{name}") - F.col(name) for name in ("seconds", "timed"))
    other_minutes = _average_minutes(other_seconds, other_timed)
    return (
        incidents.transform(
            _average_combinations,
            column=ARRIVAL_SECONDS,
            place_column="city",
            max_places=max_cities,
            min_timed=min_timed,
        )
        .where("city = slowest")
        .select(
            *("city", *_COMBINATION, "timed", F.round("_minutes", 2).alias("avg_minutes")),
            *(other_timed.alias("others_timed"), F.round(other_minutes, 2).alias("others_minutes")),
            F.round(F.col("_minutes") - other_minutes, 2).alias("more_minutes"),
            (F.least("timed", other_timed) < min_timed).alias("few_incidents"),
        )
    )


def build_quadrants(
    incidents: DataFrame, *, max_cities: int = MAX_CITIES, min_timed: int = MIN_TIMED_INCIDENTS
) -> DataFrame:
    """Compare the speed and the volume of each city with the averages of the top cities (questions 16 and 17).

    The top cities are the `max_cities` cities with the most incidents. The top cities are compared separately for each
    pair of type and priority. A city is `slower` if its avg_minutes is above overall_minutes, and `faster` if
    avg_minutes is below. A city has `more` incidents if its number of incidents is above usual_incidents, and `fewer`
    if the number is below. `slower, more` indicates a problem with responses (question 16). `faster, more` indicates an
    efficient response (question 17).

    Rows: as in `build_arrival_by_city`.

    Columns:

    - city, initial_type, priority, incidents, timed, avg_minutes, overall_minutes, few_incidents: as in
      `build_arrival_by_city`.
    - usual_incidents: the average number of incidents of the pair in a top city. A top city without incidents of the
      pair is included with 0 incidents.
    - quadrant: the speed and the volume, such as `slower, more`. quadrant is null if avg_minutes equals
      overall_minutes, or if incidents equals usual_incidents. The values are compared before rounding.
    """
    minutes, overall = F.col("_minutes"), F.col("_overall")
    speed = F.when(minutes > overall, "slower").when(minutes < overall, "faster")
    # The volumes are compared without a division, because a quotient of whole numbers is not exact.
    scaled_incidents, usual = F.col("incidents") * F.col("_cities"), F.col("_all_incidents")
    volume = F.when(scaled_incidents > usual, "more").when(scaled_incidents < usual, "fewer")
    return (
        incidents.transform(
            _average_combinations,
            column=ARRIVAL_SECONDS,
            place_column="city",
            max_places=max_cities,
            min_timed=min_timed,
        )
        .withColumn("usual_incidents", F.round(F.try_divide("_all_incidents", "_cities"), 2))
        .select(
            *("city", *_COMBINATION, "incidents", "usual_incidents", "timed"),
            *(F.round("_minutes", 2).alias("avg_minutes"), F.round("_overall", 2).alias("overall_minutes")),
            *(F.concat(speed, F.lit(", "), volume).alias("quadrant"), "few_incidents"),
        )
    )


def _average_times(
    incidents: DataFrame, *, column: str, place_column: str, max_places: int, min_timed: int
) -> DataFrame:
    slowest_first, fastest_first = (
        Window.partitionBy(place_column).orderBy(order, "initial_type", "priority")
        for order in (F.desc("_minutes"), F.asc("_minutes"))
    )
    return (
        incidents.transform(
            _average_combinations,
            column=column,
            place_column=place_column,
            max_places=max_places,
            min_timed=min_timed,
        )
        .withColumn("slowest_rank", F.row_number().over(slowest_first))
        .withColumn("fastest_rank", F.row_number().over(fastest_first))
        .select(
            *(place_column, *_COMBINATION, "incidents", "timed", F.round("_minutes", 2).alias("avg_minutes")),
            *("few_incidents", "slowest_rank", "fastest_rank", "places"),
            *(F.round("_overall", 2).alias("overall_minutes"), "fastest", "slowest"),
            F.round("_spread", 2).alias("spread_minutes"),
        )
    )


def _average_combinations(
    incidents: DataFrame, *, column: str, place_column: str, max_places: int, min_timed: int
) -> DataFrame:
    """Compute the average time by type and priority in each top place, and compare the averages of the places."""
    combination, rank = Window.partitionBy(*_COMBINATION), f"_{place_column}_rank"
    counts = incidents.groupBy(place_column, *_COMBINATION).agg(
        F.count("*").alias("incidents"), F.count(column).alias("timed"), F.sum(column).alias("seconds")
    )
    totals = {f"_all_{name}": F.sum(name).over(combination) for name in ("incidents", "timed", "seconds")}
    has_several, place = F.col("places") > 1, F.col(place_column)
    orders = {"fastest": F.struct(F.col("_minutes"), place), "slowest": F.struct(-F.col("_minutes"), place)}
    spread = F.max("_minutes").over(combination) - F.min("_minutes").over(combination)
    return (
        counts.transform(rank_by_incidents, columns=[place_column], name=rank)
        .where(F.col(rank) <= max_places)
        .withColumns(totals | {"_cities": F.max(rank).over(Window.partitionBy())})
        .where("timed > 0 AND initial_type IS NOT NULL")
        .withColumns(
            {
                "_minutes": _average_minutes(F.col("seconds"), F.col("timed")),
                "_overall": _average_minutes(F.col("_all_seconds"), F.col("_all_timed")),
                "few_incidents": F.col("timed") < min_timed,
                "places": F.count("*").over(combination),
            }
        )
        .withColumns(
            {
                **{
                    name: F.when(has_several, F.min_by(place, order).over(combination))
                    for name, order in orders.items()
                },
                "_spread": F.when(has_several, spread),
            }
        )
    )


def _average_minutes(seconds: Column, timed: Column) -> Column:
    return F.try_divide(seconds, timed * 60)
