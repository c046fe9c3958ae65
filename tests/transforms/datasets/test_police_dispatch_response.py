"""Test the averages of arrival and clearing times."""

from __future__ import annotations

from tests.transforms.datasets.frames import assert_answer
from transforms.datasets.police_dispatch.response import (
    build_arrival_by_city,
    build_arrival_by_street,
    build_clearing_by_city,
    build_clearing_by_street,
    build_quadrants,
    build_slowest_cities,
)

INCIDENTS = (
    "incident_id string, city string, street string, initial_type string, priority int, dispatch_arrive int, "
    "arrive_cleared int"
)
AVERAGES = (
    "{} string, initial_type string, priority int, incidents bigint, timed bigint, avg_minutes double, "
    "few_incidents boolean, slowest_rank int, fastest_rank int, places bigint, overall_minutes double, "
    "fastest string, slowest string, spread_minutes double"
)
A, B, C = "ALPHA", "BRAVO", "CHARLIE"


def one(city, *, arrive=None, clear=None, kind="THEFT", priority=3, street=None):
    return ("P", city, street, kind, priority, arrive, clear)


def frame(spark, *incidents):
    return spark.createDataFrame([*incidents], INCIDENTS)


def test_clearing_averages_use_times_without_an_arrival_time(spark):
    """This answer replaces queries that ignore incidents without an arrival time."""
    row = build_clearing_by_city(
        frame(spark, one(A, clear=60), one(A, arrive=9999), one(A, arrive=60, clear=3000))
    ).first()
    assert (row.incidents, row.timed, row.avg_minutes) == (3, 2, 25.5)


def test_averages_exclude_only_missing_times(spark):
    """This answer replaces queries that treat each missing time as 0."""
    missing = frame(spark, one(A, arrive=120), one(A), one(A))
    row = build_arrival_by_city(missing).first()
    assert (row.incidents, row.timed, row.avg_minutes) == (3, 1, 2.0)
    zero = frame(spark, one(A, arrive=120), one(A, arrive=0))
    assert build_arrival_by_city(zero).first().avg_minutes == 1.0
    assert build_arrival_by_city(frame(spark, one(A), one(A))).collect() == []


def test_averages_are_ranked_within_each_top_city(either_ansi):
    incidents = frame(
        either_ansi,
        *(one(A, arrive=60), one(A, arrive=180), one(A, arrive=600, priority=None), one(A, kind=None, arrive=9)),
        *(one(B, arrive=300), one(B, arrive=300, kind="NOISE"), one(B)),
        *(one(C, arrive=1), one(C)),
        *(one(None, arrive=9),) * 9,
    )
    rows = [
        (A, "THEFT", 3, 2, 2, 2.0, False, 2, 1, 2, 3.0, A, B, 3.0),
        (A, "THEFT", None, 1, 1, 10.0, True, 1, 2, 1, 10.0, None, None, None),
        (B, "THEFT", 3, 2, 1, 5.0, True, 2, 2, 2, 3.0, A, B, 3.0),
        (B, "NOISE", 3, 1, 1, 5.0, True, 1, 1, 1, 5.0, None, None, None),
    ]
    assert_answer(build_arrival_by_city(incidents, max_cities=2, min_timed=2), rows, AVERAGES.format("city"))


def test_ties_between_cities_are_broken_by_name(spark):
    row = build_arrival_by_city(frame(spark, one(B, arrive=60), one(A, arrive=60), one(C, arrive=60))).first()
    assert (row.fastest, row.slowest, row.spread_minutes) == (A, A, 0.0)


def test_street_averages_exclude_incidents_at_intersections(spark):
    incidents = frame(
        spark,
        one(A, street="OAK ST", arrive=60, clear=600), one(B, street="OAK ST", arrive=180),
        one(A, street="ELM ST", arrive=240, clear=60), one(A, arrive=6000, clear=6000),
    )  # fmt: skip
    rows = [
        ("OAK ST", "THEFT", 3, 2, 2, 2.0, True, 1, 1, 2, 2.67, "OAK ST", "ELM ST", 2.0),
        ("ELM ST", "THEFT", 3, 1, 1, 4.0, True, 1, 1, 2, 2.67, "OAK ST", "ELM ST", 2.0),
    ]
    assert_answer(build_arrival_by_street(incidents), rows, AVERAGES.format("street"))
    rows = build_clearing_by_street(incidents).collect()
    clearing = {row.street: (row.incidents, row.timed, row.avg_minutes) for row in rows}
    assert clearing == {"OAK ST": (2, 1, 10.0), "ELM ST": (1, 1, 1.0)}
    assert {row.street for row in build_arrival_by_street(incidents, max_streets=1).collect()} == {"OAK ST"}


def test_slowest_city_is_compared_with_other_top_cities(spark):
    incidents = frame(
        spark,
        *(one(A, arrive=6000, kind="ASSAULT"),),
        *(one(B, arrive=600, kind="ASSAULT"),) * 5,
        *(one(C, arrive=0, kind="ASSAULT"),),
        *(one(A, arrive=60),) * 5,
        one(B, arrive=90, kind="NOISE"),
    )
    schema = (
        "city string, initial_type string, priority int, timed bigint, avg_minutes double, others_timed bigint, "
        "others_minutes double, more_minutes double, few_incidents boolean"
    )
    rows = [(A, "ASSAULT", 3, 1, 100.0, 6, 8.33, 91.67, True)]
    assert_answer(build_slowest_cities(incidents), rows, schema)
    assert build_slowest_cities(incidents, min_timed=1).first().few_incidents is False


def test_a_comparison_with_few_incidents_elsewhere_is_marked(spark):
    incidents = frame(spark, *(one(A, arrive=600),) * 5, *(one(B, arrive=60),) * 4)
    assert build_slowest_cities(incidents, min_timed=5).first().few_incidents is True
    assert build_slowest_cities(incidents, min_timed=4).first().few_incidents is False


def test_quadrants_compare_cities_with_their_average(spark):
    incidents = frame(
        spark,
        *(one(A, arrive=600),) * 3, one(B, arrive=60), one(B), one(C, arrive=60),
        *(one(A, arrive=60, kind="NOISE"),) * 3, one(B, arrive=600, kind="NOISE"),
        one(A, arrive=60, kind="ALARM"),  # no other city has an incident of the type ALARM
    )  # fmt: skip
    found = {(row.initial_type, row.city): row for row in build_quadrants(incidents, min_timed=2).collect()}
    assert {key: row.quadrant for key, row in found.items()} == {
        ("THEFT", A): "slower, more",
        ("THEFT", B): None,  # B has as many incidents as the average of the three cities
        ("THEFT", C): "faster, fewer",
        ("NOISE", A): "faster, more",
        ("NOISE", B): "slower, fewer",
        ("ALARM", A): None,
    }
    assert tuple(found["THEFT", B]) == (B, "THEFT", 3, 2, 2.0, 1, 1.0, 6.4, None, True)
    assert found["NOISE", A].usual_incidents == 1.33  # (3 + 1 + 0) incidents / 3 cities
    assert found["NOISE", A].few_incidents is False
