from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from transforms.errors import ArgumentError
from transforms.geo import grid_cell, grid_line, valid_coordinates

NAN, INFINITY = float("nan"), float("inf")
DENVER = (-105.2, 39.5, -104.5, 40.0)


def evaluate(spark, function, places, type_="double"):
    rows = spark.createDataFrame(places, f"`a. Lon` {type_}, `Breite °` {type_}").coalesce(1)
    return [row[0] for row in rows.select(function(F.col("`a. Lon`"), F.col("`Breite °`"))).collect()]


def lines(spark, degrees, coordinates, type_="double"):
    places = [(coordinate, None) for coordinate in coordinates]
    return evaluate(spark, lambda lon, _: grid_line(lon, degrees=degrees), places, type_)


def test_only_plausible_coordinates_are_valid(either_ansi):
    places = {
        (-104.99, 39.73): True,
        (-180.0, -90.0): True,
        (180.0, 90.0): True,
        (0.0, 39.73): False,
        (-104.99, -0.0): False,
        (39.73, 39.73): False,
        (180.1, 39.73): False,
        (-180.1, 39.73): False,
        (-104.99, 90.1): False,
        (39.73, -104.99): False,
        (NAN, 39.73): False,
        (-104.99, NAN): False,
        (NAN, NAN): False,
        (INFINITY, 39.73): False,
        (-104.99, -INFINITY): False,
        (None, 39.73): False,
        (-104.99, None): False,
        (None, None): False,
    }
    assert evaluate(either_ansi, valid_coordinates, [*places]) == [*places.values()]
    decimals = [(Decimal("-104.99"), Decimal("39.73")), (Decimal(0), Decimal(0)), (None, Decimal(1))]
    assert evaluate(either_ansi, valid_coordinates, decimals, "decimal(9,6)") == [True, False, False]


def test_coordinates_on_the_bounds_are_valid(spark):
    places = {
        (-104.99, 39.73): True,
        (-105.2, 39.5): True,
        (-104.5, 40.0): True,
        (-105.21, 39.73): False,
        (-104.49, 39.73): False,
        (-104.99, 39.49): False,
        (-104.99, 40.01): False,
        (None, 39.73): False,
        (NAN, 39.73): False,
    }
    actual = evaluate(spark, lambda lon, lat: valid_coordinates(lon, lat, bounds=DENVER), [*places])
    assert actual == [*places.values()]


@pytest.mark.parametrize(
    "bounds", [(-104.5, 39.5, -105.2, 40.0), (-105.2, 40.0, -104.5, 39.5), (0, 0, 0, 0), (NAN,) * 4]
)
def test_reversed_or_empty_bounds_are_refused(spark, bounds):
    """Each minimum of the bounds must be less than its maximum."""
    with pytest.raises(
        ArgumentError, match="valid_coordinates: bounds is .*expected minimum longitude, minimum latitude"
    ):
        valid_coordinates(F.lit(1), F.lit(2), bounds=bounds)


def test_cell_name_is_its_south_west_corner(either_ansi):
    places = {
        (-104.9903, 39.7392): "39.73,-105.00",
        (-105.0, 39.73): "39.73,-105.00",
        (-104.99, 39.74): "39.74,-104.99",
        (0.0, 0.0): "0.00,0.00",
        (-0.001, -0.001): "-0.01,-0.01",
        (0.3, 0.3): "0.30,0.30",
        (180.0, 90.0): "90.00,180.00",
        (-180.0, -90.0): "-90.00,-180.00",
        (39.7, -104.9): None,
        (-104.9, 90.01): None,
        (180.01, 39.7): None,
        (NAN, 39.7): None,
        (-104.9, NAN): None,
        (INFINITY, 39.7): None,
        (None, 39.7): None,
        (-104.9, None): None,
    }
    assert evaluate(either_ansi, grid_cell, [*places]) == [*places.values()]


def test_cell_size_determines_the_number_of_decimals(either_ansi):
    cases = {
        10: [("-104.99", "-110"), ("180", "180"), ("-180", "-180"), ("9.99", "0")],
        1: [("-104.99", "-105"), ("0.5", "0")],
        0.5: [("-104.99", "-105.0"), ("0.5", "0.5")],
        0.07: [("-180", "-180.04"), ("0.21", "0.21")],
        0.0001: [("39.73925", "39.7392"), ("-0.00001", "-0.0001"), ("0.00001", "0.0000")],
        0.000125: [("0.0002501", "0.000250")],
    }
    coordinates = [(Decimal(at),) for expected_lines in cases.values() for at, _ in expected_lines]
    rows = either_ansi.createDataFrame(coordinates, "at decimal(12,8)").coalesce(1)
    column = [(degrees, type_) for degrees in cases for type_ in ("double", "decimal(12,8)")]
    columns = [grid_line(F.col("at").cast(type_), degrees=degrees).cast("string") for degrees, type_ in column]
    actual = rows.select("at", *columns).collect()
    lines_by_case = {(*case, row[0]): row[index] for row in actual for index, case in enumerate(column, start=1)}
    for degrees, expected_lines in cases.items():
        for at, line in expected_lines:
            assert {lines_by_case[degrees, type_, Decimal(at)] for type_ in ("double", "decimal(12,8)")} == {line}


@pytest.mark.parametrize("degrees", [0, -0.01, 0.00001, 10.5, 0.0001234, NAN, INFINITY])
def test_invalid_cell_sizes_are_refused(spark, degrees):
    for call in (lambda: grid_line(F.lit(1), degrees=degrees), lambda: grid_cell(F.lit(1), F.lit(1), degrees=degrees)):
        with pytest.raises(
            ArgumentError, match="grid_line: degrees is .*, expected 0.0001 to 10 degrees, with at most 6 dec"
        ):
            call()


@given(
    coordinates=st.lists(st.decimals(-180, 180, places=6), min_size=1, max_size=40),
    degrees=st.sampled_from([0.0001, 0.01, 0.05, 0.07, 0.3, 1.0, 10.0]),
)
def test_coordinates_are_rounded_down_to_grid_lines(spark, coordinates, degrees):
    step = Decimal(str(degrees))
    expected = [(at / step).to_integral_value(ROUND_FLOOR) * step for at in coordinates]
    assert lines(spark, degrees, [float(at) for at in coordinates]) == expected


def test_only_numeric_text_is_a_valid_coordinate(either_ansi):
    places = [
        ("-104.99", " 39.73"),
        ("180.5", "90.7"),
        ("n/a", "39"),
        ("", "39"),
        (None, "39"),
        ("1e1", "2e1"),
        ("1d", "2"),
    ]
    assert evaluate(either_ansi, valid_coordinates, places, "string") == [True, *[False] * 4, True, False]
    assert evaluate(either_ansi, grid_cell, places, "string") == ["39.73,-104.99", *[None] * 4, "20.00,10.00", None]
