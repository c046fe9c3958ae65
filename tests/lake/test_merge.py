from datetime import date, datetime

from pyspark.sql import DataFrame, SparkSession

from lake.merge import Merge, ranges
from lake.publish import Branch, Staged

TABLE = "lake.trusted.requests"


def merge(branch: Branch, rows: DataFrame, how: Merge) -> None:
    branch.merge(rows, how, found=how.found(rows, table=branch.written()))


def test_a_row_is_found_in_either_of_the_hours_that_clocks_show_twice(lake: SparkSession) -> None:
    def request(hour: int, revision: int) -> DataFrame:
        rows = [("at 01:30", datetime(2026, 11, 1, hour, 30), revision)]
        return lake.createDataFrame(rows, "key string, created_at timestamp, revision int")

    with Staged(lake, request(8, 1), table=TABLE, run_id="first") as staged:
        staged.publish()
    revised = request(7, 2)
    with Branch(lake, table=TABLE, run_id="next") as branch:
        merge(branch, revised, Merge(key="{row}.key", order=["revision"], located_by=("created_at", "created_at")))
        branch.publish()

    assert [(row.created_at.hour, row.revision) for row in lake.table(TABLE).collect()] == [(7, 2)]


def test_ranges_of_texts_go_by_month_and_without_rows_nothing_is_within(spark: SparkSession) -> None:
    rows = [("P1", date(2024, 1, 1)), ("P3", date(2024, 1, 31)), ("P9", date(2024, 2, 1)), (None, date(2024, 3, 1))]
    frame = spark.createDataFrame(rows, "id string, at date")
    found = ranges(frame, column="id", event_time="at")
    assert sorted(found.strip("()").split(" OR ")) == ["t.`id` BETWEEN 'P1' AND 'P3'", "t.`id` BETWEEN 'P9' AND 'P9'"]
    assert ranges(frame.limit(0), column="id", event_time="at") == "(false)"


def test_newer_rows_take_the_place_of_older_ones_and_what_removes_adds_nothing(lake: SparkSession) -> None:
    def rows(*given: tuple) -> DataFrame:
        return lake.createDataFrame(given, "id string, revision int, says string")

    with Staged(lake, rows(("a", 1, "old"), ("b", 5, "old"), ("c", 1, "old")), table=TABLE, run_id="first") as staged:
        staged.publish()
    coming = rows(("a", 2, "new"), ("b", 4, "late"), ("c", 2, None), ("d", 1, None), ("e", None, "new"))
    for run_id in ("next", "again"):
        with Branch(lake, table=TABLE, run_id=run_id) as branch:
            merge(branch, coming, Merge(key="{row}.id", order=["revision"], removes="s.says IS NULL"))
            branch.publish()
        found = {tuple(row) for row in lake.table(TABLE).collect()}
        assert found == {("a", 2, "new"), ("b", 5, "old"), ("e", None, "new")}
