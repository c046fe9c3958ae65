"""JSON lines, as Firehose delivers events: many small files at once, and large ones one by one."""

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
from ingest.storage import LandedFile, chunks, pattern_of

OTHER_FIELDS = "_other_fields"
"""The column of raw with the fields that the dataset does not know, as JSON text."""

_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NAME = re.compile(rf"(\.(json|jsonl|ndjson)|-\d{{4}}(-\d\d){{5}}-{_UUID})(\.gz)?\Z")
"""Names of JSON lines: by their ending, or as Firehose names its objects, which have none."""

_WHOLE = 32 << 20
"""Bytes of a file that is read whole, to number its records. What is larger is numbered with one more pass."""

_GZIP, _GZIP_MAKES = zlib.MAX_WBITS | 16, 10
_AT_ONCE = 1 << 20
"""Bytes that are unpacked at a time: gzip may make a thousand of one."""

_MALFORMED = "_malformed_record"
_SCHEME = r"\A[a-z0-9]+:/+|\A/"
_ARRAY = r"\A\s*\["
_IN_PARTITION = (1 << 33) - 1  # monotonically_increasing_id: the lower 33 bits count the rows of a partition
_TOGETHER = r"\}[ \t,]*\{"
_BETWEEN = r"(?<=\})[ \t]*(?=\{)"


def is_json_lines(name: str) -> bool:
    """Whether a file's name is that of JSON lines.

    >>> is_json_lines("2024/07/10/17/dispatch-1-2024-07-10-17-05-00-0a1b2c3d-0000-4000-8000-0123456789ab.gz")
    True
    """
    return bool(_NAME.search(name))


def read_rows(spark: SparkSession, files: Sequence[LandedFile], *, layouts: Layouts) -> DataFrame:
    """Read JSON objects, one per line, from plain or gzipped files.

    Several objects on one line, and a file that is one array, are read too. No record is refused: events arrive all
    day, and a broken event must not hold up the others.

    Rows: one per object. Blank lines are dropped.

    Columns: the fields of all `layouts` as text. A nested field is JSON text, and a missing field is null. Also added:

    - `_other_fields`: the fields that no layout has, as JSON text.
    - `_layout`: the layout that shares the most fields with the object.
    - `_row_number`: the record's number in its file. The first record is 1, and blank lines count.
    - `_malformed_record`: the whole line, if it is not an object or repeats a field of a layout in any capitals.
    - `_source_file`, `_modified_at` and `_checksum`: the file.
    """
    small = [file for file in files if _unpacked(file) <= _WHOLE]
    large = [_of_large(spark, file) for file in files if _unpacked(file) > _WHOLE]
    frames = [_of_small(spark, small), *large] if small else large
    records = frames[0]
    for frame in frames[1:]:
        records = records.unionByName(frame)
    return _parsed(records, layouts)


def problem_of(file: LandedFile) -> str | None:
    """Return why a file cannot be read as JSON lines, and what to do. What is in its lines is not looked at."""
    if ":" in file.name:
        return "Spark reads no text file with a ':' in its name. Rename it."
    is_packed, is_large = file.name.endswith(".gz"), _unpacked(file) > _WHOLE
    if not is_packed and not is_large:
        return None
    with closing(chunks(file.uri)) as pieces:
        try:
            # A packed file is looked through: Spark, on its executors, would fail with all that came with it.
            unpacked = _unpack(pieces) if is_packed else pieces
            start = next(filter(bytes.strip, unpacked), b"")
            deque(unpacked if is_packed else (), maxlen=0)
        except (EOFError, zlib.error) as error:
            return f"it is no whole gzip file ({error}). Deliver it again; if it is plain, without .gz in its name."
    if not is_large or not start.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"["):
        return None
    most = f"of one JSON array at most {_WHOLE >> 20} MiB are read, unpacked."
    return f"{most} Write it as one object a line: jq -c '.[]'."


def _unpack(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip as Hadoop does: one member behind another, and nothing else. Python takes zeros behind them too."""
    member = None
    for piece in pieces:
        left, is_full = piece, False
        while left or (member and is_full):
            member = member or zlib.decompressobj(_GZIP)
            made = member.decompress(left, _AT_ONCE)
            yield made
            left, is_full = member.unconsumed_tail or member.unused_data, len(made) == _AT_ONCE
            member = None if member.eof else member
    if member:
        raise EOFError("it ends within")


def _unpacked(file: LandedFile) -> int:
    return file.bytes * (_GZIP_MAKES if file.name.endswith(".gz") else 1)


def _of_small(spark: SparkSession, files: Sequence[LandedFile]) -> DataFrame:
    paths = [pattern_of(file.uri) for file in files]
    # As Spark writes it, with `%20` for a blank, but not for a `+`.
    path = F.url_decode(F.regexp_replace("_metadata.file_path", r"\+", "%2B"))
    whole = spark.read.text(paths, wholetext=True).select(
        _without_mark("value").alias("text"), F.regexp_replace(path, _SCHEME, "").alias("path")
    )
    text = F.col("text")
    lines, one_by_one = F.col("lines"), F.flatten(F.transform(F.split(text, r"\r\n|\r|\n"), _objects))
    # To look through the whole text once takes a tenth as long as to parse it: so it is done as seldom as can be.
    is_plain = ~F.exists(lines, _starts_an_array) & ~text.contains("\r") & ~text.rlike(_TOGETHER)
    records = F.when(is_plain, lines).otherwise(F.coalesce(F.when(text.rlike(_ARRAY), _elements(text)), one_by_one))
    listed = F.broadcast(_files_frame(spark, files))
    found = whole.withColumn("lines", F.split(text, "\n")).join(listed, on="path", how="left")
    # A file that Spark names otherwise than it was listed must not come without its rows.
    source = F.coalesce("_source_file", _no_such("not listed: ", "path")).alias("_source_file")
    numbered = found.select(source, "_modified_at", "_checksum", F.posexplode(records).alias("number", "record"))
    return numbered.withColumn("_row_number", (F.col("number") + 1).cast("int")).drop("number")


def _of_large(spark: SparkSession, file: LandedFile) -> DataFrame:
    lines = spark.read.text(pattern_of(file.uri)).select(
        F.col("_metadata.file_block_start").alias("start"), _without_mark("value").alias("line")
    )
    place = F.monotonically_increasing_id().bitwiseAND(F.lit(_IN_PARTITION))
    records = lines.select("start", F.explode(_objects(F.col("line"))).alias("record"))
    numbered = records.select("start", "record", place.alias("place"))
    counts = {row[0]: row[1] for row in numbered.groupBy("start").count().collect()}
    firsts = accumulate((counts[start] for start in sorted(counts)), initial=1)
    first_of = [{"start": start, "first": first} for start, first in zip(sorted(counts), firsts, strict=False)]
    parts = F.broadcast(as_frame(spark, first_of, ddl="start bigint, first bigint"))
    # Cut elsewhere than when its lines were counted, as with executors that came since, it must not lose rows.
    first = F.coalesce("first", _no_such(f"{file.name} was cut otherwise than it was counted, run again: ", "start"))
    return numbered.join(parts, on="start", how="left").select(
        "record",
        (first + F.col("place")).cast("int").alias("_row_number"),
        F.lit(file.name).alias("_source_file"),
        F.lit(file.modified_at).alias("_modified_at"),
        F.lit(file.checksum).alias("_checksum"),
    )


def _no_such(problem: str, column: str) -> Column:
    return F.raise_error(F.concat(F.lit(problem), F.col(column)))


def _starts_an_array(line: Column) -> Column:
    return ~line.startswith("{") & line.rlike(_ARRAY)


def _without_mark(text: str) -> Column:
    # Trimming would copy each text.
    return F.expr(f"if(startswith({text}, '\ufeff'), substr({text}, 2), {text})")


def _values(text: Column) -> Column:
    """Return the JSON values that a text is, with commas between them; null where anything else is in it.

    Of a text that is not in brackets, Spark would read the first value, and not tell what comes behind it.
    """
    return F.from_json(F.concat(F.lit("["), text, F.lit("]")), "array<string>")


def _elements(text: Column) -> Column:
    """Return the elements of a text that is one array."""
    values = _values(text)
    elements = F.from_json(F.when(F.size(values) == 1, values[0]), "array<string>")
    return F.transform(elements, lambda element: F.coalesce(element, F.lit("null")))


def _objects(line: Column) -> Column:
    """Return the objects of a line. Where it is no JSON even between its objects, the first of them must be one."""
    values, pieces = _values(line), F.split(line, _BETWEEN)
    several = F.when(F.size(values) > 1, values).when(values.isNull() & _values(pieces[0]).isNotNull(), pieces)
    found = F.when(line.rlike(_ARRAY), _elements(line)).when(line.rlike(_TOGETHER), several)
    return F.coalesce(found, F.array(line))


def _files_frame(spark: SparkSession, files: Sequence[LandedFile]) -> DataFrame:
    lines = [
        {
            "path": re.sub(_SCHEME, "", file.uri),
            "_source_file": file.name,
            "_modified_at": file.modified_at.isoformat(),
            "_checksum": file.checksum,
        }
        for file in files
    ]
    return as_frame(spark, lines, ddl="path string, _source_file string, _modified_at timestamp, _checksum string")


def _parsed(records: DataFrame, layouts: Layouts) -> DataFrame:
    known = list(dict.fromkeys(name for columns in layouts.values() for name in columns))
    # To Spark, the `Status` of one layout and the `status` of another are the same column.
    alike = {name.casefold(): [each for each in known if each.casefold() == name.casefold()] for name in known}
    record, objects, fields = F.col("record"), F.col("objects"), F.col("fields")
    starts = record.startswith("{")  # as nearly all do, and to see that takes no regular expression
    given = F.when(record.endswith("}"), record).otherwise(F.regexp_replace(record, r"[\s,]+\z", ""))
    given = F.concat(F.lit("["), F.when(starts | given.rlike(r"\A\s*\{"), given), F.lit("]"))
    # Most objects say as many names as are found in them: only of the others it is looked which they say twice.
    said = reduce(add, (fields[name].isNotNull().cast("int") for name in known))
    may_be_twice = F.size(fields) > said + F.size("others")
    names = F.filter(F.map_keys(fields), lambda name: name.isin(*known))
    is_twice = may_be_twice & (F.size(F.array_distinct(names)) < F.size(names))
    spelled = ([fields[each].isNotNull().cast("int") for each in names] for names in alike.values() if len(names) > 1)
    is_twice = reduce(or_, (reduce(add, each) > 1 for each in spelled), is_twice)
    others = F.map_filter(fields, lambda name, _: ~name.isin(_MALFORMED, *known))
    return (
        records.where(starts | record.rlike(r"\S"))
        # Step by step: in one, Spark would compute a value again for each use of it.
        .withColumn("objects", F.from_json(given, "array<map<string,string>>"))
        .withColumn("fields", F.when(F.size(objects) == 1, objects[0]))
        .withColumn("others", others)
        .select(
            *(F.coalesce(*(fields[each] for each in names)).alias(names[0]) for names in alike.values()),
            F.when(F.size("others") > 0, F.to_json("others")).alias(OTHER_FIELDS),
            _layout(layouts).alias("_layout"),
            *("_row_number", "_source_file", "_modified_at", "_checksum"),
            # So a replay says of a record that does not fit its header.
            F.when(fields.isNull() | is_twice, record).otherwise(fields[_MALFORMED]).alias(_MALFORMED),
        )
    )


def _layout(layouts: Layouts) -> Column:
    if len(layouts) == 1:
        return F.lit(next(iter(layouts)))

    def found(columns: Sequence[str]) -> Column:
        return F.size(F.array_intersect(F.map_keys("fields"), F.array(*map(F.lit, columns))))

    matches = (
        F.struct(found(columns).alias("found"), F.lit(layout).alias("layout")) for layout, columns in layouts.items()
    )
    return F.greatest(*matches)["layout"]
