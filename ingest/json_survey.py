"""Find out how JSON files are laid out, before their rows are read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from ingest.compressed import content_chunks, unpacked_size
from ingest.errors import LandedFileError
from ingest.spark_text import COLON_IN_NAME, escape_pattern, file_key, key_of, remove_mark
from ingest.storage import LandedFile
from lake.iceberg import ENGINE_ERRORS

_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_JSON_LINES_NAME = re.compile(rf"(\.(?i:json|jsonl|ndjson)|-\d{{4}}(-\d\d){{5}}-{_UUID})(\.gz)?\Z")
"""The names of JSON files. Firehose's object names have no extension."""

MAX_BYTES_TO_READ_WHOLE = 32 << 20
"""Maximum unpacked size of a file of JSON lines that is read as one text."""

_MAX_GZIP_RATIO = 100
"""A .gz file that unpacks to more than this multiple of its size is not read as lines. A line may be very long."""

_MIN_BYTES_OF_BOMB = MAX_BYTES_TO_READ_WHOLE // 1032
"""A smaller .gz file cannot unpack to more than `MAX_BYTES_TO_READ_WHOLE`. One byte of gzip gives at most 1,032."""

_MAX_CONCURRENT_CHECKS = 8


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

    If the job fails, all .gz files are unpacked to find the damaged files, and the other files are read again. A .gz
    file of an unusual size is always unpacked, but is not read by the job.
    """
    named = [file for file in files if ":" not in file.name]
    unread = {file: COLON_IN_NAME for file in files if file not in named}
    unread |= _damaged_files(bombs := _find_bombs(named))
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
        counts, size, is_plain = splits.get(key_of(file.uri), ({}, 0, True))
        if not is_plain:
            found.others.append(file)
        elif size > MAX_BYTES_TO_READ_WHOLE:
            found.large[file] = counts
        else:
            found.small.append(file)
    return found


def _find_bombs(files: Sequence[LandedFile]) -> list[LandedFile]:
    """Return the .gz files that start with a very long line, or state an unusual unpacked size at their end."""
    packed = [file for file in files if file.name.endswith(".gz") and file.bytes > _MIN_BYTES_OF_BOMB]
    with ThreadPoolExecutor(_MAX_CONCURRENT_CHECKS) as pool:
        return [file for file, is_bomb in zip(packed, pool.map(_is_bomb, packed), strict=True) if is_bomb]


def _is_bomb(file: LandedFile) -> bool:
    if unpacked_size(file.uri) > _MAX_GZIP_RATIO * file.bytes:
        return True
    try:
        with closing(content_chunks(file.name, file.uri)) as chunks:
            start = next(chunks, b"")
    except LandedFileError:  # the survey finds out which files are damaged
        return False
    return b"\n" not in start and b"\r" not in start


def _survey_lines(spark: SparkSession, files: Sequence[LandedFile]) -> dict[str, tuple[dict[int, int], int, bool]]:
    """Return the number of lines in each split, the size, and whether each line is one object, for each path."""
    text = spark.read.text([escape_pattern(file.uri) for file in files])
    line = remove_mark("value")
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
        .withColumn("path", file_key(F.col("uri")))  # after the aggregation, once for each split
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
        for _ in content_chunks(file.name, file.uri):
            pass
    except LandedFileError as error:
        return error.problem
    return None


def _parse_values(text: Column) -> Column:
    """Parse comma-separated JSON values, and return an array of the values. Return null for any other text.

    The text is put in brackets and parsed as an array. Without brackets, Spark would read only the first value.
    """
    return F.from_json(F.concat(F.lit("["), text, F.lit("]")), "array<string>")
