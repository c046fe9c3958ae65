from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from expectations.mask import Bit, any_set, mask_columns


def bits_of(conditions):
    return [Bit(number, condition) for number, condition in enumerate(conditions)]


def test_a_bit_is_set_where_its_condition_is_true_and_not_where_it_is_null(spark):
    rows = spark.createDataFrame([(1,), (-1,), (None,)], "n int")
    bits = bits_of([F.col("n") > 0, F.col("n").isNull()])
    marked = rows.withColumns(mask_columns(bits)).select("_mask_0", bits[0].is_set, bits[1].is_set, any_set(bits))
    assert marked.dtypes[0] == ("_mask_0", "bigint")
    assert [tuple(row) for row in marked.collect()] == [
        (1, True, False, True),
        (0, False, False, False),
        (2, False, True, True),
    ]


def test_sixty_two_bits_fit_one_column_and_the_next_begins_another():
    bits = bits_of([None] * 125)
    assert [bit.word for bit in bits] == ["_mask_0"] * 62 + ["_mask_1"] * 62 + ["_mask_2"]
    assert [bit.value for bit in bits[:62]] == [bit.value for bit in bits[62:124]] == [2**n for n in range(62)]
    assert max(bit.value for bit in bits) < 2**63


def test_of_no_bits_there_are_no_columns_and_none_is_set(spark):
    assert mask_columns([]) == {}
    assert spark.range(1).select(any_set([])).collect() == [(False,)]


@settings(max_examples=8, deadline=None)
@given(chosen=st.sets(st.integers(0, 129), max_size=130))
def test_each_bit_is_read_back_as_it_was_set(spark, chosen):
    bits = bits_of([F.col("id") == (0 if number in chosen else 1) for number in range(130)])
    row = spark.range(1).withColumns(mask_columns(bits)).first()
    read = {bit.number for bit in bits if row[bit.word] & bit.value}
    assert read == chosen
