"""JSON lines, as Firehose delivers events: many small files at once, and large ones one by one."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from contextlib import closing
from itertools import accumulate

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from ingest.deliveries import as_frame
from ingest.errors import LandedFileError
from ingest.header import Forms
from ingest.storage import LandedFile, open_file, pattern_of

OTHER_FIELDS = "_other_fields"
"""The column of raw with the fields that the dataset does not know, as JSON text."""

_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NAME = re.compile(rf"(\.(json|jsonl|ndjson)|-\d{{4}}(-\d\d){{5}}-{_UUID})(\.gz)?\Z")
"""Names of JSON lines: by their ending, or as Firehose names its objects, which have none."""

_WHOLE = 32 << 20
"""Bytes of a file that is read whole, to number its records. What is larger is numbered with one more pass."""

_GZIP_MAKES = 10
_IN_PARTITION = (1 << 33) - 1  # monotonically_increasing_id: the lower 33 bits count the rows of a partition
_TOGETHER = r"\}[ \t]*\{"
_BETWEEN = r"(?<=\})[ \t]*(?=\{)"
_FIELDS = "map<string,string>"


def is_json_lines(name: str) -> bool:
    """Whether a file's name is that of JSON lines.

    >>> is_json_lines("2024/07/10/17/dispatch-1-2024-07-10-17-05-00-0a1b2c3d-0000-4000-8000-0123456789ab.gz")
    True
    """
    return bool(_NAME.search(name))


def read_rows(spark: SparkSession, files: Sequence[LandedFile], *, forms: Forms) -> DataFrame:
    """Read JSON objects, one a line, plain or gzipped; several on one line, and a file that is one array, are read too.

    Nothing is refused: events come all day, and one that is broken must not hold up the others.

    Rows: one an object. Blank lines are none.

    Columns: the fields of all `forms` as text, nested ones as JSON text, those that an object has not as null;
    `_other_fields`, those that no form has; `_form`, the form of which the object has most fields; `_row_number`, the
    record's number in its file, 1 for the first, blank lines counted; `_malformed_record`, the whole line where it is
    no object; and of the file `_source_file`, `_delivered_at` and `_checksum`.
    """
    small = [file for file in files if _unpacked(file) <= _WHOLE]
    large = [_of_large(spark, file) for file in files if _unpacked(file) > _WHOLE]
    frames = [_of_small(spark, small), *large] if small else large
    records = frames[0]
    for frame in frames[1:]:
        records = records.unionByName(frame)
    return _parsed(records, forms)


def check(file: LandedFile) -> None:
    """Look whether a file can be read as JSON lines. What is in them is not looked at.

    Raises:
        LandedFileError: It is one array, and larger than what is read whole; or its name cannot be read.
    """
    if ":" in file.name:
        raise LandedFileError(file=file.name, problem="Spark reads no text file with a ':' in its name. Rename it.")
    if _unpacked(file) <= _WHOLE or file.name.endswith(".gz"):
        return
    with closing(open_file(file.uri)) as stream:
        start = stream.read(1 << 10).removeprefix(codecs.BOM_UTF8).lstrip()
    if start.startswith(b"["):
        problem = f"it is one JSON array, of which at most {_WHOLE >> 20} MiB are read. Write it as one object a line:"
        raise LandedFileError(file=file.name, problem=f"{problem} jq -c '.[]'.")


def _unpacked(file: LandedFile) -> int:
    return file.bytes * (_GZIP_MAKES if file.name.endswith(".gz") else 1)


def _of_small(spark: SparkSession, files: Sequence[LandedFile]) -> DataFrame:
    paths = [pattern_of(file.uri) for file in files]
    whole = spark.read.text(paths, wholetext=True).select(
        F.expr("ltrim('\ufeff', value)").alias("text"),
        # As Spark writes it, with `%20` for a blank, but not for a `+`.
        F.url_decode(F.regexp_replace("_metadata.file_path", r"\+", "%2B")).alias("uri"),
    )
    is_array = F.col("text").rlike(r"\A\s*\[")
    of_array = F.transform(F.from_json("text", f"array<{_FIELDS}>"), lambda fields: F.to_json(fields))
    lines = F.split("text", "\n")
    records = (
        F.when(is_array, F.coalesce(of_array, F.array("text")))
        .when(F.col("text").rlike(_TOGETHER), F.flatten(F.transform(lines, _objects)))
        .otherwise(lines)
    )
    numbered = whole.select("uri", F.posexplode(records).alias("number", "record"))
    return (
        numbered.join(F.broadcast(_files_frame(spark, files)), on="uri", how="left")
        # A file that Spark names otherwise than it was listed must not come without its rows.
        .withColumn("_source_file", F.coalesce("_source_file", F.raise_error(F.concat(F.lit("not listed: "), "uri"))))
        .withColumn("_row_number", (F.col("number") + 1).cast("int"))
        .drop("uri", "number")
    )


def _of_large(spark: SparkSession, file: LandedFile) -> DataFrame:
    lines = spark.read.text(pattern_of(file.uri)).select(F.expr("ltrim('\ufeff', value)").alias("line"))
    records = lines.select(F.explode(_objects(F.col("line"))).alias("record"))
    part, place = F.shiftright(F.monotonically_increasing_id(), 33), F.monotonically_increasing_id()
    numbered = records.select("record", part.alias("part"), place.bitwiseAND(F.lit(_IN_PARTITION)).alias("place"))
    counts = {row[0]: row[1] for row in numbered.groupBy("part").count().collect()}
    firsts = accumulate((counts[part] for part in sorted(counts)), initial=1)
    first_of = [{"part": part, "first": first} for part, first in zip(sorted(counts), firsts, strict=False)]
    return numbered.join(F.broadcast(as_frame(spark, first_of, ddl="part bigint, first bigint")), on="part").select(
        "record",
        (F.col("first") + F.col("place")).cast("int").alias("_row_number"),
        F.lit(file.name).alias("_source_file"),
        F.lit(file.delivered_at).alias("_delivered_at"),
        F.lit(file.checksum).alias("_checksum"),
    )


def _objects(line: Column) -> Column:
    """Return the objects of a line. Where no object ends at the first `}{`, it stands in a text of the line's one."""
    pieces = F.split(line, _BETWEEN)
    several = line.rlike(_TOGETHER) & F.from_json(pieces[0], _FIELDS).isNotNull()
    return F.when(several, pieces).otherwise(F.array(line))


def _files_frame(spark: SparkSession, files: Sequence[LandedFile]) -> DataFrame:
    lines = [
        {
            "uri": file.uri if "://" in file.uri else f"file:{file.uri}",
            "_source_file": file.name,
            "_delivered_at": file.delivered_at.isoformat(),
            "_checksum": file.checksum,
        }
        for file in files
    ]
    return as_frame(spark, lines, ddl="uri string, _source_file string, _delivered_at timestamp, _checksum string")


def _parsed(records: DataFrame, forms: Forms) -> DataFrame:
    known = list(dict.fromkeys(name for columns in forms.values() for name in columns))
    # To Spark the `Status` of one form and the `status` of another are one column.
    alike = {name.casefold(): [each for each in known if each.casefold() == name.casefold()] for name in known}
    cells = [F.coalesce(*(F.element_at("fields", each) for each in names)).alias(names[0]) for names in alike.values()]
    malformed = F.element_at("fields", "_malformed_record")  # so a replay says of a record that does not fit its header
    others = F.map_filter("fields", lambda name, _: ~name.isin("_malformed_record", *known))
    return (
        records.where("trim('\r\t ', record) != ''")
        # What comes behind an object, Spark would not read, nor tell.
        .withColumn("fields", F.when(F.col("record").rlike(r"\}[\s,]*\z"), F.from_json("record", _FIELDS)))
        .select(
            *cells,
            F.when(F.size(others) > 0, F.to_json(others)).alias(OTHER_FIELDS),
            _form(forms).alias("_form"),
            *("_row_number", "_source_file", "_delivered_at", "_checksum"),
            F.when(F.col("fields").isNull(), F.col("record")).otherwise(malformed).alias("_malformed_record"),
        )
    )


def _form(forms: Forms) -> Column:
    if len(forms) == 1:
        return F.lit(next(iter(forms)))
    present = F.map_keys("fields")

    def found(columns: Sequence[str]) -> Column:
        return F.size(F.array_intersect(present, F.array(*map(F.lit, columns))))

    fits = (F.struct(found(columns).alias("found"), F.lit(form).alias("form")) for form, columns in forms.items())
    return F.greatest(*fits)["form"]
