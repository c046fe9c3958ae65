"""Landed files as frames: which format each has, and its rows, all cells as text."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest import delimited, json_lines, workbook
from ingest.errors import LandedFileError, LandedFilesError
from ingest.header import Forms, Header, best_fit, tellable
from ingest.storage import LandedFile
from transforms.errors import MissingColumnError

_AT_ONCE = 8
"""How many files are looked at: those in S3 mostly keep one waiting."""

_WITH_HEADER = {".xlsx": workbook, ".csv": delimited}
EXPECTED = ".xlsx or .csv files or JSON lines (.json, .jsonl, .ndjson, or named as Firehose names its objects)"


def is_readable(name: str) -> bool:
    """Whether a file's name is of a format that is read."""
    return _extension(name) in _WITH_HEADER or json_lines.is_json_lines(name)


def read_files(
    spark: SparkSession, files: Sequence[LandedFile], *, dataset: str, forms: Forms, skip_unreadable: bool = False
) -> tuple[list[DataFrame], dict[LandedFile, str]]:
    """Read files: one frame for each that has a header, and one for all JSON lines. Return also why some are skipped.

    All files are looked at before any is read. JSON lines that cannot be read are skipped, and so with
    `skip_unreadable` are other files: events come all day, and one file must not hold up the others.

    Columns: the cells as text, `_form`, `_source_file`, `_delivered_at`, `_checksum`, `_row_number`,
    `_malformed_record`; of JSON lines also `_other_fields`.

    Raises:
        LandedFilesError: A file with a header cannot be read, or has not all columns of any form.
    """
    problems: dict[LandedFile, str] = {}
    headers: list[tuple[LandedFile, Header]] = []
    events = [file for file in files if json_lines.is_json_lines(file.name)]
    for file in files:
        if json_lines.is_json_lines(file.name):
            continue
        try:
            header = _WITH_HEADER[_extension(file.name)].read_header(file.name, file.uri, forms=forms)
            _require_form(file.name, header, forms)
            headers.append((file, header))
        except (LandedFileError, MissingColumnError) as error:
            problems[file] = str(error)
    if problems and not skip_unreadable:
        raise LandedFilesError(dataset=dataset, problems=[*problems.values()])
    frames = [_with_header(spark, file, header) for file, header in headers]
    unread = unreadable(events)
    if readable := [file for file in events if file not in unread]:
        frames.append(json_lines.read_rows(spark, readable, forms=forms))
    return frames, problems | unread


def unreadable(events: Sequence[LandedFile]) -> dict[LandedFile, str]:
    """Return the JSON lines that cannot be read, and why."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        problems = zip(events, pool.map(json_lines.problem_of, events), strict=True)
        return {file: f"{file.name}: {problem}" for file, problem in problems if problem}


def _extension(name: str) -> str:
    return name[name.rfind(".") :].lower() if "." in name else ""


def _require_form(file: str, header: Header, forms: Forms) -> None:
    fit = best_fit(header.columns, forms)
    if fit.missing:
        where = file if len(forms) == 1 else f"{file} (as {fit.form})"
        raise MissingColumnError(where=where, column=fit.missing[0], available=tellable(header.columns, forms))


def _with_header(spark: SparkSession, file: LandedFile, header: Header) -> DataFrame:
    read = _workbook_rows if _extension(file.name) == ".xlsx" else _delimited_rows
    where_from = {
        "_form": header.form,
        "_source_file": file.name,
        "_delivered_at": file.delivered_at,
        "_checksum": file.checksum,
    }
    return read(spark, file, header).withColumns({name: F.lit(value) for name, value in where_from.items()})


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
