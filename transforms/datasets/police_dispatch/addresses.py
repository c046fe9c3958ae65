"""Addresses as the county writes them: blocks of a hundred, intersections, and the streets of both."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from transforms.text import clean_text

_SIGNS = r"[/&@]| AND "
"""Marks of an intersection in an address in capitals. Few addresses have one, so most need no second look."""

_END = r"(?: |\z)"
_BLOCK = rf"\A(?>(?:[0-9]+[A-Z]?(?: ?- ?[0-9]+)?{_END}(?:[0-9]/[0-9]{_END})?)?(?:(?:BLK|BLOCK)\.?(?: OF)?{_END})?)"
"""The part before the street in an address in capitals: the number of a house or of its block."""

_CROSSED = r" ?(?:(?<![0-9])/|/(?![0-9])|[&@]) ?| AND (?=.* (?:ST|AVE|RD|BLVD|DR)\z)"  # as `street` tells them
_BLOCKS = rf"(?m){_BLOCK}(?=.)".replace(r"\A", "^").replace(r"\z", "$")  # of streets, each a line of its own
_NUMBER = r"([0-9]*?)[0-9]{1,2}[A-Z]?(?: ?- ?[0-9]+[A-Z]?)?(?: [0-9]/[0-9])?"
_HOUSE = rf"(?:\A|(?<=[/&@])|(?<=[/&@] )){_NUMBER}(?: (?:BLK|BLOCK)\.?(?: OF)?)?+(?= [A-Z0-9])"
_UNIT = r",? (?:(?:APT|APARTMENT|UNIT|STE|SUITE|RM|ROOM|FL)\.? ?#? ?(?:[A-Z]?-?[0-9]+[A-Z]?|[A-Z])|#.*)\z"
_PUBLISHED = (
    r"\A(?:[1-9][0-9]*0)?0 BLK (?:(?:[A-Z]+|[0-9]+(?:ST|ND|RD|TH))(?: |\z))+(?<! (?:FL|RM|STE|APT|UNIT) [A-Z])\z"
)


def to_block(address: Column) -> Column:
    """Return an address to its block of a hundred, in capitals: a masking action.

    The publisher gives blocks and intersections. If an address has a house number, the number becomes its block. A unit
    after the street is removed. A house number that does not stand before its street looks like the number of a road.

    >>> addresses = [("900  BLK Thayer Ave",), ("123 Main St Apt 4",), ("16TH ST / EAST WEST HWY",)]
    >>> [row[0] for row in spark.createDataFrame(addresses, "a string").select(to_block(F.col("a"))).collect()]
    ['900 BLK THAYER AVE', '100 BLK MAIN ST', '16TH ST / EAST WEST HWY']

    Source: Montgomery County, MD, "Police Dispatched Incidents": "100 block level address".
    """
    cleaned = F.upper(clean_text(address))
    block = F.regexp_replace(F.regexp_replace(cleaned, _UNIT, ""), _HOUSE, "$100 BLK")
    # Most addresses are as published, and to see that takes a fraction of the time.
    return F.when(cleaned.rlike(_PUBLISHED), cleaned).otherwise(F.regexp_replace(block, r"(?<![0-9])00 BLK", "0 BLK"))


def street(address: Column) -> Column:
    """Return the street of a block address: the text after `BLK` or `BLOCK`, or after the house number.

    Blanks are cleaned, letters are capitals. An intersection (`A ST / B AVE`) has two streets: null.

    >>> addresses = [("8600 BLK  Georgia Ave",), ("12 1/2 Main St",), ("A ST / B AVE",)]
    >>> [row[0] for row in spark.createDataFrame(addresses, "a string").select(street(F.col("a"))).collect()]
    ['GEORGIA AVE', 'MAIN ST', None]

    Source: Montgomery County, MD, "Police Dispatched Incidents": addresses are given to the 100 block.
    """
    name = F.regexp_replace(F.upper(clean_text(value=address)), _BLOCK, "")
    # A slash between digits is the half of a house or a road.
    crossed = r"[&@]|(?<![0-9])/|/(?![0-9])| AND .* (?:ST|AVE|RD|BLVD|DR)\z"
    return F.when(~(name.rlike(_SIGNS) & name.rlike(crossed)) & (name != ""), name)


def is_intersection(address: Column) -> Column:
    """Return whether an address in capitals is an intersection; null for a null.

    >>> addresses = [("A ST / B AVE",), ("12 1/2 MAIN ST",)]
    >>> rows = spark.createDataFrame(addresses, "a string")
    >>> [row[0] for row in rows.select(is_intersection(F.col("a"))).collect()]
    [True, False]
    """
    return address.rlike(_SIGNS) & address.rlike(_CROSSED)


def intersection(address: Column) -> Column:
    """Return the streets of an intersection in alphabetical order, without numbers; null for other addresses.

    The address is in capitals.

    >>> addresses = [("B AVE & 100 BLK A ST",), ("12 1/2 MAIN ST",)]
    >>> rows = spark.createDataFrame(addresses, "a string")
    >>> [row[0] for row in rows.select(intersection(F.col("a"))).collect()]
    ['A ST / B AVE', None]
    """
    streets = F.regexp_replace(F.regexp_replace(address, _CROSSED, "\n"), _BLOCKS, "")
    in_order = F.sort_array(F.array_remove(F.split(streets, "\n"), ""))
    return F.when(is_intersection(address), F.array_join(in_order, " / "))
