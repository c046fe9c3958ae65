from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.drift import Drift, schema_drift
from transforms.sql import quoted

NAMES = ["Calls Offered", "CallsOffered", "calls_offered", "a.b", "%", "#", "été", "Ete", "n"]
COLUMNS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(["int", "string"])), unique_by=lambda c: c[0], max_size=6
)


def compare_schemas(spark, before, after):
    return schema_drift(spark.createDataFrame([], before), spark.createDataFrame([], after))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("n int", "n int, `é. t` string", [Drift("é. t", "added", None, "string")]),
        ("n int, `é. t` string", "n int", [Drift("é. t", "removed", "string", None)]),
        ("n int", "n bigint", [Drift("n", "retyped", "int", "bigint")]),
        ("n decimal(5,2)", "n decimal(5,3)", [Drift("n", "retyped", "decimal(5,2)", "decimal(5,3)")]),
        (
            "CallsOffered int",
            "`Calls. Offered` int",
            [Drift("Calls. Offered", "renamed", "CallsOffered", "Calls. Offered")],
        ),
        ("Date date", "date date", [Drift("date", "renamed", "Date", "date")]),
        (
            "a int, b int, c int",
            "c int, a int",
            [Drift("b", "removed", "int", None), Drift("*", "reordered", "a, c", "c, a")],
        ),
        (
            "`Calls. n` int",
            "calls_n string",
            [Drift("calls_n", "added", None, "string"), Drift("Calls. n", "removed", "int", None)],
        ),
    ],
)
def test_every_schema_change_is_reported_exactly_once(spark, before, after, expected):
    assert compare_schemas(spark, before, after) == expected


def test_only_first_matching_column_is_reported_as_renamed(spark):
    """The second old column with a matching name is reported as removed."""
    assert compare_schemas(spark, "`Calls Offered` int, CallsOffered int", "calls_offered int") == [
        Drift("calls_offered", "renamed", "Calls Offered", "calls_offered"),
        Drift("CallsOffered", "removed", "int", None),
    ]


def test_names_without_letters_are_not_matched(spark):
    """The old column is reported as removed, the new column as added."""
    assert compare_schemas(spark, "`%` int", "`#` int") == [
        Drift("#", "added", None, "int"),
        Drift("%", "removed", "int", None),
    ]


def test_struct_field_never_matches_a_column(spark):
    """The struct field and the column have the same dotted name."""
    before = "place struct<lat: double, lon: double, at: struct<x: int>>, `place.lat` int, n int"
    after = (
        "place struct<lon: double, lat: string, at: struct<x: bigint, y: int>>, `place.lat` bigint, n struct<a: int>"
    )
    assert compare_schemas(spark, before, after) == [
        Drift("place.lat", "retyped", "double", "string"),
        Drift("place.at.x", "retyped", "int", "bigint"),
        Drift("place.at.y", "added", None, "int"),
        Drift("place.lat", "retyped", "int", "bigint"),
        Drift("n", "retyped", "int", "struct"),
        Drift("n.a", "added", None, "int"),
        Drift("place", "reordered", "lat, lon, at", "lon, lat, at"),
    ]
    assert compare_schemas(spark, "addr_street string", "addr struct<street: string>")[0].change == "added"


def test_change_in_an_array_is_reported_as_retyped(spark):
    assert compare_schemas(
        spark,
        "list array<struct<a: int>>, tags map<string, int>",
        "list array<struct<a: bigint>>, tags map<string, int>",
    ) == [Drift("list", "retyped", "array<struct<a:int>>", "array<struct<a:bigint>>")]


def test_rows_and_nullability_are_not_compared(spark):
    rows = spark.createDataFrame([(1, None)], "n int NOT NULL, `a. b` string")
    assert schema_drift(rows, spark.createDataFrame([], "n int, `a. b` string")) == []


@settings(max_examples=25)
@given(before=COLUMNS, after=COLUMNS)
def test_reported_changes_produce_the_later_schema(spark, before, after):
    def ddl(columns):
        return ", ".join(f"{quoted(name)} {type_}" for name, type_ in columns)

    types = dict(before)
    changes = compare_schemas(spark, ddl(before), ddl(after))
    for change in changes:
        if change.change == "renamed":
            types[change.column] = types.pop(change.before)
        elif change.change == "removed":
            assert types.pop(change.column) == change.before
        elif change.change != "reordered":
            assert types.get(change.column) == change.before
            types[change.column] = change.after
    assert types == dict(after)
    assert (changes == []) == (before == after)
