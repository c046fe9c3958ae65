"""Resolve the revisions of one key among trusted, quarantine and staged rows: which to keep, and where the others are.

The latest valid revision of a key belongs in trusted. The latest of all revisions belongs in quarantine if it failed.
All other revisions are superseded. The rule depends neither on the order in which revisions arrive nor on how often a
revision arrives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from expectations.bits import FAILED, QUARANTINED
from lake.evolution import has_schema
from lake.iceberg import added_ranges
from lake.staging import Staged, stage
from lake.tables import align_columns
from transforms.sql import literal, quoted

TRUSTED, QUARANTINE, STAGED = "trusted", "quarantine", "staged"
PLACE = ("_source_file", "_row_number", "_ingested_at")
"""Columns that tell where a row comes from."""

_POSITION = ("_file", "_pos")
_HOUR = 3_600_000_000  # microseconds
_MAX_ROWS_IN_MESSAGE = 3


@dataclass(frozen=True)
class Revisions:
    """The revisions of the keys that were staged.

    Attributes:
        rows: Key, origin (`trusted`, `quarantine` or `staged`), whether the revision failed, whether it is kept, and
            its position: the file and the row in it.
        counts: The number of rows by origin, whether they failed, and whether they are kept.
    """

    rows: DataFrame
    counts: dict[tuple[str, bool, bool], int]

    def count(self, origin: str, *, is_failed: bool, is_kept: bool) -> int:
        """Return the number of revisions of a kind."""
        return self.counts.get((origin, is_failed, is_kept), 0)

    @property
    def superseded(self) -> DataFrame:
        """The positions of the revisions that are not kept."""
        return self.rows.where("NOT _is_kept").select("_origin", "_is_failed", *_POSITION)

    def without_superseded(self, rows: DataFrame, *, origin: str) -> DataFrame:
        """Return rows, read with their positions, without those of an origin that are superseded."""
        if not self.count(origin, is_failed=True, is_kept=False):
            return rows
        return rows.join(self.superseded.where(F.col("_origin") == origin), on=[*_POSITION], how="left_anti")


def with_positions(rows: DataFrame) -> DataFrame:
    """Return rows of an Iceberg table with their positions."""
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
    """Resolve the revisions of the keys that were staged. One Spark job, and one to broadcast the keys.

    A row without a key is identified by its place. The staged row wins over an equal row, so a repeated step replaces
    its own rows.
    """
    new = _located(staged, STAGED, F.col(QUARANTINED), key, order_by)
    published = [
        _located(rows, origin, F.lit(origin == QUARANTINE), key, order_by)
        for origin, rows in ((TRUSTED, trusted), (QUARANTINE, quarantine))
        if rows is not None
    ]
    found = new
    for rows in published:
        found = found.unionByName(rows.join(new.select("_key"), on="_key", how="left_semi"))
    latest_first = Window.partitionBy("_key").orderBy(
        F.col("_order").desc_nulls_last(), (F.col("_origin") == STAGED).desc()
    )
    so_far = latest_first.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    valid = F.count(F.when(~F.col("_is_failed"), 1)).over(so_far)
    ranked = found.select("*", F.row_number().over(latest_first).alias("_rank"), valid.alias("_valid"))
    is_kept = F.when(F.col("_is_failed"), F.col("_rank") == 1).otherwise(F.col("_valid") == 1)
    resolved = ranked.select("_key", "_origin", "_is_failed", is_kept.alias("_is_kept"), *_POSITION).cache()
    try:
        counted = resolved.groupBy("_origin", "_is_failed", "_is_kept").count().collect()
        yield Revisions(resolved, {(row[0], row[1], row[2]): row[3] for row in counted})
    finally:
        resolved.unpersist()


def stage_quarantine(
    new: DataFrame, published: DataFrame | None, revisions: Revisions, *, table: str, run_id: str
) -> Staged | None:
    """Stage the new content of quarantine. Return None if quarantine does not change.

    Rows: new rows are added. If some of the published ones are superseded, all that remain are written again.
    """
    spark = new.sparkSession
    is_stale = revisions.count(QUARANTINE, is_failed=True, is_kept=False)
    if published is not None and has_schema(spark, table, new.schema) and not is_stale:
        is_new = revisions.count(STAGED, is_failed=True, is_kept=True)
        return stage(spark, new, table=table, run_id=run_id, is_append=True) if is_new else None
    if published is not None:
        kept = revisions.without_superseded(published, origin=QUARANTINE)
        new = new.unionByName(align_columns(kept, new.schema))
    return stage(spark, new, table=table, run_id=run_id)


def pruning_condition(staged: Staged, *, column: str | None) -> str:
    """Return a condition on the ranges of a column in the staged files. Rows of one key are in one range.

    The ranges come from the files' metadata. A file has rows of one month, so the ranges are narrow even if an
    increment corrects a few old rows. Times an hour apart count as the same: a key that is made of the time that
    clocks show has two instants in autumn, in the hour that clocks show twice.
    """
    ranges = added_ranges(staged.spark, staged.home, staged.snapshot, column) if column else None
    if column is None or ranges is None:
        return "true"
    merged: list[list[Any]] = []
    margin = _HOUR if ranges and isinstance(ranges[0][0], int) else None
    for lower, upper in sorted(ranges if margin is None else [(low - margin, high + margin) for low, high in ranges]):
        if merged and lower <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], upper)
        else:
            merged.append([lower, upper])
    shown = literal if margin is None else "timestamp_micros({})".format
    terms = (f"{quoted(column)} BETWEEN {shown(lower)} AND {shown(upper)}" for lower, upper in merged)
    return " OR ".join(terms) or "false"


def first_rows(rejected: DataFrame) -> dict[str, str]:
    """Return for each expectation the first rows that fail it, by file and row number, newest files first."""
    newest_first = (F.desc("_ingested_at"), F.desc("_modified_at"), F.asc("_source_file"), F.asc("_row_number"))
    failed = rejected.withColumn("failed", F.explode(FAILED))
    rank = F.row_number().over(Window.partitionBy("failed").orderBy(*newest_first))
    first = failed.select("failed", "_source_file", "_row_number", rank.alias("rank"))
    rows: dict[str, list[str]] = {}
    for row in first.where(F.col("rank") <= _MAX_ROWS_IN_MESSAGE).orderBy("rank").collect():
        rows.setdefault(row["failed"], []).append(f"{row['_source_file']} row {row['_row_number']}")
    return {expectation: ", ".join(places) for expectation, places in rows.items()}


def _located(rows: DataFrame, origin: str, is_failed: Column, key: Sequence[str], order_by: Sequence[str]) -> DataFrame:
    parts = [F.col(quoted(name)).cast("string") for name in key]
    place = F.concat_ws("#", *(F.col(name).cast("string") for name in PLACE))
    known = F.concat(*(part for text in parts for part in (F.lit("\u001f"), text)))  # null if a part is
    return rows.select(
        F.coalesce(known, place).alias("_key"),
        F.struct(*map(quoted, order_by)).alias("_order"),
        F.lit(origin).alias("_origin"),
        is_failed.alias("_is_failed"),
        *_POSITION,
    )
