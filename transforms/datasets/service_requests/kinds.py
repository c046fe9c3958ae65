"""Classify requests by the words of their text, because some sources publish no type."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

ACCIDENT, TRAFFIC = "accident", "traffic"

_ACCIDENTS = r"accidents?|crash(es)?|collisions?|hit and run"
_TRAFFIC = r"traffic|speeding|crosswalks?|signals?|stop signs?"
KINDS = {
    "Traffic accident": _ACCIDENTS,
    "Encampment": r"encampments?",
    "Abandoned vehicle": r"abandoned (vehicles?|cars?)|72 hours?",
    "Parking": r"parking|parked",
    "Traffic and signals": _TRAFFIC,
    "Street light": r"street ?lights?|lights? out",
    "Pothole": r"potholes?",
    "Snow and ice": r"snow|ice|plow(ing|ed)?",
    "Illegal dumping": r"dump(ing|ed)",
    "Trash and recycling": r"trash|garbage|recycl(e|ing)|compost|carts?|large items?",
    "Graffiti": r"graffiti",
    "Animals": r"dogs?|cats?|animals?|wildlife|stray",
    "Noise": r"nois(e|y)",
    "Trees": r"trees?|forestry",
    "Weeds": r"weeds?|vegetation",
    "Streets and sidewalks": r"streets?|alleys?|curbs?|sidewalks?|signs?",
    "Housing and zoning": r"housing|zoning|nuisance",
    "Licences and permits": r"licen[cs](e|es|ing)|permits?",
    "Taxes and property": r"tax(es)?|assessor|property",
    "Vehicle registration": r"dmv|registration|titles?",
    "Elections and records": r"ballots?|voters?|elections?|records?",
    "Police": r"police|non[- ]emergency",
    "Information": r"information|inquir(y|ies)",
}
"""Each kind of request, and the regular expression that matches its words.

A request has the first kind whose expression matches. An expression matches only whole words, in upper or lower case.
"""


def request_kind(text: Column) -> Column:
    """Return the first kind in `KINDS` whose pattern matches a text, or null if no pattern matches.

    The result never contains parts of the text, such as a name or an address.

    >>> texts = spark.createDataFrame([("Dog off leash, ask Ann",), ("hotdog stand",)], "text string")
    >>> [row[0] for row in texts.select(request_kind(F.col("text"))).collect()]
    ['Animals', None]
    """
    return F.coalesce(*(F.when(_has_word(text, words), kind) for kind, words in KINDS.items()))


def traffic_kind(text: Column) -> Column:
    """Return `accident` for a text about a road accident, `traffic` for a text about other traffic, and null otherwise.

    >>> texts = spark.createDataFrame([("Traffic crash",), ("Traffic Calming Case",), ("Noise",)], "text string")
    >>> [row[0] for row in texts.select(traffic_kind(F.col("text"))).collect()]
    ['accident', 'traffic', None]
    """
    return F.when(_has_word(text, _ACCIDENTS), ACCIDENT).when(_has_word(text, _TRAFFIC), TRAFFIC)


def _has_word(text: Column, words: str) -> Column:
    return text.rlike(rf"(?i)\b({words})\b")
