"""Landing to raw: every landed row once, all cells as text, with where it comes from."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import reduce
from operator import or_

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest import delimited, workbook
from ingest.deliveries import landed_files, new_files
from ingest.errors import LandedFileError, LandedFilesError, LandingError
from ingest.header import Forms, Header, best_fit, tellable
from ingest.storage import LandedFile, list_files
from lake.publish import Snapshot, Staged
from lake.tables import ensure_table, exists, read, row_count, snapshot_id, table_name
from transforms.errors import MissingColumnError
from transforms.names import quoted

logger = logging.getLogger(__name__)

_EXTENSIONS = {".xlsx": workbook, ".csv": delimited}


@dataclass(frozen=True)
class Ingested:
    """What a delivery did to raw.

    Attributes:
        table: The raw table.
        files: The files whose rows were added.
        skipped: File to why it was not taken.
        redelivered: The files that raw had with other content before: its rows are withdrawn where they are not in the
            new one.
        extra_columns: Columns that no earlier file had and the dataset does not use; raw keeps them.
        rows: How many rows were added.
        snapshot: The raw table's snapshot afterwards.
    """

    table: str
    files: tuple[str, ...]
    skipped: dict[str, str]
    redelivered: tuple[str, ...]
    extra_columns: tuple[str, ...]
    rows: int
    snapshot: int | None


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

    Rows: each record of each new file once. A file that raw had with other content before, and that now adds no row,
    having none or being a copy of another, gets one without cells and number: so its earlier rows are known to be
    withdrawn.

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
    landed = landed_files(spark, table) if base.id else []
    fresh, known = new_files(files, landed)
    before = {old.file: old.checksum for old in landed}
    redelivered = [file for file in files if before.get(file.name, file.checksum) != file.checksum]
    headers = _headers(fresh, dataset=dataset, forms=forms)
    _log(dataset, skipped, known, redelivered)
    names, anew = tuple(file.name for file, _ in headers), tuple(file.name for file in redelivered)
    if not headers and not redelivered:
        return Ingested(table, names, skipped | known, anew, (), 0, base.id)
    at = now or datetime.now(timezone.utc)
    frames = _frames(spark, headers, at)
    silent = _without_rows(redelivered, frames)
    rows = _union([*frames.values(), *(_mark(spark, file, at) for file in silent)])
    used = list(dict.fromkeys(name for columns in forms.values() for name in columns))
    there = {name.casefold() for name in rows.columns}  # a column of that name would take its place, in any case
    rows = rows.withColumns({name: F.lit(None).cast("string") for name in used if name.casefold() not in there})
    extra = [name for name in rows.columns if name not in used and not name.startswith("_")]
    if base.id:
        extra = [name for name in extra if name not in spark.table(table).columns]
    if extra:
        logger.warning("%s: columns %s are new; raw keeps them, nothing uses them", dataset, extra)
    ensure_table(spark, table, rows.schema)
    count = row_count(spark, table) if base.id else 0
    with Staged(spark, _matching(rows, spark.table(table)), table=table, run_id=run_id, append_to=base) as staged:
        snapshot = staged.publish()
    added = row_count(spark, table) - count - len(silent)
    return Ingested(table, names, skipped | known, anew, tuple(extra), added, snapshot)


def read_raw(spark: SparkSession, dataset: str) -> tuple[DataFrame, int]:
    """Read raw, and count its rows. Where files were delivered anew, say which rows are of a file's current content.

    Rows: all that were landed.

    Columns: adds `_is_current` where raw has more than one content of some file: false in the earlier ones.

    Raises:
        NotPublishedError: Nothing has been ingested.
    """
    rows = read(spark, "raw", dataset).where("_row_number IS NOT NULL")
    landed = landed_files(spark, table_name("raw", dataset))
    count = sum(file.rows for file in landed)
    changed = [file for file in landed if file.first < file.latest]
    if not changed:
        return rows, count
    arrived, source = F.unix_micros("_ingested_at"), F.col("_source_file")
    earlier = [(source == file.file) & (arrived < file.latest) for file in changed]
    return rows.withColumn("_is_current", ~reduce(or_, earlier)), count


def _log(dataset: str, skipped: Mapping[str, str], known: Mapping[str, str], redelivered: Sequence[LandedFile]) -> None:
    for name, why in skipped.items():
        logger.warning("%s: %s skipped: %s", dataset, name, why)
    for name, why in known.items():
        logger.info("%s: %s skipped: %s", dataset, name, why)
    for file in redelivered:
        logger.warning("%s: %s came before with other content; what it no longer says is withdrawn", dataset, file.name)


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


def _frames(
    spark: SparkSession, headers: Sequence[tuple[LandedFile, Header]], at: datetime
) -> dict[LandedFile, DataFrame]:
    frames = {}
    for file, header in headers:
        read = _workbook_rows if _extension(file.name) == ".xlsx" else _delimited_rows
        frames[file] = _from(file, read(spark, file, header).withColumn("_form", F.lit(header.form)), at)
    return frames


def _without_rows(files: Sequence[LandedFile], frames: Mapping[LandedFile, DataFrame]) -> list[LandedFile]:
    told = [frames[file].select("_source_file").limit(1) for file in files if file in frames]
    have = {row[0] for row in _union(told).collect()} if told else set()
    return [file for file in files if file.name not in have]


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
