from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transforms.casts import cast, utc_wall_clock
from transforms.errors import SchemaMismatchError
from transforms.schema import Field, change_schema

TEXTS = {
    "tinyint": {"127": 127, "-128": -128, "128": None, "1.0": None, "1e1": None},
    "int": {
        " 38 ": 38,
        "\u00a038\u00a0": 38,
        "+7": 7,
        "-0": 0,
        "١": None,
        "2147483648": None,
        "1_000": None,
        "1L": None,
        "7\n8": None,
    },
    "bigint": {"9223372036854775807": 2**63 - 1, "9223372036854775808": None, "0x10": None},
    "double": {
        "\u00a01.5\n": 1.5,
        "1.": 1.0,
        ".5": 0.5,
        "1E3": 1000.0,
        "1.7976931348623157e308": 1.7976931348623157e308,
        "5e-324": 5e-324,
        "0e0": 0.0,
        "9007199254740992": 2.0**53,
        "123456789012345680000": 123456789012345680000.0,
        "0.1234567890123456789": 0.12345678901234568,
        "9007199254740993": None,
        "9007199254740993.0": None,
        "12345678901234567890.12": None,
        "1e400": None,
        "-1e400": None,
        "1e-400": None,
        "0.000e-400": 0.0,
        "NaN": None,
        "Infinity": None,
        "-inf": None,
        "12d": None,
        "12f": None,
        "0x1p3": None,
        "1 1": None,
        "7\u2028": None,
        "1,5": None,
        ".": None,
        "１": None,
    },
    "float": {"16777216": 2.0**24, "16777217": None, "0.5": 0.5, "1e-50": None, "1e39": None, "1e10": 1e10},
    "decimal(5,2)": {
        "\u00a02.55": Decimal("2.55"),
        "2.550000": Decimal("2.55"),
        "1.5e1": Decimal(15),
        "12500000e-5": Decimal(125),
        "1E2": Decimal(100),
        "-.5": Decimal("-0.5"),
        "999.99": Decimal("999.99"),
        "2.555": None,
        "7\u2028": None,
        "2.5551e0": None,
        "25551e-4": None,
        "1e-3": None,
        "1e-400": None,
        "1000": None,
        "1e9999": None,
        "1e3": None,
        "١": None,
        "NaN": None,
        ".": None,
        "1e": None,
    },
    "decimal(38,0)": {
        "9" * 38: Decimal("9" * 38),
        "9" * 39: None,
        "0.5": None,
        "1.5": None,
        "12345678901234567890123456.7": None,
        "1.2345678901234567890123456e25": Decimal("12345678901234567890123456"),
        "1.2345678901234567890123456e24": None,
    },
    "decimal(38,38)": {"0." + "1" * 38: Decimal("0." + "1" * 38), "0." + "1" * 39: None, "1": None},
    "boolean": {"\u00a0TRUE": True, "no": False, "1": True, "2": None, "perhaps": None},
    "date": {
        "\u00a02024-02-29 ": date(2024, 2, 29),
        "2024-02-29T00:00": date(2024, 2, 29),
        "2024-02-29 00:00:00.000": date(2024, 2, 29),
        "0001-01-01": date(1, 1, 1),
        "0000-01-01": None,
        "2024-02-29 junk": None,
        "2024-02-29\u2028": None,
        "2024-02-29T00:00:01": None,
        "2024-02-29T00:00:00Z": None,
        "2024": None,
        "2024-02": None,
        "2024-1-1": None,
        "2023-02-29": None,
        "45351": None,
        "today": None,
    },
    "timestamp_ntz": {
        "2024-03-10 02:30": datetime(2024, 3, 10, 2, 30),
        "2024-03-10T02:30:00.000001": datetime(2024, 3, 10, 2, 30, 0, 1),
        "2024-03-10T02:30:00.0000001": None,
        "2024-03-10T02:30:00Z": None,
        "2024-03-10": None,
        "2024-03-10T24:00": None,
        "2024-03-10 02:30\u2028": None,
    },
    "binary": {" a": bytearray(b" a"), "\u00e9": bytearray("\u00e9".encode())},
}


def cast_texts(session, ddl, texts):
    rows = session.createDataFrame([(text,) for text in texts], "`a. Text` string").coalesce(1)
    column = cast("`a. Text`", source_type=T.StringType(), target_type=T._parse_datatype_string(ddl), where="here")
    return [row[0] for row in rows.select(column).collect()]


@pytest.mark.parametrize("ddl", TEXTS)
def test_only_valid_text_is_cast(either_ansi, ddl):
    texts = [*TEXTS[ddl], *([] if ddl == "binary" else ["", " \u00a0", "n/a"]), None]
    actual = cast_texts(either_ansi, ddl, texts)
    assert list(zip(texts, actual, strict=True)) == [(text, TEXTS[ddl].get(text)) for text in texts]


def test_timestamp_text_without_an_offset_becomes_null(in_zone):
    texts = {
        "2024-03-10T02:30:00-05:00": 1710055800000000,
        " 2024-03-10 07:30:00Z\u00a0": 1710055800000000,
        "1850-01-01T00:00:00.000001Z": -3786825599999999,
        "2024-03-10T02:30Z": None,
        "2024-03-10T02:30:00": None,
        "2024-03-10": None,
        "2024-03-10T02:30:00 America/New_York": None,
        "2024-03-10T02:30:00EST": None,
        "2024-03-10T02:30:00+19:00": None,
        "2024-02-30T00:00:00Z": None,
        "T02:30Z": None,
    }
    rows = in_zone.createDataFrame([(text,) for text in texts], "text string").coalesce(1)
    instant = cast("text", source_type=T.StringType(), target_type=T.TimestampType(), where="here")
    assert [row[0] for row in rows.select(F.unix_micros(instant)).collect()] == [*texts.values()]


VALUES = [
    ("2.5D", "int", None),
    ("-0D", "int", 0),
    ("double('NaN')", "int", None),
    ("double('Infinity')", "decimal(38,0)", None),
    ("double('NaN')", "boolean", None),
    ("9223372036854775808D", "bigint", None),
    ("-9223372036854775808D", "bigint", -(2**63)),
    ("1e300D", "float", None),
    ("1e-300D", "float", None),
    ("16777217D", "float", None),
    ("0.1D", "float", 0.10000000149011612),
    ("double('-Infinity')", "float", float("-inf")),
    ("0.1D", "decimal(5,2)", Decimal("0.10")),
    ("0.125D", "decimal(5,2)", None),
    ("1e300D", "decimal(38,0)", None),
    ("9223372036854775807L", "double", None),
    ("9007199254740993L", "double", None),
    ("9007199254740992L", "double", 2.0**53),
    ("1152921504606846976L", "float", 2.0**60),
    ("16777217", "float", None),
    ("9223372036854775807L", "decimal(38,0)", Decimal(2**63 - 1)),
    ("3000000000L", "int", None),
    ("1000", "decimal(3,0)", None),
    ("5", "boolean", None),
    ("1", "boolean", True),
    ("true", "decimal(1,1)", None),
    ("true", "int", 1),
    ("9007199254740993BD", "double", None),
    ("12345678901234567.1BD", "double", None),
    ("0.1BD", "double", 0.1),
    ("16777217BD", "float", None),
    ("1.5BD", "bigint", None),
    ("99999999999999999999BD", "bigint", None),
    ("1.250BD", "decimal(9,2)", Decimal("1.25")),
    ("1.255BD", "decimal(9,2)", None),
    ("1.5BD", "decimal(38,38)", None),
    ("0.0000000BD", "string", "0.0000000"),
    ("date'2024-03-10'", "string", "2024-03-10"),
    ("date'1850-06-01'", "timestamp_ntz", datetime(1850, 6, 1)),
    ("timestamp_ntz'2024-03-10 02:30:00'", "date", date(2024, 3, 10)),
    ("timestamp'2024-03-10 02:30:00Z'", "date", date(2024, 3, 10)),
    ("timestamp'1850-06-01 00:00:00.5Z'", "timestamp_ntz", datetime(1850, 6, 1, 0, 0, 0, 500_000)),
    ("timestamp'2024-03-10 02:30:00.5Z'", "string", "2024-03-10 02:30:00.5Z"),
    ("array(timestamp'2024-03-10 02:30:00Z', null)", "string", '["2024-03-10T02:30:00.000000Z",null]'),
    ("array(timestamp'2024-03-10 02:30:00.123456Z')", "string", '["2024-03-10T02:30:00.123456Z"]'),
    ("map('a', timestamp_ntz'2024-03-10 02:30:00.123456')", "string", '{"a":"2024-03-10T02:30:00.123456"}'),
    ("map(1, map(true, 2))", "string", '{"1":{"true":2}}'),
    ("named_struct('a', 1, 'b', null)", "string", '{"a":1,"b":null}'),
    ("map('a', 0.10BD)", "string", '{"a":0.10}'),
    ("X'3138'", "string", "18"),
    ("null", "date", None),
    ("null", "array<int>", None),
]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_a_cast_never_loses_a_digit(either_ansi, zone):
    either_ansi.conf.set("spark.sql.session.timeZone", zone)
    rows = either_ansi.range(1).selectExpr(*(f"{value} AS v{n}" for n, (value, _, _) in enumerate(VALUES)))
    columns = [
        cast(
            f"v{n}", source_type=rows.schema[n].dataType, target_type=T._parse_datatype_string(ddl), where="here"
        ).alias(f"v{n}")
        for n, (_, ddl, _) in enumerate(VALUES)
    ]
    actual = rows.select(columns)
    assert [field.dataType.simpleString() for field in actual.schema] == [ddl for _, ddl, _ in VALUES]
    assert list(zip(VALUES, actual.collect()[0], strict=True)) == [(case, case[2]) for case in VALUES]
    local_times = [("date'2024-03-10'", 1710028800), ("timestamp_ntz'2024-03-10 02:30:00'", 1710037800)]
    for value, seconds in local_times:
        rows = either_ansi.sql(f"SELECT {value} AS v")
        instant = cast("v", source_type=rows.schema[0].dataType, target_type=T.TimestampType(), where="here")
        days = rows.select(F.unix_seconds(instant), utc_wall_clock(instant).cast("date"))
        assert days.collect() == [(seconds, date(2024, 3, 10))]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("bigint", "timestamp"),
        ("double", "date"),
        ("timestamp", "bigint"),
        ("boolean", "date"),
        ("date", "int"),
        ("int", "binary"),
        ("binary", "int"),
        ("string", "array<int>"),
        ("array<int>", "array<string>"),
        ("struct<a: int>", "map<string, int>"),
        ("interval day to second", "int"),
    ],
)
def test_casts_with_several_possible_results_are_refused(spark, source, target):
    source_type, target_type = (T._parse_datatype_string(ddl) for ddl in (source, target))
    with pytest.raises(SchemaMismatchError) as caught:
        cast("v", source_type=source_type, target_type=target_type, where="change_schema: column 'v'")
    assert str(caught.value) == (
        f"change_schema: column 'v': got the type {source_type.simpleString()}, expected a type whose "
        f"cast to {target_type.simpleString()} has only one possible result. Derive the value with an explicit Spark "
        "function first, for example timestamp_millis for a number."
    )


DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)
WRITTEN = st.one_of(
    DECIMALS.map(str),
    DECIMALS.map("{:e}".format),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(2**70), 2**70).map(str),
    st.from_regex(r"\A[+-]?[0-9]{0,3}[.]?[0-9]{0,6}([eE][+-]?[0-9]{1,2})?\Z"),
)


@given(texts=st.lists(WRITTEN, min_size=1, max_size=60), scale=st.sampled_from([0, 3, 20]))
def test_a_decimal_from_text_is_exact_or_null(spark, texts, scale):
    actual = cast_texts(spark, f"decimal(38,{scale})", texts)
    for text, value in zip(texts, actual, strict=True):
        try:
            exact = Decimal(text)
        except ArithmeticError:
            assert value is None
            continue
        if value is not None:
            assert value == exact
        elif exact:
            digits = exact.normalize().as_tuple()
            assert -digits.exponent > scale or len(digits.digits) + digits.exponent > 38 - scale


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=60))
def test_cast_from_text_restores_every_double(spark, values):
    assert cast_texts(spark, "double", [repr(value) for value in values]) == values


@given(values=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_double_from_bigint_is_exact_or_null(spark, values):
    rows = spark.createDataFrame([(value,) for value in values], "n bigint").coalesce(1)
    actual = rows.transform(change_schema, fields=[Field("n", "n", "double")]).collect()
    assert [row.n for row in actual] == [float(value) if int(float(value)) == value else None for value in values]
    assert [row._cast_failures is None for row in actual] == [row.n is not None for row in actual]
