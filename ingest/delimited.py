"""Read the rows of delimited text files with Spark."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest import text_file
from ingest.errors import LandedFileError
from ingest.header import Header, Layouts
from ingest.spark_text import COLON_IN_NAME, escape_pattern, row_in_partition
from transforms.sql import quoted


def read_header(file: str, uri: str, *, layouts: Layouts) -> Header:
    """Return the column names of a text file, and the settings to read its rows. See `text_file.read_header`.

    Raises:
        LandedFileError: The name of the file contains `:`, or `text_file.read_header` rejects the file.
    """
    if ":" in file:
        raise LandedFileError(where=file, problem=COLON_IN_NAME)
    return text_file.read_header(file, uri, layouts=layouts)


def read_rows(spark: SparkSession, uri: str, header: Header) -> DataFrame:
    """Read the rows of a text file. All cells are text.

    Rows: one row for each record. Records with only blank cells are dropped.

    Columns: the columns of the header as text. An empty cell is null. These columns are added:

    - `_row_number`: the number of the record. The header is record 1. Empty lines are not counted.
    - `_malformed_record`: the whole record, if the record has more or fewer cells than the header.
    """
    names = (*header.columns, "_malformed_record")
    rows = spark.read.csv(
        escape_pattern(uri),
        schema=T.StructType([T.StructField(name, T.StringType()) for name in names]),
        header=True,
        sep=header.delimiter,
        encoding=header.encoding,
        quote='"',
        escape='"',  # in a cell, two quotes mean one quote. By default, Spark expects a backslash before a quote
        lineSep=header.line_end,  # without this option, Spark assumes that all lines end like the first line
        multiLine=True,  # a quoted cell may contain line ends. This option also keeps the rows in order
        columnNameOfCorruptRecord="_malformed_record",
    )
    number = (row_in_partition() + 2).cast("int")
    cells = [_trim_return(name, header).alias(name) for name in names]
    return rows.select(*cells, number.alias("_row_number")).where(_has_text(header))


def _trim_return(name: str, header: Header) -> Column:
    if not header.has_returns:
        return F.col(quoted(name))
    return F.expr(f"nullif(rtrim('\r', {quoted(name)}), '')")


def _has_text(header: Header) -> Column:
    blanks = " \t\u00a0" + header.delimiter
    cells = [f"coalesce({quoted(name)}, '')" for name in (*header.columns, "_malformed_record")]
    return F.expr(f"btrim(concat({', '.join(cells)}), '{blanks}') != ''")
