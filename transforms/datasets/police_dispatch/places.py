"""Count incidents by street, by cell of a map grid and by intersection."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from transforms.aggregate import aggregate
from transforms.datasets.police_dispatch.ranking import INCIDENT_COUNT, rank_by_incidents
from transforms.geo import grid_cell, grid_line
from transforms.shares import share_of_total

CELL_DEGREES = 0.01
"""The height and width of a grid cell in degrees. In the county, a cell is 1.1 km high and 0.86 km wide."""

_CELL_COLUMNS = ("cell", "south", "west")
_COORDINATES = ("latitude", "longitude")


def build_streets(incidents: DataFrame) -> DataFrame:
    """Rank the streets by their number of incidents (question 4).

    Rows: one for each street that has an incident at a block or at an intersection.

    Columns:

    - rank: 1 for the street with the most incidents at blocks.
    - street: the name of the street.
    - incidents: the number of incidents at blocks of the street. Incidents at intersections are not included.
    - share_pct: incidents as a percentage of all incidents at blocks. The percentages add up to exactly 100.000.
    - at_intersections: the number of incidents at intersections of the street.

    An incident at an intersection is counted in at_intersections for each street of the intersection.
    """
    at_intersection = F.col("is_intersection").cast("int")
    columns = {"incidents": ("_at_block", "sum"), "at_intersections": ("_at_intersection", "sum")}
    return (
        incidents.where("coalesce(street, intersection) IS NOT NULL")
        .select(
            F.explode(_streets()).alias("street"),
            (1 - at_intersection).alias("_at_block"),
            at_intersection.alias("_at_intersection"),
        )
        .transform(aggregate, group_by=["street"], columns=columns)
        .transform(share_of_total, column="incidents", name="share_pct")
        .transform(rank_by_incidents, columns=["street"], name="rank")
        .select("rank", "street", "incidents", "share_pct", "at_intersections")
    )


def build_grid_cells(incidents: DataFrame, *, degrees: float = CELL_DEGREES) -> DataFrame:
    """Rank the cells of a map grid by their number of incidents (question 5).

    Rows: one for each cell with incidents.

    Columns:

    - rank: 1 for the cell with the most incidents.
    - cell: the latitude and longitude of the south-west corner of the cell, such as `39.02,-77.05`.
    - south, west: the latitude and longitude of the same corner, as numbers in degrees.
    - street: the street with the most incidents in the cell, or null if no incident in the cell has a street. An
      incident at an intersection is counted for each street of the intersection. Ties are broken by the name.
    - incidents: the number of incidents in the cell. Each incident is counted once.
    - share_pct: incidents as a percentage of all incidents that have coordinates. The percentages add up to exactly
      100.000.
    """
    most_frequent_first = F.when(F.col("street").isNotNull(), F.struct(-F.col("_on_street"), F.col("street")))
    return (
        incidents.where("longitude IS NOT NULL")
        .transform(_count_by_cell_and_street, degrees=degrees)
        .groupBy(*_CELL_COLUMNS)
        .agg(F.min_by("street", most_frequent_first).alias("street"), F.sum("incidents").alias("incidents"))
        .transform(share_of_total, column="incidents", name="share_pct")
        .transform(rank_by_incidents, columns=["cell"], name="rank")
        .select("rank", *_CELL_COLUMNS, "street", "incidents", "share_pct")
    )


def build_intersections(incidents: DataFrame) -> DataFrame:
    """Rank the intersections by their number of incidents (question 5).

    Rows: one for each intersection with incidents.

    Columns:

    - rank: 1 for the intersection with the most incidents.
    - intersection: the streets in alphabetical order.
    - latitude, longitude: the mean of the coordinates of the incidents at the intersection. The mean is in degrees and
      has 5 decimals. It is null if no incident at the intersection has coordinates.
    - incidents: the number of incidents at the intersection.
    - share_pct: incidents as a percentage of all incidents at intersections. The percentages add up to exactly 100.000.
    """
    # The mean is computed from whole millionths of a degree. The sum of doubles depends on the order of the rows.
    millionths = {name: F.round(F.col(name) * 1_000_000).cast("bigint") for name in _COORDINATES}
    means = {name: (name, "avg") for name in _COORDINATES}
    return (
        incidents.where("intersection IS NOT NULL")
        .withColumns(millionths)
        .transform(aggregate, group_by=["intersection"], columns=INCIDENT_COUNT | means)
        .withColumns({name: F.round(F.col(name) / 1_000_000, 5) for name in _COORDINATES})
        .transform(share_of_total, column="incidents", name="share_pct")
        .transform(rank_by_incidents, columns=["intersection"], name="rank")
        .select("rank", "intersection", *_COORDINATES, "incidents", "share_pct")
    )


def build_at_intersections(incidents: DataFrame) -> DataFrame:
    """Compare the number of incidents at intersections with the number of incidents at other addresses (question 5).

    Rows: one for each value of is_intersection, so at most three.

    Columns:

    - is_intersection: true, false, or null if the address is missing.
    - incidents: the number of incidents.
    - share_pct: incidents as a percentage of all incidents. The percentages add up to exactly 100.000.
    """
    return (
        incidents.transform(aggregate, group_by=["is_intersection"], columns=INCIDENT_COUNT)
        .transform(share_of_total, column="incidents", name="share_pct")
        .select("is_intersection", "incidents", "share_pct")
    )


def _count_by_cell_and_street(incidents: DataFrame, *, degrees: float) -> DataFrame:
    """Count incidents by grid cell and street. Incidents without a street have rows with a null street.

    `_on_street` is the number of incidents on the street. In `incidents`, each incident is counted only for the first
    of its streets, so the incidents of a cell add up to the number of incidents in the cell.
    """
    longitude, latitude = F.col("longitude"), F.col("latitude")
    columns = {"incidents": ("_is_first_street", "sum"), "_on_street": ("_is_first_street", "count")}
    return (
        incidents.select(
            grid_cell(longitude, latitude, degrees=degrees).alias("cell"),
            grid_line(latitude, degrees=degrees).alias("south"),
            grid_line(longitude, degrees=degrees).alias("west"),
            F.posexplode(_streets()).alias("_position", "street"),
        )
        .withColumn("_is_first_street", (F.col("_position") == 0).cast("int"))
        .transform(aggregate, group_by=[*_CELL_COLUMNS, "street"], columns=columns)
    )


def _streets() -> Column:
    """Return the streets of the intersection, or the street of the block, as an array."""
    return F.coalesce(F.array_distinct(F.split("intersection", " / ")), F.array("street"))
