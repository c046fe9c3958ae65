"""Delimited text: its encoding, delimiter and header, and its rows as Spark reads them."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest.errors import LandedFileError
from ingest.header import Header, clean_header
from ingest.storage import chunks

_DELIMITERS = ";,\t|"
_HEADER_BYTES = 1 << 16
_IN_PARTITION = (1 << 33) - 1  # monotonically_increasing_id: the lower 33 bits count the rows of a partition


def read_header(file: str, uri: str, *, required: Sequence[str]) -> Header:
    """Find out how a text file is encoded and delimited, and return its header.

    Text that is not UTF-8 (with or without a byte order mark) is read as Windows-1252, which is what Excel saves. The
    delimiter is the one that finds most of the required columns, then most columns, in the first line.

    Raises:
        LandedFileError: The file is empty, or is not text.
    """
    start, encoding = _examine(file, uri)
    header_text = start.decode("utf-8-sig" if encoding == "UTF-8" else "cp1252", errors="ignore")
    if not header_text.strip():
        raise LandedFileError(file=file, problem="the file is empty: it has no header. Deliver it again.")
    readings = {delimiter: _first_record(header_text, delimiter) for delimiter in _DELIMITERS}
    delimiter = max(readings, key=lambda d: (sum(name in readings[d] for name in required), len(readings[d])))
    header = clean_header(file, readings[delimiter])
    return Header(header.columns, delimiter=delimiter, encoding=encoding)


def read_rows(spark: SparkSession, uri: str, header: Header) -> DataFrame:
    """Read the rows of a text file, each cell as text.

    Rows: one a record; blank lines are no records.

    Columns: the header's, all text, blank as null; `_row_number`, the record's number, the header being 1;
    `_malformed_record`, the whole record where it has more or fewer cells than the header, else null.
    """
    fields = [T.StructField(name, T.StringType()) for name in (*header.columns, "_malformed_record")]
    rows = spark.read.csv(
        re.sub(r"([\\*?\[\]{}])", r"\\\1", uri),  # a file's name is no pattern
        schema=T.StructType(fields),
        header=True,
        sep=header.delimiter,
        encoding=header.encoding,
        quote='"',
        escape='"',  # a quote in a quoted cell is doubled; Spark's default would drop the rest of the cell
        multiLine=True,  # a quoted cell may hold line ends; it also keeps the file's rows in one partition, in order
        enforceSchema=True,
        columnNameOfCorruptRecord="_malformed_record",
    )
    number = F.monotonically_increasing_id().bitwiseAND(F.lit(_IN_PARTITION)) + 2
    return rows.select("*", number.cast("int").alias("_row_number"))


def _examine(file: str, uri: str) -> tuple[bytes, str]:
    start, decoder, encoding = b"", codecs.getincrementaldecoder("utf-8")(), "UTF-8"
    for chunk in chunks(uri):
        if len(start) < _HEADER_BYTES:
            start += chunk[:_HEADER_BYTES]
        if b"\0" in chunk:
            problem = "the file is no text: it has NUL bytes. Expected UTF-8 or Windows-1252. Save it as CSV again."
            raise LandedFileError(file=file, problem=problem)
        try:
            if encoding == "UTF-8":
                decoder.decode(chunk)
        except UnicodeDecodeError:
            encoding = "windows-1252"
    try:
        decoder.decode(b"", final=encoding == "UTF-8")
    except UnicodeDecodeError:
        encoding = "windows-1252"
    return start, encoding


def _first_record(text: str, delimiter: str) -> list[str]:
    return next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)), [])
