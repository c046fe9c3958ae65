"""What raw knows of the files that were delivered, told by its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from ingest.storage import LandedFile


@dataclass(frozen=True)
class Landed:
    """A file as raw has it.

    Attributes:
        file: The file.
        checksum: Its latest content.
        has_rows: Whether raw has rows of it: not where it had none, or was a copy of another file.
        first: When raw got its first content, in microseconds.
        latest: When raw got its latest.
        rows: How many rows raw has of all its contents.
    """

    file: str
    checksum: str
    has_rows: bool
    first: int
    latest: int
    rows: int


def landed_files(spark: SparkSession, table: str) -> list[Landed]:
    """Return the files that raw has rows of, or was told that they have none now; one Spark job."""
    arrived, is_row = F.unix_micros("_ingested_at"), F.col("_row_number").isNotNull()
    latest = F.max(F.struct("_ingested_at", is_row.alias("has_rows"), "_checksum"))
    found = (
        spark.table(table)
        .groupBy("_source_file")
        .agg(latest.alias("latest"), F.min(arrived).alias("first"), F.count("_row_number").alias("rows"))
        .selectExpr(
            "_source_file", "latest._checksum", "latest.has_rows", "first", "unix_micros(latest._ingested_at)", "rows"
        )
    )
    return [Landed(*row) for row in found.collect()]


def new_files(files: Sequence[LandedFile], landed: Sequence[Landed]) -> tuple[list[LandedFile], dict[str, str]]:
    """Return the files that raw does not have, and of the others why they are not taken."""
    current = {file.name: file.checksum for file in files}
    # A file that comes with new content gives its old content free: it may have been given another name.
    held = {
        old.checksum: old.file for old in landed if old.has_rows and current.get(old.file, old.checksum) == old.checksum
    }
    fresh: dict[str, LandedFile] = {}
    known: dict[str, str] = {}
    for file in files:
        if file.checksum in held:
            known[file.name] = f"in raw already, as {held[file.checksum]}"
        elif file.checksum in fresh:
            known[file.name] = f"the same content as {fresh[file.checksum].name}"
        else:
            fresh[file.checksum] = file
    return list(fresh.values()), known
