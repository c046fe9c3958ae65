"""GX's row conditions, which say what rows an expectation is about, as Spark Columns.

GX 1.24 writes a structure (`{"type": "comparison", …}`); suites of older releases have a text, in GX's own small
language (`col("n") > 3`, with `condition_parser` `great_expectations`) or in Spark SQL.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from functools import reduce
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from expectations.frame import Frame

_COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_GX_PARSERS = ("great_expectations", "great_expectations__experimental__")
_GX_LANGUAGE = re.compile(
    r"""\s*col\("(?P<column>[^"]+)"\)\s*
        (?: (?P<notnull>\.notnull\(\))
          | (?P<operator>==|!=|<=|>=|<|>)\s*
            (?: (?P<number>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)
              | (?P<date>date\()? (?P<quote>["'])(?P<text>[^"']+)(?P=quote) (?(date)\)) ) )\s*""",
    re.VERBOSE | re.IGNORECASE,
)


def row_condition(frame: Frame, kwargs: Mapping[str, Any]) -> Column | None:
    """Return the row condition of an expectation's kwargs, true on the rows that it is about; None for all rows.

    Raises:
        ValueError: It is none of GX's forms, or compares a column that is not there or of another type.
    """
    condition = kwargs.get("row_condition")
    if not condition:
        return None
    if isinstance(condition, str):
        if kwargs.get("condition_parser") in _GX_PARSERS:
            return _compile(frame, _structure(condition))
        return F.expr(condition)
    return _compile(frame, condition)


def _structure(condition: str) -> dict[str, Any]:
    found = _GX_LANGUAGE.fullmatch(condition)
    if found is None:
        raise ValueError(
            f'row_condition is {condition!r}, expected one such as col("n") > 3, col("s") == \'text\' or '
            f'col("n").notnull()'
        )
    column = {"name": found["column"]}
    if found["notnull"]:
        return {"type": "nullity", "column": column, "is_null": False}
    parameter = _number(found["number"]) if found["number"] else found["text"]
    return {"type": "comparison", "column": column, "operator": found["operator"], "parameter": parameter}


def _compile(frame: Frame, condition: Any) -> Column:
    kind = condition.get("type") if isinstance(condition, dict) else None
    try:
        if kind == "pass_through":
            return F.expr(_text(condition["pass_through_filter"]))
        if kind in ("and", "or"):
            parts = [_compile(frame, part) for part in condition["conditions"]]
            if not parts:
                raise ValueError(f"row_condition {condition!r} has no conditions")
            return reduce(operator.and_ if kind == "and" else operator.or_, parts)
        if kind == "nullity":
            value = frame.value(condition["column"]["name"])
            return value.isNull() if condition["is_null"] else value.isNotNull()
        if kind == "comparison":
            return _comparison(frame, condition["column"]["name"], condition["operator"], condition["parameter"])
    except (KeyError, TypeError) as error:
        problem = f"lacks {error}" if isinstance(error, KeyError) else f"is none of Great Expectations': {error}"
        raise ValueError(f"row_condition {condition!r} {problem}") from error
    raise ValueError(f"row_condition is {condition!r}, expected a text or a condition as Great Expectations writes it")


def _comparison(frame: Frame, column: str, name: str, parameter: Any) -> Column:
    value = frame.value(column)
    if name in ("IN", "NOT_IN"):
        among = value.isin(frame.literals(column, parameter))
        return among if name == "IN" else ~among
    if name not in _COMPARISONS:
        raise ValueError(f"row_condition's operator is {name!r}, expected one of {[*_COMPARISONS, 'IN', 'NOT_IN']}")
    if isinstance(parameter, str) and isinstance(frame.type_of(column), T.NumericType):
        parameter = _number(parameter)  # GX's own language has numbers in quotes too
    (literal,) = frame.literals(column, [parameter])
    compared: Column = _COMPARISONS[name](value, literal)
    return compared


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise TypeError(f"{given!r} is no text")
    return given


def _number(text: str) -> int | float | str:
    for parse in (int, float):
        try:
            return parse(text)
        except ValueError:
            continue
    return text
