"""Find the type of a column from the texts of its cells. Does not need Spark."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial

from ingest.profile_moments import MIN_SHARE, MomentReading, is_likely, read_moments

MISSING_VALUES = frozenset(
    {"", "-", "--", "?", ".", "..", "...", "*", "#n/a", "n/a", "na", "n.a.", "nan", "nil", "none", "null", "no data"}
    | {"not available", "not applicable", "not known", "not recorded", "tba", "tbd", "unknown", "unk", "x", "s"}
)
"""Texts that often stand for a missing value, in lower case. A message may show these texts."""

_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
NUMBER = re.compile(r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?\Z")
FORMATTED = re.compile(
    r"[(+-]?(?:[$€£¥₹] ?|(?:USD|CAD|EUR|GBP) ?)?[+-]?(?:[0-9]{1,3}(?:[, ’'.\u00a0\u202f][0-9]{3})+|[0-9]+)"
    r"(?:[.,][0-9]+)?(?: ?(?:[$€£¥₹%]|USD|CAD|EUR|GBP))?\)?\Z"
)
_BOOLEANS = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"})
_MAX_TEXTS_OF_BOOLEAN = 20  # with texts for missing values, and with different capitals
_LONGEST_BOOLEANS = 2  # the first pairs of _BOOLEANS. A column with one value of such a pair is boolean too
_INT_LIMIT, _BIGINT_LIMIT, _MAX_DOUBLE_INTEGER = 2**31, 2**63, 2**53
_DATE_WORDS = frozenset({"date", "day", "dt", "on"})
_MONEY_WORDS = frozenset(
    {"amount", "balance", "budget", "charge", "cost", "fee", "fees", "fine", "payment", "price", "revenue", "salary"}
    | {"cad", "usd", "dollars", "eur"}
)
_CODE_WORDS = frozenset({"zip", "zipcode", "postal", "postcode", "phone", "telephone", "mobile", "fax"})
_MONEY_DECIMALS = 2
_MAX_MONEY = 10**16  # of decimal(18,2)
_MIN_SERIAL, _MAX_SERIAL = 20_000, 60_000  # 1954 to 2064 in Excel's 1900 date system


@dataclass(frozen=True)
class TypedValues:
    """The type of a column.

    Attributes:
        type: The type as Spark DDL.
        kind: The way to parse the cells: `string`, `number`, `boolean`, `serial`, or a kind of `MomentReading`.
        fits: The texts that have the type.
        moments: The dates or times of the column.
        low: The smallest value of a number, a date or a time.
        high: The greatest value.
        has_leading_zeros: Whether the column has numbers with leading zeros. The column is text.
        is_formatted: Whether the numbers have separators of thousands, signs of a currency or percent signs. The column
            is text.
        is_nested: Whether the cells are JSON objects or arrays. The column is text.
        is_mixed: Whether at least half of the cells are numbers or dates, but not enough for this type.
        is_too_long: Whether the numbers have more digits than a bigint or a double holds. The column is text.
    """

    type: str
    kind: str
    fits: frozenset[str] = field(default_factory=frozenset)
    moments: MomentReading | None = None
    low: Decimal | datetime | None = None
    high: Decimal | datetime | None = None
    has_leading_zeros: bool = False
    is_formatted: bool = False
    is_nested: bool = False
    is_mixed: bool = False
    is_too_long: bool = False


def _is_in(text: str, *, values: Set[str]) -> bool:
    return text.lower() in values


def type_of(counts: Mapping[str, int], *, words: frozenset[str], is_workbook: bool = False) -> TypedValues:
    """Find the type of a column.

    If a few cells do not have the type of the other cells, the column still has this type. `MIN_SHARE` is the limit.
    Texts such as `n/a` do not count.

    Args:
        counts: The texts of the column, and how often each text occurs. No text is blank.
        words: The words of the column's name.
        is_workbook: Whether the cells are from a workbook, which may have dates as serial numbers.
    """
    ignored = sum(count for text, count in counts.items() if text.lower() in MISSING_VALUES)
    total = sum(counts.values()) - ignored

    def fit(test: Callable[[str], object]) -> frozenset[str]:
        if not is_likely(test, counts):
            return frozenset()
        fits = frozenset(text for text in counts if test(text))
        size = sum(counts[text] for text in fits)
        return fits if size >= max(MIN_SHARE * total, ignored, 1) else frozenset()

    as_text = TypedValues("string", "string", frozenset(counts))
    if total <= 0:
        return as_text
    if fit(lambda text: text[0] + text[-1] in ("{}", "[]")):
        return TypedValues("string", "string", frozenset(counts), is_nested=True)
    found = {text.lower() for text in counts}
    for values in _BOOLEANS if len(counts) <= _MAX_TEXTS_OF_BOOLEAN else ():
        fits = fit(partial(_is_in, values=values))
        if fits and (values <= found or values in _BOOLEANS[:_LONGEST_BOOLEANS]):
            return TypedValues("boolean", "boolean", fits)
    moments = read_moments(counts, ignored=ignored, packed=bool(words & _DATE_WORDS))
    if moments:
        low, high = min(moments.moments.values()), max(moments.moments.values())
        return TypedValues(_moment_type(moments), moments.kind, frozenset(moments.moments), moments, low, high)
    if fits := fit(NUMBER.match):
        return _number_type(fits, counts, words=words, is_workbook=is_workbook)
    if fit(FORMATTED.match):
        return TypedValues("string", "string", frozenset(counts), is_formatted=True)
    numbers = sum(count for text, count in counts.items() if NUMBER.match(text))
    return TypedValues("string", "string", frozenset(counts), is_mixed=2 * numbers >= total)


def _moment_type(moments: MomentReading) -> str:
    return "date" if moments.is_date else "timestamp_ntz" if moments.kind == "local_time" else "timestamp"


def _number_type(
    fits: frozenset[str], counts: Mapping[str, int], *, words: frozenset[str], is_workbook: bool
) -> TypedValues:
    digits = [text.lstrip("+-") for text in fits]
    if any(len(text) > 1 and text[0] == "0" and text.isdigit() for text in digits):
        return TypedValues("string", "string", frozenset(counts), has_leading_zeros=True)
    if words & _CODE_WORDS and "calls" not in words:
        return TypedValues("string", "string", frozenset(counts))
    values = [Decimal(text) for text in fits]
    low, high = min(values), max(values)
    if all(text.isdigit() for text in digits):
        is_serial = is_workbook and words & _DATE_WORDS and _MIN_SERIAL <= low <= high <= _MAX_SERIAL
        if is_serial:
            return TypedValues("date", "serial", fits)
        if not -_BIGINT_LIMIT <= low <= high < _BIGINT_LIMIT:
            return TypedValues("string", "string", frozenset(counts), is_too_long=True)
        type_ = "int" if -_INT_LIMIT <= low <= high < _INT_LIMIT else "bigint"
        return TypedValues(type_, "number", fits, low=low, high=high)
    decimals = max(-int(value.as_tuple().exponent) for value in values)
    if words & _MONEY_WORDS and decimals <= _MONEY_DECIMALS and max(-low, high) < _MAX_MONEY:
        return TypedValues("decimal(18,2)", "number", fits, low=low, high=high)
    exact = frozenset(text for text in fits if abs(Decimal(text)) < _MAX_DOUBLE_INTEGER)
    if sum(counts[text] for text in exact) < MIN_SHARE * sum(counts[text] for text in fits):
        return TypedValues("string", "string", frozenset(counts), is_too_long=True)
    return TypedValues("double", "number", exact, low=low, high=high)
