from __future__ import annotations

import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F

from transforms.arrays import array_where
from transforms.errors import ArgumentError

NUMBERS = "n int, s string"


def flagged(numbers):
    checks = [(F.col("n") < 0, F.lit("negative")), (F.col("n") % 2 != 0, F.lit("odd")), (F.col("n") > 9, F.col("s"))]
    return numbers.withColumn("flags", array_where(checks))


def test_the_values_whose_conditions_are_true_stand_in_their_order(either_ansi):
    rows = [(-3, "x", ["negative", "odd"]), (11, "x", ["odd", "x"]), (12, "y", ["y"]), (4, "x", None)]
    flags = flagged(either_ansi.createDataFrame([row[:2] for row in rows], NUMBERS))
    expected = either_ansi.createDataFrame(rows, f"{NUMBERS}, flags array<string>")
    assert_df_equality(flags, expected, ignore_nullable=True)


def test_a_condition_that_is_null_counts_as_false_and_a_value_that_is_null_stays(either_ansi):
    rows = [(None, "x", None), (12, None, [None])]
    flags = flagged(either_ansi.createDataFrame([row[:2] for row in rows], NUMBERS))
    expected = either_ansi.createDataFrame(rows, f"{NUMBERS}, flags array<string>")
    assert_df_equality(flags, expected, ignore_nullable=True)


def test_an_array_of_nothing_is_refused():
    with pytest.raises(ArgumentError, match="array_where: entries is .., expected one or more"):
        array_where([])


def test_of_no_rows_there_are_no_arrays(spark):
    expected = spark.createDataFrame([], f"{NUMBERS}, flags array<string>")
    assert_df_equality(flagged(spark.createDataFrame([], NUMBERS)), expected, ignore_nullable=True)
