"""Delimited text: its rows as Spark reads them."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest import text_file
from ingest.errors import LandedFileError
from ingest.header import Header, Layouts
from ingest.storage import pattern_of
from transforms.sql import quoted

_IN_PARTITION = (1 << 33) - 1  # monotonically_increasing_id: the lower 33 bits count the rows of a partition


def read_header(file: str, uri: str, *, layouts: Layouts) -> Header:
    """Return the header of a text file as `text_file.read_header` finds it, and all that `read_rows` must know.

    Raises:
        LandedFileError: As there; or the file has a name that Spark cannot read.
    """
    if ":" in file:
        raise LandedFileError(where=file, problem="Spark reads no text file with a ':' in its name. Rename it.")
    return text_file.read_header(file, uri, layouts=layouts)


def read_rows(spark: SparkSession, uri: str, header: Header) -> DataFrame:
    """Read the rows of a text file, each cell as text.

    Rows: one a record. Records whose cells are all blank are no rows.

    Columns: the header's, all text, an empty cell as null; `_row_number`, the record's number, the header being 1 and
    empty lines not counted; `_malformed_record`, the whole record where it has more or fewer cells than the header.
    """
    names = (*header.columns, "_malformed_record")
    rows = spark.read.csv(
        pattern_of(uri),
        schema=T.StructType([T.StructField(name, T.StringType()) for name in names]),
        header=True,
        sep=header.delimiter,
        encoding=header.encoding,
        quote='"',
        escape='"',  # a quote in a quoted cell is doubled; Spark's default would drop the rest of the cell
        lineSep=header.line_end,  # else the first line's end is taken for all, and others end no record
        multiLine=True,  # a quoted cell may hold line ends; it also keeps the file's rows in one partition, in order
        columnNameOfCorruptRecord="_malformed_record",
    )
    number = (F.monotonically_increasing_id().bitwiseAND(F.lit(_IN_PARTITION)) + 2).cast("int")
    cells = [_cell(name, header).alias(name) for name in names]
    return rows.select(*cells, number.alias("_row_number")).where(_is_a_row(header))


def _cell(name: str, header: Header) -> Column:
    if not header.has_returns:
        return F.col(quoted(name))
    return F.expr(f"nullif(rtrim('\r', {quoted(name)}), '')")


def _is_a_row(header: Header) -> Column:
    blanks = " \t\u00a0" + header.delimiter
    cells = [f"coalesce({quoted(name)}, '')" for name in (*header.columns, "_malformed_record")]
    return F.expr(f"btrim(concat({', '.join(cells)}), '{blanks}') != ''")
