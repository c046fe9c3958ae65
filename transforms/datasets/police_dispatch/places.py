"""Where incidents are: on which streets, in which cells of the map, at which intersections."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transforms.aggregate import aggregate
from transforms.datasets.police_dispatch.members import INCIDENTS, rank_members
from transforms.geo import grid_cell, grid_line
from transforms.shares import share_of_total

CELL_DEGREES = 0.01
"""How high and wide a cell of the map is: 1.1 km by 0.86 km."""


def build_streets(incidents: DataFrame) -> DataFrame:
    """Question 4: which street or road has the highest number of incidents.

    Rows: one for each street of a block or an intersection with incidents.

    Columns: rank (1 for the most); street (what follows BLK); incidents (at its blocks); share_pct (of the incidents at
    blocks; they add up to exactly 100.000); at_intersections (incidents at intersections of the street: such a one is
    counted for both of its streets, and is not among incidents).
    """
    crossing = F.array_distinct(F.split("intersection", " / "))
    at = F.col("is_intersection").cast("int")
    columns = {"incidents": ("_at_block", "sum"), "at_intersections": ("_at_intersection", "sum")}
    return (
        incidents.where("coalesce(street, intersection) IS NOT NULL")
        .select(
            F.explode(F.coalesce(crossing, F.array("street"))).alias("street"),
            (1 - at).alias("_at_block"),
            at.alias("_at_intersection"),
        )
        .transform(aggregate, group_by=["street"], columns=columns)
        .transform(share_of_total, column="incidents", name="share_pct")
        .transform(rank_members, columns=["street"], name="rank")
        .select("rank", "street", "incidents", "share_pct", "at_intersections")
    )


def build_grid_cells(incidents: DataFrame, *, degrees: float = CELL_DEGREES) -> DataFrame:
    """Question 5: in which areas incidents are concentrated.

    Rows: one for each cell with incidents. Columns: rank (1 for the most); cell (its south-west corner: `39.02,-77.05`,
    latitude first), south, west (the corner, in degrees), incidents; share_pct (of the incidents with coordinates; they
    add up to exactly 100.000).
    """
    place = {"longitude": F.col("longitude"), "latitude": F.col("latitude")}
    corner = ("cell", "south", "west")
    return (
        incidents.where("longitude IS NOT NULL")
        .select(
            grid_cell(**place, degrees=degrees).alias("cell"),
            grid_line(place["latitude"], degrees=degrees).alias("south"),
            grid_line(place["longitude"], degrees=degrees).alias("west"),
            "incident_id",
        )
        .transform(aggregate, group_by=corner, columns=INCIDENTS)
        .transform(share_of_total, column="incidents", name="share_pct")
        .transform(rank_members, columns=["cell"], name="rank")
        .select("rank", *corner, "incidents", "share_pct")
    )


def build_intersections(incidents: DataFrame) -> DataFrame:
    """Question 5: at which intersections incidents happen.

    Rows: one for each intersection with incidents. Columns: rank (1 for the most); intersection (its streets in
    alphabetical order); incidents; share_pct (of the incidents at intersections; they add up to exactly 100.000).
    """
    return (
        incidents.where("intersection IS NOT NULL")
        .transform(aggregate, group_by=["intersection"], columns=INCIDENTS)
        .transform(share_of_total, column="incidents", name="share_pct")
        .transform(rank_members, columns=["intersection"], name="rank")
        .select("rank", "intersection", "incidents", "share_pct")
    )


def build_at_intersections(incidents: DataFrame) -> DataFrame:
    """Question 5: whether incidents are more frequent at intersections.

    Rows: at most three. Columns: is_intersection (true, false, null without an address); incidents; share_pct (of all
    incidents; they add up to exactly 100.000).
    """
    return (
        incidents.transform(aggregate, group_by=["is_intersection"], columns=INCIDENTS)
        .transform(share_of_total, column="incidents", name="share_pct")
        .select("is_intersection", "incidents", "share_pct")
    )
