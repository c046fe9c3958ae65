"""Build the labels of panels, categories and series in SQL. `reports.labels` has the same rules in Python."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import types as T
from sqlglot import exp

from reports.labels import NAMES_OF_COLUMNS, PLAIN_NUMBERS, UNKNOWN, separator_after, subject_of
from reports.sql.expressions import concatenate, text_literal, text_of

_WHOLE_NUMBERS = (T.IntegerType, T.LongType, T.ShortType)


def label_expression(columns: Sequence[str], schema: T.StructType) -> exp.Expr:
    """Return the label of a row: the values of the columns as one text."""
    parts: list[exp.Expr] = []
    for name in columns:
        parts += [_known_text(name, schema), text_literal(separator_after(name))]
    return concatenate(parts[:-1])


def _known_text(name: str, schema: T.StructType) -> exp.Expr:
    return exp.Coalesce(this=_text(name, schema[name].dataType), expressions=[text_literal(UNKNOWN)])


def _text(name: str, data_type: T.DataType) -> exp.Expr:
    column = exp.column(name)
    if isinstance(data_type, T.BooleanType):
        yes, no = (text_literal(f"{subject_of(name)}: {answer}") for answer in ("yes", "no"))
        return exp.Case().when(column, yes).when(exp.Not(this=column.copy()), no)
    if isinstance(data_type, _WHOLE_NUMBERS) and name not in PLAIN_NUMBERS:
        return concatenate([text_literal(f"{name} "), text_of(column)])
    if name in NAMES_OF_COLUMNS:
        return exp.Replace(this=column, expression=text_literal("_"), replacement=text_literal(" "))
    return column if isinstance(data_type, T.StringType) else text_of(column)
