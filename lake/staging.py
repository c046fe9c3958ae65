"""Write-audit-publish for one table: stage rows where readers do not see them, and publish all rows in one commit.

Rows are staged on a branch of the table. A branch always has the schema of its table. So rows with another schema are
staged in a separate table. Publishing the separate table replaces the schema and the rows of the original table in one
commit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lake.errors import OvertakenError
from lake.evolution import has_schema, require_no_narrowing, require_same_columns, require_storable
from lake.iceberg import ENGINE_ERRORS, add_properties, branches, commit_lock, expire, lineage, load_table
from lake.session import CATALOG
from lake.tables import ensure_table, head, read_snapshot, snapshot_id

REQUESTED, REFRESH = "citylake.requested", "refresh"
"""`REQUESTED` is a snapshot property of staged rows. Its value is the name of the request.

A run sets the property only if a person requested the run. The request `REFRESH` replaces all rows of a table, and may
change the types of its columns to any other types.
"""

BRANCH_PREFIX = "candidates_"
_STAGED_BY, _BASE, _IS_APPEND = "citylake.staged-by", "citylake.base", "citylake.is-append"
_PARTITIONED_BY, _BLOCKED = "citylake.partitioned-by", "citylake.blocked"
_TABLE_PROPERTIES = {
    # Do not shuffle the rows by partition before the write. Each task writes one file for each partition of its rows.
    "write.distribution-mode": "none",
    "write.spark.fanout.enabled": "true",
    # A DELETE writes only the positions of the deleted rows. Maintenance later rewrites the data file.
    "write.delete.mode": "merge-on-read",
}
# Shuffle the rows of a table that is partitioned by month. Otherwise each task would write a file for each month.
_MONTHLY_TABLE_PROPERTIES = {"write.distribution-mode": "hash"}


@dataclass(frozen=True)
class Staged:
    """The rows that are staged for a table.

    Attributes:
        table: The table to publish to.
        base: The id of the published snapshot from which the rows were computed. None before the first publish.
        snapshot: The id of the snapshot that holds the rows.
        home: The table that holds the rows: `table`, or a separate table if the schema changes.
        branch: The branch of `home` that holds the rows.
        properties: The properties of the staged snapshot, including properties that were added after staging.
    """

    spark: SparkSession
    table: str
    base: int | None
    snapshot: int
    home: str
    branch: str
    properties: Mapping[str, str]

    @property
    def location(self) -> str:
        """The branch or table that holds the rows, in the form that SQL and messages use."""
        return self.home if self.branch == "main" else f"{self.home}.branch_{self.branch}"

    @property
    def is_append(self) -> bool:
        """True if a publish adds the staged rows to the rows of `base`.

        False if a publish replaces the rows of `base`.
        """
        return self.properties[_IS_APPEND] == "True"

    @property
    def is_blocked(self) -> bool:
        """True if the rows failed validation and must not be published."""
        return _BLOCKED in self.properties

    def rows(self) -> DataFrame:
        """Return the staged rows, without the rows of `base`. Later commits do not change the frame."""
        if not self.is_append or self.base is None:
            return read_snapshot(self.spark, self.home, self.snapshot)
        reader = self.spark.read.option("start-snapshot-id", self.base).option("end-snapshot-id", self.snapshot)
        return reader.table(self.home)

    def row_count(self) -> int:
        """Return the number of staged rows, from metadata."""
        history = lineage(self.spark, self.home, branch=self.branch)
        snapshot = next(snapshot for snapshot in history if snapshot.id == self.snapshot)
        return int(snapshot.summary.get("added-records") or 0)

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Add properties to the staged rows, in a new snapshot. The rows do not change."""
        add_properties(self.spark, self.home, properties, branch=self.branch)

    def delete_at(self, positions: DataFrame, *, condition: str) -> None:
        """Delete the rows at `positions` from the branch. A position is a data file and a row position in this file.

        All rows to delete must meet `condition`, because Iceberg uses the condition to prune files.
        """
        view = f"positions_{uuid4().hex}"
        positions.select("_file", "_pos").createOrReplaceTempView(view)
        try:
            self.spark.sql(
                f"DELETE FROM {self.location} WHERE ({condition}) AND (_file, _pos) IN (SELECT _file, _pos FROM {view})"
            )
        finally:
            self.spark.catalog.dropTempView(view)

    def mark_blocked(self) -> None:
        """Mark the rows as failed. No other run publishes marked rows."""
        self.add_properties({_BLOCKED: "True"})

    def require_current(self) -> None:
        """Check that the rows can be published. Call this before publishing dependent tables.

        Raises:
            OvertakenError: Another run published the table after the rows were staged.
        """
        if snapshot_id(self.spark, self.table) != self.base:
            raise OvertakenError(table=self.table, branch=self.location)

    def publish(self, *, exclude: str | None = None, properties: Mapping[str, str] | None = None) -> int | None:
        """Publish the staged rows. For readers, the rows of the table change in a single commit.

        Args:
            exclude: A condition in SQL. Rows that meet the condition are not published.
            properties: Additional properties of the published snapshot.

        Returns:
            The id of the published snapshot.

        Raises:
            OvertakenError: Another run published the table after the rows were staged. Nothing was published.
        """
        self.require_current()
        all_properties = {**self.properties, **(properties or {})}
        if self.home != self.table:
            rows = self.rows().where(f"NOT ({exclude})") if exclude else self.rows()
            with commit_lock(load_table(self.spark, self.table)):
                self.require_current()
                _create_or_replace(rows, self.table, all_properties)
        else:
            if exclude:
                self.spark.sql(f"DELETE FROM {self.location} WHERE {exclude}")
            if exclude or properties:
                add_properties(self.spark, self.table, all_properties, branch=self.branch)
            _fast_forward(self)
        self.drop()
        expire_intermediate_snapshots(self.spark, self.table)
        return snapshot_id(self.spark, self.table)

    def drop(self) -> None:
        """Drop the branch or the separate table that holds the rows."""
        if self.home == self.table:
            self.spark.sql(f"ALTER TABLE {self.table} DROP BRANCH IF EXISTS {self.branch}")
        else:
            self.spark.sql(f"DROP TABLE IF EXISTS {self.home} PURGE")


def stage(
    spark: SparkSession,
    rows: DataFrame,
    *,
    table: str,
    run_id: str,
    is_append: bool = False,
    partitioned_by: Sequence[str] = (),
    properties: Mapping[str, str] | None = None,
) -> Staged:
    """Write rows to a branch or a separate table, where readers of the table do not see the rows.

    If a run fails and stages rows again, the new rows replace the rows that the run staged before.

    Args:
        spark: The session.
        rows: The rows to stage. The rows are computed once. If the plan has no broadcast, one Spark job computes them.
        table: The table to publish to. An empty table is created if it does not exist.
        run_id: The id of the run. The name of the branch contains this id.
        is_append: True to add the rows to the table. False to replace all rows of the table.
        partitioned_by: The columns that partition a new table. `months(column)` partitions by the month of a column.
        properties: Properties of the staged snapshot and of the published snapshot.

    Raises:
        NarrowedColumnError: A column would get a type that cannot hold its published values, and no person requested
            a refresh.
        UnsupportedColumnError, DuplicateColumnError: As in `require_storable`.
        ChangedColumnsError: `is_append` is True, but the schema of the rows differs from the schema of the table.
    """
    require_storable(table, rows.schema)
    ensure_table(spark, table, rows.schema, partitioned_by=partitioned_by, properties=_table_properties(partitioned_by))
    base = snapshot_id(spark, table)
    all_properties = {**(properties or {}), _STAGED_BY: run_id, _BASE: str(base), _IS_APPEND: str(is_append)}
    all_properties[_PARTITIONED_BY] = ";".join(partitioned_by)
    if has_schema(spark, table, rows.schema):
        branch = _create_branch(spark, table, prefix=BRANCH_PREFIX, run_id=run_id, base=base)
        writer: Any = rows.writeTo(f"{table}.branch_{branch}")
        for name, value in all_properties.items():
            writer = writer.option(f"snapshot-property.{name}", value)
        writer.append() if is_append else writer.overwrite(F.lit(True))
        home = table
    else:
        if is_append:
            require_same_columns(spark, table, rows.schema)
        if not _may_narrow(table, all_properties):
            require_no_narrowing(spark, table, rows.schema)
        home, branch = _separate_table(table), "main"
        spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {home.rpartition('.')[0]}")
        _create_or_replace(rows, home, all_properties)
    return Staged(spark, table, base, snapshot_id(spark, home, branch=branch) or 0, home, branch, all_properties)


def stage_nothing(spark: SparkSession, table: str, *, run_id: str) -> Staged:
    """Create a branch without new rows.

    If the branch is published, the table gets a new snapshot with the same rows and new properties.
    """
    base = snapshot_id(spark, table)
    branch = _create_branch(spark, table, prefix="unchanged_", run_id=run_id, base=base)
    properties = {_STAGED_BY: run_id, _BASE: str(base), _IS_APPEND: "True", _PARTITIONED_BY: ""}
    return Staged(spark, table, base, base or 0, table, branch, properties)


def find_staged(spark: SparkSession, table: str, *, run_id: str) -> Staged | None:
    """Find unpublished rows that were staged after the last publish.

    Returns the rows that the run `run_id` has staged. If this run has staged no rows, the latest staged rows of another
    run are returned. For example, a run that AWS Glue resumes has a new id, and continues with the rows of the earlier
    run. Rows that failed validation in another run are never returned.
    """
    if not spark.catalog.tableExists(table):
        return None
    base, times = snapshot_id(spark, table), branches(spark, table)
    latest_first = sorted(times, key=lambda name: times[name], reverse=True)
    locations = [(table, name) for name in latest_first if name.startswith(BRANCH_PREFIX)]
    locations.append((_separate_table(table), "main"))
    candidates = [_read_staged(spark, table, base, home=home, branch=name) for home, name in locations]
    staged = [candidate for candidate in candidates if candidate]
    own = [candidate for candidate in staged if candidate.properties[_STAGED_BY] == run_id]
    return next(iter([*own, *(candidate for candidate in staged if not candidate.is_blocked)]), None)


def drop_staged_table(spark: SparkSession, table: str, *, older_than: datetime) -> bool:
    """Drop the separate table of staged rows if its last commit is older than `older_than`.

    Returns True if the table was dropped. Runs that were blocked, failed or killed leave this table behind. The
    function `lake.iceberg.drop_branches` drops the branches of these runs.
    """
    home = _separate_table(table)
    snapshot = head(spark, home)
    if snapshot is None or snapshot.committed >= older_than.timestamp():
        return False
    spark.sql(f"DROP TABLE IF EXISTS {home} PURGE")
    return True


def expire_intermediate_snapshots(spark: SparkSession, table: str) -> None:
    """Expire the snapshots that lie between two published snapshots.

    Intermediate snapshots can hold rows that failed validation. If a run is killed before it expires these snapshots,
    the next publish of the table expires these snapshots.
    """
    intermediate: list[int] = []
    base: str | None = None
    for snapshot in lineage(spark, table):
        if base is not None and str(snapshot.id) != base:
            intermediate.append(snapshot.id)
        else:
            base = snapshot.summary.get(_BASE)
    expire(spark, table, intermediate)


def _create_branch(spark: SparkSession, table: str, *, prefix: str, run_id: str, base: int | None) -> str:
    branch = prefix + re.sub(r"\W", "_", run_id)
    if base is None:  # if a table has no snapshots, Iceberg cannot replace its branches
        spark.sql(f"ALTER TABLE {table} DROP BRANCH IF EXISTS {branch}")
    spark.sql(f"ALTER TABLE {table} CREATE OR REPLACE BRANCH {branch} RETAIN 7 DAYS")
    return branch


def _may_narrow(table: str, properties: Mapping[str, str]) -> bool:
    """Return whether a column may get a type that cannot hold its published values.

    All rows of quarantine are built from raw again, so a refresh of trusted must not fail because of their old types.
    """
    return properties.get(REQUESTED) == REFRESH or table.startswith(f"{CATALOG}.quarantine.")


def _table_properties(partitioned_by: Sequence[str]) -> dict[str, str]:
    return _TABLE_PROPERTIES | (_MONTHLY_TABLE_PROPERTIES if any("months(" in part for part in partitioned_by) else {})


def _read_staged(spark: SparkSession, table: str, base: int | None, *, home: str, branch: str) -> Staged | None:
    properties: dict[str, str] = {}
    first: int | None = None
    for snapshot in lineage(spark, home, branch=branch):
        if snapshot.id == base:
            break
        own = {name: value for name, value in snapshot.summary.items() if name.startswith("citylake.")}
        properties = {**own, **properties}
        # A killed publish may have copied the properties to a later snapshot. Only the oldest snapshot that has the
        # properties holds the staged rows.
        if _STAGED_BY in own and own[_BASE] == str(base):
            first = snapshot.id
    return None if first is None else Staged(spark, table, base, first, home, branch, properties)


def _fast_forward(staged: Staged) -> None:
    name = staged.table.removeprefix(f"{CATALOG}.")
    try:
        with commit_lock(load_table(staged.spark, staged.table)):
            staged.spark.sql(f"CALL {CATALOG}.system.fast_forward('{name}', 'main', '{staged.branch}')")
    except ENGINE_ERRORS as error:
        if "not an ancestor" in str(error):
            raise OvertakenError(table=staged.table, branch=staged.location) from error
        raise


def _create_or_replace(rows: DataFrame, table: str, properties: Mapping[str, str]) -> None:
    writer: Any = rows.writeTo(table).using("iceberg").tableProperty("format-version", "2")
    parts = [part for part in properties[_PARTITIONED_BY].split(";") if part]
    months = [re.fullmatch(r"months\((.+)\)", part) for part in parts]
    for name, value in _table_properties(parts).items():
        writer = writer.tableProperty(name, value)
    for name, value in properties.items():
        writer = writer.option(f"snapshot-property.{name}", value)
    if parts:
        columns = [F.months(month[1]) if month else F.col(part) for month, part in zip(months, parts, strict=True)]
        writer = writer.partitionedBy(*columns)
    writer.createOrReplace()


def _separate_table(table: str) -> str:
    """Return the name of the separate table for staged rows with another schema.

    >>> _separate_table("lake.trusted.registrar")
    'lake.staging.trusted_registrar'
    """
    catalog, zone, name = table.split(".")
    return f"{catalog}.staging.{zone}_{name}"
