"""Landing to raw: every landed row once, all cells as text, with where it comes from."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from ingest.deliveries import (
    Delivery,
    after,
    known_contents,
    latest_contents,
    micros,
    new_files,
    note_deliveries,
    read_deliveries,
    withdrawn,
)
from ingest.errors import LandedFilesError, LandingError
from ingest.formats import EXPECTED, is_readable, read_files
from ingest.header import Forms
from ingest.storage import LandedFile, list_files
from lake.publish import Snapshot, Staged
from lake.tables import ensure_table, exists, matching, read, snapshot_id, table_name

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ingested:
    """What a delivery did to raw.

    Attributes:
        table: The raw table.
        skipped: File to why it could not be read.
        known: File to why its rows were not added: raw has them, or another file has.
        redelivered: The files that raw had with other content before: its rows are withdrawn where they are not in the
            new one.
        snapshot: The raw table's snapshot afterwards.
        files: The files whose rows were added.
        extra_columns: Columns that no earlier file had and the dataset does not use; raw keeps them.
        rows: How many rows were added.
    """

    table: str
    skipped: dict[str, str]
    known: dict[str, str]
    redelivered: tuple[str, ...]
    snapshot: int | None
    files: tuple[str, ...] = ()
    extra_columns: tuple[str, ...] = ()
    rows: int = 0


def ingest(
    spark: SparkSession,
    *,
    dataset: str,
    landing: str,
    forms: Forms,
    run_id: str,
    now: datetime | None = None,
    skip_unreadable: bool = False,
) -> Ingested:
    """Add to raw the rows of all landed files that raw does not have yet, in one commit.

    A file is known by its content: what raw has as a file's latest content is not added again, under whatever name;
    content that changed under an old name is a new delivery. Each file with a header is of one of the dataset's
    `forms`, told by its header, and one that cannot be read stops the whole delivery before any row is added; with
    `skip_unreadable` it is skipped until it can be. JSON lines never do: what is no object of the dataset is kept as it
    is.

    What is noted of the files (`read_deliveries`) comes after their rows. A run that is killed between the two adds
    nothing twice: the next one finds the files by their rows.

    Rows: each record of each new file once.

    Columns: the cells as text under their source names, those of all forms; `_other_fields` (of JSON lines: what no
    form has, as JSON); `_form`; `_source_file` (path below landing), `_row_number` (as Excel shows it; the header of a
    text file is 1, the first line of JSON lines too), `_delivered_at` (the file's modification time), `_ingested_at`
    (`now`), `_checksum` (of the file), `_malformed_record` (a record that does not fit the header or is no JSON object,
    whole). A column that raw does not have yet is added to it.

    Raises:
        LandingError: The landing is absent, or holds no file of a format that is read.
        LandedFilesError: A file cannot be read, or has not all columns of any form; or all of a first delivery are
            skipped.
        OvertakenError: Another run has added to raw meanwhile; nothing of this one is added.
    """
    table, now = table_name("raw", dataset), now or datetime.now(timezone.utc)
    base = Snapshot(snapshot_id(spark, table) if exists(spark, table) else None)
    deliveries = read_deliveries(spark, dataset)
    files, skipped = _candidates(landing, deliveries)
    frames, fresh, known, unread = _readable(
        spark, files, deliveries, dataset=dataset, forms=forms, skip_unreadable=skip_unreadable
    )
    if unread and not frames and not base.id:
        raise LandedFilesError(dataset=dataset, problems=[*unread.values()])
    skipped |= {file.name: why.removeprefix(f"{file.name}: ") for file, why in unread.items()}
    before = latest_contents(deliveries)
    changed = [file for file in files if before.get(file.name) != file.checksum and file not in unread]
    done = Ingested(
        table=table,
        skipped=skipped,
        known={file.name: why for file, why in known.items()},
        redelivered=tuple(file.name for file in changed if file.name in before),
        snapshot=base.id,
    )
    _log(dataset, done)
    at, added = after(deliveries, now), Counter[str]()
    if frames:
        rows = _union(frames).withColumn("_ingested_at", F.lit(at))
        rows, extra = _with_columns_of(rows, forms, spark.table(table) if base.id else None)
        if extra:
            logger.warning("%s: columns %s are new; raw keeps them, nothing uses them", dataset, list(extra))
        ensure_table(spark, table, rows.schema)
        rows = matching(rows, spark.table(table))
        with Staged(spark, rows, table=table, run_id=run_id, append_to=base) as staged:
            added.update(_rows_of_files(staged.written(), at))
            done = replace(done, extra_columns=extra, rows=added.total(), snapshot=staged.publish())
    if unnoted := [each for each in deliveries if not each.is_noted]:
        logger.warning("%s: a run that was killed had not noted %d file(s) of raw", dataset, len(unnoted))
        sizes = {(file.name, file.checksum): file.bytes for file in files}
        unnoted = [replace(each, bytes=sizes.get((each.file, each.checksum))) for each in unnoted]
    noted = [
        Delivery(file.name, file.checksum, micros(at), added[file.name], micros(file.delivered_at), file.bytes)
        for file in changed
    ]
    if unnoted or noted:
        note_deliveries(spark, dataset, [*unnoted, *noted])
    return replace(done, files=tuple(file.name for file in fresh if file.name in added))


@dataclass(frozen=True)
class RawRows:
    """Rows of raw.

    Attributes:
        rows: The rows. Where files were delivered anew they have `_is_current`: false in those whose content is no
            file's latest any more.
        count: How many.
        until: When raw got the latest of them, in microseconds since 1970 (UTC).
        are_all: Whether they are all that raw has: so they are too where rows that came before are no longer current.
    """

    rows: DataFrame
    count: int
    until: int
    are_all: bool


def read_raw(spark: SparkSession, dataset: str, *, newer_than: int | None = None) -> RawRows:
    """Read raw, or the rows that it got after a time: the `until` of an earlier read. Iceberg opens no older file.

    Raises:
        NotPublishedError: Nothing has been ingested.
    """
    rows = read(spark, "raw", dataset)
    deliveries = read_deliveries(spark, dataset)
    seen = [each for each in deliveries if newer_than and each.at <= newer_than]
    stale, until = withdrawn(deliveries), deliveries[-1].at if deliveries else 0
    if stale != withdrawn(seen):
        seen = []
    first = seen[-1].at if seen else -1
    arrived, since, up_to = F.col("_ingested_at"), *(F.timestamp_micros(F.lit(at)) for at in (first, until))
    rows = rows.where((arrived > since) & (arrived <= up_to))
    count = sum(each.rows for each in deliveries if each.at > first)
    if stale and not seen:
        content = F.concat_ws(" ", "_checksum", F.unix_micros(arrived))
        rows = rows.withColumn("_is_current", ~content.isin([f"{each.checksum} {each.at}" for each in stale]))
    return RawRows(rows, count, until, are_all=not seen)


def _readable(
    spark: SparkSession, files: Sequence[LandedFile], deliveries: Sequence[Delivery], **how: Any
) -> tuple[list[DataFrame], list[LandedFile], dict[LandedFile, str], dict[LandedFile, str]]:
    """Return the frames of new files, these, those that raw has, and those that cannot be read.

    What cannot be read under one name, as gzip say, may be under another: of the same content the next is looked at.
    """
    unread: dict[LandedFile, str] = {}
    while True:
        fresh, known = new_files([file for file in files if file not in unread], deliveries)
        frames, more = read_files(spark, fresh, **how)
        if not more:
            return frames, fresh, known, unread
        unread |= more


def _log(dataset: str, done: Ingested) -> None:
    for name, why in done.skipped.items():
        logger.warning("%s: %s skipped: %s", dataset, name, why)
    for name, why in done.known.items():
        logger.info("%s: %s skipped: %s", dataset, name, why)
    for name in done.redelivered:
        logger.warning("%s: %s came before with other content; what it no longer says is withdrawn", dataset, name)


def _candidates(landing: str, deliveries: Sequence[Delivery]) -> tuple[list[LandedFile], dict[str, str]]:
    files, skipped = [], {}
    for file in list_files(landing, known=known_contents(deliveries)):
        if is_readable(file.name):
            files.append(file)
        else:
            skipped[file.name] = f"not one of {EXPECTED}"
    if not files:
        found = f"only {sorted(skipped)}" if skipped else "nothing"
        raise LandingError(landing=landing, problem=f"it holds {found}, expected {EXPECTED}. Deliver some.")
    return files, skipped


def _with_columns_of(rows: DataFrame, forms: Forms, raw: DataFrame | None) -> tuple[DataFrame, tuple[str, ...]]:
    """Add the columns of all forms, and say which columns are none of a form's and new to raw."""
    used = list(dict.fromkeys(name for columns in forms.values() for name in columns))
    there = {name.casefold() for name in rows.columns}  # a column of that name would take its place, in any case
    # Of two names that differ in capitals alone, one: to Spark they are one column.
    absent = {name.casefold(): name for name in reversed(used) if name.casefold() not in there}
    rows = rows.withColumns({name: F.lit(None).cast("string") for name in absent.values()})
    known = {*used, *(raw.columns if raw else ())}
    return rows, tuple(name for name in rows.columns if name not in known and not name.startswith("_"))


def _rows_of_files(raw: DataFrame, at: datetime) -> dict[str, int]:
    added = raw.where(F.col("_ingested_at") == F.lit(at))
    return {row["_source_file"]: row["count"] for row in added.groupBy("_source_file").count().collect()}


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    """Put frames under one another, half by half: one by one, Spark would look at the first for each of the others."""
    if len(frames) == 1:
        return frames[0]
    half = len(frames) // 2
    return _union(frames[:half]).unionByName(_union(frames[half:]), allowMissingColumns=True)
