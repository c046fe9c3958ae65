"""Read and write the deliveries of a dataset. The table `lake.ops.<dataset>_deliveries` has one row for each delivery.

An ingest writes its deliveries before it publishes raw. So a delivery in this table does not prove that raw has the
rows of the delivery. Each commit to raw stores the id of its ingest as a property. Each delivery stores the id of its
ingest in `ingest_id`, and the id of the previous published ingest in `follows`. To find the published deliveries, start
with the latest id in raw, and go back with `follows`.

All other deliveries are unpublished. There are three causes: the run was killed, another run published first, or the
run has not published yet. No commit to raw has the id of a killed or overtaken ingest. So the deliveries of such an
ingest are always ignored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from ingest.errors import DeliveriesError
from ingest.storage import KnownChecksums
from lake.iceberg import lineage
from lake.tables import ensure_table, exists, read_snapshot, table_name

INGEST_ID = "citylake.ingest-id"
"""Property of a snapshot of raw: the id of the ingest that created the snapshot."""

_DELIVERIES_DDL = (
    "file string, checksum string, ingested_at bigint, rows bigint, layouts array<string>, stored_at bigint, "
    "bytes bigint, ingest_id string, follows string"
)
_EPOCH = datetime.fromtimestamp(0, timezone.utc)


@dataclass(frozen=True)
class Delivery:
    """One delivered version of a file. A file gets a new delivery each time its content changes.

    Attributes:
        file: The file's path below landing.
        checksum: The checksum of the file's content.
        ingested_at: The time of the ingest, in microseconds since 1970 (UTC). Each ingest has a different time.
        rows: Number of rows added to raw. 0 if the file has no rows, or if raw already had the same content from
            another file.
        layouts: The layouts of the added rows.
        stored_at: The file's `LandedFile.stored_at`, in microseconds since 1970 (UTC).
        bytes: The size of the file in bytes.
        ingest_id: The id of the ingest that wrote this delivery.
        follows: The id of the previous published ingest. None for the first ingest.
    """

    file: str
    checksum: str
    ingested_at: int
    rows: int
    layouts: Sequence[str]
    stored_at: int
    bytes: int
    ingest_id: str
    follows: str | None


@dataclass(frozen=True)
class RawState:
    """The published state of raw, and the deliveries of the dataset.

    Attributes:
        snapshot: The id of the latest snapshot of raw. None before the first publish.
        ingest_id: The id of the latest published ingest. None before the first publish.
        deliveries: The published deliveries, from the oldest to the latest.
        unpublished: The deliveries of runs that were killed or overtaken, or that have not published yet.
    """

    snapshot: int | None
    ingest_id: str | None
    deliveries: tuple[Delivery, ...] = ()
    unpublished: tuple[Delivery, ...] = ()


def deliveries_table(dataset: str) -> str:
    """Return the name of a dataset's table of deliveries."""
    return table_name("ops", f"{dataset}_deliveries")


def read_state(spark: SparkSession, dataset: str) -> RawState:
    """Read the current state of raw and its deliveries. Runs one Spark job.

    Raises:
        DeliveriesError: Raw has rows of an ingest that the table of deliveries does not list.
    """
    raw, table = table_name("raw", dataset), deliveries_table(dataset)
    snapshot, ingest_id = _read_published_ingest(spark, raw)
    entries: list[Delivery] = []
    if exists(spark, table):
        columns = [field.split()[0] for field in _DELIVERIES_DDL.split(", ")]
        entries = sorted((Delivery(*row) for row in spark.table(table).select(*columns).collect()), key=_sort_key)
    if snapshot is None:
        return RawState(None, None, unpublished=tuple(entries))
    if ingest_id is None:
        ingest_id = _find_last_ingest(spark, raw, snapshot, entries)
    follows = {each.ingest_id: each.follows for each in entries}
    if ingest_id is None or ingest_id not in follows:
        raise DeliveriesError(raw=raw, deliveries=table)
    published: set[str | None] = set()
    ancestor: str | None = ingest_id
    while ancestor is not None:
        published.add(ancestor)
        ancestor = follows.get(ancestor)
    return RawState(
        snapshot,
        ingest_id,
        tuple(each for each in entries if each.ingest_id in published),
        tuple(each for each in entries if each.ingest_id not in published),
    )


def write_deliveries(
    spark: SparkSession, dataset: str, deliveries: Sequence[Mapping[str, object]], *, added: DataFrame
) -> None:
    """Add deliveries to the table of deliveries. Runs one Spark job.

    Args:
        spark: The session.
        dataset: The dataset.
        deliveries: The fields of each `Delivery`, except `rows` and `layouts`.
        added: The rows that the ingest has staged. The fields `rows` and `layouts` are computed from these rows.
    """
    table = deliveries_table(dataset)
    entries = as_frame(spark, [{**each, "rows": 0} for each in deliveries], ddl=_DELIVERIES_DDL)
    ensure_table(spark, table, entries.schema)
    others = [name for name in entries.columns if name not in ("file", "rows", "layouts")]
    counted = added.select(F.col("_source_file").alias("file"), F.lit(1).alias("rows"), F.col("_layout"))
    # Use a union instead of a join. A join would need a second Spark job to broadcast the entries.
    merged = entries.unionByName(counted, allowMissingColumns=True).groupBy("file")
    summed = merged.agg(
        *(F.max(name).alias(name) for name in others),
        F.sum("rows").alias("rows"),
        F.array_sort(F.collect_set("_layout")).alias("layouts"),
    )
    # Write only one file. Otherwise each task would write a file with a few rows.
    summed.select(*entries.columns).coalesce(1).writeTo(table).append()


def next_ingest_time(state: RawState, now: datetime) -> datetime:
    """Return `now`, or the latest ingest time plus one microsecond if the clock was set back."""
    last = max((each.ingested_at for each in (*state.deliveries, *state.unpublished)), default=None)
    return now if last is None else max(now, time_of(last + 1))


def micros(time: datetime) -> int:
    """Convert a time to microseconds since 1970 (UTC)."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def time_of(microseconds: int) -> datetime:
    """Convert microseconds since 1970 (UTC) to a time."""
    return _EPOCH + timedelta(microseconds=microseconds)


def latest_contents(deliveries: Sequence[Delivery]) -> dict[str, str]:
    """Return a dictionary that maps the name of each file to the checksum of its latest delivery."""
    return {each.file: each.checksum for each in deliveries}


def cached_checksums(state: RawState) -> KnownChecksums:
    """Return the checksums of all deliveries, so that unchanged files are not read again."""
    return {
        (each.file, time_of(each.stored_at), each.bytes): (each.checksum, time_of(each.ingested_at))
        for each in sorted((*state.unpublished, *state.deliveries), key=_sort_key)
    }


def superseded_deliveries(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Return the deliveries whose rows are superseded.

    A delivery is superseded if its content is not the latest content of any file. A delivery is also superseded if a
    later ingest added the rows of the same content again.
    """
    current = set(latest_contents(deliveries).values())
    with_rows = [each for each in deliveries if each.rows]
    last = {each.checksum: each.ingested_at for each in with_rows}
    return [each for each in with_rows if each.checksum not in current or each.ingested_at < last[each.checksum]]


def as_frame(spark: SparkSession, records: Sequence[Mapping[str, object]], *, ddl: str) -> DataFrame:
    """Make a frame of a few records. Unlike `createDataFrame`, this function starts no Python workers."""
    text = F.lit(json.dumps(records))
    # FAILFAST raises an error for an unreadable value. In all other modes, Spark replaces the value with null.
    values = F.from_json(text, f"array<struct<{ddl}>>", {"mode": "FAILFAST"})
    return spark.range(0, 1, 1, 1).select(F.inline(values))


def _read_published_ingest(spark: SparkSession, raw: str) -> tuple[int | None, str | None]:
    """Return the id of the latest snapshot of raw, and the id of the latest published ingest. Reads metadata once."""
    snapshots = list(lineage(spark, raw))
    ids = (each.summary[INGEST_ID] for each in snapshots if INGEST_ID in each.summary)
    return (snapshots[0].id if snapshots else None), next(ids, None)


def _find_last_ingest(spark: SparkSession, raw: str, snapshot: int, entries: Sequence[Delivery]) -> str | None:
    """Return the id of the ingest that has the latest ingest time in raw.

    Call this function if no snapshot has an ingest id.
    """
    last = read_snapshot(spark, raw, snapshot).agg(F.max(F.unix_micros("_ingested_at"))).collect()[0][0]
    return next((each.ingest_id for each in entries if each.ingested_at == last and each.rows), None)


def _sort_key(delivery: Delivery) -> tuple[int, str]:
    return delivery.ingested_at, delivery.file
