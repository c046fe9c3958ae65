"""Access Java objects of Iceberg and Spark through py4j. No other module uses py4j.

Only `infer_csv_types` and `rewrite_data_files` start Spark jobs. The other functions read or change metadata, or write
a few rows.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from py4j.java_gateway import JavaClass
from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lake.errors import TableBusyError

ENGINE_ERRORS = (Py4JJavaError, PySparkException)
"""The errors that Spark and Iceberg raise. pyspark translates only some Java errors into Python errors."""

_JAVA_NAMES = (
    *(f"functions.{name}" for name in ("col", "lit", "when", "expr", "count", "coalesce", "array", "not")),
    *("PythonUtils.toSeq", "PythonUtils.toArray", "PythonSQLUtils", "PythonRDD", "SerDeUtil", "SimplePythonFunction"),
    *("SparkSession", "SparkSession$", "java.lang.String", "py4j.reflection.TypeUtil", "org.apache.spark.util.Utils"),
    *(
        f"org.apache.spark.sql.{name}"
        for name in ("expressions.Window", "types.StructType", "connector.catalog.Identifier")
    ),
    "org.apache.spark.sql.api.python.PythonSQLUtils",
    *("Column", "org.apache.spark.sql.catalyst.expressions.UnresolvedNamedLambdaVariable"),
    *(f"org.apache.spark.sql.catalyst.expressions.{name}" for name in ("LambdaFunction", "ArrayFilter", "MapFilter")),
)


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of a table.

    Attributes:
        id: The id of the snapshot.
        parent_id: The id of the previous snapshot on the same branch. None for the first snapshot.
        operation: `append`, `overwrite`, `delete` or `replace`. A compaction is a `replace`.
        summary: The counts of files and rows, and the properties of the commit.
        committed: The time of the commit (seconds since 1970, UTC).
    """

    id: int
    parent_id: int | None
    operation: str
    summary: Mapping[str, str]
    committed: float


def load_table(spark: SparkSession, table: str) -> Any:
    """Return the Java object of an Iceberg table. Metadata can be read from this object without a Spark job."""
    catalog, namespace, name = table.split(".")
    jvm: Any = spark._jvm
    # Iceberg loads a catalog with the settings of the active session. A Python thread has no active session until it
    # creates a DataFrame.
    jvm.SparkSession.setActiveSession(spark._jsparkSession)
    identifier = jvm.org.apache.spark.sql.connector.catalog.Identifier
    gateway: Any = spark._sc._gateway
    levels = gateway.new_array(jvm.java.lang.String, 1)
    levels[0] = namespace
    manager = spark._jsparkSession.sessionState().catalogManager()
    return manager.catalog(catalog).loadTable(identifier.of(levels, name)).table()


def lineage(spark: SparkSession, table: str, *, branch: str = "main") -> Iterator[Snapshot]:
    """Yield the unexpired snapshots of a branch, starting with the latest snapshot."""
    try:
        iceberg = load_table(spark, table)
    except AnalysisException as error:
        if error.getErrorClass() == "TABLE_OR_VIEW_NOT_FOUND":
            return
        raise
    parser = _look_up(_find_package(spark, iceberg), "SnapshotParser")
    snapshot = iceberg.snapshot(branch)
    while snapshot is not None:
        fields = json.loads(parser.toJson(snapshot))  # one py4j call instead of one call for each field
        parent, summary = fields.get("parent-snapshot-id"), fields["summary"]
        yield Snapshot(fields["snapshot-id"], parent, summary["operation"], summary, fields["timestamp-ms"] / 1000)
        snapshot = None if parent is None else iceberg.snapshot(parent)


def branches(spark: SparkSession, table: str) -> dict[str, float]:
    """Return the time of the last commit to each branch except `main`. Times are seconds since 1970 (UTC)."""
    return {name: head.timestampMillis() / 1000 for name, head in _read_heads(load_table(spark, table)).items()}


def add_properties(spark: SparkSession, table: str, properties: Mapping[str, str], *, branch: str) -> None:
    """Commit a snapshot to a branch. The snapshot adds properties, but does not change rows."""
    iceberg = load_table(spark, table)
    append = iceberg.newFastAppend()
    for name, value in properties.items():
        append.set(name, value)
    with commit_lock(iceberg):
        append.toBranch(branch).commit()


def expire(spark: SparkSession, table: str, snapshot_ids: Sequence[int]) -> None:
    """Remove snapshots from a table's history. Maintenance later removes the files that only these snapshots use."""
    if snapshot_ids:
        # Do not delete files here. To find unused files, Iceberg would have to read the manifest lists of all
        # snapshots.
        iceberg = load_table(spark, table)
        expiry = iceberg.expireSnapshots().cleanExpiredFiles(False)
        for snapshot_id in snapshot_ids:
            expiry.expireSnapshotId(snapshot_id)
        with commit_lock(iceberg):
            expiry.commit()


def added_ranges(spark: SparkSession, table: str, snapshot_id: int, column: str) -> list[tuple[Any, Any]] | None:
    """Return the minimum and maximum of a column in each data file that a snapshot added.

    Returns None if the column is neither a timestamp nor a text, or if the metadata of a file has no minimum or no
    maximum. A file is skipped if all values of the column are null. Timestamps are microseconds since 1970 (UTC).
    Iceberg truncates long texts, but all values still lie between the truncated minimum and maximum.
    """
    iceberg = load_table(spark, table)
    field = iceberg.schema().findField(column)
    if field.type().typeId().toString() not in ("TIMESTAMP", "STRING"):
        return None
    read = _find_package(spark, iceberg).types.Conversions.fromByteBuffer
    ranges = []
    for file in iceberg.snapshot(snapshot_id).addedDataFiles(iceberg.io()):
        nulls, bounds = file.nullValueCounts(), [file.lowerBounds(), file.upperBounds()]
        if nulls is not None and nulls.get(field.fieldId()) == file.recordCount():
            continue
        values = [None if bound is None else bound.get(field.fieldId()) for bound in bounds]
        if None in values:
            return None
        lower, upper = (read(field.type(), value) for value in values)
        ranges.append((lower, upper) if isinstance(lower, int) else (str(lower), str(upper)))
    return ranges


def find_empty_columns(spark: SparkSession, table: str, snapshot_id: int, columns: Sequence[str]) -> list[str]:
    """Return the text columns that are empty in all rows that a snapshot added. Runs no Spark job.

    A cell is empty if it is null or has no characters. A cell with only blanks is not empty. The counts come from the
    metadata of the data files. A column without counts is not returned. Iceberg counts only the first 100 columns of a
    table.
    """
    iceberg = load_table(spark, table)
    files = list(iceberg.snapshot(snapshot_id).addedDataFiles(iceberg.io()))

    def is_empty(file: Any, field: Any) -> bool:
        nulls, greatest = (
            values and values.get(field.fieldId()) for values in (file.nullValueCounts(), file.upperBounds())
        )
        # Only the length of the greatest text is read, because the text itself can be personal.
        return nulls == file.recordCount() or (greatest is not None and greatest.remaining() == 0)

    fields = {name: iceberg.schema().caseInsensitiveFindField(name) for name in columns}
    return [name for name, field in fields.items() if field and files and all(is_empty(file, field) for file in files)]


def append_records(spark: SparkSession, table: str, schema: T.StructType, records: Sequence[Mapping[str, Any]]) -> None:
    """Append a few records to an unpartitioned table, in one new data file. Runs no Spark job."""
    iceberg = load_table(spark, table)
    jvm: Any = spark._jvm
    package, jackson = _find_package(spark, iceberg), _look_up(jvm, "com.fasterxml.jackson.databind")
    mapper = _look_up(jackson, "ObjectMapper")()
    mapper.enable(_look_up(jackson, "DeserializationFeature").USE_LONG_FOR_INTS)
    times = [field.name for field in schema if isinstance(field.dataType, T.TimestampType)]
    file = iceberg.io().newOutputFile(iceberg.locationProvider().newDataLocation(f"{uuid4()}.parquet"))
    appender = package.data.GenericAppenderFactory(iceberg.schema()).newAppender(file, package.FileFormat.PARQUET)
    for record in records:
        values = {name: None if name in times else value for name, value in record.items()}
        # Pass numbers as JSON. Without JSON, py4j would convert a small number to a Java Integer, but Iceberg requires
        # a Long.
        cells = mapper.readValue(json.dumps(values), jvm.java.util.HashMap().getClass())
        for name in times:
            if record.get(name):
                cells.put(name, jvm.java.time.OffsetDateTime.parse(record[name].isoformat()))
        appender.add(package.data.GenericRecord.create(iceberg.schema()).copy(cells))
    appender.close()
    added = package.DataFiles.builder(iceberg.spec()).withInputFile(file.toInputFile()).withMetrics(appender.metrics())
    with commit_lock(iceberg):
        iceberg.newFastAppend().appendFile(added.build()).commit()


def columns_read(frame: DataFrame) -> set[str]:
    """Return the source columns that Spark reads to compute a frame. Columns that Spark prunes are not included."""
    query: Any = frame._jdf
    leaves = query.queryExecution().optimizedPlan().collectLeaves()
    outputs = [leaves.apply(index).output() for index in range(leaves.size())]
    return {output.apply(index).name() for output in outputs for index in range(output.size())}


def infer_csv_types(text: DataFrame) -> T.StructType:
    """Return the types that Spark infers for the text columns of a frame. Runs a Spark job."""
    # Call the Java csv reader directly, because pyspark's csv reader would send all rows through Python.
    jvm: Any = text.sparkSession._jvm
    lines: Any = text.select(F.to_csv(F.struct("*")))._jdf
    strings = getattr(lines, "as")(jvm.org.apache.spark.sql.Encoders.STRING())
    reader: Any = text.sparkSession.read.option("inferSchema", True)
    return DataFrame(reader._jreader.csv(strings), text.sparkSession).schema


def error_message(error: BaseException) -> str:
    """Return the first line of the message of a Spark or Iceberg error."""
    java = getattr(error, "java_exception", None)
    return str(java.getMessage() if java is not None else error).split("\n")[0]


def has_iceberg(spark: SparkSession) -> bool:
    """Return True if Spark was started with Iceberg."""
    jvm: Any = spark._jvm
    return isinstance(jvm.org.apache.iceberg.spark.SparkCatalog, JavaClass)


def look_up_java_names(spark: SparkSession) -> None:
    """Look up and cache the Java names that pyspark uses in expressions. Call this function once for each session.

    Without the cache, pyspark looks up a name such as `functions` for every `F.col`. Java searches all jars for each
    look-up. This function sets each name as an attribute of its parent name, which prevents further look-ups.
    """
    for path in _JAVA_NAMES:
        _look_up(spark._jvm, path)


def is_commit_conflict(error: BaseException | None) -> bool:
    """Return True if a commit failed because another commit to the table came first."""
    cause = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    while cause is not None:
        if cause.getClass().getSimpleName() == "CommitFailedException":
            return True
        cause = cause.getCause()
    return False


@contextmanager
def commit_lock(table: Any) -> Iterator[None]:
    """Lock a table in a local warehouse, so that only one process commits to the table at a time.

    To commit, Iceberg's hadoop catalog renames a file. The rename must not replace an existing file, but Iceberg
    prevents a replacement only within one process. So without this lock, the rename could replace the commit of another
    process, and no error would be raised. In a test without this lock, four processes committed at the same time, and 1
    of 600 commits was lost. A warehouse on S3 does not need this lock, because its catalog has a lock.

    The operating system releases the lock when the process ends. Do not nest two locks of one table, because the inner
    lock would wait forever.
    """
    folder = Path(str(table.location()).removeprefix("file:"))
    if not folder.is_dir():
        yield
        return
    lock = os.open(folder / ".commit.lock", os.O_CREAT | os.O_RDWR)  # remove_orphan_files keeps hidden files
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


@contextmanager
def commit_if_unchanged(spark: SparkSession, table: Any, *, name: str) -> Iterator[Any]:
    """Yield the current state of a table. At the end of the context, commit all changes to the table in one commit.

    Iceberg retries an ordinary commit on the newest version of the table. The commit of this context is not retried.
    The commit fails if another commit came first, even if the other commit only creates a branch. For example, a run
    creates its branch while maintenance rewrites files in this context. Then the commit of maintenance fails, `main`
    does not change, and the run can still fast-forward `main`.

    Do not expire snapshots in this context. Iceberg would delete the files of the snapshots before the commit.

    Args:
        spark: The session.
        table: The Iceberg table.
        name: The name of the table, for the error message.

    Raises:
        TableBusyError: Another commit came first. No change was committed.
    """
    transaction = table.newTransaction()
    # Before a rewrite, Iceberg scans the table. Iceberg cannot scan `transaction.table()`, but it can scan a
    # `BaseTable`.
    yield _find_package(spark, table).BaseTable(transaction.table().operations(), table.name())
    before, after = transaction.startMetadata(), transaction.currentMetadata()
    if before.equals(after):
        return
    try:
        with commit_lock(table):
            table.operations().commit(before, after)
    except ENGINE_ERRORS as error:
        if is_commit_conflict(error):
            raise TableBusyError(table=name, reason="another run committed to the table at the same time") from error
        raise


def rewrite_data_files(spark: SparkSession, table: Any, *, options: Mapping[str, object]) -> int:
    """Rewrite data files with Iceberg's bin-packing, and return the number of rewritten files."""
    jvm: Any = spark._jvm
    jvm.SparkSession.setActiveSession(spark._jsparkSession)  # Iceberg finds its catalogs in the active session.
    actions = _find_package(spark, table).spark.actions.SparkActions
    action = actions.get(spark._jsparkSession).rewriteDataFiles(table)
    for name, value in options.items():
        action = action.option(name, str(value))
    return int(action.execute().rewrittenDataFilesCount())


def remove_delete_files(spark: SparkSession, table: Any, paths: Collection[str]) -> None:
    """Remove delete files from a table's current snapshot.

    The caller must make sure that no data file needs these delete files.
    """
    rewrite, manifests = table.newRewrite(), _find_package(spark, table).ManifestFiles
    for manifest in table.currentSnapshot().deleteManifests(table.io()):
        reader = manifests.readDeleteManifest(manifest, table.io(), table.specs())
        try:
            files = reader.iterator()
            while files.hasNext():
                file = files.next()
                if file.location() in paths:
                    rewrite.deleteFile(file)
        finally:
            reader.close()
    rewrite.commit()


def branches_in_use(table: Any, *, idle_after: timedelta) -> list[str]:
    """Return the branches to which a run may still fast-forward `main`.

    Only branches that descend from the published snapshot are returned. Such a branch is returned if it has no commit
    of its own, or if its last commit is not older than `idle_after`.
    """
    main = table.currentSnapshot()
    if main is None:
        return []
    oldest = (time.time() - idle_after.total_seconds()) * 1000
    names = []
    for name, head in _read_heads(table).items():
        snapshot = head
        while snapshot is not None and snapshot.sequenceNumber() > main.sequenceNumber():
            snapshot = None if snapshot.parentId() is None else table.snapshot(snapshot.parentId())
        descends = snapshot is not None and snapshot.snapshotId() == main.snapshotId()
        if descends and (head.snapshotId() == main.snapshotId() or head.timestampMillis() >= oldest):
            names.append(name)
    return sorted(names)


def drop_branches(table: Any, *, older_than: datetime) -> int:
    """Drop the branches whose last commit is older than `older_than`, and return the number of dropped branches.

    A branch that points to the published snapshot is kept, because the run that created the branch may be about to
    write.
    """
    main, oldest = table.currentSnapshot(), older_than.timestamp() * 1000
    published = main and main.snapshotId()
    heads = _read_heads(table).items()
    names = [name for name, head in heads if head.snapshotId() != published and head.timestampMillis() < oldest]
    for name in names:
        table.manageSnapshots().removeBranch(name).commit()
    return len(names)


def _read_heads(table: Any) -> dict[str, Any]:
    refs = {name: ref for name, ref in table.refs().items() if ref.isBranch() and name != "main"}
    return {name: table.snapshot(ref.snapshotId()) for name, ref in refs.items()}


def _find_package(spark: SparkSession, iceberg: Any) -> Any:
    """Return the Java package that contains Iceberg's classes. Some jars contain Iceberg under another package name."""
    return _look_up(spark._jvm, iceberg.getClass().getName().split(".iceberg.")[0] + ".iceberg")


def _look_up(parent: Any, path: str) -> Any:
    """Return a Java package or class. Each name of the path becomes an attribute, so it is looked up only once."""
    for name in path.split("."):
        child = getattr(parent, name)
        setattr(parent, name, child)
        parent = child
    return parent
