"""Read files of JSON lines, the format in which Firehose delivers events.

Spark reads all small files together, and each large file separately.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import reduce
from itertools import accumulate
from operator import add, or_

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from ingest.deliveries import as_frame
from ingest.header import Layouts
from ingest.spark_text import COLON_IN_NAME, escape_pattern, row_in_partition
from ingest.storage import LandedFile, chunks

OTHER_FIELDS = "_other_fields"
"""Column of raw. It holds the fields that no layout has, as JSON text."""

_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_JSON_LINES_NAME = re.compile(rf"(\.(json|jsonl|ndjson)|-\d{{4}}(-\d\d){{5}}-{_UUID})(\.gz)?\Z")
"""The names of files of JSON lines. Firehose's object names have no extension."""

MAX_BYTES_TO_READ_WHOLE = 32 << 20
"""Maximum unpacked size of a file that is read as one text. A larger file is read twice to number its records."""

_GZIP_WBITS = zlib.MAX_WBITS | 16
_ASSUMED_GZIP_RATIO = 10
_MAX_BYTES_TO_UNPACK = 1 << 20  # one byte of gzip may unpack to a thousand bytes, so unpack in small steps

_MALFORMED = "_malformed_record"
_SCHEME = r"\A[a-z0-9]+:/+|\A/"
_STARTS_ARRAY = r"\A\s*\["
_TWO_OBJECTS_ON_A_LINE = r"\}[ \t,]*\{"
_GAP_BETWEEN_OBJECTS = r"(?<=\})[ \t]*(?=\{)"


def is_json_lines(name: str) -> bool:
    """Return True if the name of a file indicates JSON lines.

    >>> is_json_lines("2024/07/10/17/dispatch-1-2024-07-10-17-05-00-0a1b2c3d-0000-4000-8000-0123456789ab.gz")
    True
    """
    return bool(_JSON_LINES_NAME.search(name))


def read_rows(spark: SparkSession, files: Sequence[LandedFile], *, layouts: Layouts) -> DataFrame:
    """Read JSON objects, one per line, from plain or gzipped files.

    A line may also contain several objects. A whole file may also be one JSON array. A broken record does not stop the
    read, because events arrive all day and the ingest must go on.

    Rows: one row for each record. Each JSON object is a record. Text that is not a JSON object is also a record. Blank
    lines are dropped.

    Columns: the fields of all `layouts` as text. A nested field is JSON text, and a missing field is null. These
    columns are added:

    - `_other_fields`: the fields that no layout has, as JSON text.
    - `_layout`: the layout that shares the most fields with the object.
    - `_row_number`: the position of the record in its file, from 1. Blank lines are counted, although they are dropped.
    - `_malformed_record`: the whole record, if the record is not a JSON object or repeats a field of a layout. Names
      that differ only in case are the same field.
    - `_source_file`, `_modified_at` and `_checksum`: the name, modification time and checksum of the file.
    """
    small = [file for file in files if _unpacked_bytes(file) <= MAX_BYTES_TO_READ_WHOLE]
    large = [file for file in files if _unpacked_bytes(file) > MAX_BYTES_TO_READ_WHOLE]
    frames = [_read_large_file(spark, file) for file in large]
    if small:
        frames.insert(0, _read_small_files(spark, small))
    records = frames[0]
    for frame in frames[1:]:
        records = records.unionByName(frame)
    return _parse_records(records, layouts)


def find_problem(file: LandedFile) -> str | None:
    """Return a message if a file cannot be read as JSON lines, otherwise None. Does not check the lines."""
    if ":" in file.name:
        return COLON_IN_NAME
    is_packed, is_large = file.name.endswith(".gz"), _unpacked_bytes(file) > MAX_BYTES_TO_READ_WHOLE
    if not is_packed and not is_large:
        return None
    with closing(chunks(file.uri)) as content:
        try:
            # Unpack the whole file to find damage. If Spark found the damage later, the read of all files would fail.
            unpacked = _unpack(content) if is_packed else content
            start = next(filter(bytes.strip, unpacked), b"")
            deque(unpacked if is_packed else (), maxlen=0)
        except (EOFError, zlib.error) as error:
            return (
                f"the file is not a complete gzip file ({error}). Deliver the file again. If the file is not "
                "compressed, remove .gz from the name."
            )
    if not is_large or not start.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"["):
        return None
    return (
        "the file is one JSON array, and is probably too large. The ingest reads arrays of at most "
        f"{MAX_BYTES_TO_READ_WHOLE >> 20} MiB unpacked. Write one object on each line: jq -c '.[]'."
    )


def _unpack(content: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack a gzip file. Raise an error if Hadoop could not unpack the file.

    This function does not use Python's module `gzip`. That module accepts NUL bytes at the end of a file, but Hadoop
    rejects such a file.
    """
    member = None
    for packed in content:
        rest, is_full = packed, False
        while rest or (member and is_full):
            member = member or zlib.decompressobj(_GZIP_WBITS)
            unpacked = member.decompress(rest, _MAX_BYTES_TO_UNPACK)
            yield unpacked
            rest, is_full = member.unconsumed_tail or member.unused_data, len(unpacked) == _MAX_BYTES_TO_UNPACK
            member = None if member.eof else member
    if member:
        raise EOFError("the end is missing")


def _unpacked_bytes(file: LandedFile) -> int:
    return file.bytes * (_ASSUMED_GZIP_RATIO if file.name.endswith(".gz") else 1)


def _read_small_files(spark: SparkSession, files: Sequence[LandedFile]) -> DataFrame:
    paths = [escape_pattern(file.uri) for file in files]
    # Spark encodes a space in the path as `%20`, but does not encode a `+`. url_decode would turn a `+` into a space.
    # So encode each `+` first.
    path = F.url_decode(F.regexp_replace("_metadata.file_path", r"\+", "%2B"))
    whole = spark.read.text(paths, wholetext=True).select(
        _remove_mark("value").alias("text"), F.regexp_replace(path, _SCHEME, "").alias("path")
    )
    text = F.col("text")
    lines, objects = F.col("lines"), F.flatten(F.transform(F.split(text, r"\r\n|\r|\n"), _split_objects))
    # `is_plain` is true only if each line of the text is one record. A plain text is split into lines without a parse.
    # To compute `is_plain`, Spark needs a tenth of the time that it needs to parse the text.
    is_plain = ~F.exists(lines, _starts_array) & ~text.contains("\r") & ~text.rlike(_TWO_OBJECTS_ON_A_LINE)
    elements = F.when(text.rlike(_STARTS_ARRAY), _parse_array(text))
    records = F.when(is_plain, lines).otherwise(F.coalesce(elements, objects))
    listing = F.broadcast(_make_listing(spark, files))
    joined = whole.withColumn("lines", F.split(text, "\n")).join(listing, on="path", how="left")
    # Fail if a path from Spark is not in the listing. Otherwise `_source_file` would be null in the rows of this file.
    source = F.coalesce("_source_file", _raise_with("Spark read a file that was not listed: ", "path"))
    numbered = joined.select(
        source.alias("_source_file"), "_modified_at", "_checksum", F.posexplode(records).alias("number", "record")
    )
    return numbered.withColumn("_row_number", (F.col("number") + 1).cast("int")).drop("number")


def _read_large_file(spark: SparkSession, file: LandedFile) -> DataFrame:
    lines = spark.read.text(escape_pattern(file.uri)).select(
        F.col("_metadata.file_block_start").alias("start"), _remove_mark("value").alias("line")
    )
    records = lines.select("start", F.explode(_split_objects(F.col("line"))).alias("record"))
    numbered = records.select("start", "record", row_in_partition().alias("offset"))
    counts = {row[0]: row[1] for row in numbered.groupBy("start").count().collect()}
    first_numbers = accumulate((counts[start] for start in sorted(counts)), initial=1)
    splits = [{"start": start, "first": number} for start, number in zip(sorted(counts), first_numbers, strict=False)]
    numbers = F.broadcast(as_frame(spark, splits, ddl="start bigint, first bigint"))
    # `_raise_with` fails if this read has other splits than the read that counted the records. Spark can split the file
    # differently if new executors have started.
    problem = (
        f"{file.name}: Spark split the file differently after its records were counted. Run again. Start of the "
        "unknown split in bytes: "
    )
    first = F.coalesce("first", _raise_with(problem, "start"))
    return numbered.join(numbers, on="start", how="left").select(
        "record",
        (first + F.col("offset")).cast("int").alias("_row_number"),
        F.lit(file.name).alias("_source_file"),
        F.lit(file.modified_at).alias("_modified_at"),
        F.lit(file.checksum).alias("_checksum"),
    )


def _raise_with(problem: str, column: str) -> Column:
    return F.raise_error(F.concat(F.lit(problem), F.col(column)))


def _starts_array(line: Column) -> Column:
    return ~line.startswith("{") & line.rlike(_STARTS_ARRAY)


def _remove_mark(text: str) -> Column:
    # Use substr instead of a trim. A trim would copy each text, even a text without a byte order mark.
    return F.expr(f"if(startswith({text}, '\ufeff'), substr({text}, 2), {text})")


def _parse_values(text: Column) -> Column:
    """Parse comma-separated JSON values, and return an array of the values. Return null for any other text.

    The text is put in brackets and parsed as an array. Without brackets, Spark would read only the first value.
    """
    return F.from_json(F.concat(F.lit("["), text, F.lit("]")), "array<string>")


def _parse_array(text: Column) -> Column:
    """Return the elements of a text that is one JSON array. Return null if the text is not an array."""
    values = _parse_values(text)
    elements = F.from_json(F.when(F.size(values) == 1, values[0]), "array<string>")
    return F.transform(elements, lambda element: F.coalesce(element, F.lit("null")))


def _split_objects(line: Column) -> Column:
    """Return the objects of a line. A line that is not valid JSON is split only if its first object is valid."""
    values, pieces = _parse_values(line), F.split(line, _GAP_BETWEEN_OBJECTS)
    several = F.when(F.size(values) > 1, values).when(values.isNull() & _parse_values(pieces[0]).isNotNull(), pieces)
    array = F.when(line.rlike(_STARTS_ARRAY), _parse_array(line))
    array_or_several = array.when(line.rlike(_TWO_OBJECTS_ON_A_LINE), several)
    return F.coalesce(array_or_several, F.array(line))


def _make_listing(spark: SparkSession, files: Sequence[LandedFile]) -> DataFrame:
    entries = [
        {
            "path": re.sub(_SCHEME, "", file.uri),
            "_source_file": file.name,
            "_modified_at": file.modified_at.isoformat(),
            "_checksum": file.checksum,
        }
        for file in files
    ]
    return as_frame(spark, entries, ddl="path string, _source_file string, _modified_at timestamp, _checksum string")


def _parse_records(records: DataFrame, layouts: Layouts) -> DataFrame:
    known = list(dict.fromkeys(name for columns in layouts.values() for name in columns))
    # Two layouts may spell a field differently, such as `Status` and `status`. For Spark, both names are one column.
    spellings = {name.casefold(): [other for other in known if other.casefold() == name.casefold()] for name in known}
    record, objects, fields = F.col("record"), F.col("objects"), F.col("fields")
    starts_object = record.startswith("{")  # `startswith` is faster than `rlike`
    text = F.when(record.endswith("}"), record).otherwise(F.regexp_replace(record, r"[\s,]+\z", ""))
    text = F.concat(F.lit("["), F.when(starts_object | text.rlike(r"\A\s*\{"), text), F.lit("]"))
    others = F.map_filter(fields, lambda name, _: ~name.isin(_MALFORMED, *known))
    return (
        records.where(starts_object | record.rlike(r"\S"))
        # Use separate steps. In one step, Spark would parse the text again for each use of `objects` or `fields`.
        .withColumn("objects", F.from_json(text, "array<map<string,string>>"))
        .withColumn("fields", F.when(F.size(objects) == 1, objects[0]))
        .withColumn("others", others)
        .select(
            *(F.coalesce(*(fields[name] for name in names)).alias(names[0]) for names in spellings.values()),
            F.when(F.size("others") > 0, F.to_json("others")).alias(OTHER_FIELDS),
            _find_layout(layouts).alias("_layout"),
            *("_row_number", "_source_file", "_modified_at", "_checksum"),
            # If a row of a csv has more or fewer cells than the header, the replay sends an object that has the whole
            # row in the field `_malformed_record`.
            F.when(fields.isNull() | _repeats_a_field(fields, known, [*spellings.values()]), record)
            .otherwise(fields[_MALFORMED])
            .alias(_MALFORMED),
        )
    )


def _repeats_a_field(fields: Column, known: Sequence[str], spellings: Sequence[Sequence[str]]) -> Column:
    """Return True if an object has a field of a layout twice. Names that differ only in case are the same field."""
    # To save time, compare the names only if `fields` has more entries than `present` and `others` together. There are
    # more entries in rare cases: a field of a layout is null or repeated, or the object has the field
    # `_malformed_record`.
    present = reduce(add, (fields[name].isNotNull().cast("int") for name in known))
    may_repeat = F.size(fields) > present + F.size("others")
    names = F.filter(F.map_keys(fields), lambda name: name.isin(*known))
    repeats = may_repeat & (F.size(F.array_distinct(names)) < F.size(names))
    counts = (
        reduce(add, (fields[name].isNotNull().cast("int") for name in group)) for group in spellings if len(group) > 1
    )
    return reduce(or_, (count > 1 for count in counts), repeats)


def _find_layout(layouts: Layouts) -> Column:
    if len(layouts) == 1:
        return F.lit(next(iter(layouts)))

    def shared(columns: Sequence[str]) -> Column:
        return F.size(F.array_intersect(F.map_keys("fields"), F.array(*map(F.lit, columns))))

    matches = (
        F.struct(shared(columns).alias("shared"), F.lit(layout).alias("layout")) for layout, columns in layouts.items()
    )
    return F.greatest(*matches)["layout"]
