"""The street of a block address. The address policy and intersections are tested with incidents."""

from __future__ import annotations

from pyspark.sql import functions as F

from transforms.datasets.police_dispatch.addresses import street

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


def test_the_street_is_the_text_after_the_block_or_the_number(spark):
    addresses = [*STREETS, None]
    rows = spark.createDataFrame([(address,) for address in addresses], "address string").coalesce(1)
    streets = [row[0] for row in rows.select(street(F.col("address"))).collect()]
    assert list(zip(addresses, streets, strict=True)) == [*STREETS.items(), (None, None)]
