"""What is known of delivered files: `lake.ops.<dataset>_deliveries`, one line for each content of each file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from ingest.storage import Known, LandedFile
from lake.tables import ensure_table, exists, table_name

_SCHEMA = "file string, checksum string, at bigint, rows bigint, modified bigint, bytes bigint"
_EPOCH = datetime.fromtimestamp(0, timezone.utc)


@dataclass(frozen=True)
class Delivery:
    """A content of a file, as raw got it.

    Attributes:
        file: The file.
        checksum: Its content.
        at: When raw got it, in microseconds since 1970 (UTC); it grows from each ingest to the next.
        rows: How many rows of it raw then got: none where it has none, or raw has them from another file.
        modified: When the file was modified, as `at`.
        bytes: How large it was; None if a run was killed before it noted that.
        is_noted: Whether the table has it: where a run was killed before, it is told by its rows in raw.
    """

    file: str
    checksum: str
    at: int
    rows: int
    modified: int
    bytes: int | None
    is_noted: bool = True


def deliveries_table(dataset: str) -> str:
    """Return the name of a dataset's table of deliveries."""
    return table_name("ops", f"{dataset}_deliveries")


def read_deliveries(spark: SparkSession, dataset: str) -> list[Delivery]:
    """Return all deliveries of a dataset, the latest last.

    A run that was killed after raw had its rows has noted none of its files: they are told by the rows of raw that are
    younger than all that is noted, for which Iceberg opens no older file. One Spark job for each of the two tables.
    """
    noted = []
    if exists(spark, deliveries_table(dataset)):
        lines = spark.table(deliveries_table(dataset)).collect()
        noted = sorted((Delivery(**line.asDict()) for line in lines), key=_order)
    raw = table_name("raw", dataset)
    if not exists(spark, raw):
        return noted
    times = [F.unix_micros(name) for name in ("_ingested_at", "_delivered_at")]
    younger = spark.table(raw).where(F.col("_ingested_at") > F.lit(_time(noted[-1].at if noted else 0)))
    found = younger.groupBy(*map(F.col, ("_source_file", "_checksum")), *times).agg(F.count(F.lit(1))).collect()
    unnoted = [
        Delivery(file, checksum, at, rows, modified, None, is_noted=False)
        for file, checksum, at, modified, rows in found
    ]
    return [*noted, *sorted(unnoted, key=_order)]


def note_deliveries(spark: SparkSession, dataset: str, deliveries: Sequence[Delivery]) -> None:
    """Add deliveries to the table."""
    lines = as_frame(spark, [asdict(each) for each in deliveries], ddl=_SCHEMA)
    ensure_table(spark, deliveries_table(dataset), lines.schema)
    lines.writeTo(deliveries_table(dataset)).append()


def after(deliveries: Sequence[Delivery], now: datetime) -> datetime:
    """Return the time, or one just after the last delivery: a clock that was put back makes none come before it."""
    return max(now, _time(deliveries[-1].at + 1)) if deliveries else now


def micros(time: datetime) -> int:
    """Return a time as microseconds since 1970 (UTC)."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def latest_contents(deliveries: Sequence[Delivery]) -> dict[str, str]:
    """Return each file's latest content."""
    return {each.file: each.checksum for each in deliveries}


def known_contents(deliveries: Sequence[Delivery]) -> Known:
    """Return what was found of files, for what has not changed not to be read again."""
    return {
        (each.file, _time(each.modified), each.bytes): (each.checksum, _time(each.at))
        for each in deliveries
        if each.bytes is not None
    }


def withdrawn(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Return the deliveries whose rows no longer count: their content is no file's latest, or came again since."""
    current = set(latest_contents(deliveries).values())
    with_rows = [each for each in deliveries if each.rows]
    last = {each.checksum: each.at for each in with_rows}
    return [each for each in with_rows if each.checksum not in current or each.at < last[each.checksum]]


def new_files(
    files: Sequence[LandedFile], deliveries: Sequence[Delivery]
) -> tuple[list[LandedFile], dict[LandedFile, str]]:
    """Return the files whose rows raw does not have, and of the others why they are not taken."""
    held = {checksum: file for file, checksum in latest_contents(deliveries).items()}
    fresh: dict[str, LandedFile] = {}
    known: dict[LandedFile, str] = {}
    for file in files:
        if file.checksum in held:
            known[file] = f"in raw already, as {held[file.checksum]}"
        elif file.checksum in fresh:
            known[file] = f"the same content as {fresh[file.checksum].name}"
        else:
            fresh[file.checksum] = file
    return list(fresh.values()), known


def as_frame(spark: SparkSession, lines: Sequence[Mapping[str, object]], *, ddl: str) -> DataFrame:
    """Make a small frame of values: `createDataFrame` would start Python workers."""
    text = F.lit(json.dumps(lines))
    # Else than FAILFAST, what cannot be read would be nulls.
    values = F.from_json(text, f"array<struct<{ddl}>>", {"mode": "FAILFAST"})
    return spark.range(0, 1, 1, 1).select(F.inline(values))


def _time(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)


def _order(delivery: Delivery) -> tuple[int, str]:
    return delivery.at, delivery.file
