"""Read landed files of all formats as frames. The cells are text."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest import delimited, json_lines, workbook
from ingest.errors import LandedFileError, LandedFilesError
from ingest.header import Header, Layouts, best_match, printable_columns
from ingest.storage import LandedFile
from transforms.dates import DATE_SYSTEM
from transforms.errors import MissingColumnError

_MAX_CONCURRENT_CHECKS = 8  # several files are checked at once, because a check mostly waits for S3
# The workbook reader cannot read .xls, .xlsb and .ods files, but explains how to convert them.
_HEADER_READERS = {**dict.fromkeys((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"), workbook), ".csv": delimited}
EXPECTED_FORMATS = (
    ".xlsx or .xlsm files, .csv files, or JSON lines (.json, .jsonl, .ndjson, or a name that Firehose gives)"
)


def is_readable(name: str) -> bool:
    """Return True if the name of a file indicates a format that can be read."""
    return _extension(name) in _HEADER_READERS or json_lines.is_json_lines(name)


def read_files(
    spark: SparkSession, files: Sequence[LandedFile], *, dataset: str, layouts: Layouts, skip_unreadable: bool = False
) -> tuple[list[DataFrame], dict[LandedFile, str]]:
    """Read each file with a header as one frame, and all files of JSON lines together as one frame.

    All files are checked before Spark reads the first file. An unreadable file of JSON lines is skipped, because events
    arrive all day and one damaged file must not stop the ingest. If `skip_unreadable` is true, unreadable files with a
    header are also skipped.

    Columns: the cells as text, and the columns `_layout`, `_source_file`, `_modified_at`, `_checksum`, `_row_number`,
    `_date_system` and `_malformed_record`. The frame of JSON lines also has the column `_other_fields`.

    Returns:
        The frames, and a dictionary that maps each skipped file to a reason of one line. A reason may show column
        names, but never the cells of a row.

    Raises:
        LandedFilesError: `skip_unreadable` is false, and a file with a header cannot be read or lacks columns of every
            layout.
    """
    problems: dict[LandedFile, LandedFileError | MissingColumnError] = {}
    headers: list[tuple[LandedFile, Header]] = []
    events = [file for file in files if json_lines.is_json_lines(file.name)]
    for file in files:
        if json_lines.is_json_lines(file.name):
            continue
        try:
            header = _HEADER_READERS[_extension(file.name)].read_header(file.name, file.uri, layouts=layouts)
            _require_layout(file.name, header, layouts)
            headers.append((file, header))
        except (LandedFileError, MissingColumnError) as error:
            problems[file] = error
    if problems and not skip_unreadable:
        raise LandedFilesError(dataset=dataset, problems=[*map(str, problems.values())])
    frames = [_read_with_header(spark, file, header) for file, header in headers]
    unread = unreadable_files(events)
    if readable := [file for file in events if file not in unread]:
        events_read = json_lines.read_rows(spark, readable, layouts=layouts)
        frames.append(events_read.withColumn(DATE_SYSTEM, F.lit(None).cast("int")))
    return frames, {file: _one_line(error) for file, error in problems.items()} | unread


def unreadable_files(events: Sequence[LandedFile]) -> dict[LandedFile, str]:
    """Return the files of JSON lines that cannot be read, with the reason for each file."""
    with ThreadPoolExecutor(_MAX_CONCURRENT_CHECKS) as pool:
        problems = zip(events, pool.map(json_lines.find_problem, events), strict=True)
        return {file: problem for file, problem in problems if problem}


def _extension(name: str) -> str:
    return name[name.rfind(".") :].lower() if "." in name else ""


def _one_line(error: LandedFileError | MissingColumnError) -> str:
    """Return the message of an error in one line, without the name of the file."""
    return " ".join(error.problem.split())


def _require_layout(file: str, header: Header, layouts: Layouts) -> None:
    match = best_match(header.columns, layouts)
    if match.missing:
        where = file if len(layouts) == 1 else f"{file} (as {match.layout})"
        raise MissingColumnError(
            where=where, column=match.missing[0], available=printable_columns(header.columns, layouts)
        )


def _read_with_header(spark: SparkSession, file: LandedFile, header: Header) -> DataFrame:
    if _HEADER_READERS[_extension(file.name)] is workbook:
        rows = _read_workbook(spark, file, header)
    else:
        rows = delimited.read_rows(spark, file.uri, header)
    source = {
        "_layout": header.layout,
        "_source_file": file.name,
        "_modified_at": file.modified_at,
        "_checksum": file.checksum,
    }
    columns = {name: F.lit(value) for name, value in source.items()}
    return rows.withColumns(columns | {DATE_SYSTEM: F.lit(header.date_system).cast("int")})


def _read_workbook(spark: SparkSession, file: LandedFile, header: Header) -> DataFrame:
    # Read a workbook in Python, because Glue has no Java library that reads .xlsx files.
    name, uri = file.name, file.uri
    rows = spark.sparkContext.parallelize([uri], 1).flatMap(lambda _: workbook.read_rows(name, uri, header))
    columns = (*header.columns, "_malformed_record", "_row_number")
    return spark.createDataFrame(rows, _text_schema(columns), verifySchema=False)


def _text_schema(columns: Sequence[str]) -> T.StructType:
    types = {"_row_number": T.IntegerType()}
    return T.StructType([T.StructField(name, types.get(name, T.StringType())) for name in columns])
