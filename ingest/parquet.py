"""Read the rows of Parquet files with Spark. All cells are text."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest.errors import LandedFileError
from ingest.header import Header, Layouts, best_match, clean_header
from ingest.parquet_footer import ERRORS_OF_DAMAGED_FOOTERS, Node, footer_damage, read_columns
from ingest.parquet_types import CellType, UnsupportedTypeError, cell_type
from ingest.spark_text import COLON_IN_NAME, escape_pattern
from ingest.storage import LandedFile
from lake.iceberg import ENGINE_ERRORS
from transforms.sql import literal, quoted
from transforms.text import BLANK_CHARACTERS

_MALFORMED, _ROW_NUMBER = "_malformed_record", "_row_number"
_SPARK_METADATA = "_metadata"

_OPTIONS = {
    # Without these two options, Spark refuses old dates and times of files that other programs wrote.
    "datetimeRebaseMode": "CORRECTED",
    "int96RebaseMode": "CORRECTED",
    "parquet.page.verify-checksum.enabled": "true",
}


@dataclass(frozen=True)
class ParquetHeader(Header):
    """The columns of a Parquet file.

    Attributes:
        cells: The name in the file and the type of each column, in the order of `columns`.
    """

    cells: tuple[tuple[str, CellType], ...] = ()


def is_parquet(name: str) -> bool:
    """Return True if the name of a file indicates a Parquet file."""
    return name.lower().endswith(".parquet")


def read_header(file: LandedFile, *, layouts: Layouts) -> ParquetHeader:
    """Return the columns of a Parquet file and their types. Reads only the end of the file.

    Raises:
        LandedFileError: The file is not a complete Parquet file, or is encrypted. Or Spark cannot read the compression
            or an encoding of a column. Or `clean_header` rejects the names of the columns. Or a column has a type that
            cannot be written as text, or has bytes although a layout has a column of this name. Or the name of the file
            contains `:`.
    """
    where = file.name
    if ":" in where:
        raise LandedFileError(where=where, problem=COLON_IN_NAME)
    nodes = read_columns(where, file.uri, size=file.bytes)
    names = [node.name for node in nodes]
    if layouts and not best_match([*names], layouts).present:
        expected = ", or ".join(f"{[*columns]} (layout {layout})" for layout, columns in layouts.items())
        problem = f"the file has no column of the dataset. Expected: {expected}. Found: {names}. Check that this is "
        raise LandedFileError(where=where, problem=f"{problem}the right file.")
    header = clean_header(where, names, layouts=layouts)
    if _SPARK_METADATA in map(str.casefold, names):
        problem = f"the column {_SPARK_METADATA!r} has a name that is reserved for Spark. Rename this column."
        raise LandedFileError(where=where, problem=problem)
    used = {column for columns in layouts.values() for column in columns}
    cells = [
        _read_type(where, name, node, is_used=name in used) for name, node in zip(header.columns, nodes, strict=True)
    ]
    return ParquetHeader(header.columns, layout=header.layout, cells=tuple(zip(names, cells, strict=True)))


def read_rows(spark: SparkSession, uri: str, header: ParquetHeader) -> DataFrame:
    """Read the rows of a Parquet file.

    Rows: one row for each row of the file. Rows with only blank cells are dropped.

    Columns: the columns of the file as text. Null stays null. These columns are added:

    - `_malformed_record`: null.
    - `_row_number`: the position of the row in the file, from 1.
    """
    schema = T.StructType([T.StructField(name, cell.type) for name, cell in header.cells])
    rows = spark.read.schema(schema).options(**_OPTIONS).parquet(escape_pattern(uri))
    cells = zip(header.columns, header.cells, strict=True)
    return rows.select(
        *(cell.to_text(quoted(source)).alias(name) for name, (source, cell) in cells),
        F.lit(None).cast("string").alias(_MALFORMED),
        (F.col(f"{_SPARK_METADATA}.row_index") + 1).cast("int").alias(_ROW_NUMBER),
    ).where(_has_text(header))


def check_rows(spark: SparkSession, file: LandedFile, header: ParquetHeader) -> None:
    """Read all rows of a Parquet file. Runs a Spark job.

    Raises:
        LandedFileError: The rows cannot be read.
    """
    try:
        read_rows(spark, file.uri, header).write.format("noop").mode("overwrite").save()
    except ENGINE_ERRORS as error:
        problem = (
            "Spark cannot read the rows of this Parquet file, although its footer is valid. The file is damaged, or "
            "uses a feature of Parquet that Spark does not support. Deliver the file again. If the error remains, "
            "write the file again with the default options of the program."
        )
        raise LandedFileError(where=file.name, problem=problem) from error


def _read_type(file: str, name: str, node: Node, *, is_used: bool) -> CellType:
    try:
        cell = cell_type(node)
    except UnsupportedTypeError as error:
        problem = f"the column {name!r} cannot be written as text: {error} Remove or convert this column."
        raise LandedFileError(where=file, problem=problem) from error
    except ERRORS_OF_DAMAGED_FOOTERS as error:  # the type in the footer is not possible
        raise footer_damage(file) from error
    if cell.is_binary and is_used:
        problem = (
            f"the column {name!r} has bytes. Expected text or another type with readable values. Write the bytes as "
        )
        raise LandedFileError(where=file, problem=f"{problem}strings, which Parquet marks as UTF-8.")
    return cell


def _has_text(header: Header) -> Column:
    """Return True if a row has a cell that is not blank."""
    names = ", ".join(map(quoted, header.columns))
    return F.expr(f"btrim(concat_ws('', {names}), {literal(BLANK_CHARACTERS)}) != ''")
