"""What raw knows of the files that were delivered, told by its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from ingest.storage import LandedFile


@dataclass(frozen=True)
class Delivery:
    """A content of a file, as raw got it.

    Attributes:
        file: The file.
        checksum: Its content.
        at: When raw got it, in microseconds.
        rows: How many rows of it raw then got: none where it has none, or raw has them from another file.
    """

    file: str
    checksum: str
    at: int
    rows: int


def read_deliveries(spark: SparkSession, table: str) -> list[Delivery]:
    """Return all deliveries to a raw table, the latest last; one Spark job."""
    by = ("_source_file", "_checksum", F.unix_micros("_ingested_at").alias("at"))
    found = spark.table(table).groupBy(*by).agg(F.count("_row_number")).collect()
    return sorted((Delivery(*row) for row in found), key=lambda each: (each.at, each.file))


def latest_contents(deliveries: Sequence[Delivery]) -> dict[str, str]:
    """Return each file's latest content."""
    return {each.file: each.checksum for each in deliveries}


def withdrawn(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Return the deliveries whose rows no longer count: their content is no file's latest, or came again since."""
    current = set(latest_contents(deliveries).values())
    with_rows = [each for each in deliveries if each.rows]
    last = {each.checksum: each.at for each in with_rows}
    return [each for each in with_rows if each.checksum not in current or each.at < last[each.checksum]]


def new_files(
    files: Sequence[LandedFile], deliveries: Sequence[Delivery]
) -> tuple[list[LandedFile], dict[LandedFile, str]]:
    """Return the files whose rows raw does not have, and of the others why they are not taken."""
    held = {checksum: file for file, checksum in latest_contents(deliveries).items()}
    fresh: dict[str, LandedFile] = {}
    known: dict[LandedFile, str] = {}
    for file in files:
        if file.checksum in held:
            known[file] = f"in raw already, as {held[file.checksum]}"
        elif file.checksum in fresh:
            known[file] = f"the same content as {fresh[file.checksum].name}"
        else:
            fresh[file.checksum] = file
    return list(fresh.values()), known
