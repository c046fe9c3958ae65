"""Test which trusted, quarantined and staged revisions of a key are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.revisions import (
    QUARANTINE,
    STAGED,
    TRUSTED,
    Revisions,
    first_rows,
    pruning_condition,
    resolve_revisions,
    with_positions,
)
from lake.staging import Staged, stage

TABLE = "lake.trusted.requests"
_SCHEMA = "id string, revision int, _source_file string, _row_number int, _ingested_at timestamp, _quarantined boolean"
GOOD, FAILED = False, True


def revisions(spark: SparkSession, rows: Sequence[tuple], *, name: str, place: str | None = None) -> DataFrame:
    """Make a frame from tuples `(key, revision, is_failed)`. The positions in the data file start at 0."""
    full = [
        (id_, number, place or name, position, datetime(2024, 1, 1), failed, name, position)
        for position, (id_, number, failed) in enumerate(rows)
    ]
    return spark.createDataFrame(full, f"{_SCHEMA}, _file string, _pos bigint")


def kept(
    spark: SparkSession,
    staged: Sequence[tuple],
    *,
    trusted: Sequence[tuple] | None = None,
    quarantine: Sequence[tuple] | None = None,
    place: str | None = None,
) -> dict[str, set[int]]:
    """Resolve the revisions of the staged keys.

    Return a dictionary that maps each origin to the positions of its kept rows.
    """
    tables = {
        name: None if rows is None else revisions(spark, rows, name=name, place=place)
        for name, rows in {TRUSTED: trusted, QUARANTINE: quarantine}.items()
    }
    new = revisions(spark, staged, name=STAGED, place=place)
    with resolve_revisions(new, **tables, key=["id"], order_by=["revision"]) as found:
        rows = found.rows.where("_is_kept").collect()
        result = {
            origin: {row._pos for row in rows if row._origin == origin} for origin in (TRUSTED, QUARANTINE, STAGED)
        }
        counted = {
            origin: sum(found.count(origin, is_failed=x, is_kept=True) for x in (True, False)) for origin in result
        }
        assert counted == {origin: len(positions) for origin, positions in result.items()}
        everything = found.rows.count()
        assert found.superseded.count() == everything - len(rows)
    return result


def test_latest_valid_revision_is_kept(spark: SparkSession) -> None:
    found = kept(
        spark,
        [("a", 2, GOOD), ("b", 4, GOOD), ("c", None, GOOD), ("d", None, GOOD)],
        trusted=[("a", 1, GOOD), ("b", 5, GOOD), ("c", 1, GOOD), ("other", 1, GOOD)],
        quarantine=[],
    )
    assert found == {TRUSTED: {1, 2}, QUARANTINE: set(), STAGED: {0, 3}}


def test_failed_revisions_do_not_replace_valid_revisions(spark: SparkSession) -> None:
    found = kept(
        spark,
        [("a", 2, FAILED), ("b", 1, FAILED), ("c", 2, GOOD), ("d", 2, FAILED), ("e", 1, GOOD), ("f", 3, GOOD)],
        trusted=[("a", 1, GOOD), ("b", 2, GOOD), ("d", 1, GOOD), ("f", 1, GOOD)],
        quarantine=[("c", 1, FAILED), ("d", 3, FAILED), ("e", 2, FAILED), ("f", 2, FAILED), ("other", 1, FAILED)],
    )
    assert found == {TRUSTED: {0, 1, 2}, QUARANTINE: {1, 2}, STAGED: {0, 2, 4, 5}}


def test_staged_rows_replace_equal_published_revisions(spark: SparkSession) -> None:
    """A failed staged row does not replace a row in trusted."""
    assert kept(spark, [("a", 1, GOOD)], trusted=[("a", 1, GOOD)]) == {TRUSTED: set(), QUARANTINE: set(), STAGED: {0}}
    # The row failed with earlier code, but passes with corrected code.
    found = kept(spark, [("a", 1, GOOD)], trusted=[], quarantine=[("a", 1, FAILED)])
    assert found == {TRUSTED: set(), QUARANTINE: set(), STAGED: {0}}
    found = kept(spark, [("a", 1, FAILED)], trusted=[("a", 1, GOOD)], quarantine=[])
    assert found == {TRUSTED: {0}, QUARANTINE: set(), STAGED: {0}}
    found = kept(spark, [("a", None, FAILED)], trusted=None, quarantine=[("a", None, FAILED)])
    assert found == {TRUSTED: set(), QUARANTINE: set(), STAGED: {0}}


def test_keyless_rows_are_identified_by_row_number(spark: SparkSession) -> None:
    """The file and the row number identify a row with a null key."""
    rows = [(None, 1, FAILED), (None, 2, FAILED)]
    found = kept(spark, rows, trusted=[], quarantine=[(None, 9, FAILED)], place="another")
    # The first staged row and the row in quarantine were built from the same landed row.
    assert found == {TRUSTED: set(), QUARANTINE: {0}, STAGED: {1}}
    assert kept(spark, rows, quarantine=[(None, 9, FAILED)]) == {TRUSTED: set(), QUARANTINE: set(), STAGED: {0, 1}}


def test_different_keys_do_not_supersede_each_other(spark: SparkSession) -> None:
    """Some key values are null or empty."""
    rows = spark.createDataFrame(
        [
            ("a", "b", 1, 0),
            ("ab", "", 1, 1),
            ("", "ab", 1, 2),
            ("a", None, 1, 3),
            (None, "a", 1, 4),
            (None, None, 1, 5),
        ],
        "x string, y string, revision int, _row_number int",
    ).selectExpr("*", "'f' _source_file", "timestamp'2024-01-01' _ingested_at", "false _quarantined", "'f' _file")
    rows = rows.withColumn("_pos", F.col("_row_number"))
    with resolve_revisions(rows, trusted=None, quarantine=None, key=["x", "y"], order_by=["revision"]) as found:
        assert found.count(STAGED, is_failed=False, is_kept=True) == 6


def test_empty_increment_supersedes_no_rows(spark: SparkSession) -> None:
    found = kept(spark, [], trusted=[("a", 1, GOOD)], quarantine=[("a", 2, FAILED)])
    assert found == {TRUSTED: set(), QUARANTINE: set(), STAGED: set()}


REVISIONS = [("old", 1, GOOD), ("good", 2, GOOD), ("broken", 3, FAILED)]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_arrival_order_does_not_change_tables(spark: SparkSession, order: tuple[int, ...]) -> None:
    """The first and the last revision are delivered twice."""
    trusted, quarantine = [("a", 0, GOOD)], []
    for place in [order[0], *order, order[-1]]:
        _, number, failed = REVISIONS[place]
        found = kept(spark, [("a", number, failed)], trusted=trusted, quarantine=quarantine)
        trusted, quarantine = (
            [row for row in trusted if 0 in found[TRUSTED]]
            + [("a", number, GOOD)] * (not failed and 0 in found[STAGED]),
            [row for row in quarantine if 0 in found[QUARANTINE]]
            + [("a", number, FAILED)] * (failed and 0 in found[STAGED]),
        )
    assert (trusted, quarantine) == ([("a", 2, GOOD)], [("a", 3, FAILED)])


@settings(max_examples=5, deadline=None)
@given(rows=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.booleans()), min_size=1, max_size=8))
def test_superseded_revisions_are_not_kept(spark: SparkSession, rows: list[tuple]) -> None:
    """The latest valid revision of each key is kept. If the latest revision failed, it is kept too."""
    rows = list({(id_, number): (id_, number, failed) for id_, number, failed in rows}.values())
    expected = set()
    for id_ in "ab":
        own = [row for row in rows if row[0] == id_]
        valid = [row for row in own if not row[2]]
        latest = max(own, key=lambda row: row[1], default=None)
        expected |= {max(valid, key=lambda row: row[1])} if valid else set()
        expected |= {latest} if latest and latest[2] else set()
    assert {rows[position] for position in kept(spark, rows)[STAGED]} == expected


ODD_COLUMNS = (
    "`_key` string, t int, s string, `a b.c` int, `_order` string, `_rank` int, `_valid` boolean, `_origin` string, "
    "`_is_failed` boolean, `_is_kept` boolean, _source_file string, _row_number int, _ingested_at timestamp, "
    "_quarantined boolean"
)


def odd(key: str, revision: int, says: str, failed: bool = False) -> tuple:
    return (key, revision, says, 7, "z", 9, None, "trusted", True, False, "f", revision, datetime(2024, 1, 1), failed)


def merge(lake: SparkSession, rows: DataFrame, *, key: Sequence[str], order_by: Sequence[str], run_id: str) -> None:
    """Publish rows of a new increment in the same way as the publisher."""
    staged = stage(lake, rows, table=TABLE, run_id=run_id, is_append=True)
    if staged.base is not None:
        published = with_positions(lake.table(TABLE))
        with resolve_revisions(
            with_positions(staged.rows()), trusted=published, quarantine=None, key=key, order_by=order_by
        ) as found:
            staged.delete_at(found.superseded.where("NOT _is_failed"), condition="true")
    staged.publish(exclude="_quarantined")


@pytest.mark.parametrize("columns", [(("_key", "a b.c"), ("t", "_rank")), (("_origin", "_key"), ("_order", "t"))])
def test_key_or_order_columns_may_have_any_name(lake: SparkSession, columns: tuple) -> None:
    key, order_by = columns
    coming = [odd("a", 2, "new"), odd("b", 4, "late"), odd("c", 1, "new"), odd("d", 1, "broken", failed=True)]
    batches = [[odd("a", 1, "old"), odd("b", 5, "old")], coming, coming]
    for number, rows in enumerate(batches):
        frame = lake.createDataFrame(rows, ODD_COLUMNS)
        merge(lake, frame, key=key, order_by=order_by, run_id=f"{number}")

    found = {(row._key, row.t, row.s) for row in lake.table(TABLE).collect()}
    assert found == {("a", 2, "new"), ("b", 5, "old"), ("c", 1, "new")}
    assert lake.table(TABLE).count() == 3


def remaining(found: Revisions, rows: DataFrame, origin: str) -> set[str]:
    return {row.id for row in found.drop_superseded(rows, origin=origin).collect()}


def test_superseded_failed_rows_of_each_origin_are_dropped(spark: SparkSession) -> None:
    quarantine = revisions(spark, [("a", 1, FAILED), ("b", 3, FAILED), ("c", 1, FAILED)], name=QUARANTINE)
    staged = revisions(spark, [("a", 2, GOOD), ("b", 2, FAILED), ("d", 1, FAILED)], name=STAGED)
    with resolve_revisions(staged, trusted=None, quarantine=quarantine, key=["id"], order_by=["revision"]) as found:
        assert remaining(found, quarantine, QUARANTINE) == {"b", "c"}
        assert remaining(found, staged.where("_quarantined"), STAGED) == {"d"}


def requests(lake: SparkSession, *rows: tuple, column: str = "created_at timestamp") -> Staged:
    """Stage requests. If the column is `created_at`, the table is partitioned by the month of `created_at`."""
    frame = lake.createDataFrame(rows, f"id string, {column}, revision int")
    partitioned_by = ["months(created_at)"] if column.startswith("created_at") else []
    return stage(lake, frame, table=TABLE, run_id="r", is_append=True, partitioned_by=partitioned_by)


def pruned(lake: SparkSession, staged: Staged, *, column: str | None) -> set[str]:
    """Return the ids of the published rows that meet the pruning condition of the staged rows."""
    return {row.id for row in lake.table(TABLE).where(pruning_condition(staged, column=column)).collect()}


def test_pruning_condition_covers_the_repeated_hour(lake: SparkSession) -> None:
    """In one night of autumn, the local time 01:30 occurs twice: at 07:30 UTC and at 08:30 UTC.

    So a row at 07:30 UTC and a row at 08:30 UTC can have the same key.
    """
    requests(
        lake,
        ("in the other hour", datetime(2026, 11, 1, 8, 30), 1),
        ("earlier", datetime(2026, 11, 1, 6, 20), 1),
        ("later", datetime(2026, 11, 1, 8, 40), 1),
    ).publish()
    assert pruned(lake, requests(lake, ("x", datetime(2026, 11, 1, 7, 30), 2)), column="created_at") == {
        "in the other hour"
    }


def test_pruning_condition_covers_only_staged_months(lake: SparkSession) -> None:
    requests(lake, *((f"{month}", datetime(2024, month, 15), 1) for month in range(1, 13))).publish()
    revised = [("a", datetime(2024, 2, 10), 2), ("b", datetime(2024, 2, 20), 2), ("c", datetime(2024, 7, 15), 2)]
    assert pruned(lake, requests(lake, *revised), column="created_at") == {"2", "7"}


def test_pruning_condition_limits_key_values_per_month(lake: SparkSession) -> None:
    """Each staged month has one range of key values."""

    def staged(*rows: tuple) -> Staged:
        return requests(lake, *((id_, day, 1) for id_, day in rows), column="created_at date")

    january, february, march = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
    revised = [("P1", january), ("P'3", january.replace(day=31)), ("P9", february), (None, march)]
    staged(("P5", january), ("P91", march), *revised).publish()

    assert pruned(lake, staged(*revised), column="id") == {"P1", "P'3", "P9"}
    assert pruned(lake, staged(("P1", january), ("P9", january)), column="id") == {"P1", "P5", "P9"}
    assert pruned(lake, staged(("P8", january)), column="id") == set()
    assert pruned(lake, staged(), column="id") == set()
    assert pruned(lake, staged(), column=None) == {"P1", "P'3", "P5", "P9", "P91", None}


def test_pruning_condition_covers_truncated_long_texts(lake: SparkSession) -> None:
    """Iceberg truncates the bounds of long texts."""
    long = "P" * 40
    requests(
        lake, (long + "1", date(2024, 1, 1), 1), (long + "5", date(2024, 1, 1), 1), column="created_at date"
    ).publish()
    staged = requests(lake, (long + "5", date(2024, 1, 2), 2), column="created_at date")
    assert long + "5" in pruned(lake, staged, column="id")


def test_columns_of_other_types_prune_no_file(lake: SparkSession) -> None:
    """Iceberg stores the bounds of a date as an integer, which must not be used as a timestamp."""
    requests(lake, ("old", date(2024, 1, 1), 1), column="day date").publish()
    staged = requests(lake, ("new", date(2024, 5, 1), 2), column="day date")
    assert pruned(lake, staged, column="day") == pruned(lake, staged, column="revision") == {"old"}


def test_the_pruning_column_may_have_any_name(lake: SparkSession) -> None:
    schema = "`t.s` string, t int"
    stage(lake, lake.createDataFrame([("a", 1), ("b", 1)], schema), table=TABLE, run_id="r").publish()
    staged = stage(lake, lake.createDataFrame([("b", 2)], schema), table=TABLE, run_id="r", is_append=True)
    rows = lake.table(TABLE).where(pruning_condition(staged, column="t.s")).collect()
    assert [tuple(row) for row in rows] == [("b", 1)]


def test_failure_examples_come_from_newest_files(spark: SparkSession) -> None:
    def row(file: str, number: int, hour: int, *failed: str) -> tuple:
        time = datetime(2024, 1, 1, hour)
        return file, number, time, time, list(failed)

    rejected = spark.createDataFrame(
        [
            row("old.csv", 1, 1, "x", "y"),
            row("new.csv", 7, 2, "x"),
            row("new.csv", 5, 2, "x"),
            row("new.csv", 6, 2, "x"),
            row("new.csv", 8, 2, "x"),
        ],
        "_source_file string, _row_number int, _ingested_at timestamp, _modified_at timestamp, "
        "_failed_expectations array<string>",
    )
    assert first_rows(rejected) == {"x": "new.csv row 5, new.csv row 6, new.csv row 7", "y": "old.csv row 1"}
    assert first_rows(rejected.limit(0)) == {}
