"""A crawl: what landing holds that raw does not have yet, in which folders and columns, and what that changes."""

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
from ingest.formats import is_readable, read_files, unreadable
from ingest.header import SOURCE_COLUMNS, Layouts
from ingest.json_lines import is_json_lines
from ingest.selection import new_files
from ingest.storage import LandedFile, list_files, pattern_of
from lake.iceberg import ENGINE_ERRORS
from lake.tables import ensure_table, exists, table_name
from transforms.drift import Drift, schema_drift

logger = logging.getLogger(__name__)

_CORRUPT = "_corrupt_record"
_SCHEMA = (
    "run_id string, crawled timestamp, files bigint, bytes bigint, "
    "partitions array<struct<path: string, files: bigint, bytes: bigint>>, schema string, "
    "drift array<struct<column: string, change: string, before: string, after: string>>"
)


@dataclass(frozen=True)
class Crawl:
    """What a crawl found in the files that are new.

    Attributes:
        files: How many there are.
        partitions: Their folders, such as `2024/07/10/17`.
        schema: Their columns: of JSON lines the fields with inferred types, of other files the header, all text. Names
            that differ in capitals alone are columns of their own. None where they cannot be told.
        drift: What differs from the last crawl that found files. A field that no new record has is `removed`.
    """

    files: int
    partitions: tuple[str, ...]
    schema: T.StructType | None
    drift: tuple[Drift, ...]

    def __str__(self) -> str:
        columns = "columns that cannot be told" if self.schema is None else f"{len(self.schema)} columns"
        found = f"{self.files} new files in {len(self.partitions)} folders, {columns}"
        return ", ".join([found, *(f"{each.column} {each.change}" for each in self.drift)])


def crawl(spark: SparkSession, *, dataset: str, landing: str, layouts: Layouts, run_id: str) -> Crawl:
    """Look through the landed files that raw does not have, and note what was found in `lake.ops.<dataset>_crawls`.

    What Spark cannot infer a schema of is no error, but a warning: whether an event can be read, its rows tell.

    Raises:
        LandingError: The landing does not exist.
        DeliveriesError: Raw has rows of an ingest that the table of deliveries does not have.
    """
    state = read_state(spark, dataset)
    landed = [file for file in list_files(landing, known=cached_checksums(state)) if is_readable(file.name)]
    files, _ = new_files(landed, state.deliveries)
    schema = _schema(spark, files, dataset=dataset, layouts=layouts)
    before = _last_schema(spark, dataset)
    drift = () if before is None or schema is None or not files else tuple(_drift(spark, before, schema))
    folders, sizes = Counter(map(_folder, files)), Counter[str]()
    for file in files:
        sizes[_folder(file)] += file.bytes
    partitions = [{"path": name, "files": folders[name], "bytes": sizes[name]} for name in sorted(folders)]
    line = {
        "run_id": run_id,
        "crawled": datetime.now(timezone.utc).isoformat(),
        "files": len(files),
        "bytes": sizes.total(),
        "partitions": partitions,
        "schema": schema.json() if files and schema is not None else None,
        "drift": [asdict(each) for each in drift],
    }
    rows = as_frame(spark, [line], ddl=_SCHEMA)
    ensure_table(spark, _table(dataset), rows.schema)
    rows.writeTo(_table(dataset)).append()
    for each in drift:
        logger.warning("%s: column %s was %s: %s, now %s", dataset, each.column, each.change, each.before, each.after)
    return Crawl(len(files), tuple(sorted(folders)), schema, drift)


def _table(dataset: str) -> str:
    return table_name("ops", f"{dataset}_crawls")


def _folder(file: LandedFile) -> str:
    return file.name.rpartition("/")[0]


def _schema(spark: SparkSession, files: Sequence[LandedFile], *, dataset: str, layouts: Layouts) -> T.StructType | None:
    lines = [file for file in files if is_json_lines(file.name)]
    with_header = [file for file in files if not is_json_lines(file.name)]
    # What cannot be read is for ingest to tell.
    frames, _ = read_files(spark, with_header, dataset=dataset, layouts=layouts, skip_unreadable=True)
    unread = unreadable(lines)
    events = [pattern_of(file.uri) for file in lines if file not in unread]
    if files and not frames and not events:
        return None
    try:
        inferred = _inferred(spark, events) if events else []
    except ENGINE_ERRORS:
        logger.warning("%s: the columns of %d files cannot be told", dataset, len(events), exc_info=True)
        return None
    fields = {field.name: field for frame in frames for field in frame.schema if field.name not in SOURCE_COLUMNS}
    for schema in reversed(inferred):
        fields |= {field.name: field for field in schema if field.name != _CORRUPT}
    return T.StructType([fields[name] for name in sorted(fields)])


def _inferred(spark: SparkSession, paths: list[str]) -> list[T.StructType]:
    """Infer the fields of JSON lines, and where not all lines can be read, of files that are one array."""
    # `city` and `City` are two fields, as for ingest. In the session of the job, Spark infers no schema of both.
    session = spark.newSession()
    session.conf.set("spark.sql.caseSensitive", True)
    of_lines = session.read.json(paths).schema
    return [of_lines, session.read.json(paths, multiLine=True).schema] if _CORRUPT in of_lines.names else [of_lines]


def _last_schema(spark: SparkSession, dataset: str) -> T.StructType | None:
    if not exists(spark, _table(dataset)):
        return None
    last = spark.table(_table(dataset)).where("schema IS NOT NULL").orderBy(F.desc("crawled")).select("schema").first()
    return None if last is None else T.StructType.fromJson(json.loads(last.schema))


def _drift(spark: SparkSession, before: T.StructType, after: T.StructType) -> list[Drift]:
    return schema_drift(spark.createDataFrame([], before), spark.createDataFrame([], after))
