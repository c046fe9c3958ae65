"""Validate coordinates, and find the grid cell of a place."""

from __future__ import annotations

from decimal import Decimal

from pyspark.sql import Column
from pyspark.sql import functions as F

from transforms.casts import NUMBER_PATTERN
from transforms.errors import ArgumentError


def valid_coordinates(
    longitude: Column, latitude: Column, *, bounds: tuple[float, float, float, float] | None = None
) -> Column:
    """Return whether a longitude and a latitude (degrees, WGS 84) can belong to a real place.

    The result is never null. Coordinates are not valid if they are null, NaN or text that is not a number. Longitudes
    beyond 180 degrees and latitudes beyond 90 degrees are not valid. A longitude or latitude of zero is not valid. A
    longitude that equals the latitude is not valid either. Forms and geocoders write zeros or two equal values for an
    unknown place. If `bounds` is given, coordinates outside this bounding box are also not valid. The order of `bounds`
    is minimum longitude, minimum latitude, maximum longitude, maximum latitude.

    >>> cases = spark.createDataFrame([(-104.99, 39.73), (0.0, 0.0), (39.73, 39.73)], "lon double, lat double")
    >>> [row[0] for row in cases.select(valid_coordinates(F.col("lon"), F.col("lat"))).collect()]
    [True, False, False]

    Raises:
        ArgumentError: In `bounds`, a minimum is not less than the maximum.
    """
    west, south, east, north = bounds or (-180, -90, 180, 90)
    if not (west < east and south < north):
        expected = "minimum longitude, minimum latitude, maximum longitude, maximum latitude"
        raise ArgumentError(where="valid_coordinates", argument="bounds", got=bounds, expected=expected)
    longitude, latitude = _cast_to_degrees(longitude), _cast_to_degrees(latitude)
    inside = longitude.between(west, east) & latitude.between(south, north)
    is_placeholder = (longitude == 0) | (latitude == 0) | (longitude == latitude)
    return F.coalesce(inside & ~is_placeholder, F.lit(False))


def grid_cell(longitude: Column, latitude: Column, *, degrees: float = 0.01) -> Column:
    """Return the grid cell of a place as text: the latitude and longitude of the cell's south-west corner.

    A cell of 0.01 degrees is 1.1 km high. At the latitude of Denver, the cell is 0.85 km wide. A place on the edge
    between two cells belongs to the northern or eastern cell. The result is null if a coordinate is null, not a number,
    or outside the range of latitudes or longitudes.

    >>> cases = spark.createDataFrame([(-104.9903, 39.7392)], "lon double, lat double")
    >>> cases.select(grid_cell(F.col("lon"), F.col("lat"))).first()[0]
    '39.73,-105.00'

    Raises:
        ArgumentError: `degrees` is not between 0.0001 and 10, or is not a whole number of millionths of a degree.
    """
    valid_latitude = F.when(_cast_to_degrees(latitude).between(-90, 90), latitude)
    south, west = (grid_line(value, degrees=degrees).cast("string") for value in (valid_latitude, longitude))
    return F.concat(south, F.lit(","), west)


def grid_line(coordinate: Column, *, degrees: float) -> Column:
    """Return the nearest grid line south of a latitude or west of a longitude, as a decimal in degrees.

    The result is null if the coordinate is null, NaN, text that is not a number, or beyond 180 degrees.

    >>> cases = spark.createDataFrame([(39.7392,), (-104.9903,)], "at double")
    >>> [str(row[0]) for row in cases.select(grid_line(F.col("at"), degrees=0.05)).collect()]
    ['39.70', '-105.00']

    Raises:
        ArgumentError: As in `grid_cell`.
    """
    exact = Decimal(str(degrees))
    if not exact.is_finite() or not 100 <= exact.scaleb(6) <= 10_000_000 or exact.scaleb(6) % 1:
        expected = "0.0001 to 10 degrees, with at most 6 decimals"
        raise ArgumentError(where="grid_line", argument="degrees", got=degrees, expected=expected)
    cell, decimals = int(exact.scaleb(6)), max(0, -int(exact.normalize().as_tuple().exponent))
    # The calculation uses whole millionths of a degree (11 cm), because integers are exact. With doubles, the
    # coordinate 0.3 would be west of the grid line 0.3.
    position = _cast_to_degrees(coordinate)
    millionths = F.round(F.when(position.between(-180, 180), position) * 1_000_000).cast("bigint")
    line = millionths - F.pmod(millionths, F.lit(cell))
    return (line.cast("decimal(10, 0)") * F.lit(Decimal("0.000001"))).cast(f"decimal({3 + decimals}, {decimals})")


def _cast_to_degrees(coordinate: Column) -> Column:
    """Return a coordinate of any type as a double.

    Without this cast, Spark would cast text to an integer to compare the text with a number.
    """
    parsed_text = F.when(coordinate.cast("string").rlike(NUMBER_PATTERN), coordinate.cast("double"))
    # Spark knows the type of the coordinate at planning time, so the plan has only the branch for this type.
    return F.when(F.typeof(coordinate) == "string", parsed_text).otherwise(coordinate.cast("double"))
