"""Coordinates: which are real, and which cell of a grid they are in."""

from __future__ import annotations

from decimal import Decimal

from pyspark.sql import Column
from pyspark.sql import functions as F

from transforms.casts import NUMBER
from transforms.errors import ArgumentError


def valid_coordinates(
    longitude: Column, latitude: Column, *, within: tuple[float, float, float, float] | None = None
) -> Column:
    """Return whether a longitude and a latitude, in degrees (WGS 84), can be those of a place; never null.

    Not those that are null, NaN, text that is no number, beyond 180 or 90 degrees, zero or equal to one another, which
    is how forms and geocoders write that they found none; nor, with `within`, those outside of a box: least longitude,
    least latitude, greatest longitude, greatest latitude.

    >>> cases = spark.createDataFrame([(-104.99, 39.73), (0.0, 0.0), (39.73, 39.73)], "lon double, lat double")
    >>> [row[0] for row in cases.select(valid_coordinates(F.col("lon"), F.col("lat"))).collect()]
    [True, False, False]

    Raises:
        ArgumentError: The box has no inside.
    """
    west, south, east, north = within or (-180, -90, 180, 90)
    if not (west < east and south < north):
        expected = "least longitude, least latitude, greatest longitude, greatest latitude"
        raise ArgumentError(where="valid_coordinates", argument="within", got=within, expected=expected)
    longitude, latitude = _degrees(longitude), _degrees(latitude)
    inside = longitude.between(west, east) & latitude.between(south, north)
    stated = (longitude != 0) & (latitude != 0) & (longitude != latitude)
    return F.coalesce(inside & stated, F.lit(False))


def grid_cell(longitude: Column, latitude: Column, *, degrees: float = 0.01) -> Column:
    """Return the cell of a grid that a place is in, as text: latitude and longitude of its south-west corner.

    A cell of 0.01 degrees is 1.1 km high and, at the latitude of Denver, 0.85 km wide. A place on an edge belongs to
    the cell to its north or east. Null where a coordinate is null or none.

    >>> cases = spark.createDataFrame([(-104.9903, 39.7392)], "lon double, lat double")
    >>> cases.select(grid_cell(F.col("lon"), F.col("lat"))).first()[0]
    '39.73,-105.00'

    Raises:
        ArgumentError: The cells are not between 0.0001 and 10 degrees, in whole millionths.
    """
    real = F.when(_degrees(latitude).between(-90, 90), latitude)
    south, west = (grid_line(value, degrees=degrees).cast("string") for value in (real, longitude))
    return F.concat(south, F.lit(","), west)


def grid_line(coordinate: Column, *, degrees: float) -> Column:
    """Return the line of a grid to the south or west of a longitude or latitude, in degrees, as a decimal.

    Null for a null, for NaN, for text that is no number and beyond 180 degrees.

    >>> cases = spark.createDataFrame([(39.7392,), (-104.9903,)], "at double")
    >>> [str(row[0]) for row in cases.select(grid_line(F.col("at"), degrees=0.05)).collect()]
    ['39.70', '-105.00']

    Raises:
        ArgumentError: As `grid_cell`.
    """
    exact = Decimal(str(degrees))
    if not exact.is_finite() or not 100 <= exact.scaleb(6) <= 10_000_000 or exact.scaleb(6) % 1:
        expected = "0.0001 to 10, in whole millionths"
        raise ArgumentError(where="grid_line", argument="degrees", got=degrees, expected=expected)
    cell, decimals = int(exact.scaleb(6)), max(0, -int(exact.normalize().as_tuple().exponent))
    # In whole millionths of a degree, 11 cm: of doubles 0.3 would be left of the line 0.3.
    at = _degrees(coordinate)
    millionths = F.round(F.when(at.between(-180, 180), at) * 1_000_000).cast("bigint")
    line = millionths - F.pmod(millionths, F.lit(cell))
    return (line.cast("decimal(10, 0)") * F.lit(Decimal("0.000001"))).cast(f"decimal({3 + decimals}, {decimals})")


def _degrees(coordinate: Column) -> Column:
    """Return a coordinate as a double, whatever its type: text compared with a number would be cut to a whole one."""
    of_text = F.when(coordinate.cast("string").rlike(NUMBER), coordinate.cast("double"))
    # Spark knows the type before it sees a row, and leaves the other branch out.
    return F.when(F.typeof(coordinate) == "string", of_text).otherwise(coordinate.cast("double"))
