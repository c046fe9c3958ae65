"""Crawl landing: list the new files with their folders and columns, and report schema drift."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest.deliveries import as_frame, cached_checksums, read_state
from ingest.formats import is_readable, read_files
from ingest.header import SOURCE_COLUMNS, Layouts
from ingest.json_lines import record_texts
from ingest.json_survey import Survey, is_json_lines, survey
from ingest.selection import new_files
from ingest.spark_text import escape_pattern
from ingest.storage import LandedFile, list_files
from lake.iceberg import ENGINE_ERRORS
from lake.tables import ensure_table, exists, table_name
from transforms.drift import Drift, schema_drift
from transforms.text_format import DETECTED_FORMAT, TextFormat

logger = logging.getLogger(__name__)

_CORRUPT = "_corrupt_record"
_CRAWLS_DDL = (
    "run_id string, crawled timestamp, files bigint, bytes bigint, "
    "partitions array<struct<path: string, files: bigint, bytes: bigint>>, schema string, "
    "drift array<struct<column: string, change: string, before: string, after: string>>"
)


@dataclass(frozen=True)
class Crawl:
    """The new files in landing.

    Attributes:
        files: Number of new files.
        partitions: The folders of the new files, such as `2024/07/10/17`.
        schema: The columns of the new files. Spark infers the type of each JSON field. The columns of files with a
            header are text. Names that differ only in case are separate columns. None if Spark cannot infer a schema.
        drift: The schema changes since the last crawl that found a schema. A field is `removed` if no new record has
            the field.
    """

    files: int
    partitions: tuple[str, ...]
    schema: T.StructType | None
    drift: tuple[Drift, ...]

    def __str__(self) -> str:
        columns = "unknown columns" if self.schema is None else f"{len(self.schema)} columns"
        summary = f"{self.files} new files in {len(self.partitions)} folders, {columns}"
        return ", ".join([summary, *(f"{change.column} {change.change}" for change in self.drift)])


def crawl(
    spark: SparkSession,
    *,
    dataset: str,
    landing: str,
    layouts: Layouts,
    run_id: str,
    text_format: TextFormat = DETECTED_FORMAT,
) -> Crawl:
    """Crawl the landed files that raw does not have, and add the result to `lake.ops.<dataset>_crawls`.

    If Spark cannot infer a schema, the crawl logs a warning and does not fail. The crawl does not report unreadable
    files, because the ingest reports these files.

    Raises:
        LandingError: The landing does not exist.
        DeliveriesError: Raw has rows of an ingest that the table of deliveries does not list.
    """
    state = read_state(spark, dataset)
    landed = [file for file in list_files(landing, known=cached_checksums(state)) if is_readable(file.name)]
    files, _ = new_files(landed, state.deliveries)
    schema = _infer_schema(spark, files, dataset=dataset, layouts=layouts, text_format=text_format)
    previous = _read_last_schema(spark, dataset)
    drift = () if previous is None or schema is None or not files else tuple(_compare(spark, previous, schema))
    folders, sizes = Counter(file.folder for file in files), Counter[str]()
    for file in files:
        sizes[file.folder] += file.bytes
    partitions = [{"path": name, "files": folders[name], "bytes": sizes[name]} for name in sorted(folders)]
    entry = {
        "run_id": run_id,
        "crawled": datetime.now(timezone.utc).isoformat(),
        "files": len(files),
        "bytes": sizes.total(),
        "partitions": partitions,
        "schema": schema.json() if files and schema is not None else None,
        "drift": [asdict(change) for change in drift],
    }
    rows = as_frame(spark, [entry], ddl=_CRAWLS_DDL)
    ensure_table(spark, _crawls_table(dataset), rows.schema)
    rows.writeTo(_crawls_table(dataset)).append()
    for change in drift:
        logger.warning(
            "%s: schema drift in column %r (%s). Before: %s. Now: %s",
            dataset,
            change.column,
            change.change,
            change.before,
            change.after,
        )
    return Crawl(len(files), tuple(sorted(folders)), schema, drift)


def _crawls_table(dataset: str) -> str:
    return table_name("ops", f"{dataset}_crawls")


def _infer_schema(
    spark: SparkSession, files: Sequence[LandedFile], *, dataset: str, layouts: Layouts, text_format: TextFormat
) -> T.StructType | None:
    events = [file for file in files if is_json_lines(file.name)]
    with_header = [file for file in files if not is_json_lines(file.name)]
    # Skip unreadable files without a warning, because the ingest reports these files.
    frames = read_files(
        spark, with_header, dataset=dataset, layouts=layouts, skip_unreadable=True, text_format=text_format
    ).frames
    surveyed = survey(spark, events)
    if files and not frames and len(surveyed.unread) == len(events):
        return None
    try:
        inferred = _infer_json_schemas(spark, surveyed)
    except ENGINE_ERRORS:
        logger.warning("%s: Spark cannot infer the columns of %d files", dataset, len(events), exc_info=True)
        return None
    fields = {field.name: field for frame in frames for field in frame.schema if field.name not in SOURCE_COLUMNS}
    for schema in reversed(inferred):
        fields |= {field.name: field for field in schema if field.name != _CORRUPT}
    return T.StructType([fields[name] for name in sorted(fields)])


def _infer_json_schemas(spark: SparkSession, surveyed: Survey) -> list[T.StructType]:
    """Infer the fields of JSON objects."""
    # The ingest treats `city` and `City` as two fields. The session of the job ignores case, so it cannot infer the
    # schema of a file with both fields. Use a separate session that distinguishes case.
    session = spark.newSession()
    session.conf.set("spark.sql.caseSensitive", True)
    schemas = []
    if paths := [escape_pattern(file.uri) for file in (*surveyed.small, *surveyed.large)]:
        schemas.append(session.read.json(paths).schema)
    if surveyed.others:
        schemas.append(session.read.json(record_texts(session, surveyed.others)).schema)
    return schemas


def _read_last_schema(spark: SparkSession, dataset: str) -> T.StructType | None:
    if not exists(spark, _crawls_table(dataset)):
        return None
    last = (
        spark.table(_crawls_table(dataset))
        .where("schema IS NOT NULL")
        .orderBy(F.desc("crawled"))
        .select("schema")
        .first()
    )
    return None if last is None else T.StructType.fromJson(json.loads(last.schema))


def _compare(spark: SparkSession, before: T.StructType, after: T.StructType) -> list[Drift]:
    return schema_drift(spark.createDataFrame([], before), spark.createDataFrame([], after))
