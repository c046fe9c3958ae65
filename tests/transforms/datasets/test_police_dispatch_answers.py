"""Test the answers about the number, the places and the outcomes of incidents."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.transforms.datasets.frames import assert_answer
from transforms.datasets.police_dispatch.counts import (
    build_cities,
    build_hours,
    build_priority_shares,
    build_top_city_types,
    build_top_street_types,
    build_type_shares,
)
from transforms.datasets.police_dispatch.outcomes import (
    build_common_type_dispositions,
    build_missing_times,
    build_street_type_dispositions,
    build_top_type_dispositions,
    build_type_dispositions,
)
from transforms.datasets.police_dispatch.places import (
    build_at_intersections,
    build_grid_cells,
    build_intersections,
    build_streets,
)

COLUMNS = {
    "incident_id": "string", "city": "string", "initial_type": "string", "priority": "int", "street": "string",
    "intersection": "string", "is_intersection": "boolean", "longitude": "double", "latitude": "double",
    "sector": "string", "police_district_number": "string", "disposition_desc": "string", "dispatch_arrive": "int",
    "arrive_cleared": "int", "start_weekday": "int", "start_hour": "int",
    "start_date": "date",
}  # fmt: skip
INCIDENTS = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS.items())
SHARE = "incidents bigint, share_pct decimal(6,3)"
ROCKVILLE, OLNEY, BETHESDA = "ROCKVILLE", "OLNEY", "BETHESDA"


def some(number, **cells):
    """Return a list with `number` equal incidents."""
    return [{"initial_type": "THEFT", "city": ROCKVILLE} | cells] * number


def frame(spark, *groups):
    incidents = [incident for group in groups for incident in group]
    rows = [
        [f"P{number}" if name == "incident_id" else incident.get(name) for name in COLUMNS]
        for number, incident in enumerate(incidents)
    ]
    return spark.createDataFrame(rows, INCIDENTS)


def test_incidents_without_a_city_have_a_null_rank(either_ansi):
    first, last = date(2024, 3, 5), date(2024, 11, 7)
    incidents = frame(
        either_ansi,
        some(1, city=OLNEY, start_date=last), some(1, city=OLNEY, start_date=first), some(2, start_date=last),
        some(1, city=BETHESDA), some(4, city=None, start_date=first),
    )  # fmt: skip
    rows = [
        (1, OLNEY, 2, "22.222", first, last),
        (2, ROCKVILLE, 2, "22.222", last, last),
        (3, BETHESDA, 1, "11.111", None, None),
        (None, None, 4, "44.445", first, first),
    ]
    assert_answer(build_cities(incidents), rows, f"rank int, city string, {SHARE}, first_day date, last_day date")


def test_types_are_ranked_within_each_top_city(spark):
    incidents = frame(
        spark,
        some(3), some(2, initial_type="NOISE"), some(2, initial_type="ALARM"), some(1, initial_type=None),
        some(5, city=OLNEY), some(4, city=BETHESDA), some(99, city=None),
    )  # fmt: skip
    rows = [
        (1, ROCKVILLE, 1, "THEFT", 3, "37.500"),  # ROCKVILLE has 8 incidents in total
        (1, ROCKVILLE, 2, "ALARM", 2, "25.000"),  # NOISE also has 2 incidents, but comes after ALARM in the alphabet
        (2, OLNEY, 1, "THEFT", 5, "100.000"),
    ]
    schema = f"city_rank int, city string, rank int, initial_type string, {SHARE}"
    assert_answer(build_top_city_types(incidents, max_cities=2, max_types=2), rows, schema)


def test_shares_of_types_use_the_city_total(spark):
    """This answer replaces queries that contain the totals as constants. In the queries, two totals are swapped."""
    incidents = frame(
        spark,
        some(1), some(3, initial_type="NOISE"),
        some(1, city=OLNEY), some(1, city=OLNEY, initial_type="NOISE"),
        some(2, city=None, initial_type=None),
    )  # fmt: skip
    rows = [
        (ROCKVILLE, "THEFT", 1, "25.000", 2, "25.000", "0.000"),
        (ROCKVILLE, "NOISE", 3, "75.000", 4, "50.000", "25.000"),
        (OLNEY, "THEFT", 1, "50.000", 2, "25.000", "25.000"),
        (OLNEY, "NOISE", 1, "50.000", 4, "50.000", "0.000"),
        (None, None, 2, "100.000", 2, "25.000", "75.000"),
    ]
    overall = "overall_incidents bigint, overall_pct decimal(6,3), difference_pct_points decimal(7,3)"
    assert_answer(build_type_shares(incidents), rows, f"city string, initial_type string, {SHARE}, {overall}")


def test_shares_of_priorities_add_up_to_100(spark):
    """For each type in each city, the shares add up to 100."""
    incidents = frame(
        spark,
        some(1, priority=0), some(2, priority=3), some(1), some(4, initial_type="NOISE"),
        some(3, city=OLNEY, priority=1), some(9, city=None, initial_type="ALARM"),
    )  # fmt: skip
    rows = [
        (ROCKVILLE, "THEFT", 4, 50.0, None, 1, "25.000"),
        (ROCKVILLE, "THEFT", 4, 50.0, 0, 1, "25.000"),
        (ROCKVILLE, "THEFT", 4, 50.0, 3, 2, "50.000"),
        (OLNEY, "THEFT", 3, 100.0, 1, 3, "100.000"),
    ]
    schema = (
        "city string, initial_type string, type_incidents bigint, type_share_pct double, priority int, "
        "incidents bigint, priority_share_pct decimal(6,3)"
    )
    assert_answer(build_priority_shares(incidents, max_cities=2, max_types=2), rows, schema)


def test_incidents_are_counted_by_weekday_and_hour(spark):
    sunday, monday = {"start_weekday": 7, "start_hour": 1}, {"start_weekday": 1, "start_hour": 1}
    incidents = frame(spark, some(3, **sunday), some(1, **monday))
    rows = [(7, 1, 3, "75.000"), (1, 1, 1, "25.000")]
    assert_answer(build_hours(incidents), rows, f"weekday int, hour int, {SHARE}")


def at(*streets):
    return {"intersection": " / ".join(streets), "is_intersection": True}


def on(street):
    return {"street": street, "is_intersection": False}


def test_incidents_at_intersections_count_for_both_streets(either_ansi):
    incidents = frame(
        either_ansi, some(2, **on("GEORGIA AVE")), some(1, **on("OAK ST")), some(3, **at("ELM ST", "OAK ST")), some(5)
    )
    rows = [(1, "GEORGIA AVE", 2, "66.667", 0), (2, "OAK ST", 1, "33.333", 3), (3, "ELM ST", 0, "0.000", 3)]
    assert_answer(build_streets(incidents), rows, f"rank int, street string, {SHARE}, at_intersections bigint")

    rows = [(False, 3, "27.273"), (True, 3, "27.273"), (None, 5, "45.454")]
    assert_answer(build_at_intersections(incidents), rows, f"is_intersection boolean, {SHARE}")


def place(latitude, longitude):
    return {"latitude": latitude, "longitude": longitude}


def test_intersections_have_their_mean_coordinates(either_ansi):
    """Incidents without coordinates are counted, but they do not change the mean."""
    oak = at("ELM ST", "OAK ST")
    incidents = frame(
        either_ansi,
        some(2, **oak, **place(39.00001, -77.00001)), some(1, **oak, **place(39.00002, -77.00004)), some(1, **oak),
        some(1, **at("A ST", "B ST"), **place(39.0, -77.0)), some(1, **at("A ST", "B ST"), **place(39.00001, -77.0)),
        some(1, **at("C ST", "D ST")), some(9, **on("OAK ST"), **place(39.1, -77.1)),
    )  # fmt: skip
    rows = [
        (1, "ELM ST / OAK ST", 39.00001, -77.00002, 4, "57.143"),
        (2, "A ST / B ST", 39.00001, -77.0, 2, "28.571"),  # the mean latitude is 39.000005
        (3, "C ST / D ST", None, None, 1, "14.286"),
    ]
    schema = f"rank int, intersection string, latitude double, longitude double, {SHARE}"
    assert_answer(build_intersections(incidents), rows, schema)


def test_types_by_street_exclude_incidents_at_intersections(spark):
    noise = {"initial_type": "NOISE"}
    incidents = frame(
        spark, some(3, **on("OAK ST")), some(1, **on("OAK ST"), **noise), some(9, **at("ELM ST", "OAK ST")),
        some(2, **on("ELM ST")), some(1, **on("A ST")),
    )  # fmt: skip
    rows = [(1, "OAK ST", 1, "THEFT", 3, "75.000"), (2, "ELM ST", 1, "THEFT", 2, "100.000")]
    schema = f"street_rank int, street string, rank int, initial_type string, {SHARE}"
    assert_answer(build_top_street_types(incidents, max_streets=2, max_types=1), rows, schema)


CELLS = f"rank int, cell string, south decimal(5,2), west decimal(5,2), street string, {SHARE}"


def test_grid_cells_include_their_south_and_west_edges(spark):
    incidents = frame(
        spark,
        some(2, longitude=-77.05, latitude=39.0), some(1, longitude=-77.0401, latitude=39.0099),
        some(1, longitude=-77.04, latitude=39.0), some(5),
    )  # fmt: skip
    rows = [
        (1, "39.00,-77.05", Decimal("39.00"), Decimal("-77.05"), None, 3, "75.000"),
        (2, "39.00,-77.04", Decimal("39.00"), Decimal("-77.04"), None, 1, "25.000"),
    ]
    assert_answer(build_grid_cells(incidents), rows, CELLS)


def test_grid_cells_have_their_busiest_street(either_ansi):
    """An incident at an intersection is counted for each of its streets, but only once for the cell."""
    first, second, third = (place(39.005, -77.005 - number / 100) for number in range(3))
    incidents = frame(
        either_ansi,
        some(2, **on("OAK ST"), **first), some(1, **on("ELM ST"), **first), some(1, **at("ELM ST", "FIR ST"), **first),
        some(1, **at("A ST", "ELM ST"), **first), some(9, **first),
        some(1, **on("OAK ST"), **second), some(1, **on("ELM ST"), **second),
        some(1, **at("ELM ST", "OAK ST"), **second), some(1, **third), some(9, **on("OAK ST")),
    )  # fmt: skip
    south = Decimal("39.00")
    rows = [
        (1, "39.00,-77.01", south, Decimal("-77.01"), "ELM ST", 14, "77.778"),
        (2, "39.00,-77.02", south, Decimal("-77.02"), "ELM ST", 3, "16.667"),  # both streets have two incidents
        (3, "39.00,-77.03", south, Decimal("-77.03"), None, 1, "5.555"),
    ]
    assert_answer(build_grid_cells(incidents), rows, CELLS)


def ended(disposition, kind="THEFT"):
    return {"disposition_desc": disposition, "initial_type": kind}


DISPOSED = (
    some(3, **ended("ARREST")), some(3, **ended("REPORT")), some(2, **ended(None)), some(2, **ended("ARREST", "NOISE")),
    some(1, city=OLNEY, **ended("ARREST")), some(4, city=OLNEY, **ended("GONE")),
    some(9, city=None, **ended("ARREST")), some(1, city=BETHESDA, **ended("REPORT")),
)  # fmt: skip


def test_combinations_are_ranked_within_each_top_city(spark):
    """A combination is a type and a disposition."""
    rows = [
        (1, ROCKVILLE, 1, "THEFT", "ARREST", 3, "30.000"),
        (1, ROCKVILLE, 2, "THEFT", "REPORT", 3, "30.000"),
        (2, OLNEY, 1, "THEFT", "GONE", 4, "80.000"),
        (2, OLNEY, 2, "THEFT", "ARREST", 1, "20.000"),
    ]
    schema = f"city_rank int, city string, rank int, initial_type string, disposition_desc string, {SHARE}"
    assert_answer(build_type_dispositions(frame(spark, *DISPOSED), max_cities=2, max_combinations=2), rows, schema)


def test_combinations_missing_from_a_top_city_are_excluded(spark):
    schema = (
        "rank int, initial_type string, disposition_desc string, cities int, incidents bigint, "
        "min_share_pct decimal(6,3), max_share_pct decimal(6,3)"
    )
    rows = [(1, "THEFT", "ARREST", 2, 4, "20.000", "30.000")]
    assert_answer(build_common_type_dispositions(frame(spark, *DISPOSED), max_cities=2), rows, schema)
    assert_answer(build_common_type_dispositions(frame(spark, *DISPOSED), max_cities=3), [], schema)


def test_shares_of_dispositions_add_up_to_100(spark):
    """For each type in each city, the shares add up to 100."""
    rows = [
        (1, ROCKVILLE, 1, "THEFT", "ARREST", 3, "37.500"),
        (1, ROCKVILLE, 1, "THEFT", "REPORT", 3, "37.500"),
        (1, ROCKVILLE, 1, "THEFT", None, 2, "25.000"),
    ]
    schema = f"city_rank int, city string, type_rank int, initial_type string, disposition_desc string, {SHARE}"
    assert_answer(build_top_type_dispositions(frame(spark, *DISPOSED), max_cities=1, max_types=1), rows, schema)


def test_combinations_are_ranked_on_each_street_of_the_largest_city(either_ansi):
    """Only incidents at blocks in this city are counted for a street."""
    oak, elm = on("OAK ST"), on("ELM ST")
    incidents = frame(
        either_ansi,
        some(2, **oak, **ended("REPORT")), some(2, **oak, **ended("ARREST")), some(1, **oak, **ended("GONE")),
        some(3, **oak, **ended(None)), some(1, **elm, **ended("GONE", "NOISE")), some(1, **on("A ST"), **ended(None)),
        some(9, **at("ELM ST", "OAK ST"), **ended("ARREST")), some(9, **ended("ARREST")),
        some(9, city=OLNEY, **elm, **ended("ARREST")), some(99, city=None, **elm, **ended("ARREST")),
    )  # fmt: skip
    rows = [
        (ROCKVILLE, 1, "OAK ST", 1, "THEFT", "ARREST", 2, "25.000"),
        (ROCKVILLE, 1, "OAK ST", 2, "THEFT", "REPORT", 2, "25.000"),
        (ROCKVILLE, 3, "ELM ST", 1, "NOISE", "GONE", 1, "100.000"),  # A ST has rank 2, and no disposition
    ]
    schema = (
        f"city string, street_rank int, street string, rank int, initial_type string, disposition_desc string, {SHARE}"
    )
    answer = build_street_type_dispositions(incidents, max_streets=3, max_combinations=2)
    assert_answer(answer, rows, schema)
    assert_answer(build_street_type_dispositions(incidents, max_streets=2, max_combinations=2), rows[:2], schema)


def test_only_null_times_are_counted_as_missing(spark):
    incidents = frame(
        spark,
        some(1, sector="A1", police_district_number="1D", dispatch_arrive=0, arrive_cleared=0),
        some(1, sector="A1", police_district_number="1D", dispatch_arrive=60),
        some(1, sector="B1", police_district_number="1D", initial_type="NOISE"),
    )
    rows = [
        ("all", None, 3, 1, 2, 33.33, 66.67),
        ("initial_type", "THEFT", 2, 0, 1, 0.0, 50.0),
        ("initial_type", "NOISE", 1, 1, 1, 100.0, 100.0),
        ("sector", "A1", 2, 0, 1, 0.0, 50.0),
        ("sector", "B1", 1, 1, 1, 100.0, 100.0),
        ("police_district_number", "1D", 3, 1, 2, 33.33, 66.67),
        ("city", ROCKVILLE, 3, 1, 2, 33.33, 66.67),
    ]
    schema = (
        "group_kind string, group_name string, incidents bigint, arrival_missing bigint, clearing_missing bigint, "
        "arrival_missing_pct double, clearing_missing_pct double"
    )
    assert_answer(build_missing_times(incidents), rows, schema)


NULLABLE = {
    "cities": ("city", "rank"),
    "type_shares": ("city", "initial_type"),
    "streets": ("street", "rank"),
    "grid_cells": ("street", "rank"),
    "intersections": ("intersection", "rank", "latitude"),
    "at_intersections": ("is_intersection",),
    "top_type_dispositions": ("disposition_desc",),
    "arrival_by_city": ("priority",),
    "clearing_by_city": ("priority",),
    "arrival_by_street": ("priority",),
    "clearing_by_street": ("priority",),
    "slowest_cities": ("priority",),
    "quadrants": ("priority", "quadrant"),
    "priority_shares": ("priority",),
}
"""The columns of each answer that can be null and that are in the sentence of the answer."""
