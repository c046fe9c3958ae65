"""Parse the county's addresses. An address is a block of 100 house numbers or an intersection."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from transforms.text import clean_text

_POSSIBLE_MARK = r"[/&@]| AND "
"""The pattern of a text that can separate the streets of an intersection.

Few addresses match this pattern. All other addresses skip the slower check with `_INTERSECTION_MARK`.
"""

_END = r"(?: |\z)"
_BLOCK = rf"\A(?>(?:[0-9]+[A-Z]?(?: ?- ?[0-9]+)?{_END}(?:[0-9]/[0-9]{_END})?)?(?:(?:BLK|BLOCK)\.?(?: OF)?{_END})?)"
"""The pattern of a house number or block number before the street. The address must be in capitals."""

_INTERSECTION_MARK = r" ?(?:(?<![0-9])/|/(?![0-9])|[&@]) ?| AND (?=.* (?:ST|AVE|RD|BLVD|DR)\z)"
# The pattern of a house number or block number at the start of any line of a text.
_BLOCKS = rf"(?m){_BLOCK}(?=.)".replace(r"\A", "^").replace(r"\z", "$")
_NUMBER = r"([0-9]*?)[0-9]{1,2}[A-Z]?(?: ?- ?[0-9]+[A-Z]?)?(?: [0-9]/[0-9])?"
_HOUSE = rf"(?:\A|(?<=[/&@])|(?<=[/&@] )){_NUMBER}(?: (?:BLK|BLOCK)\.?(?: OF)?)?+(?= [A-Z0-9])"
_UNIT = r",? (?:(?:APT|APARTMENT|UNIT|STE|SUITE|RM|ROOM|FL)\.? ?#? ?(?:[A-Z]?-?[0-9]+[A-Z]?|[A-Z])|#.*)\z"
_BLOCK_ADDRESS = (
    r"\A(?:[1-9][0-9]*0)?0 BLK (?:(?:[A-Z]+|[0-9]+(?:ST|ND|RD|TH))(?: |\z))+(?<! (?:FL|RM|STE|APT|UNIT) [A-Z])\z"
)


def generalize_to_block(address: Column) -> Column:
    """Replace the house number of an address with its block of 100 numbers. This is a masking action.

    The result is in capitals, with single blanks. A unit after the street, such as `APT 4`, is removed. Nothing else is
    changed in block addresses and in intersections without house numbers. A house number after the street is not
    recognized, because the number could be the number of a road.

    >>> addresses = [("900  BLK Thayer Ave",), ("123 Main St Apt 4",), ("16TH ST / EAST WEST HWY",)]
    >>> rows = spark.createDataFrame(addresses, "a string")
    >>> [row[0] for row in rows.select(generalize_to_block(F.col("a"))).collect()]
    ['900 BLK THAYER AVE', '100 BLK MAIN ST', '16TH ST / EAST WEST HWY']

    Source: Montgomery County, MD, "Police Dispatched Incidents": "100 block level address".
    """
    cleaned = F.upper(clean_text(address))
    block = F.regexp_replace(F.regexp_replace(cleaned, _UNIT, ""), _HOUSE, "$100 BLK")
    # Most addresses are already block addresses. This check takes a fraction of the time of the replacements.
    return F.when(cleaned.rlike(_BLOCK_ADDRESS), cleaned).otherwise(
        F.regexp_replace(block, r"(?<![0-9])00 BLK", "0 BLK")
    )


def street(address: Column) -> Column:
    """Return the street of a block address: the text after `BLK` or `BLOCK`, or after the house number.

    The result is in capitals, with single blanks. An intersection (`A ST / B AVE`) gives null, because an intersection
    has more than one street.

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
    """Return whether an address in capitals is an intersection. A null address gives null.

    >>> addresses = [("A ST / B AVE",), ("12 1/2 MAIN ST",)]
    >>> rows = spark.createDataFrame(addresses, "a string")
    >>> [row[0] for row in rows.select(is_intersection(F.col("a"))).collect()]
    [True, False]
    """
    return address.rlike(_POSSIBLE_MARK) & address.rlike(_INTERSECTION_MARK)


def intersection(address: Column) -> Column:
    """Return the streets of an intersection in alphabetical order, without house numbers.

    The address must be in capitals. An address that is not an intersection gives null.

    >>> addresses = [("B AVE & 100 BLK A ST",), ("12 1/2 MAIN ST",)]
    >>> rows = spark.createDataFrame(addresses, "a string")
    >>> [row[0] for row in rows.select(intersection(F.col("a"))).collect()]
    ['A ST / B AVE', None]
    """
    streets = F.regexp_replace(F.regexp_replace(address, _INTERSECTION_MARK, "\n"), _BLOCKS, "")
    sorted_streets = F.sort_array(F.array_remove(F.split(streets, "\n"), ""))
    return F.when(is_intersection(address), F.array_join(sorted_streets, " / "))
