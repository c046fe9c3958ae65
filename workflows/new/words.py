"""Write the names of columns as words, for the questions and sentences of a new dataset."""

from __future__ import annotations

from ingest.profile_columns import ColumnProfile

_SINGULARS = (
    *(("series", "series"), ("species", "species"), ("news", "news"), ("ies", "y"), ("sses", "ss"), ("tuses", "tus")),
    *(("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("ss", "ss"), ("us", "us"), ("is", "is"), ("s", "")),
)
"""Ends of English plurals and their singulars. The first end that matches is replaced."""

_NUMBER_WORDS = frozenset({"amount", "amounts", "average", "count", "counts", "number", "numbers", "sum", "totals"})


def words_of(name: str) -> str:
    """Return a name in snake case as words."""
    return name.replace("_", " ")


def singular_of(name: str) -> str:
    """Return a name in snake case as words. If a simple rule fits the last word, it becomes singular.

    >>> [singular_of(name) for name in ("branches", "request_types", "cities", "status", "address", "area")]
    ['branch', 'request type', 'city', 'status', 'address', 'area']
    """
    words = words_of(name)
    for end, singular in _SINGULARS:
        if words.endswith(end):
            return words.removesuffix(end) + singular
    return words


def is_count(measure: ColumnProfile | None) -> bool:
    """Return True if the sum of a column is a number of things, such as visits. Amounts, such as fees, are not counts.

    Without a column, rows are counted.
    """
    if measure is None:
        return True
    is_plural = measure.name.endswith("s") and not measure.name.endswith("ss")
    return is_plural and measure.type in ("int", "bigint") and not _NUMBER_WORDS.intersection(measure.words)


def figure_of(measure: ColumnProfile | None) -> str:
    """Return the main figure of an answer in words, such as `visits` or `total fee amount`."""
    if measure is None:
        return "rows"
    words = words_of(measure.name).removeprefix("total ")
    return words if is_count(measure) else f"total {words}"


def most_of(measure: ColumnProfile | None) -> str:
    """Return the greatest figure in words, such as `the most visits` or `the highest total fee amount`."""
    return f"the {'most' if is_count(measure) else 'highest'} {figure_of(measure)}"
