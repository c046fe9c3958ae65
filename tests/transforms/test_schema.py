from __future__ import annotations

from datetime import date

import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F

from transforms.dates import parse_date
from transforms.errors import MissingColumnError, SchemaMismatchError, TransformError
from transforms.schema import CAST_FAILURES, Field, change_schema

FAILURES = f"{CAST_FAILURES} array<struct<column: string, value: string, expected: string>>"


def test_result_columns_match_the_given_fields(either_ansi):
    """The columns have the names, the types and the order of the fields."""
    raw = either_ansi.createDataFrame(
        [("384", "a", "2024-01-01", "12.5")], "CallsOffered string, Note string, Date string, Speed string"
    )
    fields = [Field("Speed", "speed", "double"), Field("Date", "day", "date"), Field("CallsOffered", "calls", "int")]
    calls = raw.transform(change_schema, fields=fields)
    expected = either_ansi.createDataFrame(
        [(12.5, date(2024, 1, 1), 384, None)], f"speed double, day date, calls int, {FAILURES}"
    )
    assert_df_equality(calls, expected, ignore_nullable=True)


def test_blank_text_is_not_a_cast_failure(either_ansi):
    raw = either_ansi.createDataFrame([(None,), ("",), (" ",), ("\t\n",), ("\u00a0 ",)], "cell string")
    fields = [Field("cell", name, name) for name in ("int", "double", "date")]
    typed = raw.transform(change_schema, fields=fields)
    expected = either_ansi.createDataFrame([(None,) * 4] * 5, f"int int, double double, date date, {FAILURES}")
    assert_df_equality(typed, expected, ignore_nullable=True)


def test_failed_casts_of_required_fields_are_failures(either_ansi):
    """The field becomes null."""
    cells = {"double": "12,5", "decimal(4,2)": "12345.6", "date": "2023-02-30", "boolean": "perhaps"}
    raw = either_ansi.createDataFrame([tuple(cells.values())], list(cells))
    typed = raw.transform(change_schema, fields=[Field(type_, type_, type_) for type_ in cells])
    ddl = ", ".join(f"`{type_}` {type_}" for type_ in cells)
    failures = [(type_, text, type_) for type_, text in cells.items()]
    expected = either_ansi.createDataFrame([(*[None] * 4, failures)], f"{ddl}, {FAILURES}")
    assert_df_equality(typed, expected, ignore_nullable=True)


def test_failures_of_a_row_are_in_field_order(either_ansi):
    raw = either_ansi.createDataFrame(
        [("x", "1", "y"), ("1", "2", "3"), (None, "z", "")], "a string, b string, c string"
    )
    typed = raw.transform(change_schema, fields=[Field(name, name.upper(), "int") for name in "cab"])
    expected = either_ansi.createDataFrame(
        [
            (None, None, 1, [("C", "y", "int"), ("A", "x", "int")]),
            (3, 1, 2, None),
            (None, None, None, [("B", "z", "int")]),
        ],
        f"C int, A int, B int, {FAILURES}",
    )
    assert_df_equality(typed, expected, ignore_nullable=True)


def test_a_malformed_record_is_reported_as_a_whole(spark):
    raw = spark.createDataFrame([("1", None), (None, "1;2;3;4")], "n string, _bad string")
    typed = raw.transform(change_schema, fields=[Field("n", "n", "int")], malformed="_bad")
    expected = spark.createDataFrame([(1, None), (None, [("_bad", "1;2;3;4", "record")])], f"n int, {FAILURES}")
    assert_df_equality(typed, expected, ignore_nullable=True)


def test_a_field_can_have_a_custom_parser(spark):
    def parse_sign(column):
        return F.when(F.col(column) == "plus", 1).when(F.col(column) == "minus", -1)

    raw = spark.createDataFrame([("plus",), ("minus",), ("both",), (" ",), (None,)], "sign string")
    typed = raw.transform(change_schema, fields=[Field("sign", "sign", "int", parse_sign)])
    rows = [(1, None), (-1, None), (None, [("sign", "both", "int")]), (None, None), (None, None)]
    assert_df_equality(typed, spark.createDataFrame(rows, f"sign int, {FAILURES}"), ignore_nullable=True)


def test_kept_columns_follow_the_fields_unchanged(spark):
    raw = spark.createDataFrame([("1", "a.csv", 2)], "n string, _source_file string, _row_number int")
    typed = raw.transform(change_schema, fields=[Field("n", "n", "int")], keep=["_row_number", "_source_file"])
    expected = spark.createDataFrame(
        [(1, 2, "a.csv", None)], f"n int, _row_number int, _source_file string, {FAILURES}"
    )
    assert_df_equality(typed, expected, ignore_nullable=True)


@pytest.mark.parametrize("keep", [[], [CAST_FAILURES]])
def test_failures_of_an_earlier_call_are_kept(spark, keep):
    raw = spark.createDataFrame([("n/a", "2"), ("n/a", "x"), ("1", "x"), ("1", "2")], "a string, b string").coalesce(1)
    once = raw.transform(change_schema, fields=[Field("a", "a", "int"), Field("b", "text", "string")])
    twice = once.transform(change_schema, fields=[Field("a", "a", "int"), Field("text", "b", "int")], keep=keep)
    failure_of_a, failure_of_b = ("a", "n/a", "int"), ("b", "x", "int")
    rows = [
        (None, 2, [failure_of_a]),
        (None, None, [failure_of_a, failure_of_b]),
        (1, None, [failure_of_b]),
        (1, 2, None),
    ]
    assert_df_equality(twice, spark.createDataFrame(rows, f"a int, b int, {FAILURES}"), ignore_nullable=True)
    renamed = once.transform(change_schema, fields=[Field("text", "b", "string")], keep=keep)
    rows = [("2", [failure_of_a]), ("x", [failure_of_a]), ("x", None), ("2", None)]
    assert_df_equality(renamed, spark.createDataFrame(rows, f"b string, {FAILURES}"), ignore_nullable=True)


@pytest.mark.parametrize(
    "key", ["date'2024-01-01'", "timestamp'2024-01-01 00:00:00Z'", "X'ff'", "named_struct('a', 1)", "array(1)"]
)
def test_map_with_json_incompatible_keys_is_refused(spark, key):
    """JSON text cannot represent these keys."""
    rows = spark.sql(f"SELECT array(map({key}, 1)) AS m")
    with pytest.raises(
        SchemaMismatchError,
        match=r"change_schema: column 'm' \(source 'm'\): got the type array<map<.*, expected a type whose cast",
    ):
        rows.transform(change_schema, fields=[Field("m", "m", "string")])


def test_cast_failures_column_is_absent_without_casts(spark):
    raw = spark.createDataFrame([(1, "x"), (None, "")], "n int, text string")
    typed = raw.transform(change_schema, fields=[Field("text", "note", "string"), Field("n", "n", "int")])
    assert_df_equality(typed, spark.createDataFrame([("x", 1), ("", None)], "note string, n int"), ignore_nullable=True)


@pytest.mark.parametrize("missing", [{"keep": ["_file"]}, {"malformed": "_file"}])
def test_error_for_missing_column_lists_existing_columns(spark, missing):
    raw = spark.createDataFrame([("1",)], "n string")
    with pytest.raises(MissingColumnError, match="change_schema: column '_file' is missing") as caught:
        raw.transform(change_schema, fields=[Field("n", "n", "int")], **missing)
    assert (caught.value.where, caught.value.column, caught.value.available) == ("change_schema", "_file", ("n",))


def test_error_suggests_the_new_column_name():
    error = MissingColumnError(where="x.csv", column="CallsOffered", available=["Date", "Calls Offered"])
    assert str(error) == (
        "x.csv: column 'CallsOffered' is missing. Found: ['Date', 'Calls Offered']. "
        "Did the source rename it to 'Calls Offered'?"
    )
    assert isinstance(error, TransformError)


def test_error_for_a_dropped_column_suggests_no_name():
    error = MissingColumnError(where="x.csv", column="CallsOffered", available=["Date", "BI_ID"])
    assert str(error).endswith("Found: ['Date', 'BI_ID']. Did the source rename or drop it?")


def test_failed_casts_of_optional_fields_are_warnings(spark):
    rows = spark.createDataFrame([("x", "y"), ("1", " ")], "a string, b string")
    fields = [
        Field("a", "a", "int", expected="whole number"),
        Field("b", "b", "date", parse_date, "day", required=False),
    ]
    typed = rows.transform(change_schema, fields=fields)
    assert [tuple(row) for row in typed.collect()] == [
        (None, None, [("a", "x", "whole number")], [("b", "y", "day")]),
        (1, None, None, None),
    ]
    again = typed.select(F.lit("z").alias("c"), "_cast_failures", "_cast_warnings").transform(
        change_schema, fields=[Field("c", "c", "int", required=False)]
    )
    assert [(row._cast_failures, row._cast_warnings) for row in again.collect()] == [
        ([("a", "x", "whole number")], [("b", "y", "day"), ("c", "z", "int")]),
        (None, [("c", "z", "int")]),
    ]
