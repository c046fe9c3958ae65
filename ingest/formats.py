"""Read landed files of all formats as frames. The cells are text."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest import delimited, json_lines, json_survey, parquet, text_file, workbook
from ingest.compressed import content_name
from ingest.errors import LandedFileError, LandedFilesError
from ingest.header import Header, Layouts, best_match, describe_missing_columns
from ingest.storage import LandedFile
from transforms.dates import DATE_SYSTEM
from transforms.text_format import DETECTED_FORMAT, TextFormat

_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
"""The workbook reader cannot read .xls, .xlsb and .ods files, but explains how to convert them."""

_TEXT = (".csv", ".tsv", ".zip")
EXPECTED_FORMATS = (
    ".xlsx or .xlsm files, .csv or .tsv files (also as .gz or .zip), .parquet files, or JSON (.json, .jsonl, .ndjson, "
    "or a name that Firehose gives)"
)


@dataclass(frozen=True)
class Reading:
    """Landed files that are read as frames.

    Attributes:
        frames: The rows. Spark has not read them yet.
        unread: The files that cannot be read, with a reason of one line. A reason may show column names, but never the
            cells of a row.
        headers: The header of each file with a header. `check_file` checks the rows of these files.
    """

    frames: list[DataFrame] = field(default_factory=list)
    unread: dict[LandedFile, str] = field(default_factory=dict)
    headers: dict[LandedFile, Header] = field(default_factory=dict)


def is_readable(name: str) -> bool:
    """Return True if the name of a file indicates a format that can be read."""
    return has_header(name) or json_survey.is_json_lines(name)


def has_header(name: str) -> bool:
    """Return True if the name of a file indicates a workbook, a delimited text file or a Parquet file."""
    is_text = _extension(content_name(name)) in _TEXT or _extension(name) == ".zip"
    return _is_workbook(name) or is_text or parquet.is_parquet(name)


def read_files(
    spark: SparkSession,
    files: Sequence[LandedFile],
    *,
    dataset: str,
    layouts: Layouts,
    skip_unreadable: bool = False,
    text_format: TextFormat = DETECTED_FORMAT,
) -> Reading:
    """Read each file with a header as one frame, and all JSON files together as one frame.

    The headers of all files are checked before Spark reads the first row. `ingest.checks` checks the rows while Spark
    reads them. An unreadable JSON file is skipped, because events arrive
    all day and one damaged file must not stop the ingest. If `skip_unreadable` is true, unreadable files with a header
    are also skipped.

    Columns: the cells as text, and the columns `_layout`, `_source_file`, `_modified_at`, `_checksum`, `_row_number`,
    `_date_system` and `_malformed_record`. The frame of JSON files also has the column `_other_fields`.

    Raises:
        LandedFilesError: `skip_unreadable` is false, and a file with a header cannot be read or lacks columns of every
            layout.
    """
    reading, problems = Reading(), {}
    headers: list[tuple[LandedFile, Header]] = []
    for file in files:
        if json_survey.is_json_lines(file.name):
            continue
        try:
            header = _read_header(file, layouts=layouts, text_format=text_format)
            _require_layout(file.name, header, layouts)
            headers.append((file, header))
        except LandedFileError as error:
            problems[file] = error
    if problems and not skip_unreadable:
        raise LandedFilesError(dataset=dataset, problems=[*map(str, problems.values())])
    reading.unread.update({file: one_line(error) for file, error in problems.items()})
    reading.frames.extend(_read_with_header(spark, file, header) for file, header in headers)
    reading.headers.update(headers)
    if events := [file for file in files if json_survey.is_json_lines(file.name)]:
        surveyed = json_survey.survey(spark, events)
        reading.unread.update(surveyed.unread)
        if len(surveyed.unread) < len(events):
            events_read = json_lines.read_rows(spark, surveyed, layouts=layouts)
            reading.frames.append(events_read.withColumn(DATE_SYSTEM, F.lit(None).cast("int")))
    return reading


def check_file(spark: SparkSession, file: LandedFile, header: Header) -> None:
    """Read all rows of a file with a header. Only a Parquet file needs Spark.

    Raises:
        LandedFileError: The file cannot be read.
    """
    if isinstance(header, parquet.ParquetHeader):
        parquet.check_rows(spark, file, header)
        return
    reader = workbook.read_rows if _is_workbook(file.name) else text_file.read_records
    deque(reader(file.name, file.uri, header), maxlen=0)


def one_line(error: LandedFileError) -> str:
    """Return the message of an error in one line, without the name of the file."""
    return " ".join(error.problem.split())


def _extension(name: str) -> str:
    return name[name.rfind(".") :].lower() if "." in name else ""


def _is_workbook(name: str) -> bool:
    return _extension(name) in _WORKBOOKS


def _read_header(file: LandedFile, *, layouts: Layouts, text_format: TextFormat) -> Header:
    if _is_workbook(file.name):
        return workbook.read_header(file.name, file.uri, layouts=layouts)
    if parquet.is_parquet(file.name):
        return parquet.read_header(file, layouts=layouts)
    return delimited.read_header(file.name, file.uri, layouts=layouts, text_format=text_format)


def _require_layout(file: str, header: Header, layouts: Layouts) -> None:
    match = best_match(header.columns, layouts)
    if match.missing:
        where = file if len(layouts) == 1 else f"{file} (as {match.layout})"
        raise LandedFileError(where=where, problem=describe_missing_columns(header.columns, layouts))


def _read_with_header(spark: SparkSession, file: LandedFile, header: Header) -> DataFrame:
    if _is_workbook(file.name):
        rows = _read_workbook(spark, file, header)
    elif isinstance(header, parquet.ParquetHeader):
        rows = parquet.read_rows(spark, file.uri, header)
    else:
        rows = delimited.read_rows(spark, file.name, file.uri, header)
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
