"""Addresses of the county: the street of a block, and an intersection's two."""

from __future__ import annotations

import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F

from transforms.datasets.police_dispatch.addresses import intersection, is_intersection, street, generalize_to_block

STREETS = {
    "8600 BLK  Georgia Ave": "GEORGIA AVE",
    "8600 Block Of Georgia Ave": "GEORGIA AVE",
    "BLK GEORGIA AVE": "GEORGIA AVE",
    "8600 BLK. GEORGIA AVE": "GEORGIA AVE",
    "\u00a012\tMain St ": "MAIN ST",
    "12A MAIN ST": "MAIN ST",
    "12-14 MAIN ST": "MAIN ST",
    "1600 - 1699 BLOCK OF K ST": "K ST",
    "12 1/2 MAIN ST": "MAIN ST",
    "12 A ST": "A ST",
    "1ST ST": "1ST ST",
    "100 1ST ST": "1ST ST",
    "100 N 42ND ST": "N 42ND ST",
    "Main St": "MAIN ST",
    "12 COUNTY RD 5 1/2": "COUNTY RD 5 1/2",
    "ROSE AND CROWN LN": "ROSE AND CROWN LN",
    "100 RUE DE L'ÉGLISE": "RUE DE L'ÉGLISE",
    "A ST / B AVE": None,
    "A ST/B AVE": None,
    "1ST ST/42 AVE": None,
    "A ST & B AVE": None,
    "A ST @ B AVE": None,
    "A St and B Ave": None,
    "12 ": None,
    "12 1/2": None,
    "BLOCK OF": None,
    "BLOCKER ST": "BLOCKER ST",
    "8600 BLK ": None,
    "": None,
    " ": None,
}


def test_the_street_is_what_follows_the_block_or_the_number_and_intersections_have_none(spark):
    addresses = [*STREETS, None]
    rows = spark.createDataFrame([(address,) for address in addresses], "address string").coalesce(1)
    streets = [row[0] for row in rows.select(street(F.col("address"))).collect()]
    assert list(zip(addresses, streets, strict=True)) == [*STREETS.items(), (None, None)]


@pytest.mark.parametrize("function", [street, generalize_to_block, intersection])
def test_no_rows_give_no_text(spark, function):
    texts = spark.createDataFrame([], "`a. Text` string").select(function(F.col("`a. Text`")).alias("text"))
    assert_df_equality(texts, spark.createDataFrame([], "text string"), ignore_nullable=True)


def test_an_intersection_has_a_slash_between_streets_and_a_half_house_is_none(spark):
    schema = "address string, is_intersection boolean, intersection string"
    rows = [
        ("B AVE / A ST", True, "A ST / B AVE"),
        ("B AVE AND A ST", True, "A ST / B AVE"),
        ("ROSE AND CROWN LN", False, None),
        ("12 1/2 MAIN ST", False, None),
        (None, None, None),
    ]
    expected = spark.createDataFrame(rows, schema)
    found = expected.select(
        "address",
        is_intersection(F.col("address")).alias("is_intersection"),
        intersection(F.col("address")).alias("intersection"),
    )
    assert_df_equality(found, expected, ignore_nullable=True)
