"""Build SQL expressions from the Spark expressions of an answer. The dialect is chosen when the SQL is written."""

from __future__ import annotations

from collections.abc import Sequence

import sqlglot
from sqlglot import exp

from reports.answer import Answer

DATABASE = "curated"
"""The database of the answers in the Glue Data Catalog. The external schema in Redshift has the same name."""


def curated_table(dataset: str, answer: Answer, *, alias: str | None = None) -> exp.Table:
    """Return the reference to the Iceberg table of an answer."""
    return exp.table_(f"{dataset}_{answer.name}", db=DATABASE, alias=alias)


def spark_expression(text: str) -> exp.Expr:
    """Parse an SQL expression of Spark.

    >>> spark_expression("year = max(year) OVER ()").sql(dialect="athena")
    'year = MAX(year) OVER ()'
    """
    return sqlglot.parse_one(text, read="spark")


def expression(text: str) -> exp.Expr:
    """Parse an SQL expression of Trino, the dialect of Athena. Missing values come last in every sort order."""
    return sqlglot.parse_one(text, read="trino")


def sort_order(answer: Answer, *, table: str = "") -> list[exp.Ordered]:
    """Return the sort keys of an answer, with the place of missing values. `table` qualifies the columns."""
    ordered = []
    for key in answer.sort_keys():
        value = spark_expression(key.expression)
        for column in list(value.find_all(exp.Column)) if table else ():
            column.set("table", exp.to_identifier(table))
        value = exp.Abs(this=value) if key.is_absolute else value
        ordered.append(exp.Ordered(this=value, desc=key.is_descending, nulls_first=not key.is_descending))
    return ordered


def row_number(answer: Answer) -> exp.Expr:
    """Return the number of a row in the order of the answer, starting with 1."""
    return exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=sort_order(answer)))


def named(value: exp.Expr, name: str) -> exp.Expr:
    """Return an expression with a name. A column that already has the name is not changed."""
    return value if isinstance(value, exp.Column) and value.name == name else exp.alias_(value, name)


def titled(value: exp.Expr, header: str) -> exp.Expr:
    """Return an expression with a header, such as `"Calls handled %"`."""
    return exp.alias_(value, header, quoted=True)


def text_literal(text: str) -> exp.Expr:
    """Return a text as an SQL literal."""
    return exp.Literal.string(text)


def text_of(value: exp.Expr) -> exp.Expr:
    """Return a value as text. A literal that becomes a column also needs this cast, because Redshift needs its type."""
    return exp.Cast(this=value, to=exp.DataType.build("varchar"))


def concatenate(parts: Sequence[exp.Expr]) -> exp.Expr:
    """Return texts as one text. The result is missing if a text is missing."""
    first, *rest = parts
    for part in rest:
        first = exp.DPipe(this=first, expression=part, safe=False)
    return first
