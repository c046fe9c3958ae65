"""Compile GX's row conditions to Spark Columns. A row condition selects the rows that an expectation validates.

GX 1.24 writes a row condition as a JSON object, such as `{"type": "comparison", …}`. Older releases write a row
condition as text. The text is in Spark SQL or in GX's own small language. An example of GX's own language is
`col("n") > 3`. The argument `condition_parser` names the language. If the argument is missing, the text itself shows
the language, because Spark SQL has no function `col`.
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
_PARSERS = ("great_expectations", "spark", "pandas")
_EXAMPLES = (
    "Write Spark SQL, such as n > 3, and set condition_parser to 'spark'. Or write Great Expectations' own language, "
    "such as col(\"n\") > 3, and set condition_parser to 'great_expectations'"
)
_GX_LANGUAGE = re.compile(
    r"""\s*col\("(?P<column>[^"]+)"\)\s*
        (?: (?P<notnull>\.notnull\(\))
          | (?P<operator>==|!=|<=|>=|<|>)\s*
            (?: (?P<number>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)
              | (?P<date>date\()? (?P<quote>["'])(?P<text>[^"']+)(?P=quote) (?(date)\)) ) )\s*""",
    re.VERBOSE | re.IGNORECASE,
)


def row_condition(frame: Frame, kwargs: Mapping[str, Any]) -> Column | None:
    """Return a Column that is true for the rows to validate, or None if the expectation has no row condition.

    Raises:
        ValueError: GX does not accept the form of the condition, the condition names a column that does not exist, or a
            value in the condition cannot be compared with the column.
    """
    condition = kwargs.get("row_condition")
    if not condition:
        return None
    if isinstance(condition, str):
        parser = kwargs.get("condition_parser")
        if parser in _GX_PARSERS or (parser is None and is_gx_language(condition)):
            return _compile(frame, _parse_gx_language(condition))
        if parser is None or parser in _PARSERS:
            return F.expr(condition)
        raise ValueError(f"condition_parser is {parser!r}, expected one of {list(_PARSERS)}. {_EXAMPLES}")
    return _compile(frame, condition)


def is_gx_language(condition: Any) -> bool:
    """Return whether a row condition is a text in GX's own language."""
    return isinstance(condition, str) and _GX_LANGUAGE.fullmatch(condition) is not None


def explain_rejection(kwargs: Mapping[str, Any], reason: str) -> str:
    """Return the message for a row condition that Spark cannot parse or analyse.

    GX passes a condition for pandas on to Spark unchanged. Some of these conditions are also valid in Spark SQL.
    """
    parser = kwargs.get("condition_parser")
    language = "The key condition_parser is missing" if parser is None else f"The condition_parser is {parser!r}"
    return f"row_condition {kwargs['row_condition']!r} is not valid in Spark SQL: {reason} {language}. {_EXAMPLES}"


def _parse_gx_language(condition: str) -> dict[str, Any]:
    match = _GX_LANGUAGE.fullmatch(condition)
    if match is None:
        raise ValueError(
            f'row_condition {condition!r} is not valid. Expected a condition such as col("n") > 3, '
            f'col("s") == \'text\' or col("n").notnull()'
        )
    column = {"name": match["column"]}
    if match["notnull"]:
        return {"type": "nullity", "column": column, "is_null": False}
    parameter = _parse_number(match["number"]) if match["number"] else match["text"]
    return {"type": "comparison", "column": column, "operator": match["operator"], "parameter": parameter}


def _compile(frame: Frame, condition: Any) -> Column:
    kind = condition.get("type") if isinstance(condition, dict) else None
    try:
        if kind == "pass_through":
            return F.expr(_require_text(condition["pass_through_filter"]))
        if kind in ("and", "or"):
            parts = [_compile(frame, part) for part in condition["conditions"]]
            if not parts:
                raise ValueError(f"row_condition {condition!r} has no 'conditions'. Add at least one condition")
            return reduce(operator.and_ if kind == "and" else operator.or_, parts)
        if kind == "nullity":
            value = frame.value(condition["column"]["name"])
            return value.isNull() if condition["is_null"] else value.isNotNull()
        if kind == "comparison":
            return _compare(frame, condition["column"]["name"], condition["operator"], condition["parameter"])
    except KeyError as error:
        hint = "Write the condition in the JSON form of Great Expectations"
        raise ValueError(f"row_condition {condition!r} has no {error}. {hint}") from error
    except TypeError as error:
        raise ValueError(f"row_condition {condition!r} is not valid in Great Expectations: {error}") from error
    raise ValueError(f"row_condition is {condition!r}, expected text or an object in the form of Great Expectations")


def _compare(frame: Frame, column: str, operator_name: str, parameter: Any) -> Column:
    value = frame.value(column)
    if operator_name in ("IN", "NOT_IN"):
        is_in_list = value.isin(frame.literals(column, parameter))
        return is_in_list if operator_name == "IN" else ~is_in_list
    if operator_name not in _COMPARISONS:
        operators = [*_COMPARISONS, "IN", "NOT_IN"]
        raise ValueError(f"the operator of row_condition is {operator_name!r}, expected one of {operators}")
    if isinstance(parameter, str) and isinstance(frame.type_of(column), T.NumericType):
        parameter = _parse_number(parameter)  # GX's condition syntax allows quotes around numbers.
    (literal,) = frame.literals(column, [parameter])
    comparison: Column = _COMPARISONS[operator_name](value, literal)
    return comparison


def _require_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"pass_through_filter is {value!r}, expected text")
    return value


def _parse_number(text: str) -> int | float | str:
    for parse in (int, float):
        try:
            return parse(text)
        except ValueError:
            continue
    return text
