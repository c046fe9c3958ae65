"""Test the counts of incidents by ranges of the arrival time and of the clearing time."""

from __future__ import annotations

from tests.transforms.datasets.frames import assert_answer
from transforms.datasets.police_dispatch.bands import BANDS, NAMED_TYPES, build_arrival_bands, build_clearing_bands

INCIDENTS = "incident_id string, city string, initial_type string, dispatch_arrive int, arrive_cleared int"
BANDED = (
    "city string, initial_type string, is_named_type boolean, band_number int, band string, incidents bigint, "
    "share_pct decimal(6,3)"
)
A, B, C = "ALPHA", "BRAVO", "CHARLIE"


def one(city, *, arrive=None, clear=None, kind="THEFT"):
    return ("P", city, kind, arrive, clear)


def frame(spark, *incidents):
    return spark.createDataFrame([*incidents], INCIDENTS)


EDGES = {
    "0-5": (0, 299), "5-10": (300, 599), "10-15": (600, 899), "15-20": (900, 1199), "20-30": (1200, 1799),
    "30-40": (1800, 2399), "40-50": (2400, 2999), "50+": (3000, 10**9),
}  # fmt: skip


def test_a_limit_belongs_to_the_higher_band(spark):
    incidents = [one(A, arrive=seconds, kind=str(seconds)) for edges in EDGES.values() for seconds in edges]
    bands = build_arrival_bands(frame(spark, *incidents), max_types=99).collect()
    assert {int(row.initial_type): (row.band_number, row.band) for row in bands} == {
        seconds: (BANDS.index(band) + 1, band) for band, edges in EDGES.items() for seconds in edges
    }


def test_shares_exclude_incidents_without_an_arrival_time(spark):
    incidents = frame(
        spark,
        *(one(A, arrive=60), one(A, arrive=0), one(A, arrive=301), one(A), one(A, kind="NOISE", arrive=1)),
        *(one(B, arrive=3000), one(B, kind="NOISE"), one(C, arrive=60), *(one(None, arrive=60),) * 9),
    )
    rows = [
        (A, "THEFT", False, 1, "0-5", 2, "66.667"),
        (A, "THEFT", False, 2, "5-10", 1, "33.333"),
        (A, "NOISE", False, 1, "0-5", 1, "100.000"),
        (B, "THEFT", False, 8, "50+", 1, "100.000"),
    ]
    assert_answer(build_arrival_bands(incidents, max_cities=2, max_types=2), rows, BANDED)
    assert_answer(build_arrival_bands(incidents, max_cities=2, max_types=1), [rows[0], rows[1], rows[3]], BANDED)


def test_clearing_times_without_an_arrival_time_are_used(spark):
    """This answer replaces queries that ignore incidents without an arrival time."""
    incidents = frame(spark, one(A, clear=60), one(A, arrive=9999), one(A, arrive=60, clear=3000))
    rows = [(A, "THEFT", False, 1, "0-5", 1, "50.000"), (A, "THEFT", False, 8, "50+", 1, "50.000")]
    assert_answer(build_clearing_bands(incidents), rows, BANDED)


def test_named_types_have_rows_in_addition_to_the_most_common_types(either_ansi):
    """A named type without incidents has no row. A named type can also be one of the most common types."""
    incidents = frame(
        either_ansi,
        *(one(A, arrive=60), one(A, arrive=60), one(A, arrive=600)),
        *(one(A, arrive=60, kind="NOISE"),) * 3,
        *(one(A, arrive=60, kind="CHECK WELFARE", clear=60), one(A, kind="ALARM"), one(A, arrive=60, kind=None)),
        one(B, arrive=60, kind="CHECK WELFARE"),
    )
    types = ("CHECK WELFARE", "THEFT", "PURSUIT")
    theft = [(A, "THEFT", True, 1, "0-5", 2, "66.667"), (A, "THEFT", True, 3, "10-15", 1, "33.333")]
    noise = (A, "NOISE", False, 1, "0-5", 3, "100.000")
    welfare = (A, "CHECK WELFARE", True, 1, "0-5", 1, "100.000")
    answer = build_arrival_bands(incidents, max_cities=1, max_types=2, types=types)
    assert_answer(answer, [*theft, noise, welfare], BANDED)
    assert_answer(build_clearing_bands(incidents, max_cities=1, max_types=1, types=types), [welfare], BANDED)
    no_types = build_arrival_bands(incidents, max_cities=1, max_types=2, types=())
    assert_answer(no_types, [(*row[:2], False, *row[3:]) for row in (*theft, noise)], BANDED)
    assert types[0] in NAMED_TYPES
    assert_answer(build_arrival_bands(incidents, max_cities=1, max_types=0), [welfare], BANDED)
