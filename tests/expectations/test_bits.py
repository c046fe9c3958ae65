from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from expectations.bits import Bit, any_bit_set, bit_mask_columns


def test_only_true_conditions_set_a_bit(spark):
    rows = spark.createDataFrame([(1,), (-1,), (None,)], "n int")
    bits = [Bit(0, F.col("n") > 0), Bit(1, F.col("n").isNull())]
    marked = rows.withColumns(bit_mask_columns(bits)).select(bits[0].is_set, bits[1].is_set, any_bit_set(bits))
    assert [tuple(row) for row in marked.collect()] == [
        (True, False, True),
        (False, False, False),
        (False, True, True),
    ]


def test_an_empty_list_of_bits_adds_no_columns(spark):
    assert bit_mask_columns([]) == {}
    assert spark.range(1).select(any_bit_set([])).collect() == [(False,)]


@settings(max_examples=8, deadline=None)
@given(numbers=st.sets(st.integers(0, 129), max_size=130))
def test_all_130_bits_match_their_conditions(spark, numbers):
    bits = [Bit(number, F.col("id") == (0 if number in numbers else 1)) for number in range(130)]
    row = spark.range(1).withColumns(bit_mask_columns(bits)).first()
    assert {bit.number for bit in bits if row[bit.column] & bit.value} == numbers
