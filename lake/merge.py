"""MERGE by key: a newer row takes the place of an older one, however often and in whatever order they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from transforms.names import literal, quoted

_HOUR = 3_600_000_000  # microseconds


@dataclass(frozen=True)
class Merge:
    """How rows come into a table: where the table has a row of their key, if they are newer; else they are added.

    In the SQL expressions `t` is a row of the table and `s` one of those that come.

    Attributes:
        key: The key of a row, with `{row}` for `t` and `s`: `{row}.id`.
        order: The columns that order the rows of one key, the newest last, nulls least.
        within: What holds for the table's rows of all keys that come: files of which it cannot hold are not opened.
        removes: Of which rows that come the key is removed, and nothing added.
    """

    key: str
    order: Sequence[str]
    within: str = "true"
    removes: str = "false"

    @property
    def is_newer(self) -> str:
        """That the row that comes is newer than the table's."""
        return f"{_struct(self.order, 's')} > {_struct(self.order, 't')}"

    @property
    def is_older(self) -> str:
        """That the row that comes is older than the table's."""
        return f"{_struct(self.order, 's')} < {_struct(self.order, 't')}"

    @property
    def is_same(self) -> str:
        """That the two have one key. A null is none."""
        return f"{self.key.format(row='t')} = {self.key.format(row='s')}"

    def run(self, rows: DataFrame, *, into: str) -> None:
        """Merge rows, of each key at most one, into a table or a branch of one."""
        view = f"merged_{uuid4().hex}"
        rows.createOrReplaceTempView(view)
        try:
            rows.sparkSession.sql(self.statement(view, into=into))
        finally:
            rows.sparkSession.catalog.dropTempView(view)

    def statement(self, rows: str, *, into: str) -> str:
        """Return the SQL statement that merges a view."""
        return f"""
            MERGE INTO {into} t USING {rows} s ON {self.is_same} AND {self.within}
            WHEN MATCHED AND {self.is_newer} AND {self.removes} THEN DELETE
            WHEN MATCHED AND {self.is_newer} THEN UPDATE SET *
            WHEN NOT MATCHED AND NOT {self.removes} THEN INSERT *
        """


def ranges(rows: DataFrame, *, column: str, by: Column) -> str:
    """Return that a column of the table, `t`, is within a range that it has in some group of the rows; one Spark job.

    By group, because the rows of an increment are of today, but for a few that correct what is long ago: one range of
    all would open each file between them. Without rows nothing is within.

    Columns: reads `column`, a text or a time of which rows of one key have the same, and `by`. Times an hour apart
    count as the same: a key made of what clocks show has both, of an hour that they show twice in autumn.
    """
    is_text = dict(rows.dtypes)[column] == "string"
    value = F.col(quoted(column)) if is_text else F.unix_micros(quoted(column))
    groups = rows.groupBy(by).agg(F.min(value).alias("least"), F.max(value).alias("most"))
    found = groups.where("least IS NOT NULL").collect()

    def shown(value: Any, *, margin: int) -> str:
        return literal(str(value)) if is_text else f"timestamp_micros({value + margin})"

    within = (
        f"t.{quoted(column)} BETWEEN {shown(row.least, margin=-_HOUR)} AND {shown(row.most, margin=_HOUR)}"
        for row in found
    )
    return f"({' OR '.join(within) or 'false'})"


def _struct(columns: Sequence[str], row: str) -> str:
    return f"struct({', '.join(f'{row}.{quoted(column)}' for column in columns)})"
