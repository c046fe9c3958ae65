"""Build the labels of panels, categories and series in SQL. `reports.labels` has the same rules in Python."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from reports.columns import DEFAULT, Column, Columns
from reports.labels import UNKNOWN, separator_after, subject_of
from reports.sql.expressions import concatenate, text_literal, text_of


def label_expression(names: Sequence[str], *, columns: Columns) -> exp.Expr:
    """Return the label of a row: the values of columns as one text. `columns` are the columns that the report declares.

    The expression depends on the names of the columns, and not on their types. A query can therefore be written before
    its table exists.
    """
    parts: list[exp.Expr] = []
    for name in names:
        column = columns.get(name, DEFAULT)
        known = exp.Coalesce(this=_text(name, column), expressions=[text_literal(UNKNOWN)])
        parts += [known, text_literal(separator_after(column))]
    return concatenate(parts[:-1])


def _text(name: str, declared: Column) -> exp.Expr:
    column = exp.column(name)
    if name.startswith("is_"):
        yes, no = (text_literal(f"{subject_of(name)}: {answer}") for answer in ("yes", "no"))
        return exp.Case().when(column, yes).when(exp.Not(this=column.copy()), no)
    text = text_of(column)
    if declared.is_numbered:
        return concatenate([text_literal(f"{name} "), text])
    if declared.names_columns:
        return exp.Replace(this=text, expression=text_literal("_"), replacement=text_literal(" "))
    return text
