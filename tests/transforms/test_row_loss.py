"""`find_row_loss` names the step of a query that removes rows."""

from __future__ import annotations

import pytest
from pyspark.sql import functions as F

from transforms.row_loss import find_row_loss


@pytest.fixture
def days(spark):
    """Return a frame whose own query has a filter."""
    return spark.range(3).withColumn("hours", F.array(F.col("id"))).where("id > 0")


@pytest.mark.parametrize(
    ("step", "loss"),
    [
        (lambda days: days.dropna().selectExpr("id * 2 AS id"), "filters rows"),
        (lambda days: days.distinct(), "removes duplicates"),
        (lambda days: days.dropDuplicates(["id"]), "removes duplicates"),
        (lambda days: days.limit(1), "limits the number of rows"),
        (lambda days: days.groupBy("id").count(), "groups rows"),
        (lambda days: days.sample(0.5), "draws a sample"),
        (lambda days: days.subtract(days), "removes the rows of another frame"),
        (lambda days: days.exceptAll(days), "removes the rows of another frame"),
        (lambda days: days.intersect(days), "removes the rows that another frame lacks"),
        (lambda days: days.join(days.select("id"), "id"), "has the join type INNER"),
        (lambda days: days.join(days, "id", "leftanti"), "has the join type LEFT ANTI"),
        (
            lambda days: days.withColumn("hour", F.explode("hours")),
            "removes the rows with empty arrays (explode_outer keeps them)",
        ),
    ],
)
def test_each_step_that_removes_rows_is_named(days, step, loss):
    assert find_row_loss(step(days), source=days) == loss


@pytest.mark.parametrize(
    "step",
    [
        lambda days: days,
        lambda days: days.alias("d").withColumn("n", F.expr("count(*) over (partition by id)")).orderBy("id"),
        lambda days: days.join(days.where("id > 1").groupBy("id").count(), "id", "left").repartition(2),
        lambda days: days.withColumn("hour", F.explode_outer("hours")),
    ],
)
def test_steps_that_keep_rows_are_not_named(days, step):
    assert find_row_loss(step(days), source=days) is None
