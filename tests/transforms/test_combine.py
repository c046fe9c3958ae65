from __future__ import annotations

import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.combine import union_by_name
from transforms.errors import DuplicateColumnError, SchemaMismatchError, TransformError

ROWS = st.lists(st.tuples(st.integers(0, 3), st.one_of(st.none(), st.integers(0, 3))), max_size=5)


def test_columns_are_matched_by_name_and_not_by_position(spark):
    y2023 = spark.createDataFrame([(2023, 5)], "year int, handled int")
    y2024 = spark.createDataFrame([(6, 2024)], "handled int, year int")
    expected = spark.createDataFrame([(2023, 5), (2024, 6)], "year int, handled int")
    assert_df_equality(union_by_name(y2023, y2024), expected, ignore_row_order=True)


def test_one_frame_is_itself(spark):
    years = spark.createDataFrame([(2023,), (2023,)], "year int")
    assert_df_equality(union_by_name(years), years)


def test_duplicates_and_nulls_are_kept(spark):
    years = spark.createDataFrame([(2023, None), (None, None)], "year int, n int")
    expected = spark.createDataFrame([(2023, None), (None, None)] * 3, "year int, n int")
    assert_df_equality(union_by_name(years, years, years), expected, ignore_row_order=True)


def test_an_empty_frame_adds_nothing(spark):
    years, none = spark.createDataFrame([(2023,)], "year int"), spark.createDataFrame([], "year int")
    assert_df_equality(union_by_name(none, years, none), years)
    assert_df_equality(union_by_name(none, none), none)


def test_names_may_have_dots_spaces_and_accents(spark):
    first = spark.createDataFrame([(1, 2, 3)], "`Calls. Offered` int, `Mixed Case` int, `été` int")
    second = spark.createDataFrame([(6, 5, 4)], "`été` int, `Mixed Case` int, `Calls. Offered` int")
    together = union_by_name(first, second)
    assert together.columns == ["Calls. Offered", "Mixed Case", "été"]
    assert sorted(together.collect()) == [(1, 2, 3), (4, 5, 6)]


@pytest.mark.parametrize(
    ("schema", "extra", "lacking"),
    [
        ("year int, n string", "('n', 'string')", "('n', 'int')"),
        ("year int, n bigint", "('n', 'bigint')", "('n', 'int')"),
        ("year int, N int", "('N', 'int')", "('n', 'int')"),
        ("year int", "[]", "('n', 'int')"),
        ("year int, n int, more int", "('more', 'int')", "[]"),
    ],
)
def test_other_columns_or_types_are_refused_with_what_is_wrong(spark, schema, extra, lacking):
    first, other = spark.createDataFrame([], "year int, n int"), spark.createDataFrame([], schema)
    with pytest.raises(SchemaMismatchError) as caught:
        union_by_name(first, first, other)
    error = caught.value
    assert error.where == "union_by_name: frame 3"
    assert error.got == f"[{extra}] and no [{lacking}]".replace("[[]]", "[]")
    assert "('n', 'int')" in error.expected
    hint = "Bring the frames to one schema with change_schema first."
    assert str(error) == f"{error.where}: got {error.got}, expected {error.expected}. {hint}"
    assert isinstance(error, TransformError)


def test_two_columns_that_are_one_to_spark_are_refused(spark):
    years = spark.createDataFrame([], "Year int, year int")
    with pytest.raises(DuplicateColumnError, match="union_by_name: frame 1: would give columns 'Year' and 'year', one"):
        union_by_name(years, years)
    with pytest.raises(DuplicateColumnError, match="union_by_name: frame 2: would give two columns 'year'"):
        union_by_name(spark.createDataFrame([], "year int"), years.toDF("year", "year"))


@settings(max_examples=10, deadline=None)
@given(frames=st.lists(ROWS, min_size=1, max_size=4))
def test_the_counts_add_up_and_no_row_changes(spark, frames):
    together = union_by_name(*(spark.createDataFrame(rows, "a int, b int") for rows in frames))
    expected = [row for rows in frames for row in rows]
    assert sorted(map(tuple, together.collect()), key=repr) == sorted(expected, key=repr)
