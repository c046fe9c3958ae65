from __future__ import annotations

import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F

from transforms.arrays import array_where
from transforms.errors import ArgumentError

NUMBERS = "n int, s string"


def add_flags(numbers):
    checks = [(F.col("n") < 0, F.lit("negative")), (F.col("n") % 2 != 0, F.lit("odd")), (F.col("n") > 9, F.col("s"))]
    return numbers.withColumn("flags", array_where(checks))


def test_true_conditions_return_their_values_in_order(either_ansi):
    rows = [(-3, "x", ["negative", "odd"]), (11, "x", ["odd", "x"]), (12, "y", ["y"]), (4, "x", None)]
    flags = add_flags(either_ansi.createDataFrame([row[:2] for row in rows], NUMBERS))
    expected = either_ansi.createDataFrame(rows, f"{NUMBERS}, flags array<string>")
    assert_df_equality(flags, expected, ignore_nullable=True)


def test_a_null_condition_counts_as_false(either_ansi):
    rows = [(None, "x", None), (12, None, [None])]
    flags = add_flags(either_ansi.createDataFrame([row[:2] for row in rows], NUMBERS))
    expected = either_ansi.createDataFrame(rows, f"{NUMBERS}, flags array<string>")
    assert_df_equality(flags, expected, ignore_nullable=True)


def test_an_empty_list_of_entries_is_refused():
    with pytest.raises(ArgumentError, match="array_where: entries is .., expected one entry or more"):
        array_where([])
