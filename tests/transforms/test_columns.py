from __future__ import annotations

import pytest
from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st

from transforms.columns import drop_fields, null_fields, remove_null_rows, rename_fields, select_fields, split_fields
from transforms.errors import ArgumentError, DuplicateColumnError, MissingColumnError, SchemaMismatchError

ODD = "`Calls. Offered` int, `MiXeD Case` string, `reçu` int, `a``b` int"
CELLS = st.one_of(st.none(), st.sampled_from(["", " ", "\t\n", "\u00a0", "x", " x ", "0"]))


def test_fields_are_selected_in_the_given_order(spark):
    rows = [(1, "x", None, 4), (1, "x", None, 4), (None, None, None, None)]
    calls = spark.createDataFrame(rows, ODD)
    selected = calls.transform(select_fields, fields=["a`b", "Calls. Offered"])
    assert_df_equality(
        selected, spark.createDataFrame([(4, 1), (4, 1), (None, None)], "`a``b` int, `Calls. Offered` int")
    )


def test_remaining_fields_keep_their_order(spark):
    calls = spark.createDataFrame([(1, "x", None, 4), (None, None, 3, None)], ODD)
    remaining = calls.transform(drop_fields, fields=["reçu", "MiXeD Case", "reçu"])
    assert_df_equality(remaining, spark.createDataFrame([(1, 4), (None, None)], "`Calls. Offered` int, `a``b` int"))
    assert_df_equality(calls.transform(drop_fields, fields=[]), calls)


def test_two_fields_can_swap_their_names(spark):
    calls = spark.createDataFrame([(1, "x", None, 4)], ODD)
    swapped = {"Calls. Offered": "reçu", "reçu": "Calls. Offered", "a`b": "A. b"}
    renamed = calls.transform(rename_fields, fields=swapped)
    ddl = "`reçu` int, `MiXeD Case` string, `Calls. Offered` int, `A. b` int"
    assert_df_equality(renamed, spark.createDataFrame([(1, "x", None, 4)], ddl))
    assert calls.transform(rename_fields, fields={"MiXeD Case": "mixed case"}).columns[1] == "mixed case"


def test_field_names_are_case_sensitive(spark):
    twins = spark.createDataFrame([(1, 2, 3)], "a int, A int, b int")
    assert_df_equality(twins.transform(drop_fields, fields=["a"]), spark.createDataFrame([(2, 3)], "A int, b int"))
    renamed = twins.transform(rename_fields, fields={"A": "other"})
    assert renamed.select("a", "other").collect() == [(1, 2)]


def test_frame_is_split_by_column_names(spark):
    calls = spark.createDataFrame([(1, "x", None, 4), (1, "x", None, 4)], ODD)
    named, others = split_fields(calls, fields=["reçu", "Calls. Offered"])
    assert (named.columns, others.columns) == (["reçu", "Calls. Offered"], ["MiXeD Case", "a`b"])
    assert (named.collect(), others.collect()) == ([(None, 1)] * 2, [("x", 4)] * 2)


@pytest.mark.parametrize(
    ("step", "fields", "error", "message"),
    [
        (select_fields, ["K"], MissingColumnError, "select_fields: column 'K' is missing.*rename it to 'k'"),
        (select_fields, ["k", "k"], DuplicateColumnError, "select_fields: the result would have two columns 'k'"),
        (
            select_fields,
            ["n"],
            SchemaMismatchError,
            "select_fields: column 'n': got .'n', 'N'., which are the same name",
        ),
        (drop_fields, ["K"], MissingColumnError, "drop_fields: column 'K' is missing.*rename it to 'k'"),
        (rename_fields, {"K": "x"}, MissingColumnError, "rename_fields: column 'K' is missing.*rename it to 'k'"),
        (
            rename_fields,
            {"n": "K"},
            DuplicateColumnError,
            "rename_fields: the result would have columns 'k' and 'K', which",
        ),
        (split_fields, ["K"], MissingColumnError, "column 'K' is missing.*rename it to 'k'"),
        (split_fields, ["k", "k"], DuplicateColumnError, "the result would have two columns 'k'"),
        (remove_null_rows, ["K"], MissingColumnError, "remove_null_rows: column 'K' is missing"),
        (remove_null_rows, [], ArgumentError, r"remove_null_rows: fields is \[\], expected one column or more"),
    ],
)
def test_missing_and_duplicate_fields_are_refused(spark, step, fields, error, message):
    with pytest.raises(error, match=message):
        step(spark.createDataFrame([], "k int, n int, N int"), fields=fields)


def test_blank_columns_are_listed_as_null_fields(spark):
    """All values of a listed column are null or blank."""
    schema = "`n. 1` int, `MiXeD Case` string, `été` string, list array<int>, inside struct<a: int>, x double"
    rows = [(None, " ", "a", [], (None,), float("nan")), (None, None, "", None, None, None)]
    named = spark.createDataFrame(rows, schema).transform(null_fields)
    assert_df_equality(
        named, spark.createDataFrame([(["n. 1", "MiXeD Case"],)], "null_fields array<string>"), ignore_nullable=True
    )
    empty_fields = spark.createDataFrame([], schema).transform(null_fields).first().null_fields
    assert empty_fields == ["n. 1", "MiXeD Case", "été", "list", "inside", "x"]
    with pytest.raises(
        SchemaMismatchError, match="null_fields: column 'n': got .'n', 'N'., which are the same name to Spark"
    ):
        null_fields(spark.createDataFrame([], "n int, N int"))


def test_rows_of_null_or_blank_values_are_dropped(spark):
    rows = [(None, " \t", None), (None, None, float("nan")), (0, "", None), (None, "x", None), (None, "x", None)]
    calls = spark.createDataFrame(rows, "`n. 1` int, `Le Texte` string, x double")
    assert [row[:2] for row in calls.transform(remove_null_rows).collect()] == [row[:2] for row in rows[1:]]
    kept_rows = calls.transform(remove_null_rows, fields=["n. 1", "Le Texte"])
    assert kept_rows.collect() == [(0, "", None), (None, "x", None), (None, "x", None)]
    assert calls.where("1 = 0").transform(remove_null_rows).collect() == []


@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=8))
def test_blank_cells_agree_with_python_strip(spark, rows):
    calls = spark.createDataFrame(rows, "a string, b string")
    remaining = [tuple(row) for row in calls.transform(remove_null_rows).collect()]
    assert remaining == [row for row in rows if any((cell or "").strip() for cell in row)]
    empty = [name for index, name in enumerate("ab") if not any((row[index] or "").strip() for row in rows)]
    assert calls.transform(null_fields).first().null_fields == empty
