"""Build the labels of panels, categories and series in SQL. `reports.labels` has the same rules in Python."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from reports.labels import NAMES_OF_COLUMNS, NUMBERED, UNKNOWN, separator_after, subject_of
from reports.sql.expressions import concatenate, text_literal, text_of


def label_expression(columns: Sequence[str]) -> exp.Expr:
    """Return the label of a row: the values of the columns as one text.

    The expression depends on the names of the columns, and not on their types. A query can therefore be written before
    its table exists.
    """
    parts: list[exp.Expr] = []
    for name in columns:
        known = exp.Coalesce(this=_text(name), expressions=[text_literal(UNKNOWN)])
        parts += [known, text_literal(separator_after(name))]
    return concatenate(parts[:-1])


def _text(name: str) -> exp.Expr:
    column = exp.column(name)
    if name.startswith("is_"):
        yes, no = (text_literal(f"{subject_of(name)}: {answer}") for answer in ("yes", "no"))
        return exp.Case().when(column, yes).when(exp.Not(this=column.copy()), no)
    text = text_of(column)
    if name in NUMBERED:
        return concatenate([text_literal(f"{name} "), text])
    if name in NAMES_OF_COLUMNS:
        return exp.Replace(this=text, expression=text_literal("_"), replacement=text_literal(" "))
    return text
