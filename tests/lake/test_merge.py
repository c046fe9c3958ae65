from datetime import datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lake.merge import Merge, ranges
from lake.publish import Branch, Staged

TABLE = "lake.trusted.requests"


def test_a_row_is_found_in_either_of_the_hours_that_clocks_show_twice(lake: SparkSession) -> None:
    def request(hour: int, revision: int) -> DataFrame:
        rows = [("at 01:30", datetime(2026, 11, 1, hour, 30), revision)]
        return lake.createDataFrame(rows, "key string, created_at timestamp, revision int")

    with Staged(lake, request(8, 1), table=TABLE, run_id="first") as staged:
        staged.publish()
    revised = request(7, 2)
    within = ranges(revised, column="created_at", by=F.date_trunc("month", "created_at"))
    with Branch(lake, table=TABLE, run_id="next") as branch:
        branch.merge(revised, Merge(key="{row}.key", order=["revision"], within=within))
        branch.publish()

    assert [(row.created_at.hour, row.revision) for row in lake.table(TABLE).collect()] == [(7, 2)]


def test_ranges_of_texts_go_by_group_and_without_rows_nothing_is_within(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("P1", 1), ("P3", 1), ("P9", 2), (None, 3)], "id string, month int")
    found = ranges(rows, column="id", by=F.col("month"))
    assert sorted(found.strip("()").split(" OR ")) == ["t.`id` BETWEEN 'P1' AND 'P3'", "t.`id` BETWEEN 'P9' AND 'P9'"]
    assert ranges(rows.limit(0), column="id", by=F.col("month")) == "(false)"
