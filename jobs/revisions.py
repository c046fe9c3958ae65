"""Compare the trusted, quarantined and staged revisions of each key, and decide which revisions to keep.

The latest valid revision of a key belongs in trusted. If the latest revision of the key failed, this failed revision
belongs in quarantine. All other revisions of the key are superseded. The result does not depend on the order in which
revisions arrive, or on how often a revision arrives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from expectations.bits import FAILED, QUARANTINED
from lake.evolution import convert_columns, has_schema, require_no_narrowing
from lake.iceberg import added_ranges
from lake.staging import Staged, stage
from lake.tables import align_columns
from transforms.sql import literal, quoted

TRUSTED, QUARANTINE, STAGED = "trusted", "quarantine", "staged"
SOURCE_ROW = ("_source_file", "_row_number", "_ingested_at")
"""Columns that identify the landed row from which a row was built."""

_POSITION = ("_file", "_pos")
_HOUR_IN_MICROSECONDS = 3_600_000_000
_MAX_ROWS_IN_MESSAGE = 3


@dataclass(frozen=True)
class Revisions:
    """All revisions of the staged keys: the staged revisions, and the revisions in trusted and quarantine.

    Attributes:
        rows: One row for each revision, with the columns `_key`, `_origin`, `_is_failed`, `_is_kept`, `_file` and
            `_pos`. `_origin` is `trusted`, `quarantine` or `staged`. `_pos` is the position in the data file `_file`.
        counts: The number of revisions for each combination of `_origin`, `_is_failed` and `_is_kept`.
    """

    rows: DataFrame
    counts: dict[tuple[str, bool, bool], int]

    def count(self, origin: str, *, is_failed: bool, is_kept: bool) -> int:
        """Return the number of revisions with these values of `origin`, `is_failed` and `is_kept`."""
        return self.counts.get((origin, is_failed, is_kept), 0)

    @property
    def superseded(self) -> DataFrame:
        """The revisions that are not kept, with their origins, data files and positions."""
        return self.rows.where("NOT _is_kept").select("_origin", "_is_failed", *_POSITION)

    def drop_superseded(self, rows: DataFrame, *, origin: str) -> DataFrame:
        """Remove superseded rows from the failed rows of one origin.

        The argument `rows` must have the columns that `with_positions` adds.
        """
        if not self.count(origin, is_failed=True, is_kept=False):
            return rows
        return rows.join(self.superseded.where(F.col("_origin") == origin), on=[*_POSITION], how="left_anti")


def with_positions(rows: DataFrame) -> DataFrame:
    """Add two columns to rows of an Iceberg table: the data file `_file`, and the position `_pos` in the data file."""
    return rows.select("*", *_POSITION)


@contextmanager
def resolve_revisions(
    staged: DataFrame,
    *,
    trusted: DataFrame | None,
    quarantine: DataFrame | None,
    key: Sequence[str],
    order_by: Sequence[str],
) -> Iterator[Revisions]:
    """Decide which revisions of the staged keys to keep.

    The function runs two Spark jobs. One of the jobs broadcasts the staged keys.

    If a key column of a row is null, the columns `SOURCE_ROW` are the key of the row. If a staged row and a published
    row have the same values in `order_by`, the staged row is kept. So if a step is repeated, its rows replace the rows
    that the first try published.
    """
    new = _select_revisions(staged, STAGED, F.col(QUARANTINED), key, order_by)
    published = [
        _select_revisions(rows, origin, F.lit(origin == QUARANTINE), key, order_by)
        for origin, rows in ((TRUSTED, trusted), (QUARANTINE, quarantine))
        if rows is not None
    ]
    candidates = new
    for rows in published:
        candidates = candidates.unionByName(rows.join(new.select("_key"), on="_key", how="left_semi"))
    latest_first = Window.partitionBy("_key").orderBy(
        F.col("_order").desc_nulls_last(), (F.col("_origin") == STAGED).desc()
    )
    so_far = latest_first.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    valid = F.count(F.when(~F.col("_is_failed"), 1)).over(so_far)
    ranked = candidates.select("*", F.row_number().over(latest_first).alias("_rank"), valid.alias("_valid"))
    is_kept = F.when(F.col("_is_failed"), F.col("_rank") == 1).otherwise(F.col("_valid") == 1)
    resolved = ranked.select("_key", "_origin", "_is_failed", is_kept.alias("_is_kept"), *_POSITION).cache()
    try:
        counts = resolved.groupBy("_origin", "_is_failed", "_is_kept").count().collect()
        yield Revisions(resolved, {(row[0], row[1], row[2]): row[3] for row in counts})
    finally:
        resolved.unpersist()


def stage_quarantine(
    new: DataFrame, published: DataFrame | None, revisions: Revisions, *, table: str, run_id: str
) -> Staged | None:
    """Stage the new rows of quarantine. Return None if quarantine does not change.

    Rows: new rows are added. If published rows are superseded, or if the columns change, the remaining published rows
    are written again, with the types of the new rows.

    Raises:
        NarrowedColumnError: A column would get a type that cannot hold the published values of quarantine.
    """
    spark = new.sparkSession
    is_stale = revisions.count(QUARANTINE, is_failed=True, is_kept=False)
    if published is not None and has_schema(spark, table, new.schema) and not is_stale:
        is_new = revisions.count(STAGED, is_failed=True, is_kept=True)
        return stage(spark, new, table=table, run_id=run_id, is_append=True) if is_new else None
    if published is not None:
        require_no_narrowing(spark, table, new.schema)
        remaining = convert_columns(revisions.drop_superseded(published, origin=QUARANTINE), new.schema)
        new = new.unionByName(align_columns(remaining, new.schema))
    return stage(spark, new, table=table, run_id=run_id)


def pruning_condition(staged: Staged, *, column: str | None) -> str:
    """Return an SQL condition that prunes data files.

    Every published row with a staged key meets this condition, so Iceberg still reads each data file with such a row.

    If `column` is neither a timestamp nor a text, no file is pruned.

    The condition contains the range of `column` in each staged file. The minimum and the maximum of a range come from
    the metadata of the file. Each file has rows of only one month. The ranges are therefore narrow even if an increment
    corrects a few old rows.

    A range of timestamps is extended by one hour at both ends. A key may contain a local time, and in autumn, one hour
    of local time occurs twice. The UTC timestamps of two revisions of one key may therefore be one hour apart.
    """
    ranges = added_ranges(staged.spark, staged.home, staged.snapshot, column) if column else None
    if column is None or ranges is None:
        return "true"
    merged: list[list[Any]] = []
    margin = _HOUR_IN_MICROSECONDS if ranges and isinstance(ranges[0][0], int) else None
    for lower, upper in sorted(ranges if margin is None else [(low - margin, high + margin) for low, high in ranges]):
        if merged and lower <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], upper)
        else:
            merged.append([lower, upper])
    to_sql = literal if margin is None else "timestamp_micros({})".format
    terms = (f"{quoted(column)} BETWEEN {to_sql(lower)} AND {to_sql(upper)}" for lower, upper in merged)
    return " OR ".join(terms) or "false"


def first_rows(rejected: DataFrame) -> dict[str, str]:
    """Map each expectation id to the files and row numbers of a few failed rows. The newest rows come first."""
    newest_first = (F.desc("_ingested_at"), F.desc("_modified_at"), F.asc("_source_file"), F.asc("_row_number"))
    failed = rejected.withColumn("failed", F.explode(FAILED))
    rank = F.row_number().over(Window.partitionBy("failed").orderBy(*newest_first))
    first = failed.select("failed", "_source_file", "_row_number", rank.alias("rank"))
    rows: dict[str, list[str]] = {}
    for row in first.where(F.col("rank") <= _MAX_ROWS_IN_MESSAGE).orderBy("rank").collect():
        rows.setdefault(row["failed"], []).append(f"{row['_source_file']} row {row['_row_number']}")
    return {expectation: ", ".join(names) for expectation, names in rows.items()}


def _select_revisions(
    rows: DataFrame, origin: str, is_failed: Column, key: Sequence[str], order_by: Sequence[str]
) -> DataFrame:
    parts = [F.col(quoted(name)).cast("string") for name in key]
    source_row = F.concat_ws("#", *(F.col(name).cast("string") for name in SOURCE_ROW))
    complete_key = F.concat(*(item for part in parts for item in (F.lit("\u001f"), part)))  # null if any part is null
    return rows.select(
        F.coalesce(complete_key, source_row).alias("_key"),
        F.struct(*map(quoted, order_by)).alias("_order"),
        F.lit(origin).alias("_origin"),
        is_failed.alias("_is_failed"),
        *_POSITION,
    )
