"""Read files of JSON objects, such as the JSON lines in which Firehose delivers events.

If each line of a file is one object, Spark splits the file into lines: all small files together, and each large file
separately. `ingest.json_objects` splits all other files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from itertools import accumulate
from operator import add

from pyspark import RDD
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from ingest.compressed import content_chunks
from ingest.deliveries import as_frame
from ingest.header import Layouts
from ingest.json_objects import find_records
from ingest.json_survey import Survey
from ingest.spark_text import escape_pattern, file_key, key_of, remove_mark, row_in_partition
from ingest.storage import LandedFile

OTHER_FIELDS = "_other_fields"
"""Column of raw. It holds the fields that no layout has, as JSON text."""

_MALFORMED = "_malformed_record"
_RECORD_DDL = "record string, _row_number int, _source_file string, _modified_at timestamp, _checksum string"


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


def _read_small_files(spark: SparkSession, files: Sequence[LandedFile]) -> DataFrame:
    if not files:
        return as_frame(spark, [], ddl=_RECORD_DDL)
    paths = [escape_pattern(file.uri) for file in files]
    whole = spark.read.text(paths, wholetext=True).select(
        remove_mark("value").alias("text"), file_key(F.col("_metadata.file_path")).alias("path")
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
        F.col("_metadata.file_block_start").alias("start"), remove_mark("value").alias("record")
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
    for number, record in enumerate(find_records(content_chunks(name, uri)), 1):
        yield name, number, record


def _raise_with(problem: str, column: str) -> Column:
    return F.raise_error(F.concat(F.lit(problem), F.col(column)))


def _make_listing(spark: SparkSession, files: Sequence[LandedFile]) -> DataFrame:
    entries = [
        {
            "path": key_of(file.uri),
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
    # if no layout has a field, if a field is null or repeated, or if the case of its name differs.
    filled = reduce(add, (F.col("cells")[names[0]].isNotNull().cast("int") for names in spellings.values()))
    unknown = F.map_filter(fields, lambda name, _: ~name.isin(_MALFORMED, *known))
    return (
        records.where(starts_object | record.rlike(r"\S"))
        # Use separate steps. In one step, Spark would parse the text again for each use of a column.
        .withColumn("objects", F.from_json(text, "array<map<string,string>>"))
        .withColumn("fields", F.when(F.size(objects) == 1, objects[0]))
        .withColumn("cells", cells)
        .withColumn("others", F.when(F.size(fields) > filled, unknown))
        .withColumn("respelled", _respelled(fields, known))
        .select(
            *(
                F.coalesce(F.col("cells")[names[0]], F.col("respelled.cells")[names[0].lower()]).alias(names[0])
                for names in spellings.values()
            ),
            F.when(F.size("others") > 0, _without_respelled(known)).alias(OTHER_FIELDS),
            _find_layout(layouts).alias("_layout"),
            *("_row_number", "_source_file", "_modified_at", "_checksum"),
            # If a row of a csv has more or fewer cells than the header, the replay sends an object that has the whole
            # row in the field `_malformed_record`.
            F.when(fields.isNull() | _repeats_a_field(fields, known, has_spellings=len(spellings) < len(known)), record)
            .otherwise(fields[_MALFORMED])
            .alias(_MALFORMED),
        )
    )


def _has_spelling(name: Column, known: Sequence[str]) -> Column:
    """Return True if a name is in `known`. Case is ignored."""
    return F.lower(name).isin(*{each.lower() for each in known})


def _respelled(fields: Column, known: Sequence[str]) -> Column:
    """Return the cells of the fields whose names differ from the names in `known` only in case, by name in lower case.

    The result is null if an object has no such field, which is fast. `repeats` is True if an object has values for two
    spellings of a field. Then there are no cells, because a map cannot have a name twice.
    """
    has_case = (F.size("others") > 0) & F.exists(F.map_keys("others"), lambda name: _has_spelling(name, known))
    filled = F.map_filter("others", lambda name, value: value.isNotNull() & _has_spelling(name, known))
    cells = F.transform_keys(filled, lambda name, _: F.lower(name))
    repeats = _repeats_a_spelling(fields, known)
    return F.when(has_case, F.struct(repeats.alias("repeats"), F.when(~repeats, cells).alias("cells")))


def _without_respelled(known: Sequence[str]) -> Column:
    rest = F.map_filter("others", lambda name, _: ~_has_spelling(name, known))
    has_case, has_rest = F.col("respelled").isNotNull(), F.size(rest) > 0
    return F.when(~has_case, F.to_json("others")).when(has_rest, F.to_json(rest))


def _repeats_a_field(fields: Column, known: Sequence[str], *, has_spellings: bool) -> Column:
    """Return True if an object has a field of a layout twice, or has values for two spellings of a field.

    Args:
        fields: The fields of the object.
        known: The fields of all layouts.
        has_spellings: Whether two names in `known` differ only in case.
    """
    names = F.filter(F.map_keys(fields), lambda name: name.isin(*known))
    repeats = _has_repeats(names) | (_repeats_a_spelling(fields, known) if has_spellings else F.lit(False))
    # `others` is not null only if the object has more fields than the layouts explain.
    return (F.col("others").isNotNull() & repeats) | F.coalesce("respelled.repeats", F.lit(False))


def _repeats_a_spelling(fields: Column, known: Sequence[str]) -> Column:
    filled = F.map_filter(fields, lambda name, value: value.isNotNull() & _has_spelling(name, known))
    return _has_repeats(F.transform(F.map_keys(filled), F.lower))


def _has_repeats(names: Column) -> Column:
    return F.size(F.array_distinct(names)) < F.size(names)


def _find_layout(layouts: Layouts) -> Column:
    if len(layouts) == 1:
        return F.lit(next(iter(layouts)))
    names = F.map_keys("fields")
    folded = F.when(F.col("respelled").isNotNull(), F.transform(names, F.lower))

    def shared(columns: Sequence[str]) -> Column:
        exact = F.size(F.array_intersect(names, F.array(*map(F.lit, columns))))
        ignoring_case = F.size(F.array_intersect(folded, F.array(*(F.lit(name.lower()) for name in columns))))
        return F.when(folded.isNotNull(), ignoring_case).otherwise(exact)

    matches = (
        F.struct(shared(columns).alias("shared"), F.lit(layout).alias("layout")) for layout, columns in layouts.items()
    )
    return F.greatest(*matches)["layout"]
