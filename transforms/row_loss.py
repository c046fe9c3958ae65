"""Find the steps of a query that can remove rows."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame

_KEEPS_ROWS = ("Project", "Window", "SubqueryAlias", "Sort", "RepartitionByExpression", "Repartition", "ResolvedHint")
_REMOVES_ROWS = {
    "Aggregate": "groups rows",
    "Deduplicate": "removes duplicates",
    "Distinct": "removes duplicates",
    "Except": "removes the rows of another frame",
    "Filter": "filters rows",
    "GlobalLimit": "limits the number of rows",
    "Intersect": "removes the rows that another frame lacks",
    "LocalLimit": "limits the number of rows",
    "Sample": "draws a sample",
}
_OUTER_JOINS = ("LEFT OUTER", "FULL OUTER")


def find_row_loss(rows: DataFrame, *, source: DataFrame) -> str | None:
    """Return what removes rows between a frame and its source, such as `filters rows`. None if nothing is found.

    The analysed query is searched, so no Spark job runs. Of a join, the left side is searched. Unions are not searched.
    """
    node, end = rows._jdf.queryExecution().analyzed(), source._jdf.queryExecution().analyzed()
    found = None
    while not node.fastEquals(end):
        loss = _describe_loss(node)
        if loss is None:
            return None
        found = loss or found
        node = node.children().apply(0)
    return found


def _describe_loss(node: Any) -> str | None:
    """Return what removes rows in a node of a plan. Empty if the node keeps all rows, and None if that is not known."""
    name = node.nodeName().split()[0]  # `Except All` and `Except`
    if name == "Join":
        return "" if node.joinType().sql() in _OUTER_JOINS else f"has the join type {node.joinType().sql()}"
    if name == "Generate":
        return "" if node.outer() else "removes the rows with empty arrays (explode_outer keeps them)"
    return _REMOVES_ROWS.get(name, "" if name in _KEEPS_ROWS else None)
