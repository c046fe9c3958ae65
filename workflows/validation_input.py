"""Read the rows that `citylake validate` validates: a table of the lake, or files."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.bits import FAILED, QUARANTINED, WARNINGS
from ingest.compressed import content_name
from ingest.delimited import read_header, read_rows
from ingest.spark_text import escape_pattern
from ingest.text_file import check_records
from lake.iceberg import ENGINE_ERRORS, error_message
from lake.session import CATALOG
from lake.tables import exists
from transforms.sql import quoted
from transforms.text_format import DETECTED_FORMAT, TextFormat
from workflows.column_types import ColumnTypes, cast_to_inferred, cast_to_schema, parse_schema
from workflows.errors import ValidationInputError

_DELIMITED = (".csv", ".tsv", ".txt", ".zip")
_PARQUET = ".parquet"
_PARQUET_MARK = b"PAR1"
_FORMATS = ".csv, .tsv, .txt (also as .gz or .zip) or .parquet"


def read_table(spark: SparkSession, table: str, *, warehouse: str) -> DataFrame:
    """Read a table of the lake, such as `lake.trusted.contact_centre`, without the columns that the gate adds.

    Raises:
        ValidationInputError: The table does not exist, or has never been published.
    """
    parts = table.split(".")
    if len(parts) != 3 or parts[0] != CATALOG or not all(parts):
        expected = f"{CATALOG}.ZONE.NAME, such as {CATALOG}.trusted.contact_centre"
        problem = f"the name is not a valid table name. Expected {expected}."
        raise ValidationInputError(where=f"table {table}", problem=problem)
    name = ".".join(map(quoted, parts))
    if not spark.catalog.tableExists(name):
        tables = f"{CATALOG}.{parts[1]} has {_tables(spark, parts[1])}"
        hint = "Give another table name, or give another warehouse with --warehouse DIR."
        problem = f"the table does not exist in warehouse {warehouse}. {tables}. {hint}"
        raise ValidationInputError(where=f"table {table}", problem=problem)
    if not exists(spark, table):
        problem = "the table has never been published. Run its job first."
        raise ValidationInputError(where=f"table {table}", problem=problem)
    return _without_gate_columns(spark.table(name))


def read_path(
    spark: SparkSession, path: str, *, types: ColumnTypes, text_format: TextFormat = DETECTED_FORMAT
) -> DataFrame:
    """Read a delimited text file, a Parquet file, or a folder with files of one format.

    The columns of text files are text, unless `types` gives other types. An empty cell is null.

    Raises:
        ValidationInputError: The path does not exist, has no file of a known format, has both Parquet and text files,
            or has a file that cannot be read. The error is also raised if `types` is given for Parquet files, or does
            not fit the files.
        LandedFileError: A text file has no header, or its quotes or records are not valid.
    """
    source = f"path {path}"
    if not Path(path).exists():
        problem = f"the path does not exist. Expected a file or folder of {_FORMATS}."
        raise ValidationInputError(where=source, problem=problem)
    parquet, text = _files(path, (_PARQUET,)), _files(path, _DELIMITED)
    if parquet and text:
        problem = "the folder has Parquet and text files. Give files of one format."
        raise ValidationInputError(where=source, problem=problem)
    if parquet and types.option:
        problem = f"Parquet files have their own column types. Remove {types.option}."
        raise ValidationInputError(where=source, problem=problem)
    if parquet:
        return _without_gate_columns(_read_parquet(spark, path, parquet))
    if not text:
        names = [file.name for file in _visible_files(Path(path))[:5]] or "nothing"
        raise ValidationInputError(
            where=source, problem=f"the path has no file of a known format. Found {names}, expected {_FORMATS}."
        )
    schema = {} if types.schema is None else parse_schema(types.schema)
    rows = _union(
        text,
        lambda file: cast_to_schema(_read_text(spark, file, text_format), schema, file=str(file)),
        source=source,
    )
    return cast_to_inferred(rows) if types.is_inferred else rows


def is_text_path(path: str) -> bool:
    """Return whether the path is a text file, or a folder with text files."""
    return bool(_files(path, _DELIMITED))


def _files(path: str, suffixes: tuple[str, ...]) -> list[Path]:
    names = {file: content_name(file.name).lower() for file in _visible_files(Path(path))}
    return [file for file, name in names.items() if name.endswith(suffixes) or file.name.lower().endswith(suffixes)]


def _without_gate_columns(rows: DataFrame) -> DataFrame:
    gate_columns = (WARNINGS, QUARANTINED, FAILED)
    return rows.drop(*(name for name in rows.columns if name in gate_columns or name.startswith("_mask_")))


def _tables(spark: SparkSession, zone: str) -> list[str] | str:
    if not spark.catalog.databaseExists(f"{CATALOG}.{quoted(zone)}"):
        return "no tables"
    tables = spark.sql(f"SHOW TABLES IN {CATALOG}.{quoted(zone)}").collect()
    return sorted(row.tableName for row in tables) or "no tables"


def _visible_files(folder: Path) -> list[Path]:
    """Return the files of a folder, without hidden files. For a file, return the file itself."""
    if folder.is_file():
        return [folder]
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path for path in paths if not any(map(_hidden, path.relative_to(folder).parts))]


def _hidden(name: str) -> bool:
    return name.startswith((".", "_")) and "=" not in name  # A partition folder, such as `_day=1`, has "=".


def _read_parquet(spark: SparkSession, path: str, files: list[Path]) -> DataFrame:
    for file in files:
        if not _is_parquet(file):
            problem = "the file is truncated or is not a valid Parquet file. Write the file again."
            raise ValidationInputError(where=f"file {file}", problem=problem)
    try:
        return spark.read.parquet(escape_pattern(str(Path(path).absolute())))
    except ENGINE_ERRORS as error:
        reason = error_message(error)
        problem = f"{len(files)} Parquet file(s) cannot be read as one table: {reason} Give the files of one table."
        raise ValidationInputError(where=f"path {path}", problem=problem) from error


def _is_parquet(file: Path) -> bool:
    with file.open("rb") as stream:
        begins = stream.read(len(_PARQUET_MARK))
        stream.seek(max(file.stat().st_size - len(_PARQUET_MARK), 0))
        return file.stat().st_size > 2 * len(_PARQUET_MARK) and begins == stream.read() == _PARQUET_MARK


def _read_text(spark: SparkSession, file: Path, text_format: TextFormat) -> DataFrame:
    uri = str(file.absolute())
    header = read_header(file.name, uri, layouts={}, text_format=text_format)
    check_records(file.name, uri, header)
    text = read_rows(spark, file.name, uri, header)
    malformed = text.where(F.col("_malformed_record").isNotNull()).select("_row_number").limit(5).collect()
    if malformed:
        rows = [row["_row_number"] for row in malformed]
        count = len(header.columns)
        problem = f"the header has {count} cells, but records {rows} have more or fewer cells. Correct the records."
        raise ValidationInputError(where=f"file {file}", problem=problem)
    return text.drop("_malformed_record")


def _union(files: list[Path], read: Callable[[Path], DataFrame], *, source: str) -> DataFrame:
    frames = [read(file) for file in files]
    for file, frame in zip(files, frames, strict=True):
        if set(frame.columns) != set(frames[0].columns):
            problem = f"{file.name} has the columns {frame.columns}, but {files[0].name} has {frames[0].columns}."
            raise ValidationInputError(where=source, problem=f"{problem} Validate the files one by one.")
    return reduce(DataFrame.unionByName, frames)
