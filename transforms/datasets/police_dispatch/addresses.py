"""Read the county's addresses: blocks of a hundred, intersections, and their streets."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from transforms.text import clean_text

_POSSIBLE_MARK = r"[/&@]| AND "
"""Possible marks of an intersection. Few addresses have a mark, so most addresses skip the slower second check."""

_END = r"(?: |\z)"
_BLOCK = rf"\A(?>(?:[0-9]+[A-Z]?(?: ?- ?[0-9]+)?{_END}(?:[0-9]/[0-9]{_END})?)?(?:(?:BLK|BLOCK)\.?(?: OF)?{_END})?)"
"""The part before the street: the number of a house or of its block. The address must be in capitals."""

_INTERSECTION_MARK = r" ?(?:(?<![0-9])/|/(?![0-9])|[&@]) ?| AND (?=.* (?:ST|AVE|RD|BLVD|DR)\z)"
_BLOCKS = rf"(?m){_BLOCK}(?=.)".replace(r"\A", "^").replace(r"\z", "$")  # for a text with one street in each line
_NUMBER = r"([0-9]*?)[0-9]{1,2}[A-Z]?(?: ?- ?[0-9]+[A-Z]?)?(?: [0-9]/[0-9])?"
_HOUSE = rf"(?:\A|(?<=[/&@])|(?<=[/&@] )){_NUMBER}(?: (?:BLK|BLOCK)\.?(?: OF)?)?+(?= [A-Z0-9])"
_UNIT = r",? (?:(?:APT|APARTMENT|UNIT|STE|SUITE|RM|ROOM|FL)\.? ?#? ?(?:[A-Z]?-?[0-9]+[A-Z]?|[A-Z])|#.*)\z"
_BLOCK_ADDRESS = (
    r"\A(?:[1-9][0-9]*0)?0 BLK (?:(?:[A-Z]+|[0-9]+(?:ST|ND|RD|TH))(?: |\z))+(?<! (?:FL|RM|STE|APT|UNIT) [A-Z])\z"
)


def generalize_to_block(address: Column) -> Column:
    """Generalize an address to its block of a hundred, in capitals. This is a masking action.

    Blocks and intersections stay as they are. A house number becomes its block, and a unit after the street is removed.
    A house number that is not before its street is not recognized, because it looks like the number of a road.

    >>> addresses = [("900  BLK Thayer Ave",), ("123 Main St Apt 4",), ("16TH ST / EAST WEST HWY",)]
    >>> rows = spark.createDataFrame(addresses, "a string")
    >>> [row[0] for row in rows.select(generalize_to_block(F.col("a"))).collect()]
    ['900 BLK THAYER AVE', '100 BLK MAIN ST', '16TH ST / EAST WEST HWY']

    Source: Montgomery County, MD, "Police Dispatched Incidents": "100 block level address".
    """
    cleaned = F.upper(clean_text(address))
    block = F.regexp_replace(F.regexp_replace(cleaned, _UNIT, ""), _HOUSE, "$100 BLK")
    # Most addresses already have this form, and the check for it takes a fraction of the time.
    return F.when(cleaned.rlike(_BLOCK_ADDRESS), cleaned).otherwise(
        F.regexp_replace(block, r"(?<![0-9])00 BLK", "0 BLK")
    )


def street(address: Column) -> Column:
    """Return the street of a block address: the text after `BLK` or `BLOCK`, or after the house number.

    Blanks are cleaned, and letters become capitals. An intersection (`A ST / B AVE`) has two streets, so it gives null.

    >>> addresses = [("8600 BLK  Georgia Ave",), ("12 1/2 Main St",), ("A ST / B AVE",)]
    >>> [row[0] for row in spark.createDataFrame(addresses, "a string").select(street(F.col("a"))).collect()]
    ['GEORGIA AVE', 'MAIN ST', None]

    Source: Montgomery County, MD, "Police Dispatched Incidents": "100 block level address".
    """
    name = F.regexp_replace(F.upper(clean_text(address)), _BLOCK, "")
    # A slash between digits is part of a fraction, as in `12 1/2 MAIN ST`.
    intersection_mark = r"[&@]|(?<![0-9])/|/(?![0-9])| AND .* (?:ST|AVE|RD|BLVD|DR)\z"
    return F.when(~(name.rlike(_POSSIBLE_MARK) & name.rlike(intersection_mark)) & (name != ""), name)


def is_intersection(address: Column) -> Column:
    """Return whether an address in capitals is an intersection. Null gives null.

    >>> addresses = [("A ST / B AVE",), ("12 1/2 MAIN ST",)]
    >>> rows = spark.createDataFrame(addresses, "a string")
    >>> [row[0] for row in rows.select(is_intersection(F.col("a"))).collect()]
    [True, False]
    """
    return address.rlike(_POSSIBLE_MARK) & address.rlike(_INTERSECTION_MARK)


def intersection(address: Column) -> Column:
    """Return the streets of an intersection in alphabetical order, without house numbers.

    The address must be in capitals. Any other address gives null.

    >>> addresses = [("B AVE & 100 BLK A ST",), ("12 1/2 MAIN ST",)]
    >>> rows = spark.createDataFrame(addresses, "a string")
    >>> [row[0] for row in rows.select(intersection(F.col("a"))).collect()]
    ['A ST / B AVE', None]
    """
    streets = F.regexp_replace(F.regexp_replace(address, _INTERSECTION_MARK, "\n"), _BLOCKS, "")
    sorted_streets = F.sort_array(F.array_remove(F.split(streets, "\n"), ""))
    return F.when(is_intersection(address), F.array_join(sorted_streets, " / "))
