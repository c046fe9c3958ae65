"""Write-audit-publish: write to a branch, look at what was written, and only then move `main` to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import TracebackType

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lake.errors import OvertakenError
from lake.session import CATALOG
from lake.tables import ensure_table, snapshot_id

_ONE_PASS = {
    # A partition's rows are written where they are, not first sent to one task: the gate's two partitions come out
    # of the pass that computes them.
    "write.distribution-mode": "none",
    "write.spark.fanout.enabled": "true",
}


@dataclass(frozen=True)
class Snapshot:
    """A published state of a table; `id` is None before the first publish."""

    id: int | None


class Staged:
    """The rows of a frame, written to a branch of a table that no reader sees.

    Used as a context: leaving it without `publish` (because something was raised) leaves `main` as it was. The branch
    then stays for whoever wants to look; Iceberg's `expire_snapshots` drops it when it is older than 7 days.

    Rows: the frame becomes the whole new content of the table; with `append_to` it is added to what the table had.

    Attributes:
        table: The table.
        branch: The branch, named after the run.

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
        partitioned_by: str | None = None,
        append_to: Snapshot | None = None,
    ) -> None:
        self.spark, self.rows, self.table, self.partitioned_by = spark, rows, table, partitioned_by
        self.append_to = append_to
        self.branch = "audit_" + re.sub(r"\W", "_", run_id)

    def __enter__(self) -> Staged:
        ensure_table(self.spark, self.table, self.rows.schema, partitioned_by=self.partitioned_by, properties=_ONE_PASS)
        # The same run may come twice, after a failure; its first try is then written over.
        self.spark.sql(f"ALTER TABLE {self.table} CREATE OR REPLACE BRANCH {self.branch} RETAIN 7 DAYS")
        writer = self.rows.writeTo(f"{self.table}.branch_{self.branch}")
        if self.append_to is None:
            writer.overwrite(F.lit(True))
            return self
        if snapshot_id(self.spark, self.table) != self.append_to.id:
            raise OvertakenError(table=self.table, branch=self.branch)
        writer.append()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def written(self) -> DataFrame:
        """Read back what is on the branch."""
        return self.spark.read.option("branch", self.branch).table(self.table)

    def add(self, rows: DataFrame) -> None:
        """Add rows to the branch."""
        rows.writeTo(f"{self.table}.branch_{self.branch}").append()

    def discard(self, condition: str) -> None:
        """Drop rows from the branch. On the partition column this drops whole files and starts no Spark job."""
        self.spark.sql(f"DELETE FROM {self.table}.branch_{self.branch} WHERE {condition}")

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
        self.spark.sql(f"ALTER TABLE {self.table} DROP BRANCH {self.branch}")
        return snapshot_id(self.spark, self.table)
