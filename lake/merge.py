"""Merge by key: a newer row takes the place of an older one, however often and in whatever order they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transforms.names import literal, quoted

_HOUR = 3_600_000_000  # microseconds
_KEY, _WAS = "__merge_key", "__merge_was"
_NOWHERE = "(false)"


@dataclass(frozen=True)
class Merge:
    """How rows come into a table: where the table has a row of their key, if they are newer; else they are added.

    The few rows that the table has of the keys that come are found first. Iceberg's `MERGE INTO` would shuffle all rows
    of the files that it opens, to find them.

    Attributes:
        key: The key of a row, an SQL expression with `{row}` for the row: `{row}.id`. A null is none.
        order: The columns that order the rows of one key, the newest last, nulls least.
        removes: Of which rows that come, `s`, the key is removed, and nothing added.
        located_by: The column by whose ranges the table's rows of a key are found, and the time by whose months these
            ranges go: see `ranges`. Without them all files are opened.
    """

    key: str
    order: Sequence[str]
    removes: str = "false"
    located_by: tuple[str, str] | None = None

    def found(self, rows: DataFrame, *, table: DataFrame) -> DataFrame:
        """Return what a table has of the keys that come, for `run` and `is_older`; one Spark job."""
        columns = ["_file", "_pos", *map(quoted, self.located_by or ())]
        was = f"{_struct(self.order, 't')} AS {_WAS}"
        there = table.alias("t").where(self._within(rows))
        there = there.selectExpr(f"{self.key.format(row='t')} AS {_KEY}", was, *columns)
        keys = rows.alias("s").selectExpr(f"{self.key.format(row='s')} AS {_KEY}")
        return there.join(keys, on=_KEY, how="left_semi")

    @property
    def is_older(self) -> str:
        """That a row that comes, `s`, is older than what was found, `t`, of its key."""
        return f"{self._is_same} AND {_struct(self.order, 's')} < t.{_WAS}"

    def run(self, rows: DataFrame, *, found: DataFrame, into: str) -> None:
        """Bring rows, of each key at most one, into a branch of a table, which nobody reads: it takes two commits."""
        spark, view = rows.sparkSession, f"replaced_{uuid4().hex}"
        merged = rows.alias("s").join(found.alias("t"), on=F.expr(self._is_same), how="left")
        newer = merged.where(f"t.{_KEY} IS NULL OR {_struct(self.order, 's')} > t.{_WAS}")
        replaced = newer.where(f"t.{_KEY} IS NOT NULL").select("t.*").cache()
        within = self._within(replaced)
        if within != _NOWHERE:
            replaced.createOrReplaceTempView(view)
            # By its place: its key need not be read again.
            places = f"(t._file, t._pos) IN (SELECT _file, _pos FROM {view})"
            try:
                spark.sql(f"DELETE FROM {into} t WHERE {within} AND {places}")
            finally:
                spark.catalog.dropTempView(view)
        replaced.unpersist()
        newer.where(f"NOT {self.removes}").select("s.*").writeTo(into).append()

    @property
    def _is_same(self) -> str:
        return f"{self.key.format(row='s')} = t.{_KEY}"

    def _within(self, rows: DataFrame) -> str:
        if self.located_by:
            return ranges(rows, column=self.located_by[0], event_time=self.located_by[1])
        return _NOWHERE if rows.isEmpty() else "true"


def ranges(rows: DataFrame, *, column: str, event_time: str) -> str:
    """Return that a column of the table, `t`, is within a range that it has in some month of the rows; one Spark job.

    By month, because the rows of an increment are of today, but for a few that correct what is long ago: one range of
    all would open each file between them. Without rows nothing is within.

    Columns: reads `column`, a text or a time of which rows of one key have the same, and `event_time`. Times an hour
    apart count as the same: a key made of what clocks show has both, of an hour that they show twice in autumn.
    """
    is_text = dict(rows.dtypes)[column] == "string"
    value = F.col(quoted(column)) if is_text else F.unix_micros(quoted(column))
    months = rows.groupBy(F.date_trunc("month", F.col(quoted(event_time))))
    found = months.agg(F.min(value).alias("least"), F.max(value).alias("most"))

    def shown(value: Any, *, margin: int) -> str:
        return literal(str(value)) if is_text else f"timestamp_micros({value + margin})"

    within = [
        f"t.{quoted(column)} BETWEEN {shown(row.least, margin=-_HOUR)} AND {shown(row.most, margin=_HOUR)}"
        for row in found.where("least IS NOT NULL").collect()
    ]
    return f"({' OR '.join(within)})" if within else _NOWHERE


def _struct(columns: Sequence[str], row: str) -> str:
    return f"struct({', '.join(f'{row}.{quoted(column)}' for column in columns)})"
