"""Read the rows of delimited text files with Spark."""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest import text_file
from ingest.errors import LandedFileError
from ingest.header import Header, Layouts
from ingest.spark_text import COLON_IN_NAME, escape_pattern, row_in_partition
from transforms.sql import quoted
from transforms.text_format import DETECTED_FORMAT, TextFormat

_MALFORMED, _ROW_NUMBER = "_malformed_record", "_row_number"
_BLANKS = " \t\r\n\u00a0"


def read_header(file: str, uri: str, *, layouts: Layouts, text_format: TextFormat = DETECTED_FORMAT) -> Header:
    """Return the column names of a text file, and the settings to read its rows. See `text_file.read_header`.

    Raises:
        LandedFileError: The name of the file contains `:`, or `text_file.read_header` rejects the file.
    """
    if ":" in file:
        raise LandedFileError(where=file, problem=COLON_IN_NAME)
    return text_file.read_header(file, uri, layouts=layouts, text_format=text_format)


def read_rows(spark: SparkSession, file: str, uri: str, header: Header) -> DataFrame:
    """Read the rows of a text file. All cells are text.

    Spark reads the file. Python reads it if Spark cannot unpack it, or if its line ends are unusual. Publish the rows
    only after `text_file.check_records` has passed, because Spark does not report wrong quotes.

    Rows: one row for each record. Records with only blank cells are dropped.

    Columns: the columns of the header as text. An empty cell is null. These columns are added:

    - `_malformed_record`: the whole record, if the record has more or fewer cells than the header.
    - `_row_number`: the number of the record. The header is record 1. Empty lines are not counted.
    """
    # Hadoop unpacks a file only if its name ends with .gz in lower case.
    is_packed = file.lower().endswith((".zip", ".gz")) and not file.endswith(".gz")
    read = _read_in_python if is_packed or header.needs_python else _read
    return read(spark, file, uri, header).where(_has_text(header))


def _read(spark: SparkSession, _: str, uri: str, header: Header) -> DataFrame:
    names = (*header.columns, _MALFORMED)
    rows = spark.read.csv(
        escape_pattern(uri),
        schema=_text_schema(names),
        header=True,
        sep=header.delimiter,
        encoding=header.encoding,
        quote=header.quote,
        escape=header.quote or "\\",  # in a cell, two quotes mean one quote. By default, Spark expects a backslash
        lineSep=header.line_end,  # without this option, Spark assumes that all lines end like the first line
        multiLine=True,  # a quoted cell may contain line ends. This option also keeps the rows in order
        maxColumns=text_file.MAX_CELLS,
        maxCharsPerColumn=2 * text_file.MAX_CELL_CHARACTERS,  # Java counts some characters twice
        columnNameOfCorruptRecord=_MALFORMED,
    )
    # If lines end with \r\n, Spark leaves the \r in the last cell of a record.
    trimmed = {}
    if header.has_returns:
        for name in header.columns:
            text = f"nullif(rtrim('\r', {quoted(name)}), '')"
            is_last = name == header.columns[-1]
            trimmed[name] = F.expr(text if is_last else f"if({_MALFORMED} IS NULL, {quoted(name)}, {text})")
        trimmed[_MALFORMED] = F.expr(f"rtrim('\r', {_MALFORMED})")
    return rows.withColumns({**trimmed, _ROW_NUMBER: (row_in_partition() + 2).cast("int")})


def _read_in_python(spark: SparkSession, file: str, uri: str, header: Header) -> DataFrame:
    columns = (*header.columns, _MALFORMED)
    schema = _text_schema(columns).add(_ROW_NUMBER, T.IntegerType())
    rows = spark.sparkContext.parallelize([uri], 1).flatMap(lambda _: _python_rows(file, uri, header))
    return spark.createDataFrame(rows, schema, verifySchema=False)


def _python_rows(file: str, uri: str, header: Header) -> Iterator[tuple[str | int | None, ...]]:
    width = len(header.columns)
    for number, record in enumerate(text_file.read_records(file, uri, header), 2):
        cells = [cell or None for cell in record[:width]]
        malformed = None if len(record) == width else text_file.format_record(record, header)
        yield *cells, *[None] * (width - len(cells)), malformed, number


def _text_schema(names: tuple[str, ...]) -> T.StructType:
    return T.StructType([T.StructField(name, T.StringType()) for name in names])


def _has_text(header: Header) -> Column:
    """Return True if a record has a cell that is not blank. In most records, the first cell is not blank."""
    names = ", ".join(map(quoted, (*header.columns, _MALFORMED)))
    first = f"coalesce(btrim({quoted(header.columns[0])}, '{_BLANKS}') != '', false)"
    return F.expr(f"{first} OR btrim(concat_ws('', {names}), '{_BLANKS}{header.delimiter}') != ''")
