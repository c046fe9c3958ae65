"""Count incidents by street, by cell of a map grid and by intersection."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transforms.aggregate import aggregate
from transforms.datasets.police_dispatch.ranking import INCIDENT_COUNT, rank_by_incidents
from transforms.geo import grid_cell, grid_line
from transforms.shares import share_of_total

CELL_DEGREES = 0.01
"""The height and width of a grid cell in degrees. In the county, a cell is 1.1 km high and 0.86 km wide."""


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
    crossing_streets = F.array_distinct(F.split("intersection", " / "))
    at_intersection = F.col("is_intersection").cast("int")
    columns = {"incidents": ("_at_block", "sum"), "at_intersections": ("_at_intersection", "sum")}
    return (
        incidents.where("coalesce(street, intersection) IS NOT NULL")
        .select(
            F.explode(F.coalesce(crossing_streets, F.array("street"))).alias("street"),
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
    - incidents: the number of incidents in the cell.
    - share_pct: incidents as a percentage of all incidents that have coordinates. The percentages add up to exactly
      100.000.
    """
    longitude, latitude = F.col("longitude"), F.col("latitude")
    cell_columns = ("cell", "south", "west")
    return (
        incidents.where("longitude IS NOT NULL")
        .select(
            grid_cell(longitude, latitude, degrees=degrees).alias("cell"),
            grid_line(latitude, degrees=degrees).alias("south"),
            grid_line(longitude, degrees=degrees).alias("west"),
            "incident_id",
        )
        .transform(aggregate, group_by=cell_columns, columns=INCIDENT_COUNT)
        .transform(share_of_total, column="incidents", name="share_pct")
        .transform(rank_by_incidents, columns=["cell"], name="rank")
        .select("rank", *cell_columns, "incidents", "share_pct")
    )


def build_intersections(incidents: DataFrame) -> DataFrame:
    """Rank the intersections by their number of incidents (question 5).

    Rows: one for each intersection with incidents.

    Columns:

    - rank: 1 for the intersection with the most incidents.
    - intersection: the streets in alphabetical order.
    - incidents: the number of incidents at the intersection.
    - share_pct: incidents as a percentage of all incidents at intersections. The percentages add up to exactly 100.000.
    """
    return (
        incidents.where("intersection IS NOT NULL")
        .transform(aggregate, group_by=["intersection"], columns=INCIDENT_COUNT)
        .transform(share_of_total, column="incidents", name="share_pct")
        .transform(rank_by_incidents, columns=["intersection"], name="rank")
        .select("rank", "intersection", "incidents", "share_pct")
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
