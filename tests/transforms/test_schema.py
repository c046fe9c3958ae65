from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from transforms.dates import parse_date
from transforms.errors import MissingColumnError, SchemaMismatchError, TransformError
from transforms.schema import CAST_FAILURES, Field, change_schema

FAILURES = f"{CAST_FAILURES} array<struct<column: string, value: string, expected: string>>"
FEW = settings(max_examples=10, deadline=None)


def test_columns_are_selected_renamed_typed_and_put_in_the_fields_order(either_ansi):
    raw = either_ansi.createDataFrame(
        [("384", "a", "2024-01-01", "12.5")], "CallsOffered string, Note string, Date string, Speed string"
    )
    fields = [Field("Speed", "speed", "double"), Field("Date", "day", "date"), Field("CallsOffered", "calls", "int")]
    calls = raw.transform(change_schema, fields=fields)
    expected = either_ansi.createDataFrame(
        [(12.5, date(2024, 1, 1), 384, None)], f"speed double, day date, calls int, {FAILURES}"
    )
    assert_df_equality(calls, expected, ignore_nullable=True)


def test_a_blank_is_a_missing_value_and_no_failure(either_ansi):
    raw = either_ansi.createDataFrame([(None,), ("",), (" ",), ("     ",)], "cell string")
    fields = [Field("cell", name, name) for name in ("int", "double", "date")]
    typed = raw.transform(change_schema, fields=fields)
    expected = either_ansi.createDataFrame([(None,) * 4] * 4, f"int int, double double, date date, {FAILURES}")
    assert_df_equality(typed, expected, ignore_nullable=True)


def test_text_that_is_of_the_type_is_read(either_ansi):
    cells = {
        "int": (" 38 ", 38),
        "smallint": ("-7", -7),
        "bigint": ("99999999999", 99_999_999_999),
        "double": ("1e3", 1000.0),
        "decimal(10,2)": ("38.4", Decimal("38.40")),
        "boolean": ("true", True),
        "date": ("2024-02-29", date(2024, 2, 29)),
    }
    raw = either_ansi.createDataFrame([tuple(text for text, _ in cells.values())], list(cells))
    typed = raw.transform(change_schema, fields=[Field(type_, type_, type_) for type_ in cells])
    ddl = ", ".join(f"`{type_}` {type_}" for type_ in cells)
    expected = either_ansi.createDataFrame([(*(value for _, value in cells.values()), None)], f"{ddl}, {FAILURES}")
    assert_df_equality(typed, expected, ignore_nullable=True)


def test_text_that_is_no_int_is_null_and_reported(either_ansi):
    texts = ["38.4", "38.0", "n/a", "1,234", "99999999999", "1e3", "１２", "-", "0x10"]
    raw = either_ansi.createDataFrame([(text,) for text in texts], "Cell string")
    typed = raw.transform(change_schema, fields=[Field("Cell", "cell", "int")])
    expected = either_ansi.createDataFrame([(None, [("cell", text, "int")]) for text in texts], f"cell int, {FAILURES}")
    assert_df_equality(typed, expected, ignore_nullable=True)


def test_text_that_is_of_no_other_type_is_null_and_reported(either_ansi):
    cells = {"double": "12,5", "decimal(4,2)": "12345.6", "date": "2023-02-30", "boolean": "perhaps"}
    raw = either_ansi.createDataFrame([tuple(cells.values())], list(cells))
    typed = raw.transform(change_schema, fields=[Field(type_, type_, type_) for type_ in cells])
    ddl = ", ".join(f"`{type_}` {type_}" for type_ in cells)
    failures = [(type_, text, type_) for type_, text in cells.items()]
    expected = either_ansi.createDataFrame([(*[None] * 4, failures)], f"{ddl}, {FAILURES}")
    assert_df_equality(typed, expected, ignore_nullable=True)


def test_every_failure_of_a_row_is_reported_in_the_fields_order(either_ansi):
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


def test_a_number_too_large_for_the_new_type_is_reported(either_ansi):
    raw = either_ansi.createDataFrame([(3_000_000_000,), (3,), (None,)], "n bigint")
    typed = raw.transform(change_schema, fields=[Field("n", "n", "int")])
    rows = [(None, [("n", "3000000000", "int")]), (3, None), (None, None)]
    assert_df_equality(typed, either_ansi.createDataFrame(rows, f"n int, {FAILURES}"), ignore_nullable=True)


def test_a_malformed_record_is_reported_whole(spark):
    raw = spark.createDataFrame([("1", None), (None, "1;2;3;4")], "n string, _bad string")
    typed = raw.transform(change_schema, fields=[Field("n", "n", "int")], malformed="_bad")
    expected = spark.createDataFrame([(1, None), (None, [("_bad", "1;2;3;4", "record")])], f"n int, {FAILURES}")
    assert_df_equality(typed, expected, ignore_nullable=True)


def test_a_field_is_parsed_where_a_cast_cannot_read_it(spark):
    def parse_sign(column):
        return F.when(F.col(column) == "plus", 1).when(F.col(column) == "minus", -1)

    raw = spark.createDataFrame([("plus",), ("minus",), ("both",), (" ",), (None,)], "sign string")
    typed = raw.transform(change_schema, fields=[Field("sign", "sign", "int", parse_sign)])
    rows = [(1, None), (-1, None), (None, [("sign", "both", "int")]), (None, None), (None, None)]
    assert_df_equality(typed, spark.createDataFrame(rows, f"sign int, {FAILURES}"), ignore_nullable=True)


def test_kept_columns_follow_unchanged(spark):
    raw = spark.createDataFrame([("1", "a.csv", 2)], "n string, _source_file string, _row_number int")
    typed = raw.transform(change_schema, fields=[Field("n", "n", "int")], keep=["_row_number", "_source_file"])
    expected = spark.createDataFrame(
        [(1, 2, "a.csv", None)], f"n int, _row_number int, _source_file string, {FAILURES}"
    )
    assert_df_equality(typed, expected, ignore_nullable=True)


@pytest.mark.parametrize("keep", [[], [CAST_FAILURES]])
def test_what_an_earlier_change_reported_is_kept(spark, keep):
    raw = spark.createDataFrame([("n/a", "2"), ("n/a", "x"), ("1", "x"), ("1", "2")], "a string, b string").coalesce(1)
    once = raw.transform(change_schema, fields=[Field("a", "a", "int"), Field("b", "text", "string")])
    twice = once.transform(change_schema, fields=[Field("a", "a", "int"), Field("text", "b", "int")], keep=keep)
    of_a, of_b = ("a", "n/a", "int"), ("b", "x", "int")
    rows = [(None, 2, [of_a]), (None, None, [of_a, of_b]), (1, None, [of_b]), (1, 2, None)]
    assert_df_equality(twice, spark.createDataFrame(rows, f"a int, b int, {FAILURES}"), ignore_nullable=True)
    renamed = once.transform(change_schema, fields=[Field("text", "b", "string")], keep=keep)
    rows = [("2", [of_a]), ("x", [of_a]), ("x", None), ("2", None)]
    assert_df_equality(renamed, spark.createDataFrame(rows, f"b string, {FAILURES}"), ignore_nullable=True)


@pytest.mark.parametrize(
    "key", ["date'2024-01-01'", "timestamp'2024-01-01 00:00:00Z'", "X'ff'", "named_struct('a', 1)", "array(1)"]
)
def test_a_map_whose_keys_json_cannot_say_is_no_text(spark, key):
    rows = spark.sql(f"SELECT array(map({key}, 1)) AS m")
    with pytest.raises(SchemaMismatchError, match="change_schema: column 'm': got the type array<map<.*, expected one"):
        rows.transform(change_schema, fields=[Field("m", "m", "string")])


def test_without_a_cast_there_is_no_column_of_failures(spark):
    raw = spark.createDataFrame([(1, "x"), (None, "")], "n int, text string")
    typed = raw.transform(change_schema, fields=[Field("text", "note", "string"), Field("n", "n", "int")])
    assert_df_equality(typed, spark.createDataFrame([("x", 1), ("", None)], "note string, n int"), ignore_nullable=True)


def test_an_empty_frame_stays_empty_and_gets_the_new_schema(spark):
    typed = spark.createDataFrame([], "n string").transform(change_schema, fields=[Field("n", "n", "int")])
    assert_df_equality(typed, spark.createDataFrame([], f"n int, {FAILURES}"), ignore_nullable=True)


def test_any_name_can_be_read_and_given(spark):
    names = ["Calls. Offered", "MiXeD Case", "appels reçus", "дата", "a`b", "a.b.c", "n'ame"]
    raw = spark.createDataFrame([("x",) * len(names)], names)
    typed = raw.transform(change_schema, fields=[Field(name, f"{name} typed", "int") for name in names])
    assert typed.columns == [*(f"{name} typed" for name in names), CAST_FAILURES]
    assert [failure.column for failure in typed.collect()[0][CAST_FAILURES]] == typed.columns[:-1]


@FEW
@given(numbers=st.lists(st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1)), max_size=8))
def test_whole_numbers_survive_the_way_through_text(spark, numbers):
    raw = spark.createDataFrame([(None if n is None else str(n),) for n in numbers], "n string")
    typed = raw.transform(change_schema, fields=[Field("n", "n", "int")])
    assert typed.collect() == [(n, None) for n in numbers]


@pytest.mark.parametrize("missing", [{"keep": ["_file"]}, {"malformed": "_file"}])
def test_a_missing_column_is_named_with_those_that_are_there(spark, missing):
    raw = spark.createDataFrame([("1",)], "n string")
    with pytest.raises(MissingColumnError, match="change_schema: column '_file' is missing") as caught:
        raw.transform(change_schema, fields=[Field("n", "n", "int")], **missing)
    assert (caught.value.where, caught.value.column, caught.value.available) == ("change_schema", "_file", ("n",))


def test_a_renamed_column_is_guessed():
    error = MissingColumnError(where="x.csv", column="CallsOffered", available=["Date", "Calls Offered"])
    assert str(error) == (
        "x.csv: column 'CallsOffered' is missing; it has ['Date', 'Calls Offered']. "
        "Did the source rename it to 'Calls Offered'?"
    )
    assert isinstance(error, TransformError)


def test_a_dropped_column_is_not_guessed():
    error = MissingColumnError(where="x.csv", column="CallsOffered", available=["Date", "BI_ID"])
    assert str(error).endswith("it has ['Date', 'BI_ID']. Did the source rename or drop it?")


@pytest.mark.parametrize(
    ("given", "wanted", "value", "read"),
    [
        ("double", "int", 38.0, 38),
        ("double", "int", 38.9, None),
        ("double", "bigint", float("nan"), None),
        ("string", "decimal(5,2)", "2.55", Decimal("2.55")),
        ("string", "decimal(5,2)", "2.555", None),
        ("decimal(9,3)", "decimal(9,2)", Decimal("1.250"), Decimal("1.25")),
        ("decimal(9,3)", "decimal(9,2)", Decimal("1.255"), None),
        ("bigint", "int", 2**40, None),
    ],
)
def test_a_value_that_would_be_rounded_or_cut_is_null_and_reported(either_ansi, given, wanted, value, read):
    rows = either_ansi.createDataFrame([(value,)], f"n {given}")
    row = rows.transform(change_schema, fields=[Field("n", "n", wanted)]).collect()[0]
    assert row.n == read
    assert (row._cast_failures is None) == (read is not None)


@pytest.mark.parametrize("blank", ["", " ", "\t", "\n", "\u00a0 "])
def test_whatever_looks_blank_is_missing_and_no_failure(spark, blank):
    rows = spark.createDataFrame([(blank,)], "n string")
    row = rows.transform(change_schema, fields=[Field("n", "n", "int")]).collect()[0]
    assert (row.n, row._cast_failures) == (None, None)


def test_a_value_that_is_not_required_is_reported_apart_and_in_the_words_of_its_form(spark):
    rows = spark.createDataFrame([("x", "y"), ("1", " ")], "a string, b string")
    fields = [
        Field("a", "a", "int", expected="whole number"),
        Field("b", "b", "date", parse_date, "day", required=False),
    ]
    read = rows.transform(change_schema, fields=fields)
    assert [tuple(row) for row in read.collect()] == [
        (None, None, [("a", "x", "whole number")], [("b", "y", "day")]),
        (1, None, None, None),
    ]
    again = read.select(F.lit("z").alias("c"), "_cast_failures", "_cast_warnings").transform(
        change_schema, fields=[Field("c", "c", "int", required=False)]
    )
    assert [(row._cast_failures, row._cast_warnings) for row in again.collect()] == [
        ([("a", "x", "whole number")], [("b", "y", "day"), ("c", "z", "int")]),
        (None, [("c", "z", "int")]),
    ]
