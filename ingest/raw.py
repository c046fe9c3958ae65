"""Landing to raw: every landed row once, all cells as text, with where it comes from."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest import delimited, workbook
from ingest.deliveries import Delivery, latest_contents, new_files, read_deliveries, withdrawn
from ingest.errors import LandedFileError, LandedFilesError, LandingError
from ingest.header import Forms, Header, best_fit, tellable
from ingest.storage import LandedFile, list_files
from lake.publish import Snapshot, Staged
from lake.tables import ensure_table, exists, read, snapshot_id, table_name
from transforms.errors import MissingColumnError
from transforms.names import quoted

logger = logging.getLogger(__name__)

_EXTENSIONS = {".xlsx": workbook, ".csv": delimited}


@dataclass(frozen=True)
class Ingested:
    """What a delivery did to raw.

    Attributes:
        table: The raw table.
        skipped: File to why it was not taken.
        redelivered: The files that raw had with other content before: its rows are withdrawn where they are not in the
            new one.
        snapshot: The raw table's snapshot afterwards.
        files: The files whose rows were added.
        extra_columns: Columns that no earlier file had and the dataset does not use; raw keeps them.
        rows: How many rows were added.
    """

    table: str
    skipped: dict[str, str]
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
) -> Ingested:
    """Add to raw the rows of all landed files that raw does not have yet, in one commit.

    A file is known by its content: what raw has as a file's latest content is not added again, under whatever name;
    content that changed under an old name is a new delivery. Each file is of one of the dataset's `forms`, told by its
    header. All files are looked at before any row is added, and one that cannot be read stops the whole delivery.

    Rows: each record of each new file once. A file whose content adds no row, having none or being that of another
    file, gets one without cells and number: so raw knows what each file says now, and which rows are withdrawn.

    Columns: the cells as text under their source names, those of all forms; `_form`; `_source_file` (path below
    landing), `_row_number` (as Excel shows it; the header of a text file is 1), `_delivered_at` (the file's
    modification time), `_ingested_at` (`now`), `_checksum` (of the file), `_malformed_record` (a record that does not
    fit the header, whole). A column that raw does not have yet is added to it.

    Raises:
        LandingError: The landing is absent, or holds no .xlsx or .csv file.
        LandedFilesError: A file cannot be read, or has not all columns of any form.
        OvertakenError: Another run has added to raw meanwhile; nothing of this one is added.
    """
    table = table_name("raw", dataset)
    files, skipped = _candidates(landing)
    base = Snapshot(snapshot_id(spark, table) if exists(spark, table) else None)
    deliveries = read_deliveries(spark, table) if base.id else []
    fresh, known = new_files(files, deliveries)
    headers = _headers(fresh, dataset=dataset, forms=forms)
    before = latest_contents(deliveries)
    changed = [file for file in files if before.get(file.name) != file.checksum]
    done = Ingested(
        table=table,
        skipped=skipped | {file.name: why for file, why in known.items()},
        redelivered=tuple(file.name for file in changed if file.name in before),
        snapshot=base.id,
    )
    _log(dataset, skipped, known, done.redelivered)
    if not changed:
        return done
    at = _after(deliveries, now or datetime.now(timezone.utc))
    frames = [_file_rows(spark, file, header, at) for file, header in headers]
    rows = _union(frames or [_mark(spark, file, at) for file in changed])
    used = list(dict.fromkeys(name for columns in forms.values() for name in columns))
    there = {name.casefold() for name in rows.columns}  # a column of that name would take its place, in any case
    rows = rows.withColumns({name: F.lit(None).cast("string") for name in used if name.casefold() not in there})
    extra = [name for name in rows.columns if name not in used and not name.startswith("_")]
    if base.id:
        extra = [name for name in extra if name not in spark.table(table).columns]
    if extra:
        logger.warning("%s: columns %s are new; raw keeps them, nothing uses them", dataset, extra)
    ensure_table(spark, table, rows.schema)
    with Staged(spark, _matching(rows, spark.table(table)), table=table, run_id=run_id, append_to=base) as staged:
        added = _rows_of_files(staged.written(), at)
        silent = [_mark(spark, file, at) for file in changed if file.name not in added]
        if silent and frames:
            staged.add(_matching(_union(silent), spark.table(table)))
        snapshot = staged.publish()
    names = tuple(file.name for file, _ in headers if file.name in added)
    return replace(done, files=names, extra_columns=tuple(extra), rows=sum(added.values()), snapshot=snapshot)


def read_raw(spark: SparkSession, dataset: str) -> tuple[DataFrame, int]:
    """Read raw, and count its rows. Where files were delivered anew, say which rows are of a file's current content.

    Rows: all that were landed.

    Columns: adds `_is_current` where not all rows are: false in those whose content is no file's latest any more.

    Raises:
        NotPublishedError: Nothing has been ingested.
    """
    rows = read(spark, "raw", dataset).where("_row_number IS NOT NULL")
    deliveries = read_deliveries(spark, table_name("raw", dataset))
    count = sum(each.rows for each in deliveries)
    stale = [f"{each.checksum} {each.at}" for each in withdrawn(deliveries)]
    if not stale:
        return rows, count
    content = F.concat_ws(" ", "_checksum", F.unix_micros("_ingested_at"))
    return rows.withColumn("_is_current", ~content.isin(stale)), count


def _log(dataset: str, skipped: Mapping[str, str], known: Mapping[LandedFile, str], redelivered: Sequence[str]) -> None:
    for name, why in skipped.items():
        logger.warning("%s: %s skipped: %s", dataset, name, why)
    for file, why in known.items():
        logger.info("%s: %s skipped: %s", dataset, file.name, why)
    for name in redelivered:
        logger.warning("%s: %s came before with other content; what it no longer says is withdrawn", dataset, name)


def _candidates(landing: str) -> tuple[list[LandedFile], dict[str, str]]:
    files, skipped = [], {}
    for file in list_files(landing):
        if _extension(file.name) in _EXTENSIONS:
            files.append(file)
        else:
            skipped[file.name] = f"not one of {sorted(_EXTENSIONS)}"
    if not files:
        found = f"only {sorted(skipped)}" if skipped else "nothing"
        raise LandingError(landing=landing, problem=f"it holds {found}, expected .xlsx or .csv files. Deliver some.")
    return files, skipped


def _extension(name: str) -> str:
    return name[name.rfind(".") :].lower() if "." in name else ""


def _headers(files: Sequence[LandedFile], *, dataset: str, forms: Forms) -> list[tuple[LandedFile, Header]]:
    headers, problems = [], []
    for file in files:
        try:
            header = _EXTENSIONS[_extension(file.name)].read_header(file.name, file.uri, forms=forms)
            _require_form(file.name, header, forms)
        except (LandedFileError, MissingColumnError) as error:
            problems.append(str(error))
        else:
            headers.append((file, header))
    if problems:
        raise LandedFilesError(dataset=dataset, problems=problems)
    return headers


def _require_form(file: str, header: Header, forms: Forms) -> None:
    fit = best_fit(header.columns, forms)
    if fit.missing:
        where = file if len(forms) == 1 else f"{file} (as {fit.form})"
        raise MissingColumnError(where=where, column=fit.missing[0], available=tellable(header.columns, forms))


def _file_rows(spark: SparkSession, file: LandedFile, header: Header, at: datetime) -> DataFrame:
    read = _workbook_rows if _extension(file.name) == ".xlsx" else _delimited_rows
    return _from(file, read(spark, file, header).withColumn("_form", F.lit(header.form)), at)


def _after(deliveries: Sequence[Delivery], now: datetime) -> datetime:
    """Return the time, or one just after the last delivery: a clock that was put back makes none come before it."""
    if not deliveries:
        return now
    return max(now, datetime.fromtimestamp(0, timezone.utc) + timedelta(microseconds=deliveries[-1].at + 1))


def _rows_of_files(raw: DataFrame, at: datetime) -> dict[str, int]:
    added = raw.where((F.col("_ingested_at") == F.lit(at)) & F.col("_row_number").isNotNull())
    return {row["_source_file"]: row["count"] for row in added.groupBy("_source_file").count().collect()}


def _mark(spark: SparkSession, file: LandedFile, at: datetime) -> DataFrame:
    return _from(file, spark.range(0, 1, 1, 1).selectExpr("int(null) AS _row_number"), at)


def _from(file: LandedFile, rows: DataFrame, at: datetime) -> DataFrame:
    where_from = {
        "_source_file": file.name,
        "_delivered_at": file.delivered_at,
        "_ingested_at": at,
        "_checksum": file.checksum,
    }
    return rows.withColumns({name: F.lit(value) for name, value in where_from.items()})


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    """Put frames under one another, half by half: one by one, Spark would look at the first for each of the others."""
    if len(frames) == 1:
        return frames[0]
    half = len(frames) // 2
    return _union(frames[:half]).unionByName(_union(frames[half:]), allowMissingColumns=True)


def _delimited_rows(spark: SparkSession, file: LandedFile, header: Header) -> DataFrame:
    return delimited.read_rows(spark, file.uri, header)


def _workbook_rows(spark: SparkSession, file: LandedFile, header: Header) -> DataFrame:
    # The one place where rows pass through Python: nothing on the JVM of Glue reads .xlsx.
    name, uri = file.name, file.uri
    rows = spark.sparkContext.parallelize([uri], 1).flatMap(lambda _: workbook.read_rows(name, uri, header))
    columns = (*header.columns, "_malformed_record", "_row_number")
    return spark.createDataFrame(rows, _text_schema(columns), verifySchema=False)


def _text_schema(columns: Sequence[str]) -> T.StructType:
    types = {"_row_number": T.IntegerType()}
    return T.StructType([T.StructField(name, types.get(name, T.StringType())) for name in columns])


def _matching(rows: DataFrame, table: DataFrame) -> DataFrame:
    given = {name.casefold(): name for name in rows.columns}
    return rows.select(
        *(
            F.col(quoted(given[field.name.casefold()])).alias(field.name)
            if field.name.casefold() in given
            else F.lit(None).cast(field.dataType).alias(field.name)
            for field in table.schema
        )
    )
