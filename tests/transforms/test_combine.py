from __future__ import annotations

import pytest
from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st

from transforms.combine import union_by_name
from transforms.errors import DuplicateColumnError, SchemaMismatchError, TransformError

ROWS = st.lists(st.tuples(st.integers(0, 3), st.one_of(st.none(), st.integers(0, 3))), max_size=5)


def test_columns_of_a_union_are_matched_by_name(spark):
    y2023 = spark.createDataFrame([(2023, 5)], "year int, handled int")
    y2024 = spark.createDataFrame([(6, 2024)], "handled int, year int")
    expected = spark.createDataFrame([(2023, 5), (2024, 6)], "year int, handled int")
    assert_df_equality(union_by_name(y2023, y2024), expected, ignore_row_order=True)


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
def test_frames_with_different_columns_or_types_are_refused(spark, schema, extra, lacking):
    first, other = spark.createDataFrame([], "year int, n int"), spark.createDataFrame([], schema)
    with pytest.raises(SchemaMismatchError) as caught:
        union_by_name(first, first, other)
    error = caught.value
    assert error.where == "union_by_name: frame 3"
    assert error.got == f"[{extra}] instead of [{lacking}]".replace("[[]]", "[]")
    assert "('n', 'int')" in error.expected
    hint = "Give all frames the same schema with change_schema first."
    assert str(error) == f"{error.where}: got {error.got}, expected {error.expected}. {hint}"
    assert isinstance(error, TransformError)


def test_duplicate_column_names_are_refused(spark):
    """Names that differ only in case are duplicates."""
    years = spark.createDataFrame([], "Year int, year int")
    with pytest.raises(
        DuplicateColumnError, match="union_by_name: frame 1: the result would have columns 'Year' and 'year', which"
    ):
        union_by_name(years, years)
    with pytest.raises(DuplicateColumnError, match="union_by_name: frame 2: the result would have two columns 'year'"):
        union_by_name(spark.createDataFrame([], "year int"), years.toDF("year", "year"))


@given(frames=st.lists(ROWS, min_size=1, max_size=4))
def test_union_keeps_every_row(spark, frames):
    """Duplicate rows and rows with nulls are kept."""
    together = union_by_name(*(spark.createDataFrame(rows, "a int, b int") for rows in frames))
    expected = [row for rows in frames for row in rows]
    assert sorted(map(tuple, together.collect()), key=repr) == sorted(expected, key=repr)
