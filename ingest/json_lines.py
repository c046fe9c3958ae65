"""Read files of JSON objects, such as the JSON lines in which Firehose delivers events.

A survey first finds out how each file is laid out. If each line of a file is one object, Spark splits the file into
lines: all small files together, and each large file separately. `ingest.json_objects` splits all other files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import reduce
from itertools import accumulate
from operator import add, or_

from pyspark import RDD
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest.compressed import open_content, unpacked_size
from ingest.deliveries import as_frame
from ingest.errors import LandedFileError
from ingest.header import Layouts
from ingest.json_objects import find_records
from ingest.spark_text import COLON_IN_NAME, escape_pattern, row_in_partition
from ingest.storage import LandedFile
from lake.iceberg import ENGINE_ERRORS

OTHER_FIELDS = "_other_fields"
"""Column of raw. It holds the fields that no layout has, as JSON text."""

_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_JSON_LINES_NAME = re.compile(rf"(\.(json|jsonl|ndjson)|-\d{{4}}(-\d\d){{5}}-{_UUID})(\.gz)?\Z")
"""The names of files of JSON lines. Firehose's object names have no extension."""

MAX_BYTES_TO_READ_WHOLE = 32 << 20
"""Maximum unpacked size of a file of JSON lines that is read as one text."""

_MAX_GZIP_RATIO = 100
"""A .gz file that unpacks to more than this multiple of its size is not read as lines, which may be very long."""

_MAX_CONCURRENT_CHECKS = 8
_CHUNK_BYTES = 1 << 20
_MALFORMED = "_malformed_record"
_SCHEME = r"\A[a-z0-9]+:/+|\A/"
_RECORD_DDL = "record string, _row_number int, _source_file string, _modified_at timestamp, _checksum string"


@dataclass
class Survey:
    """The layouts of JSON files.

    Attributes:
        small: Files with one object on each line. They are read as a whole.
        large: Larger files with one object on each line. The key of the inner dictionary is the start of a split of the
            file in bytes, the value is the number of its lines.
        others: Files in which an object spans lines, or a line is not one object.
        unread: Files that cannot be read, with the reason for each file.
    """

    small: list[LandedFile] = field(default_factory=list)
    large: dict[LandedFile, Mapping[int, int]] = field(default_factory=dict)
    others: list[LandedFile] = field(default_factory=list)
    unread: dict[LandedFile, str] = field(default_factory=dict)


def is_json_lines(name: str) -> bool:
    """Return True if the name of a file indicates JSON lines.

    >>> is_json_lines("2024/07/10/17/dispatch-1-2024-07-10-17-05-00-0a1b2c3d-0000-4000-8000-0123456789ab.gz")
    True
    """
    return bool(_JSON_LINES_NAME.search(name))


def survey(spark: SparkSession, files: Sequence[LandedFile]) -> Survey:
    """Find out how each file is laid out. Runs one Spark job, which reads all files.

    Only if the job fails, all .gz files are unpacked to find the damaged files. Then the other files are read again.
    """
    named = [file for file in files if ":" not in file.name]
    unread = {file: COLON_IN_NAME for file in files if file not in named}
    unread |= _damaged_files(bombs := [file for file in named if _is_bomb(file)])
    lines = [file for file in named if file not in bombs]
    try:
        splits = _survey_lines(spark, lines) if lines else {}
    except ENGINE_ERRORS:
        unread |= (damaged := _damaged_files(lines))
        if not damaged:
            raise
        lines = [file for file in lines if file not in damaged]
        splits = _survey_lines(spark, lines) if lines else {}
    found = Survey(others=[file for file in bombs if file not in unread], unread=unread)
    for file in lines:
        counts, size, is_plain = splits.get(_path(file.uri), ({}, 0, True))
        if not is_plain:
            found.others.append(file)
        elif size > MAX_BYTES_TO_READ_WHOLE:
            found.large[file] = counts
        else:
            found.small.append(file)
    return found


def read_rows(spark: SparkSession, surveyed: Survey, *, layouts: Layouts) -> DataFrame:
    """Read the objects of surveyed files.

    A broken record does not stop the read, because events arrive all day and the ingest must go on.

    Rows: one row for each record. Each JSON object is a record. Text that is not a JSON object is also a record. Blank
    lines are dropped.

    Columns: the fields of all `layouts` as text. A nested field is JSON text, and a missing field is null. These
    columns are added:

    - `_other_fields`: the fields that no layout has, as JSON text.
    - `_layout`: the layout that shares the most fields with the object.
    - `_row_number`: the position of the record in its file, from 1. If each line of the file is one object, this is the
      number of the line.
    - `_malformed_record`: the whole record, if the record is not a JSON object or repeats a field of a layout. Names
      that differ only in case are the same field.
    - `_source_file`, `_modified_at` and `_checksum`: the name, modification time and checksum of the file.
    """
    frames = [_read_large_file(spark, file, counts) for file, counts in surveyed.large.items()]
    if surveyed.small or not (surveyed.large or surveyed.others):
        frames.insert(0, _read_small_files(spark, surveyed.small))
    if surveyed.others:
        frames.append(_read_objects(spark, surveyed.others))
    return _parse_records(reduce(DataFrame.unionByName, frames), layouts)


def _is_bomb(file: LandedFile) -> bool:
    """Return whether a .gz file says at its end that it unpacks to an unusual size. Its lines may be very long."""
    return file.name.endswith(".gz") and unpacked_size(file.uri) > _MAX_GZIP_RATIO * file.bytes


def _survey_lines(spark: SparkSession, files: Sequence[LandedFile]) -> dict[str, tuple[dict[int, int], int, bool]]:
    """Return the number of lines in each split, the size, and whether each line is one object, for each path."""
    text = spark.read.text([escape_pattern(file.uri) for file in files])
    line = _remove_mark("value")
    # A line with only one opening brace has only one object. Parse a line only if it has more opening braces.
    is_object = (
        line.startswith("{") & line.endswith("}") & ((F.locate("{", line, 2) == 0) | (F.size(_parse_values(line)) == 1))
    )
    splits = (
        text.groupBy(F.col("_metadata.file_path").alias("uri"), F.col("_metadata.file_block_start").alias("start"))
        .agg(
            F.count("*").alias("lines"),
            F.sum(F.octet_length("value") + 1).alias("bytes"),
            F.bool_and(is_object | (F.trim("value") == "")).alias("is_plain"),
        )
        .withColumn("path", _unescaped_path(F.col("uri")))  # after the aggregation, once for each split
        .collect()
    )
    found: dict[str, tuple[dict[int, int], int, bool]] = {}
    for split in splits:
        counts, size, is_plain = found.get(split["path"], ({}, 0, True))
        counts = counts | {split["start"]: split["lines"]}
        found[split["path"]] = (counts, size + split["bytes"], is_plain and split["is_plain"])
    return found


def _damaged_files(files: Sequence[LandedFile]) -> dict[LandedFile, str]:
    packed = [file for file in files if file.name.endswith(".gz")]
    with ThreadPoolExecutor(_MAX_CONCURRENT_CHECKS) as pool:
        problems = zip(packed, pool.map(_find_damage, packed), strict=True)
        return {file: problem for file, problem in problems if problem}


def _find_damage(file: LandedFile) -> str | None:
    try:
        for _ in _read_chunks(file.name, file.uri):
            pass
    except LandedFileError as error:
        return error.problem
    return None


def _read_chunks(name: str, uri: str) -> Iterator[bytes]:
    with open_content(name, uri) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def _unescaped_path(uri: Column) -> Column:
    # Spark encodes a space in the path as `%20`, but does not encode a `+`. url_decode would turn a `+` into a space.
    # So encode each `+` first.
    path = F.url_decode(F.regexp_replace(uri, r"\+", "%2B"))
    return F.regexp_replace(path, _SCHEME, "")


def _path(uri: str) -> str:
    return re.sub(_SCHEME, "", uri)


def _read_small_files(spark: SparkSession, files: Sequence[LandedFile]) -> DataFrame:
    if not files:
        return as_frame(spark, [], ddl=_RECORD_DDL)
    paths = [escape_pattern(file.uri) for file in files]
    whole = spark.read.text(paths, wholetext=True).select(
        _remove_mark("value").alias("text"), _unescaped_path(F.col("_metadata.file_path")).alias("path")
    )
    text = F.col("text")
    lines = F.when(text.contains("\r"), F.split(text, r"\r\n|\r|\n")).otherwise(F.split(text, "\n"))
    listing = F.broadcast(_make_listing(spark, files))
    joined = whole.withColumn("lines", lines).join(listing, on="path", how="left")
    # Fail if a path from Spark is not in the listing. Otherwise `_source_file` would be null in the rows of this file.
    source = F.coalesce("_source_file", _raise_with("Spark read a file that was not listed: ", "path"))
    numbered = joined.select(
        source.alias("_source_file"), "_modified_at", "_checksum", F.posexplode("lines").alias("number", "record")
    )
    return numbered.withColumn("_row_number", (F.col("number") + 1).cast("int")).drop("number")


def _read_large_file(spark: SparkSession, file: LandedFile, counts: Mapping[int, int]) -> DataFrame:
    lines = spark.read.text(escape_pattern(file.uri)).select(
        F.col("_metadata.file_block_start").alias("start"), _remove_mark("value").alias("record")
    )
    numbered = lines.withColumn("offset", row_in_partition())
    first_numbers = accumulate((counts[start] for start in sorted(counts)), initial=1)
    splits = [{"start": start, "first": number} for start, number in zip(sorted(counts), first_numbers, strict=False)]
    numbers = F.broadcast(as_frame(spark, splits, ddl="start bigint, first bigint"))
    # `_raise_with` fails if this read has other splits than the read that counted the lines. Spark can split the file
    # differently if new executors have started.
    problem = (
        f"{file.name}: Spark split the file differently after its lines were counted. Run again. Start of the "
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


def _read_objects(spark: SparkSession, files: Sequence[LandedFile]) -> DataFrame:
    """Split files into records in Python, because an object may span lines, and a line may have several objects."""
    addresses = [(file.name, file.uri) for file in files]
    records = spark.sparkContext.parallelize(addresses, len(addresses)).flatMap(lambda file: _numbered(*file))
    listing = F.broadcast(_make_listing(spark, files).withColumnRenamed("_source_file", "name").drop("path"))
    types = {"name": T.StringType(), "_row_number": T.IntegerType(), "record": T.StringType()}
    schema = T.StructType([T.StructField(name, type_) for name, type_ in types.items()])
    frame = spark.createDataFrame(records, schema, verifySchema=False)
    return frame.join(listing, on="name").withColumnRenamed("name", "_source_file")


def record_texts(spark: SparkSession, files: Sequence[LandedFile]) -> RDD[str]:
    """Return the records of files as text, split in Python. See `ingest.json_objects`."""
    addresses = [(file.name, file.uri) for file in files]
    return spark.sparkContext.parallelize(addresses, len(addresses)).flatMap(
        lambda file: (record for _, _, record in _numbered(*file))
    )


def _numbered(name: str, uri: str) -> Iterator[tuple[str, int, str]]:
    for number, record in enumerate(find_records(_read_chunks(name, uri)), 1):
        yield name, number, record


def _raise_with(problem: str, column: str) -> Column:
    return F.raise_error(F.concat(F.lit(problem), F.col(column)))


def _remove_mark(text: str) -> Column:
    # Use substr instead of a trim. A trim would copy each text, even a text without a byte order mark.
    return F.expr(f"if(startswith({text}, '\ufeff'), substr({text}, 2), {text})")


def _parse_values(text: Column) -> Column:
    """Parse comma-separated JSON values, and return an array of the values. Return null for any other text.

    The text is put in brackets and parsed as an array. Without brackets, Spark would read only the first value.
    """
    return F.from_json(F.concat(F.lit("["), text, F.lit("]")), "array<string>")


def _make_listing(spark: SparkSession, files: Sequence[LandedFile]) -> DataFrame:
    entries = [
        {
            "path": _path(file.uri),
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
    cells = F.struct(*(F.coalesce(*(fields[name] for name in names)).alias(names[0]) for names in spellings.values()))
    # To save time, compare the names of the fields only if an object has more fields than cells. There are more fields
    # if no layout has a field, or if a field is null or repeated.
    filled = reduce(add, (F.col("cells")[names[0]].isNotNull().cast("int") for names in spellings.values()))
    unknown = F.map_filter(fields, lambda name, _: ~name.isin(_MALFORMED, *known))
    return (
        records.where(starts_object | record.rlike(r"\S"))
        # Use separate steps. In one step, Spark would parse the text again for each use of a column.
        .withColumn("objects", F.from_json(text, "array<map<string,string>>"))
        .withColumn("fields", F.when(F.size(objects) == 1, objects[0]))
        .withColumn("cells", cells)
        .withColumn("others", F.when(F.size(fields) > filled, unknown))
        .select(
            *(F.col("cells")[names[0]].alias(names[0]) for names in spellings.values()),
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
    names = F.filter(F.map_keys(fields), lambda name: name.isin(*known))
    # `others` is not null only if the object has more fields than the layouts explain.
    repeats = F.col("others").isNotNull() & (F.size(F.array_distinct(names)) < F.size(names))
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
