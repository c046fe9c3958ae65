from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from transforms.errors import ArgumentError
from transforms.nested import is_json, parse_json
from transforms.schema import Field, change_schema

DEEP = "struct<a: int, b: struct<c: array<struct<d: bigint>>>, m: map<string, double>>"

TEXTS = {
    DEEP: {
        '{"a": 1, "b": {"c": [{"d": 2}, null, {}]}, "m": {"k": 0.5, "l": null}, "other": [{}]}': (
            1,
            ([(2,), None, (None,)],),
            {"k": 0.5, "l": None},
        ),
        "{}": (None, None, None),
        ' {"a": null, "b": null, "m": {}}\n': (None, None, {}),
        '{"a": 1, "a": 2}': (2, None, None),
        '{"A": 1}': (None, None, None),
        '{"a": "1"}': None,
        '{"a": 1.0}': None,
        '{"a": 1e2}': None,
        '{"a": true}': None,
        '{"a": 2147483648}': None,
        '{"b": {"c": [{"d": 2}, {"d": "x"}]}}': None,
        '{"b": {"c": [{"d": 2}, {"d": 9223372036854775808}]}}': None,
        '{"b": {"c": [{"d": 2}, 3]}}': None,
        '{"b": {"c": {"d": 2}}}': None,
        '{"b": []}': None,
        '{"m": {"k": 1, "l": "x"}}': None,
        '{"m": {"k": 1, "l": "0.5"}}': None,
        '{"m": {"k": 1, "l": "NaN"}}': None,
        '{"m": {"k": 1, "l": "Infinity"}}': None,
        '{"m": {"k": 1, "l": 1e400}}': None,
        '{"m": {"k": 1, "l": -1e400}}': None,
        '{"m": {"k": 1, "l": NaN}}': None,
        '{"m": {"k": 1, "k": 2}}': None,
        '{"m": [1]}': None,
        "[]": None,
        "null": None,
        '"{}"': None,
        '{"a": 1} {"a": 2}': None,
        '{"a": 1}, "corrupt": "x"': None,
        '{"a": 1,}': None,
        '{"a": 01}': None,
        "{'a': 1}": None,
        "{a: 1}": None,
        '{"a": /* 1 */ 1}': None,
        '{"a": 1': None,
        "": None,
        " ": None,
        "\ufeff{}": None,
    },
    "array<array<double>>": {
        "[[1, 0.5], [], null]": [[1.0, 0.5], [], None],
        "[[1, 1e999]]": None,
        "[[1], 2]": None,
        "[[[1]]]": None,
        "{}": None,
    },
    "map<string, map<string, int>>": {
        '{"a": {"b": 1}, "c": null}': {"a": {"b": 1}, "c": None},
        '{"a": {"b": 1, "b": 1}}': None,
        '{"a": {"b": 1}, "c": 2}': None,
        '{"a": {"b": 1.5}}': None,
    },
    "array<string>": {
        '["a", 1, true, null, {"b": [1]}, "Infinity"]': ["a", "1", "true", None, '{"b":[1]}', "Infinity"],
        '["\\u00e9\\n\\""]': ['é\n"'],
        '["\\u00eg"]': None,
        '["\\u00e\u0130"]': None,
    },
    "array<boolean>": {"[true, false]": [True, False], '["true"]': None, "[1]": None},
    "bigint": {"9223372036854775807": 2**63 - 1, "9223372036854775808": None, "1 2": None, "null": None},
    "lat double, `corrupt. x` string, corrupt string, value int": {
        '{"lat": 1, "corrupt. x": "a", "corrupt": "b", "value": 2}': (1.0, "a", "b", 2),
        '{"lat": 1, "corrupt. x": "a", "corrupt": "b", "value": "2"}': None,
    },
}


@pytest.mark.parametrize("ddl", TEXTS, ids=["deep", "arrays", "maps", "texts", "booleans", "bigint", "struct"])
def test_json_is_parsed_completely_or_not_at_all(either_ansi, ddl):
    texts = [*TEXTS[ddl], None]
    rows = either_ansi.createDataFrame([(text,) for text in texts], "`a. Text` string").coalesce(1)
    actual = [row[0] for row in rows.select(parse_json("a. Text", ddl=ddl)).collect()]
    assert list(zip(texts, actual, strict=True)) == [*TEXTS[ddl].items(), (None, None)]


def test_unreadable_json_is_a_cast_failure(spark):
    raw = spark.createDataFrame([('{"a": 1}',), ('{"a": "1"}',), ("",), (None,)], "place string")
    ddl = "struct<a: int>"
    field = Field("place", "place", ddl, lambda name: parse_json(name, ddl=ddl))
    parsed = raw.transform(change_schema, fields=[field]).collect()
    assert parsed == [((1,), None), (None, [("place", '{"a": "1"}', ddl)]), (None, None), (None, None)]


@pytest.mark.parametrize(
    "ddl",
    ["date", "struct<a: timestamp>", "array<timestamp_ntz>", "map<string, decimal(5,2)>", "array<struct<a: tinyint>>",
     "smallint", "float", "binary", "map<int, string>", "strng", "struct<a>"],
)  # fmt: skip
def test_types_without_exact_parsing_are_refused(spark, ddl):
    with pytest.raises(ArgumentError) as caught:
        parse_json("text", ddl=ddl)
    assert str(caught.value) == (
        f"parse_json: ddl is {ddl!r}, expected string, int, bigint, double or boolean, or a struct, array or "
        "map<string, ...> of these types. Read decimals as double. Read values of all other types as string, and "
        "convert them with change_schema, parse_date or parse_timestamp."
    )


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False),
              st.text("ab\"\\\u00e9\n", max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text("ab", max_size=2), inner, max_size=3)),
    max_leaves=8,
)  # fmt: skip
NUMBERS = st.dictionaries(st.text("ab", max_size=2), st.floats(allow_nan=False))


def is_json_in_python(text):
    def refuse(constant):
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


@given(
    values=st.lists(st.tuples(VALUES, st.booleans()), min_size=1, max_size=20),
    broken=st.lists(st.text('{}[],:"\\u1 entrulfasNI-.+', max_size=8), min_size=1, max_size=20),
    cut=st.integers(1, 5),
)
def test_json_validation_agrees_with_python(spark, values, broken, cut):
    whole = [json.dumps(value, ensure_ascii=ascii_, indent=1) for value, ascii_ in values]
    texts = [*whole, *(text[:-cut] for text in whole), *broken, '{"a": NaN}', "1 2", "'a'"]
    rows = spark.createDataFrame([(text,) for text in texts], "text string").coalesce(1)
    actual = [row[0] for row in rows.select(is_json(F.col("text"))).collect()]
    assert list(zip(texts, actual, strict=True)) == [(text, is_json_in_python(text)) for text in texts]
    assert all(actual[: len(whole)])


@given(values=st.lists(st.lists(st.one_of(st.none(), NUMBERS), max_size=3), min_size=1, max_size=20))
def test_parsed_json_equals_the_result_of_python(spark, values):
    """JSON with an infinite number becomes null."""
    texts = [json.dumps(value).replace("Infinity", "1e999") for value in values]
    rows = spark.createDataFrame([(text,) for text in texts], "text string").coalesce(1)
    actual = [row[0] for row in rows.select(parse_json("text", ddl="array<map<string, double>>")).collect()]
    infinite = [any(math.isinf(number) for entry in value for number in (entry or {}).values()) for value in values]
    assert actual == [None if is_infinite else value for value, is_infinite in zip(values, infinite, strict=True)]
