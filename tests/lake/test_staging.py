from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lake import staging
from lake.errors import ChangedColumnsError, NarrowedColumnError, NotPublishedError, OvertakenError
from lake.evolution import has_schema
from lake.iceberg import drop_branches, load_table
from lake.staging import REFRESH, REQUESTED, Staged, expire_intermediate_snapshots, find_staged, stage, stage_nothing
from lake.tables import ensure_table, exists, last_properties, read, row_count, snapshot_id

pytestmark = pytest.mark.compiled

TABLE, OWN_TABLE = "lake.trusted.days", "lake.staging.trusted_days"
SCHEMA = "day string, calls int, _quarantined boolean"
OLD = [("2024-01-01", 1, False)]
NEW = [("2024-01-01", 2, False), ("2024-01-02", 3, False), ("2024-01-03", -1, True)]


def staged_rows(lake: SparkSession, rows: list[tuple], run_id: str, schema: str = SCHEMA, **options: Any) -> Staged:
    frame = lake.createDataFrame(rows, schema)
    return stage(lake, frame, table=TABLE, run_id=run_id, partitioned_by=["_quarantined"], **options)


def publish(lake: SparkSession, rows: list[tuple], run_id: str = "run 1", schema: str = SCHEMA) -> int | None:
    return staged_rows(lake, rows, run_id, schema).publish()


def content(lake: SparkSession) -> list[tuple]:
    return sorted(tuple(row) for row in lake.table(TABLE).collect())


def branches(lake: SparkSession, table: str = TABLE) -> set[str]:
    return {row["name"] for row in lake.table(f"{table}.refs").collect()}


def snapshots(lake: SparkSession) -> int:
    return lake.table(f"{TABLE}.snapshots").count()


def visible(lake: SparkSession) -> tuple[int | None, list[tuple[str, str]], list[tuple]]:
    """Return the snapshot id, the columns and the rows that a reader of the table sees."""
    return snapshot_id(lake, TABLE), lake.table(TABLE).dtypes, content(lake)


def test_staged_rows_are_invisible_before_publishing(lake: SparkSession) -> None:
    publish(lake, OLD)
    staged = staged_rows(lake, NEW, "r2")
    assert content(lake) == OLD
    expected = lake.createDataFrame(NEW, SCHEMA)
    assert_df_equality(staged.rows(), expected, ignore_row_order=True, ignore_nullable=True)
    assert staged.row_count() == 3
    published = staged.publish(exclude="_quarantined")

    assert content(lake) == NEW[:2]
    assert published == snapshot_id(lake, TABLE)
    assert branches(lake) == {"main"}


def test_first_publish_excludes_quarantined_rows(lake: SparkSession) -> None:
    staged = staged_rows(lake, NEW, "r1")
    assert (exists(lake, TABLE), staged.base) == (False, None)
    staged.publish(exclude="_quarantined")

    assert (content(lake), branches(lake)) == (NEW[:2], {"main"})


def test_staged_rows_can_be_appended(lake: SparkSession) -> None:
    publish(lake, OLD)
    staged = staged_rows(lake, NEW, "r2", is_append=True)
    assert (staged.is_append, staged.row_count()) == (True, 3)
    assert sorted(map(tuple, staged.rows().collect())) == NEW
    staged.publish(exclude="_quarantined")

    assert content(lake) == [*OLD, *NEW[:2]]


def test_unpublished_rows_stay_on_their_branch(lake: SparkSession) -> None:
    before = publish(lake, OLD)
    staged_rows(lake, NEW, "bad-run")

    assert (content(lake), snapshot_id(lake, TABLE)) == (OLD, before)
    assert branches(lake) == {"main", "candidates_bad_run"}
    assert lake.read.option("branch", "candidates_bad_run").table(TABLE).count() == 3


@pytest.mark.parametrize("published", [[], [OLD]], ids=["before the first publish", "after the first publish"])
def test_restaging_replaces_rows_of_the_same_run(lake: SparkSession, published: list[list[tuple]]) -> None:
    for rows in published:
        publish(lake, rows)
    staged_rows(lake, NEW, "r", is_append=True)

    publish(lake, NEW[:1], run_id="r")
    assert content(lake) == NEW[:1]


def test_publishing_zero_rows_empties_the_table(lake: SparkSession) -> None:
    publish(lake, OLD)
    publish(lake, [])

    assert content(lake) == []
    assert exists(lake, TABLE)


@pytest.mark.parametrize("schema", [SCHEMA, SCHEMA.replace("calls", "n")], ids=["same columns", "renamed column"])
@pytest.mark.parametrize("published", [[], [OLD]], ids=["before the first publish", "after the first publish"])
def test_overtaken_runs_cannot_publish(lake: SparkSession, schema: str, published: list[list[tuple]]) -> None:
    for rows in published:
        publish(lake, rows)
    ensure_table(lake, TABLE, lake.createDataFrame([], SCHEMA).schema)
    slow = staged_rows(lake, NEW, "slow", schema)
    publish(lake, NEW[:1], run_id="fast")
    with pytest.raises(OvertakenError, match=f"another run published while this run was writing to {slow.location}"):
        slow.publish()

    assert (content(lake), lake.table(TABLE).columns[1]) == (NEW[:1], "calls")


def test_publishing_fails_after_a_concurrent_commit(lake: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run commits just before the fast-forward."""
    publish(lake, OLD)
    slow = staged_rows(lake, NEW, "slow")
    publish(lake, NEW[:1], run_id="fast")
    monkeypatch.setattr(Staged, "require_current", lambda staged: None)
    with pytest.raises(OvertakenError):
        slow.publish()

    assert content(lake) == NEW[:1]


def test_only_old_unused_branches_are_dropped(lake: SparkSession) -> None:
    """A branch is in use if a run may still write to it."""
    publish(lake, OLD)
    now = datetime.now(timezone.utc)
    staged_rows(lake, NEW, "left")
    stage_nothing(lake, TABLE, run_id="begins")

    assert drop_branches(load_table(lake, TABLE), older_than=now) == 0
    assert drop_branches(load_table(lake, TABLE), older_than=now + timedelta(days=1)) == 1
    assert branches(lake) == {"main", "unchanged_begins"}


def test_excluding_a_partition_starts_no_spark_job(lake: SparkSession, count_jobs) -> None:
    publish(lake, OLD)
    staged = staged_rows(lake, NEW, "r")
    count_jobs()
    staged.publish(exclude="_quarantined", properties={"citylake.watermark": "7"})
    assert (count_jobs(), content(lake)) == (0, NEW[:2])


def test_rows_are_written_without_a_shuffle(lake: SparkSession) -> None:
    frame = lake.range(0, 1000, 1, 2).selectExpr("string(id) day", "int(id) calls", "id % 10 = 0 _quarantined")
    stage(lake, frame, table=TABLE, run_id="r", partitioned_by=["_quarantined"]).publish()

    files = lake.table(f"{TABLE}.files").count()
    assert files == 4  # each of two tasks writes a file to each of two partitions


def test_rows_are_partitioned_by_month(lake: SparkSession) -> None:
    def requests(extra: str) -> DataFrame:
        days = lake.range(0, 90, 1, 2).selectExpr("date_add(date'2024-01-01', int(id)) day", extra)
        return days.withColumn("at", F.col("day").cast("timestamp"))

    for extra in ("1 AS n", "1 AS renamed"):
        frame = requests(extra)
        stage(lake, frame, table=TABLE, run_id="r", partitioned_by=["months(at)"]).publish()
        months = sorted(row.partition.at_month for row in lake.table(f"{TABLE}.partitions").collect())
        assert months == [648, 649, 650]


def test_published_properties_are_found_in_the_table_history(lake: SparkSession) -> None:
    staged = staged_rows(lake, NEW, "r", properties={"citylake.watermark": "7", "citylake.code": "a"})
    staged.add_properties({"citylake.validated-by": "r"})
    staged.publish(exclude="_quarantined", properties={"citylake.code": "b"})

    found = last_properties(lake, TABLE, "citylake.watermark")
    assert (found["citylake.watermark"], found["citylake.code"]) == ("7", "b")
    assert last_properties(lake, TABLE, "citylake.other") == {}


def test_properties_can_be_published_without_new_rows(lake: SparkSession) -> None:
    publish(lake, OLD)
    before = snapshot_id(lake, TABLE)
    stage_nothing(lake, TABLE, run_id="r").publish(properties={"citylake.watermark": "8"})

    assert (content(lake), branches(lake)) == (OLD, {"main"})
    assert snapshot_id(lake, TABLE) != before
    assert last_properties(lake, TABLE, "citylake.watermark")["citylake.watermark"] == "8"


@pytest.mark.parametrize("schema", [SCHEMA, SCHEMA.replace("calls", "n")], ids=["same columns", "renamed column"])
def test_resumed_runs_find_earlier_staged_rows(lake: SparkSession, schema: str) -> None:
    """The run that staged the rows finds them too."""
    assert find_staged(lake, TABLE, run_id="r") is None
    publish(lake, OLD)
    assert find_staged(lake, TABLE, run_id="r") is None
    staged = staged_rows(lake, NEW, "r", schema, properties={"citylake.watermark": "7"})
    staged.add_properties({"citylake.validated-by": "r"})

    for run_id in ("r", "resumed"):
        found = find_staged(lake, TABLE, run_id=run_id)
        assert found
        assert (found.snapshot, found.base, found.location) == (staged.snapshot, staged.base, staged.location)
        assert (found.properties["citylake.watermark"], found.properties["citylake.validated-by"]) == ("7", "r")
        assert sorted(map(tuple, found.rows().collect())) == NEW
    found.publish(exclude="_quarantined")
    assert content(lake) == NEW[:2]
    assert find_staged(lake, TABLE, run_id="r") is None


def test_new_run_finds_the_latest_staged_rows(lake: SparkSession) -> None:
    """Earlier runs find their own staged rows."""
    publish(lake, OLD)
    for run_id in ("a", "c", "b"):
        staged_rows(lake, NEW, run_id)

    found = {run_id: find_staged(lake, TABLE, run_id=run_id) for run_id in "abcd"}
    names = {run_id: each and each.branch for run_id, each in found.items()}
    assert names == {"a": "candidates_a", "b": "candidates_b", "c": "candidates_c", "d": "candidates_b"}


@pytest.mark.parametrize("schema", [SCHEMA, SCHEMA.replace("calls", "n")], ids=["same columns", "renamed column"])
def test_blocked_rows_are_hidden_from_other_runs(lake: SparkSession, schema: str) -> None:
    publish(lake, OLD)
    staged_rows(lake, NEW, "blocked", schema).mark_blocked()
    own = find_staged(lake, TABLE, run_id="blocked")
    assert own
    assert own.is_blocked
    assert find_staged(lake, TABLE, run_id="other") is None
    publish(lake, OLD, run_id="other")
    assert find_staged(lake, TABLE, run_id="blocked") is None


def test_no_snapshot_in_the_history_contains_excluded_rows(lake: SparkSession) -> None:
    for run_id in "abc":
        staged_rows(lake, NEW, run_id, is_append=True).publish(exclude="_quarantined")

    assert snapshots(lake) == 3
    for row in lake.table(f"{TABLE}.snapshots").collect():
        assert lake.sql(f"SELECT * FROM {TABLE} VERSION AS OF {row.snapshot_id} WHERE calls < 0").count() == 0


def test_intermediate_snapshots_expire_after_a_kill(lake: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(lake, OLD)
    with monkeypatch.context() as patch:
        patch.setattr(staging, "expire_intermediate_snapshots", lambda *args: None)
        staged_rows(lake, NEW, "killed").publish(exclude="_quarantined")
    # There is one snapshot each for the first publish, the staged rows, the deletion and the properties.
    assert snapshots(lake) == 4
    before = content(lake)
    expire_intermediate_snapshots(lake, TABLE)

    assert (snapshots(lake), content(lake)) == (2, before)
    expire_intermediate_snapshots(lake, TABLE)
    assert snapshots(lake) == 2


ONE = [("2024-01-01", 1, False), ("2024-01-02", -1, True)]
EVOLVED = {
    "added": (SCHEMA + ", `a note` string", [("2024-01-01", 1, False, "x"), ("2024-01-02", -1, True, None)]),
    "removed": ("day string, _quarantined boolean", [("2024-01-01", False), ("2024-01-02", True)]),
    "renamed": (SCHEMA.replace("calls", "calls_offered"), ONE),
    "renamed by case": (SCHEMA.replace("calls", "Calls"), ONE),
    "widened": (SCHEMA.replace("int", "bigint"), [("2024-01-01", 1 << 40, False), ("2024-01-02", -1, True)]),
    "to text": (SCHEMA.replace("int", "string"), [("2024-01-01", "n/a", False), ("2024-01-02", "1", True)]),
}


@pytest.mark.parametrize("change", EVOLVED)
def test_column_changes_can_be_reverted(lake: SparkSession, change: str) -> None:
    publish(lake, OLD)
    before, (schema, rows) = visible(lake), EVOLVED[change]
    staged = staged_rows(lake, rows, "changed", schema)

    assert visible(lake) == before
    expected = lake.createDataFrame(rows, schema)
    assert_df_equality(staged.rows(), expected, ignore_row_order=True, ignore_nullable=True)
    assert staged.row_count() == 2
    published = staged.publish(exclude="_quarantined", properties={"citylake.watermark": "7"})
    assert (published, lake.table(TABLE).dtypes, content(lake)) == (snapshot_id(lake, TABLE), expected.dtypes, rows[:1])
    assert last_properties(lake, TABLE, "citylake.watermark")["citylake.watermark"] == "7"
    assert not lake.catalog.tableExists(OWN_TABLE)
    assert has_schema(lake, TABLE, expected.schema)

    if change in ("widened", "to text"):  # remove the value that the old type cannot hold
        publish(lake, rows[1:], "small", schema)
    publish(lake, NEW, "put back")
    assert (lake.table(TABLE).dtypes, content(lake)) == (before[1], NEW)


def test_empty_table_accepts_changed_columns(lake: SparkSession) -> None:
    # An earlier run created the table and was killed before it published rows.
    ensure_table(lake, TABLE, lake.createDataFrame([], "day string, gone int").schema)
    staged = staged_rows(lake, NEW, "r")
    assert not exists(lake, TABLE)
    staged.publish(exclude="_quarantined")

    assert (lake.table(TABLE).columns, content(lake)) == (["day", "calls", "_quarantined"], NEW[:2])


def test_column_order_does_not_change_the_schema(lake: SparkSession) -> None:
    publish(lake, OLD)
    reordered = lake.createDataFrame(NEW, SCHEMA).select("_quarantined", "calls", "day")
    staged = stage(lake, reordered, table=TABLE, run_id="r")
    assert staged.home == TABLE
    staged.publish()

    assert content(lake) == NEW


def test_smallint_column_causes_no_schema_change(lake: SparkSession) -> None:
    """Iceberg stores a smallint as an int."""
    schema = SCHEMA.replace("int", "smallint")
    publish(lake, OLD, schema=schema)
    assert staged_rows(lake, NEW, "r", schema).home == TABLE


def test_old_code_can_publish_after_failed_changes(lake: SparkSession) -> None:
    """New code tried to change the columns, but did not publish the change."""
    publish(lake, OLD)
    before, (schema, rows) = visible(lake), EVOLVED["renamed"]
    broken = lake.createDataFrame(rows, schema).withColumn("day", F.expr("raise_error('the source is broken')"))
    with pytest.raises(Exception, match="the source is broken"):
        stage(lake, broken.withColumn("day", F.col("day").cast("string")), table=TABLE, run_id="broken")
    assert visible(lake) == before

    staged_rows(lake, rows, "left behind", schema)
    assert visible(lake) == before
    publish(lake, NEW, "old code")
    assert content(lake) == NEW
    publish(lake, rows, "new code", schema)
    assert content(lake) == rows


def test_restaging_replaces_rows_with_changed_columns(lake: SparkSession) -> None:
    publish(lake, OLD)
    schema, rows = EVOLVED["renamed"]
    staged_rows(lake, NEW, "r", schema)
    assert staged_rows(lake, rows, "r", schema).row_count() == 2
    found = find_staged(lake, TABLE, run_id="r")
    assert found
    found.publish()
    assert content(lake) == rows


def test_rows_with_different_columns_cannot_be_appended(lake: SparkSession) -> None:
    publish(lake, OLD)
    before = visible(lake)
    message = f"{TABLE}: the rows cannot be added, .* Column 'calls': expected int, found no such column"
    with pytest.raises(ChangedColumnsError, match=message):
        staged_rows(lake, EVOLVED["renamed"][1], "r", EVOLVED["renamed"][0], is_append=True)
    assert visible(lake) == before


LARGE = 1 << 40
# Each tuple has the published type, two lists of published values, the new type, and values of the new type. In the
# first list, a value does not fit the new type. In the second list, all values fit.
NARROWED = [
    ("bigint", [1, LARGE], [1, None], "int", [1, None]),
    ("double", [1.0, 1.5], [1.0, None], "int", [1, None]),
    ("double", [1.0, 0.1], [1.0, 0.5], "float", [1.0, 0.5]),
    ("string", ["2024-01-01", "soon"], ["2024-01-01", None], "date", [None, None]),
    ("string", ["7", "007"], ["7", "-8"], "bigint", [7, -8]),
    ("array<int>", [[1], [2]], [None, None], "int", [1, None]),
    ("array<bigint>", [[1], [1, LARGE]], [[1], None], "array<int>", [[1], None]),
    ("array<struct<n:bigint>>", [[(1,)], [(LARGE,)]], [[(1,)], []], "array<struct<n:int,m:int>>", [[(1, 2)], []]),
]


def test_too_narrow_types_are_rejected(lake: SparkSession) -> None:
    """A type is too narrow if it cannot hold the published values."""
    before, large, small, after, new = (list(items) for items in zip(*NARROWED, strict=True))

    def write(columns: list[list], types: list[str]) -> Staged:
        schema = ", ".join(f"`value {number}` {type_}" for number, type_ in enumerate(types))
        rows = lake.createDataFrame(list(zip(*columns, strict=True)), schema)
        return stage(lake, rows, table=TABLE, run_id="r")

    write(large, before).publish()
    published = visible(lake)
    for number, type_ in enumerate(after):
        with pytest.raises(NarrowedColumnError) as rejected:
            write(
                [*large[:number], new[number], *large[number + 1 :]], [*before[:number], type_, *before[number + 1 :]]
            )
        error, name = rejected.value, f"value {number}"
        assert (error.where, error.column, error.before, error.after) == (TABLE, name, before[number], type_)
        assert f"{TABLE}: column '{name}' would change from {before[number]} to {type_}" in str(error)
    assert (visible(lake), find_staged(lake, TABLE, run_id="r")) == (published, None)

    write(small, before).publish()
    write(new, after).publish()
    assert [type_ for _, type_ in lake.table(TABLE).dtypes] == after
    assert lake.table(TABLE).count() == 2


def test_column_names_may_contain_dots(lake: SparkSession) -> None:
    """The column is added, and then removed."""
    publish(lake, OLD)
    publish(lake, [("2024-01-01", 1, False, "x")], schema=SCHEMA + ", `a note.` string")
    assert content(lake) == [("2024-01-01", 1, False, "x")]
    publish(lake, OLD)
    assert content(lake) == OLD


def test_narrowed_column_must_have_a_new_name(lake: SparkSession) -> None:
    publish(lake, [("2024-01-01", LARGE, False)], schema=SCHEMA.replace("int", "bigint"))
    with pytest.raises(NarrowedColumnError, match=r"keep the type bigint, or give the int column another name"):
        publish(lake, OLD)
    publish(lake, OLD, schema=SCHEMA.replace("calls", "small_calls"))
    assert lake.table(TABLE).columns[1] == "small_calls"


def test_a_requested_refresh_may_narrow_a_column(lake: SparkSession) -> None:
    publish(lake, [("2024-01-01", LARGE, False)], schema=SCHEMA.replace("int", "bigint"))
    with pytest.raises(NarrowedColumnError, match="run again with --rebuild"):
        publish(lake, OLD)
    rows = lake.createDataFrame(OLD, SCHEMA)
    stage(lake, rows, table=TABLE, run_id="rebuild", properties={REQUESTED: REFRESH}).publish()

    assert (lake.table(TABLE).dtypes, content(lake)) == (rows.dtypes, OLD)


def test_struct_fields_can_be_added_and_removed(lake: SparkSession) -> None:
    one, two = "calls array<struct<n:int>>", "calls array<struct<n:int,why:string>>"
    for schema, rows in [(one, [([(1,)],)]), (two, [([(1, "x")],)]), (one, [([(2,)],)])]:
        stage(lake, lake.createDataFrame(rows, schema), table=TABLE, run_id="r").publish()
        assert lake.table(TABLE).dtypes == [tuple(schema.split())]
    assert [row.calls[0].n for row in lake.table(TABLE).collect()] == [2]


def test_unpublished_table_error_shows_the_next_command(lake: SparkSession) -> None:
    message = (
        r"lake.trusted.days: no run has published this table. Run its job with --stage all, or run citylake run "
        r"DATASET --data DIR"
    )
    with pytest.raises(NotPublishedError, match=message):
        read(lake, TABLE)
    ensure_table(lake, TABLE, lake.createDataFrame([], SCHEMA).schema)
    with pytest.raises(NotPublishedError):
        read(lake, TABLE)
    with pytest.raises(NotPublishedError):
        row_count(lake, TABLE)


def test_reading_metadata_starts_no_spark_job(lake: SparkSession, count_jobs) -> None:
    publish(lake, OLD)
    staged = staged_rows(lake, NEW, "r")
    count_jobs()

    assert (exists(lake, TABLE), row_count(lake, TABLE), snapshot_id(lake, TABLE) is None) == (True, 1, False)
    found = find_staged(lake, TABLE, run_id="r")
    assert found
    assert (staged.row_count(), found.row_count(), count_jobs()) == (3, 3, 0)
