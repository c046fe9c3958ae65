"""Tests of `change_schema` with the mapping tuples of Glue's ApplyMapping, and with invalid arguments."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.errors import ArgumentError, DuplicateColumnError, MissingColumnError, SchemaMismatchError
from transforms.schema import CAST_FAILURES, Field, change_schema

FAILURES = f"{CAST_FAILURES} array<struct<column: string, value: string, expected: string>>"


def test_mappings_have_the_same_effect_as_in_glue(either_ansi):
    raw = either_ansi.createDataFrame(
        [("384", "2024-01-01", "x"), ("384", "2024-01-01", "x"), ("n/a", "01/02/2024", None), (None, " ", "y")],
        "calls string, day string, note string",
    )
    mappings = [("day", "string", "date", "date"), ("calls", "string", "calls_offered", "long")]
    calls = raw.transform(change_schema, fields=mappings, keep=["note"])
    rows = [
        *[(date(2024, 1, 1), 384, "x", None)] * 2,
        (None, None, None, [("date", "01/02/2024", "date"), ("calls_offered", "n/a", "bigint")]),
        (None, None, "y", None),
    ]
    expected = either_ansi.createDataFrame(rows, f"date date, calls_offered bigint, note string, {FAILURES}")
    assert_df_equality(calls, expected, ignore_nullable=True)


def test_glue_type_names_are_accepted(either_ansi):
    types = {
        "byte": ("tinyint", "7", 7),
        "short": ("smallint", "7", 7),
        "integer": ("int", "7", 7),
        "int": ("int", "7", 7),
        "long": ("bigint", "7", 7),
        "bigint": ("bigint", "7", 7),
        "float": ("float", "0.5", 0.5),
        "double": ("double", "0.5", 0.5),
        "decimal": ("decimal(10,2)", "0.55", Decimal("0.55")),
        "decimal(4,1)": ("decimal(4,1)", "0.5", Decimal("0.5")),
        "boolean": ("boolean", "true", True),
        "date": ("date", "2024-01-01", date(2024, 1, 1)),
        "string": ("string", " x ", " x "),
        "binary": ("binary", " x ", bytearray(b" x ")),
    }
    raw = either_ansi.createDataFrame([tuple(text for _, text, _ in types.values())], list(types))
    mappings = [(f"`{name}`", "string", f"`{name}`", name) for name in types]
    typed = raw.transform(change_schema, fields=mappings)
    assert typed.dtypes[:-1] == [(name, spark_name) for name, (spark_name, _, _) in types.items()]
    assert typed.collect() == [(*(value for _, _, value in types.values()), None)]
    back = [(f"`{name}`", name, f"`{name}`", "string") for name in types]
    texts = typed.drop(CAST_FAILURES).transform(change_schema, fields=back)
    assert texts.drop(CAST_FAILURES).collect() == raw.collect()


def test_struct_fields_and_whole_structs_can_be_mapped(either_ansi):
    ddl = "id int, at struct<lat: string, `box. x`: struct<n: bigint>>, tags array<string>, m map<string, int>, v void"
    rows = [
        (1, ("39.7", (2,)), ["a"], {"a": 1}, None),
        (2, ("x", (2**40,)), None, None, None),
        (3, None, [], {}, None),
        (4, (None, None), [], {}, None),
    ]
    mappings = [
        ("at.lat", "string", "lat", "double"),
        ("`at`.`box. x`.n", "long", "`n. of box`", "int"),
        ("at", "struct", "at", "struct"),
        ("tags", "array", "tags", "array"),
        ("m", "map", "m", "map"),
        ("at.lat", "choice", "text", "choice"),
        ("v", "null", "nothing", "date"),
    ]
    typed = either_ansi.createDataFrame(rows, ddl).transform(change_schema, fields=mappings)
    at = "struct<lat: string, `box. x`: struct<n: bigint>>"
    expected = either_ansi.createDataFrame(
        [
            (39.7, 2, ("39.7", (2,)), ["a"], {"a": 1}, "39.7", None, None),
            (
                *(None, None, ("x", (2**40,)), None, None, "x", None),
                [("lat", "x", "double"), ("n. of box", "1099511627776", "int")],
            ),
            (None, None, None, [], {}, None, None, None),
            (None, None, (None, None), [], {}, None, None, None),
        ],
        f"lat double, `n. of box` int, at {at}, tags array<string>, m map<string, int>, text string, nothing date, "
        f"{FAILURES}",
    )
    assert typed.schema.simpleString() == expected.schema.simpleString()
    assert typed.collect() == expected.collect()


def test_nested_values_become_json_text(spark):
    raw = spark.createDataFrame(
        [((1, None), [1, None], {"a": 1})], "s struct<a: int, b: int>, l array<int>, m map<string,int>"
    )
    mappings = [("s", "struct", "s", "string"), ("l", "array", "l", "string"), ("m", "map", "m", "string")]
    assert raw.transform(change_schema, fields=mappings).collect() == [
        ('{"a":1,"b":null}', "[1,null]", '{"a":1}', None)
    ]


def test_names_with_dots_can_be_written_in_backticks(spark):
    names = ["a.b", "Calls. Offered", "a`b", "дата", "MiXeD", "trailing.", "a..b"]
    raw = spark.createDataFrame([tuple("1234567")], names)
    sources = ["`a.b`", "`Calls. Offered`", "`a``b`", "дата", "MiXeD", "`trailing.`", "a..b"]
    mappings = [
        (source, "string", f"`{name.replace('`', '``')}`", "int") for source, name in zip(sources, names, strict=True)
    ]
    typed = raw.transform(change_schema, fields=mappings)
    assert typed.columns == [*names, CAST_FAILURES]
    assert typed.collect() == [(1, 2, 3, 4, 5, 6, 7, None)]


def test_fields_and_mappings_can_be_mixed(spark):
    raw = spark.createDataFrame([], "a struct<b: string>, n string")
    typed = raw.transform(change_schema, fields=[Field("n", "n", "int"), ("a.b", "string", "b", "string")])
    assert_df_equality(typed, spark.createDataFrame([], f"n int, b string, {FAILURES}"), ignore_nullable=True)


@pytest.mark.parametrize(
    ("source", "declared", "got"),
    [
        ("n", "string", "int"),
        ("n", "long", "int"),
        ("n", "decimal", "int"),
        ("price", "decimal(10,2)", "decimal(12,4)"),
        ("at", "array", "struct<lat:double>"),
        ("at.lat", "string", "double"),
        ("tags", "array<int>", "array<string>"),
        ("`x.y`", "null", "string"),
    ],
)
def test_source_type_must_equal_the_stated_type(spark, source, declared, got):
    raw = spark.createDataFrame(
        [], "n int, price decimal(12,4), at struct<lat: double>, tags array<string>, `x.y` string"
    )
    with pytest.raises(SchemaMismatchError) as caught:
        change_schema(raw, fields=[(source, declared, "x", "string")])
    assert str(caught.value) == (
        f"change_schema: column 'x' (source {source!r}): got the source type {got}, expected {declared}. "
        "Correct the source type in the mapping, or use the mapping that fits these rows."
    )


def test_stated_type_can_omit_the_decimal_precision(spark):
    """The stated type can also be an array with its element type."""
    raw = spark.createDataFrame([(Decimal("1.5"), ["a"])], "price decimal(12,4), tags array<string>")
    mappings = [("price", "decimal", "price", "decimal"), ("tags", "array<string>", "tags", "array<string>")]
    typed = raw.transform(change_schema, fields=mappings)
    assert typed.dtypes[:2] == [("price", "decimal(10,2)"), ("tags", "array<string>")]
    assert typed.collect() == [(Decimal("1.50"), ["a"], None)]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("At", r"change_schema: column 'At' is missing. Found: \['at', 'tags'\].*rename it to 'at'"),
        ("at.Lat", r"change_schema.at: column 'Lat' is missing. Found: \['lat', 'box'\].*rename it to 'lat'"),
        ("at.box.s", r"change_schema.at.box: column 's' is missing. Found: \['n'\]."),
        ("", "change_schema: column '' is missing"),
        ("at..lat", "change_schema: column 'at..lat' is missing"),
    ],
)
def test_error_for_missing_struct_field_lists_existing_fields(spark, source, message):
    raw = spark.createDataFrame([], "at struct<lat: string, box: struct<n: int>>, tags array<struct<k: int>>")
    with pytest.raises(MissingColumnError, match=message):
        change_schema(raw, fields=[(source, "string", "x", "string")])


@pytest.mark.parametrize("source", ["tags.k", "at.lat.x"])
def test_fields_of_non_struct_columns_are_refused(spark, source):
    raw = spark.createDataFrame([], "at struct<lat: string>, tags array<struct<k: int>>")
    with pytest.raises(
        SchemaMismatchError, match=f"expected a struct .*If '{source}' is the name of one column, write"
    ):
        change_schema(raw, fields=[(source, "int", "x", "int")])


@pytest.mark.parametrize("target", ["a.b", "", "`a`.b"])
def test_mapping_target_must_be_one_name(spark, target):
    raw = spark.createDataFrame([], "n int")
    with pytest.raises(
        ArgumentError, match=r"column .* \(source 'n'\): the target of the mapping is .*expected one name"
    ):
        change_schema(raw, fields=[("n", "int", target, "int")])


@pytest.mark.parametrize(
    ("field", "got"),
    [
        (("n", "int", "x", "strng"), "'strng'"),
        (("n", "imt", "x", "int"), "'imt'"),
        (Field("n", "x", "int(5)"), "'int(5)'"),
        (Field("n", "x", "foo", F.col), "'foo'"),
        (Field("n", "x", T.IntegerType()), "IntegerType()"),
    ],
)
def test_an_unknown_type_is_refused(spark, field, got):
    raw = spark.createDataFrame([], "n int, other int")
    message = f"change_schema: column 'x' (source 'n'): the type is {got}, expected a type of Spark SQL or Glue as text"
    with pytest.raises(ArgumentError, match=re.escape(message)):
        change_schema(raw, fields=[Field("other", "other", "int"), field])


def test_duplicate_column_names_are_refused(spark):
    raw = spark.createDataFrame([], f"n string, {CAST_FAILURES} string, bad string, Bad string")
    to_int = Field("n", "n", "int")
    cases = [
        ({"fields": [("n", "string", "x", "int"), ("n", "string", "X", "long")]}, "columns 'x' and 'X'"),
        ({"fields": [to_int], "keep": ["n"]}, "two columns 'n'"),
        ({"fields": [to_int], "keep": [CAST_FAILURES]}, f"two columns '{CAST_FAILURES}'"),
        (
            {"fields": [to_int, Field("n", "__change_schema_source_n", "string")]},
            "two columns '__change_schema_source_n'",
        ),
    ]
    for arguments, message in cases:
        with pytest.raises(
            DuplicateColumnError, match=f"change_schema: the result would have {message}.*Rename or drop one"
        ):
            change_schema(raw, **arguments)
    typed = raw.transform(change_schema, fields=[Field("n", "n", "string")], keep=[CAST_FAILURES])
    assert typed.columns == ["n", CAST_FAILURES]


def test_ambiguous_source_names_are_refused(spark):
    raw = spark.createDataFrame([], "n string, N string")
    for field in (("n", "string", "x", "int"), Field("n", "x", "int")):
        with pytest.raises(
            SchemaMismatchError, match=r"column 'n': got \['n', 'N'\], which are the same name to Spark"
        ):
            change_schema(raw, fields=[field])


def test_parser_with_wrong_return_type_is_refused(spark):
    raw = spark.createDataFrame([], "n string")
    with pytest.raises(
        SchemaMismatchError,
        match=r"column 'x' \(source 'n'\): got the type bigint from the function `parse`, expected int. Cast",
    ):
        change_schema(raw, fields=[Field("n", "x", "int", lambda name: F.length(name).cast("bigint"))])


def test_a_number_is_not_cast_to_a_timestamp(spark):
    raw = spark.createDataFrame([], "n bigint")
    message = r"change_schema: column 'at' \(source 'n'\): got the type bigint.*timestamp_millis"
    with pytest.raises(SchemaMismatchError, match=message):
        change_schema(raw, fields=[("n", "long", "at", "timestamp")])
