"""Add the rows of landed files to raw. Each row is added once, with its source. The cells are text."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from ingest.deliveries import (
    INGEST_ID,
    latest_contents,
    micros,
    next_ingest_time,
    read_state,
    superseded_deliveries,
    time_of,
    write_deliveries,
)
from ingest.header import Layouts
from ingest.new_rows import IngestRun, stage_new_files
from ingest.selection import UNCHANGED, landed_files
from ingest.storage import LandedFile
from lake.errors import NotPublishedError
from lake.iceberg import added_ranges, find_empty_columns
from lake.staging import Staged
from lake.tables import read_snapshot, table_name
from transforms.dates import DATE_SYSTEM
from transforms.text_format import DETECTED_FORMAT, TextFormat

logger = logging.getLogger(__name__)

MIN_ROWS_FOR_EMPTY_COLUMNS = 100
"""A later ingest with fewer rows does not report empty columns, because a few events often have empty columns."""


@dataclass(frozen=True)
class IngestResult:
    """The result of an ingest.

    Attributes:
        table: The raw table.
        skipped: The files that were not read, with a reason of one line for each file.
        known: The files whose rows were not added, because raw or another landed file has the same content. Each
            file has a reason of one line.
        redelivered: The files whose content has changed since an earlier ingest. Rows that are missing from the new
            content are superseded.
        snapshot: The id of the snapshot of raw after the ingest.
        files: The files whose rows were added.
        extra_columns: New columns that neither an earlier file nor a layout has. Raw keeps these columns.
        empty_columns: Columns of the layouts of the added rows that are empty in all added rows. A cell is empty if it
            is null or has no characters. Only the first ingest and ingests of at least `MIN_ROWS_FOR_EMPTY_COLUMNS`
            rows list these columns.
        is_first: Whether raw had no rows before the ingest.
        rows: Number of rows added.
    """

    table: str
    skipped: dict[str, str]
    known: dict[str, str]
    redelivered: tuple[str, ...]
    snapshot: int | None
    files: tuple[str, ...] = ()
    extra_columns: tuple[str, ...] = ()
    empty_columns: tuple[str, ...] = ()
    is_first: bool = False
    rows: int = 0


def ingest(
    spark: SparkSession,
    *,
    dataset: str,
    landing: str,
    layouts: Layouts,
    run_id: str,
    now: datetime | None = None,
    skip_unreadable: bool = False,
    text_format: TextFormat = DETECTED_FORMAT,
) -> IngestResult:
    """Add the rows of all new landed files to raw, in one commit.

    A file is identified by its content. A file is not added if its content is already the latest content of any file in
    raw. A file with a known name but different content is a new delivery.

    A file with a header must be readable and must have all columns of one of the dataset's `layouts`. Otherwise the
    ingest stops before any row is added. If `skip_unreadable` is true, the file is skipped instead, and the next ingest
    tries to read the file again. JSON files never stop an ingest. Text that is not a JSON object is kept unchanged in
    `_malformed_record`.

    The ingest runs up to three Spark jobs, and more jobs for JSON files. If no file has changed, it runs one job.
    The deliveries are written before the rows are published. If the ingest is killed between these two steps, its
    deliveries are ignored, and the next run ingests the files again. See `ingest.deliveries`.

    Rows: each record of each new file is added once.

    Columns: the columns of all layouts and files, with the cells as text. New columns are added to raw. These columns
    describe the source of a row:

    - `_other_fields`: the fields of JSON objects that no layout has, as JSON text.
    - `_layout`: the layout of the row.
    - `_source_file`, `_checksum`: the path of the file below landing, and the checksum of its content.
    - `_row_number`: in a workbook, the row number that Excel shows. In a text file, the header is row 1. In a Parquet
      or JSON file, the first record is row 1.
    - `_date_system`: the date system of the workbook, 1900 or 1904. Null for other files.
    - `_modified_at`: the file's own modification time, UTC.
    - `_ingested_at`: the time of the ingest, UTC.
    - `_malformed_record`: the whole record, if the record does not fit the header, is not a JSON object, or repeats a
      field of a layout.

    Raises:
        LandingError: The landing does not exist, or has no file in a format that can be read.
        LandedFilesError: A file cannot be read, or lacks columns of every layout. Or raw is empty and all files are
            skipped.
        DeliveriesError: Raw has rows of an ingest that the table of deliveries does not list.
        OvertakenError: Another run has published raw since this run started. This run publishes nothing.
    """
    state, started = read_state(spark, dataset), now or datetime.now(timezone.utc)
    files, skipped = landed_files(landing, state)
    run = IngestRun(
        spark, dataset, run_id, state, layouts, text_format, skip_unreadable, next_ingest_time(state, started)
    )
    staged = stage_new_files(run, files)
    previous = latest_contents(state.deliveries)
    result = IngestResult(
        table=run.table,
        skipped=skipped | {file.name: reason for file, reason in staged.unread.items()},
        known={file.name: reason for file, reason in staged.known.items()},
        redelivered=tuple(file.name for file in staged.changed if file.name in previous),
        snapshot=state.snapshot,
        files=tuple(file.name for file in staged.new),
        extra_columns=staged.extra_columns,
        empty_columns=_find_empty_columns(run, staged.rows) if staged.rows else (),
        is_first=state.snapshot is None,
    )
    _log(dataset, result)
    if staged.rows is None:
        return result
    count, snapshot = _publish(run, staged.rows, staged.changed)
    return replace(result, rows=count, snapshot=snapshot)


def _find_empty_columns(run: IngestRun, staged: Staged) -> tuple[str, ...]:
    rows = staged.row_count()
    if not rows or (run.state.snapshot is not None and rows < MIN_ROWS_FOR_EMPTY_COLUMNS):
        return ()
    ranges = added_ranges(run.spark, run.table, staged.snapshot, "_layout") or []
    layouts = {layout for limits in ranges for layout in limits}
    columns = dict.fromkeys(name for layout, names in run.layouts.items() if layout in layouts for name in names)
    return tuple(find_empty_columns(run.spark, run.table, staged.snapshot, [*columns]))


@dataclass(frozen=True)
class RawRows:
    """Rows of one snapshot of raw.

    Attributes:
        rows: The rows. In a row, `_is_current` is false if the delivery of the row is superseded.
        count: Number of rows.
        watermark: The ingest time of the latest delivery, in microseconds since 1970 (UTC).
        is_full_refresh: True if `rows` has all rows of raw. All rows are read if no watermark is given, or if a new
            delivery has superseded earlier rows.
        snapshot: The id of the snapshot of raw.
        layouts: The layouts of the rows.
    """

    rows: DataFrame
    count: int
    watermark: int
    is_full_refresh: bool
    snapshot: int
    layouts: frozenset[str]


def read_raw(spark: SparkSession, dataset: str, *, newer_than: int | None = None) -> RawRows:
    """Read all rows of raw, or the rows that were ingested after the watermark `newer_than`. Runs one Spark job.

    Rows: the rows of the current snapshot of raw. A later ingest does not change the frame.

    Columns: the columns of raw, and `_is_current`. `_is_current` is false if the delivery of the row is superseded.

    Raises:
        NotPublishedError: Nothing has been ingested.
        DeliveriesError: Raw has rows of an ingest that the table of deliveries does not list.
    """
    table, state = table_name("raw", dataset), read_state(spark, dataset)
    if state.snapshot is None:
        raise NotPublishedError(table=table)
    deliveries = state.deliveries
    earlier = [each for each in deliveries if newer_than and each.ingested_at <= newer_than]
    superseded = superseded_deliveries(deliveries)
    if superseded != superseded_deliveries(earlier):
        earlier = []
    rows = read_snapshot(spark, table, state.snapshot)
    is_current = F.lit(True)
    if earlier:
        # With this filter, Iceberg does not open data files that have only older rows. No new delivery is superseded
        # here, so `is_current` is true for all rows.
        rows = rows.where(F.col("_ingested_at") > F.lit(time_of(earlier[-1].ingested_at)))
    elif superseded:
        content = F.concat_ws(" ", "_checksum", F.unix_micros("_ingested_at"))
        is_current = ~content.isin([f"{each.checksum} {each.ingested_at}" for each in superseded])
    if DATE_SYSTEM not in rows.columns:  # raw was last written by a version without this column
        rows = rows.withColumn(DATE_SYSTEM, F.lit(None).cast("int"))
    return RawRows(
        rows=rows.withColumn("_is_current", is_current),
        count=sum(each.rows for each in deliveries[len(earlier) :]),
        watermark=deliveries[-1].ingested_at,
        is_full_refresh=not earlier,
        snapshot=state.snapshot,
        layouts=frozenset(layout for each in deliveries[len(earlier) :] for layout in each.layouts),
    )


def _log(dataset: str, result: IngestResult) -> None:
    for name, reason in result.skipped.items():
        logger.warning("%s: skipped %s: %s", dataset, name, reason)
    copies = {name: reason for name, reason in result.known.items() if reason != UNCHANGED}
    for name, reason in copies.items():
        logger.info("%s: skipped %s: %s", dataset, name, reason)
    if unchanged := len(result.known) - len(copies):
        logger.info("%s: skipped %s unchanged file(s) that are already in raw", dataset, unchanged)
    for name in result.redelivered:
        logger.warning(
            "%s: %s was delivered again with different content. The next publish of trusted drops the rows that the "
            "file no longer has",
            dataset,
            name,
        )
    if result.extra_columns:
        text = (
            "%s: no layout has the columns %s of the landed files. Raw keeps these columns, but no answer uses them"
            if result.is_first
            else "%s: the columns %s are new. Raw keeps these columns, but no answer uses them"
        )
        logger.warning(text, dataset, list(result.extra_columns))
    if result.empty_columns:
        logger.warning("%s: the columns %s have no value in any new row", dataset, list(result.empty_columns))


def _publish(run: IngestRun, staged: Staged, files: Sequence[LandedFile]) -> tuple[int, int | None]:
    """Add the rows to raw and the files to the deliveries. Return the number of rows and the id of the snapshot."""
    deliveries = [
        {
            "file": file.name,
            "checksum": file.checksum,
            "stored_at": micros(file.stored_at),
            "bytes": file.bytes,
            "ingested_at": micros(run.ingested_at),
            "ingest_id": staged.properties[INGEST_ID],
            "follows": run.state.ingest_id,
        }
        for file in files
    ]
    count = staged.row_count()
    write_deliveries(run.spark, run.dataset, deliveries, added=staged.rows())
    return count, staged.publish()
