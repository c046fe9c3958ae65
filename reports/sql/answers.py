"""Build the query and the view of an answer."""

from __future__ import annotations

from sqlglot import exp

from reports.answer import Answer
from reports.columns import Columns, header_of
from reports.sql.expressions import curated_table, named, row_number, sort_order, titled

POSITION = "row_number"
"""The column of a view that has the position of a row in the order of the answer."""


def answer_query(dataset: str, answer: Answer, *, columns: Columns) -> exp.Select:
    """Return the query that selects the displayed columns of an answer, with their headers.

    The rows are in the order of the answer. `columns` are the columns that the report declares.
    """
    selected = [titled(exp.column(name), header_of(name, columns=columns)) for name in answer.columns]
    # The sort keys name the table, because the header of another column can be the name of a sort key.
    table = curated_table(dataset, answer, alias="answer")
    return exp.select(*selected).from_(table).order_by(*sort_order(answer, table="answer"))


def view_query(dataset: str, answer: Answer) -> exp.Select:
    """Return the query of a view. Its column `row_number` has the order of the answer.

    Athena and Redshift ignore the order of a view, so readers sort by this column. The view has the displayed columns,
    and the columns that `Answer.exported_as` names.
    """
    names = dict.fromkeys([*answer.columns, *answer.exported_as])
    columns = [named(exp.column(name), answer.exported_name(name)) for name in names]
    return exp.select(named(row_number(answer), POSITION), *columns).from_(curated_table(dataset, answer))
