"""Stage the rows of new landed files on a branch of raw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import uuid4

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from ingest.checks import RecordChecks
from ingest.deliveries import INGEST_ID, RawState, latest_contents
from ingest.errors import LandedFilesError
from ingest.formats import check_file, one_line
from ingest.header import Layouts
from ingest.selection import read_new_files
from ingest.storage import LandedFile
from lake.errors import OvertakenError
from lake.iceberg import ENGINE_ERRORS
from lake.staging import Staged, stage
from lake.tables import add_columns, align_columns, ensure_table, table_name
from transforms.text_format import TextFormat

_READ_ERRORS = ("TextParsingException", "PythonException", "error while reading file")


@dataclass(frozen=True)
class IngestRun:
    """The arguments of an ingest, and the state of raw before the ingest."""

    spark: SparkSession
    dataset: str
    run_id: str
    state: RawState
    layouts: Layouts
    text_format: TextFormat
    skip_unreadable: bool
    ingested_at: datetime

    @property
    def table(self) -> str:
        """The raw table."""
        return table_name("raw", self.dataset)


@dataclass(frozen=True)
class StagedFiles:
    """The staged rows of new files. `rows` is None if no file has changed.

    `changed` has the files with a new delivery, `new` the files with new rows, and `extra_columns` the new columns that
    no layout has. `known` and `unread` have a reason for each file.
    """

    rows: Staged | None
    changed: Sequence[LandedFile]
    new: Sequence[LandedFile]
    known: Mapping[LandedFile, str]
    unread: Mapping[LandedFile, str]
    extra_columns: tuple[str, ...] = ()


def stage_new_files(run: IngestRun, files: Sequence[LandedFile]) -> StagedFiles:
    """Stage the rows of all new files.

    The records of text files are checked while Spark reads them. If a file fails this check and unreadable files are
    skipped, the other files are staged again. If Spark fails, the check finds the file that is the cause.
    """
    previous = latest_contents(run.state.deliveries)
    unread: Mapping[LandedFile, str] = {}
    while True:
        reading, new, known = read_new_files(
            run.spark,
            files,
            run.state,
            unread=unread,
            dataset=run.dataset,
            layouts=run.layouts,
            skip_unreadable=run.skip_unreadable,
            text_format=run.text_format,
        )
        unread = reading.unread
        if unread and not reading.frames and run.state.snapshot is None:
            reasons = [f"{file.name}: {reason}" for file, reason in unread.items()]
            raise LandedFilesError(dataset=run.dataset, problems=reasons, is_first=run.skip_unreadable)
        changed = [file for file in files if previous.get(file.name) != file.checksum and file not in unread]
        if not changed:
            return StagedFiles(None, changed, new, known, unread)
        with RecordChecks(reading.headers, partial(check_file, run.spark)) as checks:
            staged, extra = _stage_if_readable(run, reading.frames, checks)
            problems = checks.problems()
        if staged and not problems:
            return StagedFiles(staged, changed, new, known, unread, extra)
        if not run.skip_unreadable:
            raise LandedFilesError(dataset=run.dataset, problems=[*map(str, problems.values())])
        unread = unread | {file: one_line(error) for file, error in problems.items()}


def _stage_if_readable(
    run: IngestRun, frames: Sequence[DataFrame], checks: RecordChecks
) -> tuple[Staged | None, tuple[str, ...]]:
    """Stage the rows, and return them with the new columns. If a file cannot be read, the rows are None."""
    rows, extra = _prepare_rows(run, frames, checks)
    if rows is None:
        return None, ()
    checks.start()
    try:
        return _stage(run, rows), extra
    except ENGINE_ERRORS as error:
        if not _is_read_error(error) or not checks.find_cause():
            raise
        return None, ()


def _is_read_error(error: Exception) -> bool:
    """Return whether a file may be the cause of a Spark error, because a file reader or a Python worker has failed."""
    return any(name in str(error) for name in _READ_ERRORS)


def _prepare_rows(
    run: IngestRun, frames: Sequence[DataFrame], checks: RecordChecks
) -> tuple[DataFrame | None, tuple[str, ...]]:
    """Add new columns to raw. Return the rows with all columns of raw, and the new columns that no layout has.

    Raw gets columns that no layout has only after all files have passed a complete check. If a file fails, the rows are
    None.
    """
    if not frames:
        # Raw already has the rows of all changed files. This empty frame leads to an empty commit, which publishes the
        # new deliveries.
        return run.spark.table(run.table).limit(0), ()
    raw = run.spark.table(run.table) if run.state.snapshot else None
    rows = _union(frames).withColumn("_ingested_at", F.lit(run.ingested_at))
    rows, extra = _add_layout_columns(rows, run.layouts, raw)
    if extra and checks.find_cause():
        return None, ()
    ensure_table(run.spark, run.table, rows.schema)
    add_columns(run.spark, run.table, rows.schema)
    return align_columns(rows, run.spark.table(run.table).schema), extra


def _stage(run: IngestRun, rows: DataFrame) -> Staged:
    properties = {INGEST_ID: uuid4().hex}
    staged = stage(run.spark, rows, table=run.table, run_id=run.run_id, is_append=True, properties=properties)
    if staged.base != run.state.snapshot:
        raise OvertakenError(table=run.table, branch=staged.location)
    return staged


def _add_layout_columns(rows: DataFrame, layouts: Layouts, raw: DataFrame | None) -> tuple[DataFrame, tuple[str, ...]]:
    """Add the columns of all layouts to the rows. Also return the new columns that neither raw nor a layout has."""
    used = list(dict.fromkeys(name for columns in layouts.values() for name in columns))
    present = {name.casefold() for name in rows.columns}  # Spark ignores case in column names
    absent = {name.casefold(): name for name in reversed(used) if name.casefold() not in present}
    rows = rows.withColumns({name: F.lit(None).cast("string") for name in absent.values()})
    known = {*used, *(raw.columns if raw else ())}
    return rows, tuple(name for name in rows.columns if name not in known and not name.startswith("_"))


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    """Union frames pair by pair. In a chain of unions, Spark would analyse the first frame again for each union."""
    if len(frames) == 1:
        return frames[0]
    half = len(frames) // 2
    return _union(frames[:half]).unionByName(_union(frames[half:]), allowMissingColumns=True)
