"""Write-audit-publish: write to a branch, look at what was written, and only then move `main` to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, DataFrameWriterV2, SparkSession
from pyspark.sql import functions as F

from lake.errors import OvertakenError
from lake.merge import Merge
from lake.session import CATALOG
from lake.tables import ensure_table, history, iceberg_table, snapshot_id
from transforms.names import quoted

_ONE_PASS = {
    # A partition's rows are written where they are, not first sent to one task: the gate's two partitions come out
    # of the pass that computes them.
    "write.distribution-mode": "none",
    "write.spark.fanout.enabled": "true",
}
_BY_MONTH = {"write.distribution-mode": "hash"}  # of dozens of months, each task would write a file for each
# What changes a few rows of a file writes these and their places, not the file again; maintenance tidies up.
_MERGED = {"write.delete.mode": "merge-on-read"}


@dataclass(frozen=True)
class Snapshot:
    """A published state of a table; `id` is None before the first publish."""

    id: int | None


class Branch:
    """A branch of a table that no reader sees, beginning as the published table is, or at the snapshot `begins_at`.

    Used as a context: leaving it without `publish` (because something was raised) leaves `main` as it was. The branch
    then stays for whoever wants to look; Iceberg's `expire_snapshots` drops it when it is older than 7 days.

    Attributes:
        table: The table.
        branch: The branch, named after the run.
    """

    def __init__(
        self, spark: SparkSession, *, table: str, run_id: str, purpose: str = "audit", begins_at: int | None = None
    ) -> None:
        self.spark, self.table, self.begins_at = spark, table, begins_at
        self.branch = f"{purpose}_" + re.sub(r"\W", "_", run_id)

    def __enter__(self) -> Self:
        # The same run may come twice, after a failure; its first try is then written over.
        if snapshot_id(self.spark, self.table) is None:  # nothing is published: there is nothing to replace it by
            self.spark.sql(f"ALTER TABLE {self.table} DROP BRANCH IF EXISTS {self.branch}")
        begins = f"AS OF VERSION {self.begins_at} " if self.begins_at else ""
        self.spark.sql(f"ALTER TABLE {self.table} CREATE OR REPLACE BRANCH {self.branch} {begins}RETAIN 7 DAYS")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def written(self) -> DataFrame:
        """Read back what is on the branch."""
        return self.spark.read.option("branch", self.branch).table(self.table)

    def discard(self, condition: str) -> None:
        """Drop rows from the branch. On the partition column this drops whole files and starts no Spark job."""
        self.spark.sql(f"DELETE FROM {self.table}.branch_{self.branch} WHERE {condition}")

    def merge(self, rows: DataFrame, how: Merge, *, found: DataFrame) -> None:
        """Bring rows into the branch by their key; `found` is what `how` finds of them in the branch."""
        how.run(rows, found=found, into=f"{self.table}.branch_{self.branch}")

    def note(self, notes: Mapping[str, str]) -> None:
        """Note something in the history of the branch, and once it is published in that of the table."""
        nothing = self.spark.table(self.table).limit(0)
        _noting(nothing.writeTo(f"{self.table}.branch_{self.branch}"), notes).append()

    def require_current(self) -> None:
        """Look whether the branch can be published, before anything else is that belongs to it.

        Raises:
            OvertakenError: `main` has moved since the branch was made.
        """
        main = snapshot_id(self.spark, self.table)
        before = history(self.spark, self.table, branch=self.branch)
        if main is not None and all(snapshot.snapshotId() != main for snapshot in before):
            raise OvertakenError(table=self.table, branch=self.branch)

    def publish(self) -> int | None:
        """Fast-forward `main` to the branch, drop the branch, and return the snapshot that is now published.

        Raises:
            OvertakenError: `main` has moved since the branch was made.
        """
        schema_and_table = self.table.removeprefix(f"{CATALOG}.")
        try:
            self.spark.sql(f"CALL {CATALOG}.system.fast_forward('{schema_and_table}', 'main', '{self.branch}')")
        except (Py4JJavaError, PySparkException) as error:
            if "not an ancestor" in str(error):
                raise OvertakenError(table=self.table, branch=self.branch) from error
            raise
        self.drop()
        return snapshot_id(self.spark, self.table)

    def drop(self) -> None:
        """Drop the branch."""
        self.spark.sql(f"ALTER TABLE {self.table} DROP BRANCH {self.branch}")


class Staged(Branch):
    """The rows of a frame, written to a branch.

    Rows: the frame becomes the whole new content of the table; with `append_to` it is added to what the table had.

    Raises:
        OvertakenError: With `append_to`, the snapshot that the rows were computed against (None for none): the table
            has moved on since.
    """

    def __init__(
        self,
        spark: SparkSession,
        rows: DataFrame,
        *,
        table: str,
        run_id: str,
        partitioned_by: Sequence[str] = (),
        append_to: Snapshot | None = None,
        notes: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(spark, table=table, run_id=run_id)
        self.rows, self.partitioned_by, self.append_to, self.notes = rows, partitioned_by, append_to, notes or {}

    def __enter__(self) -> Self:
        by_month = any("months(" in part for part in self.partitioned_by)
        properties = (_BY_MONTH if by_month else _ONE_PASS) | _MERGED
        ensure_table(
            self.spark, self.table, self.rows.schema, partitioned_by=self.partitioned_by, properties=properties
        )
        super().__enter__()
        writer = _noting(self.rows.writeTo(f"{self.table}.branch_{self.branch}"), self.notes)
        if self.append_to is None:
            writer.overwrite(F.lit(True))
            return self
        if snapshot_id(self.spark, self.table) != self.append_to.id:
            raise OvertakenError(table=self.table, branch=self.branch)
        writer.append()
        return self


def drop_branches(spark: SparkSession, table: str, *, older_than: datetime) -> int:
    """Drop the branches of a table to which nothing was written since a time, and return how many.

    Not those that are where `main` is: the run that has made one may be about to write.
    """
    if not spark.catalog.tableExists(table):
        return 0
    iceberg, main = iceberg_table(spark, table), snapshot_id(spark, table)
    latest = {name: iceberg.snapshot(ref.snapshotId()) for name, ref in iceberg.refs().items() if ref.isBranch()}
    milliseconds = older_than.timestamp() * 1000
    names = [
        name
        for name, snapshot in latest.items()
        if snapshot.snapshotId() != main and snapshot.timestampMillis() < milliseconds
    ]
    for name in names:
        spark.sql(f"ALTER TABLE {table} DROP BRANCH {quoted(name)}")
    return len(names)


def _noting(writer: DataFrameWriterV2, notes: Mapping[str, str]) -> DataFrameWriterV2:
    for name, note in notes.items():
        writer = writer.option(f"snapshot-property.{name}", note)
    return writer
