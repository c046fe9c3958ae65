from __future__ import annotations

import pytest
from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import ArgumentError, DuplicateColumnError, MissingColumnError, SchemaMismatchError
from transforms.nested import array_to_columns, explode, flatten

TAGS = st.one_of(st.none(), st.lists(st.one_of(st.none(), st.sampled_from("ab")), max_size=3))


def test_nested_struct_fields_become_columns(spark):
    cases = spark.createDataFrame(
        [(1, (39.7, (2, None)), ["a"], {"k": (1,)}), (2, None, None, None), (2, (None, None), [], {})],
        "id int, `The. Place` struct<lat: double, `box. a`: struct<N: int, `ü ö`: string>>, tags array<string>, "
        "m map<string, struct<x: int>>",
    )
    flat = cases.transform(flatten)
    expected = spark.createDataFrame(
        [(1, 39.7, 2, None, ["a"], {"k": (1,)}), (2, *(None,) * 5), (2, None, None, None, [], {})],
        "id int, `The. Place_lat` double, `The. Place_box. a_N` int, `The. Place_box. a_ü ö` string, "
        "tags array<string>, m map<string, struct<x: int>>",
    )
    assert flat.schema.simpleString() == expected.schema.simpleString()
    assert flat.collect() == expected.collect()
    assert cases.transform(flatten, separator=".").columns[1] == "The. Place.lat"
    assert flat.transform(flatten).columns == flat.columns


def test_a_struct_without_fields_is_kept(spark):
    empty = spark.createDataFrame([], "id int, a struct<b: struct<c: int>>, e struct<>")
    assert empty.transform(flatten).dtypes == [("id", "int"), ("a_b_c", "int"), ("e", "struct<>")]


@pytest.mark.parametrize(
    "ddl", ["a_b int, a struct<b: int>", "a struct<B: int>, `A_b` int", "a struct<b: int>, A struct<c: int>"]
)
def test_duplicate_flattened_names_are_refused(spark, ddl):
    with pytest.raises(
        DuplicateColumnError, match="flatten: the result would have .*Rename or drop one of the two first"
    ):
        spark.createDataFrame([], ddl).transform(flatten)


def test_rows_with_null_or_empty_arrays_are_kept(either_ansi):
    cases = either_ansi.createDataFrame(
        [(1, ["a", None, "a"], "x"), (1, ["a", None, "a"], "x"), (2, [], "y"), (3, None, "z")],
        "id int, `The. Tags` array<string>, `Ü` string",
    )
    exploded = cases.transform(explode, column="The. Tags")
    rows = [(1, "a", "x"), (1, None, "x"), (1, "a", "x")] * 2 + [(2, None, "y"), (3, None, "z")]
    expected = either_ansi.createDataFrame(rows, "id int, `The. Tags` string, `Ü` string")
    assert_df_equality(exploded, expected, ignore_nullable=True)
    with_position = cases.transform(explode, column="The. Tags", names=["a tag"], position_column="n. th")
    expected = either_ansi.createDataFrame(
        [(1, 1, None, "x")] * 2 + [(2, None, None, "y"), (3, None, None, "z")],
        "id int, `n. th` int, `a tag` string, `Ü` string",
    )
    assert_df_equality(with_position.where("id > 1 OR `n. th` = 1"), expected, ignore_nullable=True)


def test_each_entry_of_a_map_becomes_a_row(spark):
    cases = spark.createDataFrame([(1, {"a": 1, "b": None}), (2, {}), (3, None)], "id int, m map<string, int>")
    exploded = cases.transform(explode, column="m")
    rows = [(1, "a", 1), (1, "b", None), (2, None, None), (3, None, None)]
    expected = spark.createDataFrame(rows, "id int, key string, value int")
    assert_df_equality(exploded, expected, ignore_row_order=True, ignore_nullable=True)
    named = cases.transform(explode, column="m", names=["k", "v"], position_column="m")
    assert named.columns == ["id", "m", "k", "v"]
    assert sorted(map(tuple, named.where("id = 1").collect())) == [(1, 0, "a", 1), (1, 1, "b", None)]


@given(rows=st.lists(TAGS, min_size=1, max_size=8))
def test_each_element_of_an_array_becomes_a_row(spark, rows):
    """An empty array becomes one row."""
    cases = spark.createDataFrame([(number, tags) for number, tags in enumerate(rows)], "id int, tags array<string>")
    exploded = cases.transform(explode, column="tags", position_column="n").coalesce(1).collect()
    elements = [[*enumerate(tags or [])] or [(None, None)] for tags in rows]
    expected = [(number, *pair) for number, pairs in enumerate(elements) for pair in pairs]
    assert sorted(map(tuple, exploded), key=str) == sorted(expected, key=str)


def test_invalid_arguments_of_explode_are_refused(spark):
    cases = spark.createDataFrame([], "id int, tags array<string>, m map<string, int>, Key int")
    errors = [
        ({"column": "Tags"}, MissingColumnError, "explode: column 'Tags' is missing.*rename it to 'tags'"),
        (
            {"column": "id"},
            SchemaMismatchError,
            "'id': got the type int, expected an array or a map. Convert",
        ),
        (
            {"column": "tags", "names": ["a", "b"]},
            ArgumentError,
            r"names is \['a', 'b'\], expected one name for an array",
        ),
        ({"column": "m", "names": ["k"]}, ArgumentError, r"explode: names is \['k'\], .*two names for a map"),
        (
            {"column": "m"},
            DuplicateColumnError,
            "explode: the result would have columns 'Key' and 'key', which are the same name to Spark",
        ),
        (
            {"column": "tags", "position_column": "ID"},
            DuplicateColumnError,
            "explode: the result would have columns 'id' and 'ID'",
        ),
        (
            {"column": "tags", "position_column": "tags"},
            DuplicateColumnError,
            "explode: the result would have two columns 'tags'",
        ),
    ]
    for arguments, error, message in errors:
        with pytest.raises(error, match=message):
            cases.transform(explode, **arguments)


def test_missing_array_elements_become_null(either_ansi):
    cases = either_ansi.createDataFrame(
        [([1, 2, 3],), ([1],), ([None, 2],), ([],), (None,), (None,)], "`The. At` array<int>"
    )
    first = cases.transform(array_to_columns, column="The. At", names=["x. 1", "ÿ"])
    assert first.columns == ["The. At", "x. 1", "ÿ"]
    expected = [([1, 2, 3], 1, 2), ([1], 1, None), ([None, 2], None, 2), ([], None, None), *[(None,) * 3] * 2]
    assert sorted(map(tuple, first.collect()), key=str) == sorted(expected, key=str)


def test_invalid_arguments_of_array_to_columns_are_refused(spark):
    cases = spark.createDataFrame([], "id int, at array<int>, m map<string, int>")
    errors = [
        ({"column": "At", "names": ["a"]}, MissingColumnError, "array_to_columns: column 'At' is missing.*'at'"),
        (
            {"column": "m", "names": ["a"]},
            SchemaMismatchError,
            "'m': got the type map<string,int>, expected an array",
        ),
        (
            {"column": "at", "names": ["AT"]},
            DuplicateColumnError,
            "array_to_columns: the result would have columns 'at' and 'AT'",
        ),
        (
            {"column": "at", "names": ["a", "a"]},
            DuplicateColumnError,
            "array_to_columns: the result would have two columns 'a'",
        ),
    ]
    for arguments, error, message in errors:
        with pytest.raises(error, match=message):
            cases.transform(array_to_columns, **arguments)
